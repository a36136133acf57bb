"""GitLab.com, one top-level group. Source: GitLab's "SCIM for GitLab.com groups" and "SAML SSO for GitLab.com groups"."""

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    MappedAttribute,
    Parameter,
    SamlDefaults,
    ScimDialect,
)

USER_ATTRIBUTES = (
    MappedAttribute("email", 'emails[type eq "work"].value', "email"),
    MappedAttribute("email", "userName", "userName"),
    MappedAttribute("full_name", "name.formatted", "name.formatted"),
    MappedAttribute("first_name", "name.givenName", "name.givenName"),
    MappedAttribute("last_name", "name.familyName", "name.familyName"),
    MappedAttribute("email", "id", "extern_uid"),
    MappedAttribute("email", "externalId", "extern_uid"),
)

SAML_ATTRIBUTES = (
    Attribute("email", source="email", required=True),  # the one GitLab requires
    Attribute("first_name", source="first_name"),
    Attribute("last_name", source="last_name"),
    Attribute("name", source="full_name"),
)

CONNECTOR = Connector(
    key="gitlab_saas",
    label="GitLab",
    description="GitLab.com, for one top-level group",
    category="Development",
    icon="gitlab",
    parameters=(
        Parameter(
            "group_path",
            "Group path",
            "acme-robotics",
            r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
            "The top-level group in gitlab.com/<group path>. SAML SSO is not supported at the subgroup level.",
        ),
    ),
    saml=SamlDefaults(
        sp_entity_id="https://gitlab.com/groups/{group_path}",
        acs_url="https://gitlab.com/groups/{group_path}/-/saml/callback",
        login_url="https://gitlab.com/groups/{group_path}/-/saml/sso",
        name_id_format="persistent",
        name_id_source="email",  # must equal the SCIM externalId
        attributes=SAML_ATTRIBUTES,
    ),
    scim=ScimDialect(
        base_url="https://gitlab.com/api/scim/v2/groups/{group_path}",
        attributes=USER_ATTRIBUTES,
        match_attribute="externalId",
        updates_users=False,  # since 15.0 a PATCH of anything but active answers 204 and changes nothing
        deletes_users=False,  # DELETE would be soft; PATCH active=False says what happens
        supports_groups=False,
        patch_op_case="Capital",  # older versions compare with exactly "Replace"
        active_as_string=True,
        page_limit=20,
        exists_statuses=(409,),
    ),
    notes=(
        "Group SSO must be enabled for the group before Identity Management can be activated.",
        "SAML SSO is not supported at the subgroup level.",
        "New users provisioned from here will receive an email invitation from GitLab.",
        "When de-provisioning users, the users are removed from the GitLab group. De-provisioning does not delete the user account.",
        "User attributes cannot be updated in GitLab through Identity Management.",
        "Account takeovers are not supported.",
    ),
)
