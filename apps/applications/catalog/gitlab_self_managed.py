"""A GitLab instance of one's own. Source: GitLab's "Configure SCIM for self-managed GitLab instances" and "SAML SSO for self-managed"."""

from django.utils.translation import gettext_lazy as _

from apps.applications.catalog.connector import Connector, Parameter, SamlDefaults, ScimDialect
from apps.applications.catalog.gitlab_saas import (
    IDENTITY,
    NAME_ID_FORMATS,
    NAME_ID_REASON,
    REQUIRED,
    SAML_ATTRIBUTES,
    USER_ATTRIBUTES,
)
from apps.applications.catalog.guide import BIND, TRY, Guide, Step, Value

GUIDE = Guide(
    source="GitLab: SAML SSO for self-managed instances; Configure SCIM for self-managed GitLab instances",
    sign_on=(
        Step(
            _(
                "On the GitLab host, add a provider named saml to omniauth_providers in /etc/gitlab/gitlab.rb, with these arguments."
            ),
            values=(
                Value("assertion_consumer_service_url", "{acs_url}"),
                Value("idp_cert_fingerprint", "{fingerprint_sha256}"),
                Value("idp_cert_fingerprint_algorithm", "http://www.w3.org/2001/04/xmlenc#sha256"),
                Value("idp_sso_target_url", "{sso_url}"),
                Value("issuer", "{sp_entity_id}"),
                Value("name_identifier_format", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
            ),
        ),
        Step(
            _("Let GitLab make accounts and link those that are there."),
            values=(
                Value("omniauth_allow_single_sign_on", "['saml']"),
                Value("omniauth_auto_link_saml_user", "true"),
            ),
        ),
        Step(
            _(
                "Reconfigure GitLab. Its own metadata is then at this address, and can be taken over under SSO."
            ),
            values=(Value("GitLab metadata", "https://{host}/users/auth/saml/metadata"),),
            page="sso",
            done="sso",
        ),
        BIND,
        TRY,
    ),
    accounts=(
        Step(_("In GitLab, at the bottom of the left sidebar, select Admin, then Settings > General.")),
        Step(_("Expand the SCIM Token section and select Generate a SCIM token.")),
        Step(
            _(
                "Open Identity management and Configure. Base URL is GitLab's SCIM API endpoint URL, Token Key is Your SCIM token. Activate."
            ),
            values=(Value("SCIM API endpoint URL", "https://{host}/api/scim/v2/application"),),
            page="identity",
            done="identity",
        ),
    ),
)

CONNECTOR = Connector(
    key="gitlab_self_managed",
    label="GitLab self-managed",
    description=_("A GitLab instance on a host of your own"),
    category=_("Development"),
    icon="gitlab",
    parameters=(
        Parameter(
            "host",
            _("GitLab host"),
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
        name_id_formats=NAME_ID_FORMATS,
        name_id_reason=NAME_ID_REASON,
    ),
    scim=ScimDialect(
        base_url="https://{host}/api/scim/v2/application",
        attributes=USER_ATTRIBUTES,
        required=REQUIRED,
        match_attribute="externalId",
        updates_users=False,
        deactivated=_(
            "GitLab blocks them on the whole instance: no sign-in and no Git. What they made stays."
        ),
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
    identity=IDENTITY,
    guide=GUIDE,
    notes=(
        _(
            "Removing or deactivating a user here blocks the user on the GitLab instance, while the SCIM identity remains linked."
        ),
        _("Groups need GitLab 18.2 or later and an existing SAML group link of the same name."),
    ),
)
