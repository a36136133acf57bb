"""The SCIM targets: one file per kind, beside what they share."""

from apps.sandbox.targets import blogin, generic, gitlab_saas, gitlab_self_managed, pulumi
from apps.sandbox.targets.wire import Kind

KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (gitlab_saas.KIND, gitlab_self_managed.KIND, pulumi.KIND, blogin.KIND, generic.KIND)
}
