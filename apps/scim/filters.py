"""`filter=` (RFC 7644 section 3.4.2.2) as a query, from the syntax tree of scim2-models.

Every clause becomes a condition or the whole filter is refused: a clause that is dropped would match other people's accounts.
"""

from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar

from django.db.models import Q
from scim2_models import ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from apps.lib.scim.errors import InvalidFilter
from apps.lib.xml import is_xml_text
from apps.scim import columns
from apps.scim.models import Source
from apps.scim.people import seen_by
from apps.scim.resources import User

LONGEST = 1024  # characters
MOST_TERMS = 20
DEEPEST = 8


class UserFilter:
    """The setting USER_FILTER_PARSER of django-scim2, which reads `attr_map` when it is imported."""

    attr_map: ClassVar[dict[Any, str]] = {}

    @staticmethod
    def search(query: str, request: Any) -> Any:
        """QuerySet of the tenant's people. Raises InvalidFilter, and scim2-models' own error of that kind."""
        return seen_by(request.scim_source).filter(conditions(query, request.scim_source))


def conditions(query: str, source: Source) -> Q:
    if len(query) > LONGEST:
        raise InvalidFilter(f"The filter is longer than {LONGEST} characters.")
    if not is_xml_text(query):
        raise InvalidFilter("The filter holds control characters.")
    try:
        parsed = ScimFilter[User](query)
        return _ToQuery(parsed, columns.of_person(source)).visit(parsed.ast)
    except RecursionError:
        raise InvalidFilter("The filter is nested too deep.") from None


class _ToQuery(FilterVisitor[Q]):
    """`within` is the attribute before the brackets while their inside is read."""

    def __init__(
        self, parsed: ScimFilter[User], attributes: columns.Attributes, within: AttrPath | None = None
    ) -> None:
        self.parsed, self.attributes, self.within = parsed, attributes, within
        self.terms = self.depth = 0

    def visit(self, node: FilterNode) -> Q:
        self.terms += 1
        self.depth += 1
        if self.terms > MOST_TERMS or self.depth > DEEPEST:
            raise InvalidFilter(f"The filter has more than {MOST_TERMS} terms or {DEEPEST} levels.")
        condition = super().visit(node)
        self.depth -= 1
        return condition

    def visit_comparison(self, node: Comparison) -> Q:
        path, binding = self._bound(node.attr_path)
        value = coerce_value(binding, node.value, node.op)
        if binding.target_type is str and not isinstance(value, str | None):
            raise InvalidFilter(f"{path} is compared with text, in quotes.")
        if node.op == CompareOperator.ne:
            return ~self._condition(path, binding, CompareOperator.eq, value)
        return self._condition(path, binding, node.op, value)

    def visit_present(self, node: Present) -> Q:
        return ~self._condition(*self._bound(node.attr_path), CompareOperator.eq, None)

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        join = and_ if node.op == LogicalOperator.and_ else or_
        return reduce(join, [self.visit(term) for term in node.terms])

    def visit_value_path(self, node: ValuePath) -> Q:
        """`emails[type eq "work" and value eq "x"]`: nobody has two, so what is true of one element is true of the person."""
        inside = _ToQuery(self.parsed, self.attributes, within=node.attr_path)
        inside.terms, inside.depth = self.terms, self.depth
        condition = self.visit_present(Present(node.attr_path)) & inside.visit(node.val_filter)
        self.terms = inside.terms
        return condition

    def _bound(self, path: AttrPath) -> tuple[AttrPath, AttributeBinding]:
        if self.within is not None:
            path = AttrPath(self.within.attr, path.attr, self.within.uri)
        binding = self.parsed.resolve_comparison(path, strict=True)
        if binding is None:  # strict raises by itself
            raise InvalidFilter(f"There is no attribute {path}.")
        return path, binding

    def _condition(self, path: AttrPath, binding: AttributeBinding, op: CompareOperator, value: Any) -> Q:
        compare = self.attributes.get((binding.field_name, binding.sub_field_name))
        condition = compare(op, value) if compare is not None else None
        if condition is None:
            raise InvalidFilter(f"{path} cannot be filtered with {op.value}.")
        return condition
