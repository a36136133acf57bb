"""What each service provider demands of an assertion beyond the SAML profile. Sources: their own set-up pages and source."""

from dataclasses import dataclass

from apps.sandbox.saml.names import EMAIL, PERSISTENT, TRANSIENT


@dataclass(frozen=True)
class Demands:
    """`attributes`: of each group one name must be there. `certificate_inside`: its fingerprint is compared, so it must be sent."""

    attributes: tuple[tuple[str, ...], ...] = ()
    attributes_ignore_case: bool = False
    only_formats: tuple[str, ...] = ()
    not_formats: tuple[str, ...] = ()
    certificate_inside: bool = False


DEMANDS: dict[str, Demands] = {
    "generic": Demands(),
    "gitlab_saas": Demands(
        attributes=(("email", "mail"),),
        attributes_ignore_case=True,
        not_formats=(TRANSIENT,),
        certificate_inside=True,
    ),
    "gitlab_self_managed": Demands(
        attributes=(("email", "mail"),), not_formats=(TRANSIENT,), certificate_inside=True
    ),
    "pulumi": Demands(only_formats=(PERSISTENT, EMAIL)),
    "blogin": Demands(attributes=(("email",), ("firstName",), ("lastName",), ("title",))),
}
