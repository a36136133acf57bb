"""GitLab.com, one top-level group. Source: GitLab's "SCIM for GitLab.com groups" and "SAML SSO for GitLab.com groups"."""

from django.utils.translation import gettext_lazy as _

from apps.applications.catalog.connector import (
    Attribute,
    Connector,
    IdentityRule,
    MappedAttribute,
    NameIdFormat,
    Parameter,
    SamlDefaults,
    ScimDialect,
)
from apps.applications.catalog.guide import BIND, TRY, Guide, Step, Value

USER_ATTRIBUTES = (
    MappedAttribute("email", 'emails[type eq "work"].value', "email"),
    MappedAttribute("email", "userName", "userName"),
    MappedAttribute("full_name", "name.formatted", "name.formatted"),
    MappedAttribute("first_name", "name.givenName", "name.givenName"),
    MappedAttribute("last_name", "name.familyName", "name.familyName"),
    MappedAttribute("email", "id", "extern_uid"),
    MappedAttribute("email", "externalId", "extern_uid"),
)

REQUIRED = (
    'emails[type eq "work"].value',
    "userName",
    "name.formatted",
    "externalId",
)  # 412 "Missing params"

SAML_ATTRIBUTES = (
    Attribute("email", source="email", required=True),  # the one GitLab requires
    Attribute("first_name", source="first_name"),
    Attribute("last_name", source="last_name"),
    Attribute("name", source="full_name"),
)

NAME_ID_FORMATS: tuple[NameIdFormat, ...] = ("persistent", "emailAddress", "unspecified")
NAME_ID_REASON = _(
    "GitLab knows people by their NameID, so it has to stay the same: persistent is what GitLab asks for, "
    "anything but transient works."
)

IDENTITY = IdentityRule(
    scim="externalId",
    id_is_it=True,
    otherwise=_(
        "GitLab refuses the sign-in: “User is not linked to a SAML account”, or “User has already been taken”."
    ),
    repair=_(
        "Correct the identity (extern_uid) with GitLab's SCIM API, or let the person unlink and link it again in GitLab."
    ),
)

GUIDE = Guide(
    source="GitLab: SAML SSO for GitLab.com groups; SCIM for GitLab.com groups",
    sign_on=(
        Step(_("In GitLab, select Search or go to, find your group, then select Settings > SAML SSO.")),
        Step(
            _("Enter the address and the fingerprint. Where GitLab asks for SHA-1, take the second one."),
            values=(
                Value("Identity provider single sign-on URL", "{sso_url}"),
                Value("Certificate fingerprint (SHA-256)", "{fingerprint_sha256}"),
                Value("Certificate fingerprint (SHA-1)", "{fingerprint_sha1}"),
            ),
        ),
        Step(
            _(
                "Compare what that page shows with what is saved here; correct the group path under General info where it differs."
            ),
            values=(
                Value("Assertion consumer service URL", "{acs_url}"),
                Value("Identifier", "{sp_entity_id}"),
                Value("GitLab single sign-on URL", "{login_url}"),
            ),
            page="sso",
            done="sso",
        ),
        Step(
            _(
                "In the Default membership role field, select the role to assign to new users. The default is Guest."
            )
        ),
        Step(_("Select Enable SAML authentication for this group, then Save changes.")),
        BIND,
        TRY,
    ),
    accounts=(
        Step(_("On the same page of GitLab, select Generate a SCIM token.")),
        Step(
            _(
                "Open Identity management and Configure. Base URL is GitLab's SCIM API endpoint URL, Token Key is Your SCIM token. Activate."
            ),
            values=(Value("SCIM API endpoint URL", "https://gitlab.com/api/scim/v2/groups/{group_path}"),),
            page="identity",
            done="identity",
        ),
    ),
)

CONNECTOR = Connector(
    key="gitlab_saas",
    label="GitLab",
    description=_("GitLab.com, for one top-level group"),
    category=_("Development"),
    icon="gitlab",
    parameters=(
        Parameter(
            "group_path",
            _("Group path"),
            "acme-robotics",
            r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
            _(
                "The top-level group in gitlab.com/<group path>. SAML SSO is not supported at the subgroup level."
            ),
        ),
    ),
    saml=SamlDefaults(
        sp_entity_id="https://gitlab.com/groups/{group_path}",
        acs_url="https://gitlab.com/groups/{group_path}/-/saml/callback",
        login_url="https://gitlab.com/groups/{group_path}/-/saml/sso",
        name_id_format="persistent",
        name_id_source="email",  # must equal the SCIM externalId
        attributes=SAML_ATTRIBUTES,
        name_id_formats=NAME_ID_FORMATS,
        name_id_reason=NAME_ID_REASON,
    ),
    scim=ScimDialect(
        base_url="https://gitlab.com/api/scim/v2/groups/{group_path}",
        attributes=USER_ATTRIBUTES,
        required=REQUIRED,
        match_attribute="externalId",
        updates_users=False,  # since 15.0 a PATCH of anything but active answers 204 and changes nothing
        deactivated=_("GitLab removes them from the group; their GitLab account stays theirs."),
        deletes_users=False,  # DELETE would be soft; PATCH active=False says what happens
        supports_groups=False,
        patch_op_case="Capital",  # older versions compare with exactly "Replace"
        active_as_string=True,
        page_limit=20,
        exists_statuses=(409,),
    ),
    identity=IDENTITY,
    guide=GUIDE,
    notes=(
        _("Group SSO must be enabled for the group before Identity Management can be activated."),
        _("SAML SSO is not supported at the subgroup level."),
        _("New users provisioned from here will receive an email invitation from GitLab."),
        _(
            "When de-provisioning users, the users are removed from the GitLab group. De-provisioning does not delete the user account."
        ),
        _("User attributes cannot be updated in GitLab through Identity Management."),
        _("Account takeovers are not supported."),
    ),
)
