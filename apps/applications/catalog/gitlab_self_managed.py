"""A GitLab instance of one's own. Source: GitLab's "Configure SCIM for self-managed GitLab instances" and "SAML SSO for self-managed"."""

from apps.applications.catalog.connector import Connector, Parameter, SamlDefaults, ScimDialect
from apps.applications.catalog.gitlab_saas import SAML_ATTRIBUTES, USER_ATTRIBUTES

CONNECTOR = Connector(
    key="gitlab_self_managed",
    label="GitLab self-managed",
    description="A GitLab instance on a host of your own",
    category="Development",
    icon="gitlab",
    parameters=(
        Parameter(
            "host",
            "GitLab host",
            "gitlab.example.com",
            r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?",
        ),
    ),
    saml=SamlDefaults(
        sp_entity_id="https://{host}",
        acs_url="https://{host}/users/auth/saml/callback",
        login_url="https://{host}/users/sign_in",
        name_id_format="persistent",
        name_id_source="email",
        attributes=SAML_ATTRIBUTES,
    ),
    scim=ScimDialect(
        base_url="https://{host}/api/scim/v2/application",
        attributes=USER_ATTRIBUTES,
        match_attribute="externalId",
        updates_users=False,
        supports_groups=True,  # 18.2 and later; attaches to SAML group links of the same name
        groups_by_default=False,  # GitLab's own page contradicts itself, so off until the administrator says so
        group_patch_replaces=False,  # "replace" answers 400
        group_external_id=False,  # must be a UUID or absent; absent is safe
        group_members_on_create=False,
        member_removal="listed",  # value:[{"value": …}] in both directions
        patch_op_case="Capital",
        active_as_string=True,
        page_limit=20,
    ),
    notes=(
        "Removing or deactivating a user here blocks the user on the GitLab instance, while the SCIM identity remains linked.",
        "Groups need GitLab 18.2 or later and an existing SAML group link of the same name.",
    ),
)
