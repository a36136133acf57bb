"""Which attribute is which column: for filters and for the order of lists."""

from apps.scim.columns.of_groups import of_group
from apps.scim.columns.of_people import of_person

__all__ = ["of_group", "of_person"]
