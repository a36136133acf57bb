"""
The table of tests/security/test_every_url.py. A new URL with parameters needs one line here:

    row("console:user", pk="user"),

"user" is a thing that world.py makes for each tenant; "=csv" is the word csv itself, which belongs to nobody. A URL that refuses a stranger's
object otherwise than by 404 says so: refusal=(400, "why").
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str
    things: dict[str, str]
    refusal: tuple[int, str] | None = None  # besides 404, and why

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """One name may stand for several URLs, which differ by their parameters."""
        return self.name, frozenset(self.things)

    @property
    def foreign(self) -> list[str]:
        """The parameters that name somebody's object."""
        return [parameter for parameter, thing in self.things.items() if not thing.startswith("=")]


def row(name: str, refusal: tuple[int, str] | None = None, **things: str) -> Row:
    return Row(name, things, refusal)


OF_AN_APPLICATION = (
    "application", "assignments", "guide", "identity-match", "sso", "sso-preview", "service-provider-metadata", "certificates", "identity-management", "activation", "resumption", "pause", "provision", "removal-approval", "removal-rejection", "plan", "mapping", "mapping-plan", "write-tests",
    "synchronizations", "remote-users", "remote-groups", "jobs", "access-report", "access-export",
)  # fmt: skip

ROWS = [
    # Signing in
    row("accounts:reset", token="reset link"),
    row("accounts:invitation", token="invitation"),
    # The launcher
    row("launcher:launch", slug="bookmark slug"),
    row("launcher:arrangement_favourite", slug="bookmark slug"),
    row("launcher:arrangement_move", slug="bookmark slug"),
    row("launcher:announcement_closing", pk="announcement"),
    row("launcher:logo", slug="application slug"),
    row("launcher:passkey_removal", pk="passkey"),
    row("launcher:session_end", pk="portal session"),
    # The console: people and groups
    row("console:user", pk="user"),
    row("console:user_password", pk="user"),
    row("console:user_password_link", pk="user"),
    row("console:user_second_factor", pk="user"),
    row("console:user_activation", pk="user"),
    row("console:user_deactivation", pk="user"),
    row("console:user_groups", pk="user"),
    row("console:user_group_removal", pk="user", group_pk="group"),
    row("console:user_applications", pk="user"),
    row("console:user_events", pk="user"),
    *(row(f"console:user_{name}", pk="user") for name in ("security", "unlocking", "sessions_end")),
    row("console:user_session_end", pk="user", session_pk="session of the user"),
    *(row(f"console:people_run{part}", pk="people run") for part in ("", "_start", "_stop", "_export")),
    row("console:group", pk="group"),
    row("console:group_deletion", pk="group"),
    row("console:group_events", pk="group"),
    row("console:group_members", pk="group"),
    row("console:group_member_removal", pk="group"),
    row("console:group_applications", pk="group"),
    row("console:group_application_removal", pk="group", application_pk="application"),
    row("console:administrator", pk="administrator"),
    row("console:administrator_removal", pk="administrator"),
    # The console: applications and events
    row("console:connector", key="=gitlab_saas"),
    row("console:application", pk="application"),
    row("console:application_logo", pk="application"),
    row("console:application_created", pk="application"),
    row("console:application_guide", pk="application"),
    row("console:application_identity_match", pk="application"),
    row("console:application_groups", pk="application"),
    row("console:application_groups_consequence", pk="application"),
    row("console:application_events", pk="application"),
    row("console:application_sso", pk="application"),
    row("console:application_preview", pk="application"),
    row("console:application_sso_activation", pk="application"),
    row("console:application_sso_deactivation", pk="application"),
    row("console:application_sso_defaults", pk="application"),
    row("console:application_sso_metadata", pk="application"),
    row("console:application_sso_metadata_choice", pk="application", upload_pk="metadata upload"),
    row("console:application_sso_metadata_refresh", pk="application"),
    row("console:application_sso_metadata_acceptance", pk="application"),
    row("console:application_sso_metadata_rejection", pk="application"),
    row("console:application_sso_metadata_removal", pk="application"),
    row("console:application_certificates", pk="application"),
    row("console:application_certificate_upload", pk="application"),
    row("console:application_certificate", pk="application", certificate_pk="certificate"),
    row("console:application_certificate_promotion", pk="application", certificate_pk="certificate"),
    row("console:application_certificate_retirement", pk="application", certificate_pk="certificate"),
    row("console:application_identity", pk="application"),
    row("console:application_connection", pk="application"),
    row("console:application_identity_activation", pk="application"),
    row("console:application_identity_deactivation", pk="application"),
    row("console:application_identity_resumption", pk="application"),
    row("console:application_plan", pk="application"),
    row("console:application_prepared_plan", pk="application", plan_pk="plan"),
    row("console:application_mapping", pk="application"),
    row("console:application_write_test", pk="application"),
    row("console:application_synchronizations", pk="application"),
    row(
        "console:application_synchronization_cancellation",
        pk="application",
        synchronization_pk="synchronization",
    ),
    row("console:application_identity_pause", pk="application"),
    row("console:application_provision", pk="application"),
    row("console:application_approval", pk="application"),
    row("console:application_rejection", pk="application"),
    row("console:application_job_reopening", pk="application", job_pk="job"),
    row("console:application_job_account", pk="application", job_pk="job"),
    row("console:application_imports", pk="application"),
    *(
        row(f"console:application_import{part}", pk="application", import_pk="import")
        for part in ("", "_selection", "_export", "_stop", "_resumption")
    ),
    row("console:application_job", pk="application", job_pk="job"),
    row("console:application_job_retries", pk="application", job_pk="job"),
    row("console:source", pk="source"),
    row("console:source_people", pk="source"),
    row("console:source_groups", pk="source"),
    row("console:source_group_link", pk="source", group_pk="group"),
    row("console:external_group_removal", pk="external group"),
    row("console:external_identity_removal", pk="external identity"),
    row("console:pending_group_rejection", pk="pending group link"),
    row("console:source_requests", pk="source"),
    row("console:source_mapping", pk="source"),
    row("console:source_settings", pk="source"),
    row("console:source_removal", pk="source"),
    row("console:pending_link", pk="pending link"),
    row("console:pending_link_rejection", pk="pending link"),
    row("console:scim_token_revocation", pk="scim token"),
    *(
        row(f"console:webhook{part}", pk="webhook")
        for part in ("", "_test", "_pause", "_resumption", "_replay", "_settings", "_secrets", "_removal")
    ),
    row("console:webhook_delivery", pk="webhook", delivery_pk="delivery"),
    row("console:webhook_delivery_retries", pk="webhook", delivery_pk="delivery"),
    row("console:webhook_replay_cancellation", pk="webhook", replay_pk="replay"),
    row("console:webhook_secret_removal", pk="webhook", secret_pk="webhook secret"),
    row("api_pages:key_revocation", pk="api key"),
    row("console:event", pk="event"),
    row("console:access_report", pk="application"),
    row("console:access_export", pk="application"),
    row("console:receipt", pk="offboarding"),
    row("console:event_export", form="=csv"),
    row("console:event_archive", pk="event archive"),
    # SAML
    row("saml:sso", slug="application slug"),
    row(
        "saml:request",
        slug="application slug",
        key="sign-in request",
        refusal=(400, "a request of this organisation's that is over, or was never made"),
    ),
    row(
        "saml:refusal",
        slug="application slug",
        key="sign-in request",
        refusal=(400, "the same"),
    ),
    row("saml:metadata", slug="application slug"),
    row("saml:certificate", slug="application slug"),
    row("saml:slo", slug="application slug"),
    row("saml:logout_request", slug="application slug", key="sign-out request"),
    row("saml:logout", key="sign-out"),
    row("saml:logout_step", key="sign-out", step="sign-out step"),
    row("saml:logout_answer", key="sign-out to answer"),
    # The sandbox
    row("sandbox:sp", slug="service provider slug"),
    row("sandbox:sp_metadata", slug="service provider slug"),
    row("sandbox:sp_acs", slug="service provider slug"),
    row("sandbox:sp_login", slug="service provider slug"),
    row("sandbox:sp_logout", slug="service provider slug"),
    row("sandbox:sp_slo", slug="service provider slug"),
    row("sandbox:sp_logout_answers", slug="service provider slug"),
    row("sandbox:sp_encryption", slug="service provider slug"),
    row("sandbox:sp_identity_provider", slug="service provider slug"),
    row("sandbox:target", slug="target slug"),
    row("sandbox:target_accounts", slug="target slug"),
    row("sandbox:target_teams", slug="target slug"),
    row("sandbox:target_requests", slug="target slug"),
    row("sandbox:target_settings", slug="target slug"),
    row("sandbox:target_fault", slug="target slug"),
    row("sandbox:target_token", slug="target slug"),
    row("sandbox:scim", slug="target slug", rest="=Users"),
    # SCIM
    row("scim:users", uuid="user"),
    row("scim:groups", uuid="group"),
    row("scim:resource-types", uuid="=User"),
    row("scim:schemas", uuid="=urn:ietf:params:scim:schemas:core:2.0:User"),
    # The REST API
    row("api:connector", key="=gitlab_saas"),
    *(row(f"api:{name}", pk="application") for name in OF_AN_APPLICATION),
    row("api:assignment", pk="application", group="group"),
    row("api:certificate", pk="application", certificate="certificate"),
    row("api:certificate-promotion", pk="application", certificate="certificate"),
    row("api:certificate-retirement", pk="application", certificate="certificate"),
    row("api:metadata-refreshes", pk="application"),
    row("api:metadata-acceptance", pk="application"),
    row("api:metadata-rejection", pk="application"),
    row("api:imports", pk="application"),
    *(
        row(f"api:import{part}", pk="application", run="import")
        for part in ("", "-rows", "-export", "-selection", "-resumptions")
    ),
    row("api:synchronization", pk="application", synchronization="synchronization"),
    row("api:job-account", pk="application", job="job"),
    row("api:prepared-plan", pk="application", plan="plan"),
    row("api:job", pk="application", job="job"),
    row("api:job-retries", pk="application", job="job"),
    row("api:user", pk="user"),
    row("api:password-link", pk="user"),
    row("api:group", pk="group"),
    row("api:members", pk="group"),
    row("api:member", pk="group", user="user"),
    row("api:event", pk="event"),
    row("api:receipt", pk="offboarding"),
    row("api:scim-token", pk="scim token"),
    row("api:api-key", pk="api key"),
    row("api:administrator", pk="administrator"),
    *(
        row(f"api:webhook{part}", pk="webhook")
        for part in ("", "-resumption", "-secrets", "-tests", "-deliveries", "-replays", "-replay-count")
    ),
    row("api:webhook-secret", pk="webhook", secret="webhook secret"),
    row("api:webhook-delivery", pk="webhook", delivery="delivery"),
    row("api:webhook-delivery-retries", pk="webhook", delivery="delivery"),
    row("api:webhook-replay", pk="webhook", replay="replay"),
]

# name: why anybody may open it
PUBLIC = {
    "index": "asks for the organisation, tells of none",
    "healthz": "alive or not",
    "readyz": "ready or not",
    "language": "says in which language this browser reads",
    "accounts:language": "the same, inside an organisation",
    "accounts:organisation_logo": "stands on the sign-in page",
    "accounts:login": "where a session begins",
    "accounts:logout": "where it ends",
    "accounts:forgotten": "for whoever cannot sign in; says the same about every name",
    "accounts:passkey": "in place of name and password",
    "accounts:code": "for whoever has just given their password",
    "accounts:second_factor": "the same",
    "accounts:expired": "for whoever has just given a password that is too old",
    "accounts:reset": "the link of a mail, whose secret is what counts",
    "accounts:invitation": "the same, for somebody new",
    "saml:sso": "where applications send people who may have no session yet; a response only for somebody who has signed in",
    "saml:request": "the same people a moment later",
    "saml:refusal": "back to the application without a sign-in, for whoever was shown why",
    "saml:metadata": "for the administrator of the other side; the certificate is public",
    "saml:certificate": "the same",
    "saml:slo": "where applications send logout messages; only signed ones are followed",
    "saml:logout_request": "the browser a moment later: ends its own session, if that is the one that is meant",
    "saml:logout": "whoever was just signed out, with a random key, sees where",
    "saml:logout_step": "the same, on to an application",
    "saml:logout_answer": "the same, back to the application that began",
    "sandbox:sp_metadata": "a service provider's metadata is public",
    "sandbox:sp_login": "where a sign-in starts at a service provider",
    "sandbox:sp_acs": "where it ends: a signature is asked for, not a session of ours",
    "sandbox:sp_slo": "where logout messages arrive: a signature is asked for, not a session of ours",
    "api:root": "says where the description is",
    "api:schema": "the same for every organisation",
    "api:docs": "draws the description",
}
# Of these, pages that name the application: whoever knows its address has met it.
NAMES_THE_APPLICATION = {
    *("saml:sso", "saml:request", "saml:refusal"),
    *("saml:slo", "saml:logout_request", "saml:logout"),
}

# Opens for nobody.
NOTHING_THERE: dict[str, str] = {}

# name: why no CSRF token is asked for
SCIM = ("root", "search", "users-search", "groups-search", "users", "groups", "me", "bulk", "service-provider-config",
        "resource-types", "schemas")  # fmt: skip
API = ("catalog", "applications", "users", "groups", "events", "event-export", "event-count", "event-distinct", "event-interval",
       "scim-tokens", "api-keys", "administrators", "webhooks", "receipts", "access-export-of-all", "week")  # fmt: skip
CSRF_EXEMPT = {
    "saml:sso": "the form stands on the application's own page; it changes nothing here",
    "saml:slo": "the same: a signature is asked for, and the session ends only where the cookie comes along",
    "sandbox:sp_acs": "posted from the identity provider's page, protected by its signature",
    "sandbox:scim": "for programs with a token: no cookie is looked at",
} | dict.fromkeys((f"scim:{name}" for name in SCIM), "the same")
CSRF_EXEMPT |= dict.fromkeys(
    (f"api:{name}" for name in API), "for programs with a key: no cookie is looked at"
)
CSRF_EXEMPT |= dict.fromkeys((row.name for row in ROWS if row.name.startswith("api:")), "the same")

# name: why a browser may keep it
CACHEABLE = {
    "accounts:organisation_logo": "the organisation's picture, which stands on the sign-in page; the address changes with it",
    "launcher:logo": "a picture without a word, for its own user's browser alone; the address changes with it",
}
