"""
Who may open and send what: every address under the one rule that holds for it, and what each rule means for each kind of visitor.
A new URL needs its name here, or test_every_role.py fails.
"""

from dataclasses import dataclass

from apps.accounts.models import Role
from tests.security.rows import PUBLIC

VISITORS = (
    "anonymous",
    "end user",
    *("read_only", "help_desk", "administrator", "owner"),
    *("owner of another organisation", "operator"),
)
STAFF = tuple(Role.values)
WRITERS = ("owner", "administrator")


@dataclass(frozen=True)
class Rule:
    """Who may look and who may send; whoever may not is refused, strangers by way of the sign-in. `by_key`: asked with API keys."""

    looks: tuple[str, ...]
    sends: tuple[str, ...]
    by_key: bool = False


RULES = {
    "public": Rule(VISITORS, VISITORS),
    "person": Rule(("end user", *STAFF), ("end user", *STAFF)),
    "any role": Rule(STAFF, WRITERS),
    "help desk": Rule(STAFF, (*WRITERS, "help_desk")),
    "administrator": Rule((*WRITERS, "read_only"), WRITERS),
    "api_key": Rule((*WRITERS, "read_only"), WRITERS, by_key=True),
    "api_key, the help desk looks": Rule(STAFF, WRITERS, by_key=True),
    "api_key, everybody asks": Rule(STAFF, STAFF, by_key=True),
    "api_key, the help desk sends": Rule(STAFF, (*WRITERS, "help_desk"), by_key=True),
    # Below /platform/: no role in an organisation opens it, and being an operator opens none of theirs.
    "operator": Rule(("operator",), ("operator",)),
    # Programs with tokens of their own: no role opens these.
    "scim_token": Rule((), ()),
    "target_token": Rule((), ()),
}


def _names(namespace: str, names: str) -> list[str]:
    return [f"{namespace}:{name}" for name in names.split()]


TABLE: dict[str, list[str]] = {
    "public": list(PUBLIC),
    "person": [
        *_names("accounts", "reauthentication"),
        *_names(
            "launcher",
            "index launch logo profile password activity security authenticator authenticator_removal",
        ),
        *_names("launcher", "groups announcement_closing"),
        *_names("launcher", "arrangement arrangement_reset arrangement_favourite arrangement_move"),
        *_names("launcher", "passkey_new passkey_removal sessions_end session_end recovery_codes"),
        *_names(
            "sandbox", "index new_service_provider new_target sp sp_logout sp_logout_answers sp_encryption"
        ),
        *_names("sandbox", "sp_identity_provider target target_accounts target_teams target_requests"),
        *_names("sandbox", "target_settings target_fault target_token"),
    ],
    "any role": _names(
        "console",
        "overview search user_groups user_group_removal user_applications user_events events event receipts receipt",
    ),
    "help desk": [
        *_names("console", "users user_new user user_password user_password_link user_second_factor"),
        *_names(
            "console", "user_activation user_deactivation user_security user_unlocking user_sessions_end"
        ),
        *_names("console", "user_session_end"),
    ],
    "administrator": [
        *_names(
            "console",
            "event_export users_export people_acts people_import people_runs people_run people_run_start",
        ),
        *_names("console", "event_archives event_archive"),
        *_names(
            "console",
            "people_run_stop people_run_export groups group_new group group_events group_deletion group_members group_member_removal",
        ),
        *_names("console", "access_reports access_report access_export access_export_all runs"),
        *_names("console", "group_applications group_application_removal catalog connector applications"),
        *_names(
            "console",
            "application_deletion applications_metadata application application_logo application_created",
        ),
        *_names("console", "application_identity_match application_guide application_groups"),
        *_names(
            "console", "application_groups_consequence application_events application_sso application_preview"
        ),
        *_names(
            "console", "application_sso_activation application_sso_deactivation application_sso_defaults"
        ),
        *_names("console", "application_sso_metadata application_sso_metadata_choice"),
        *_names("console", "application_sso_metadata_refresh application_sso_metadata_acceptance"),
        *_names("console", "application_sso_metadata_rejection application_sso_metadata_removal"),
        *_names("console", "application_certificates application_certificate_upload application_certificate"),
        *_names("console", "application_certificate_promotion application_certificate_retirement"),
        *_names("console", "application_identity application_connection application_identity_activation"),
        *_names("console", "application_identity_deactivation application_identity_resumption"),
        *_names(
            "console", "application_mapping application_write_test application_plan application_prepared_plan"
        ),
        *_names("console", "application_synchronizations application_synchronization_cancellation"),
        *_names("console", "application_provision application_identity_pause application_approval"),
        *_names(
            "console",
            "application_rejection application_job_reopening application_job application_job_retries",
        ),
        *_names("console", "application_imports application_import application_import_selection"),
        *_names("console", "application_import_export application_import_stop application_import_resumption"),
        *_names("console", "sources source source_people source_requests source_mapping source_settings"),
        *_names("console", "source_groups source_group_link external_group_removal pending_group_rejection"),
        *_names("console", "external_identity_removal"),
        *_names("console", "source_removal scim_token_revocation pending_link pending_link_rejection"),
        *_names(
            "console", "sign_in_policy administrators administrator_new administrator administrator_removal"
        ),
        *_names("console", "organisation announcement certificates mail sandbox application_job_account"),
        *_names(
            "console", "webhooks webhook_new webhook webhook_delivery webhook_delivery_retries webhook_test"
        ),
        *_names("console", "webhook_pause webhook_resumption webhook_replay webhook_replay_cancellation"),
        *_names("console", "webhook_settings webhook_secrets webhook_secret_removal webhook_removal"),
        *_names("api_pages", "keys key_revocation"),
    ],
    "operator": _names(
        "platform",
        "home tenants tenant_new tenant tenant_suspension tenant_resumption tenant_deletion health operators operator_new operator_removal",
    ),
    "scim_token": _names(
        "scim",
        "root search users-search groups-search users groups me bulk service-provider-config resource-types schemas",
    ),
    "target_token": _names("sandbox", "scim"),
    "api_key": [
        *_names("api", "catalog connector applications application assignments assignment sso guide"),
        *_names("api", "service-provider-metadata metadata-refreshes metadata-acceptance metadata-rejection"),
        *_names("api", "certificates certificate certificate-promotion certificate-retirement sso-preview"),
        *_names("api", "identity-management activation resumption pause synchronization removal-approval"),
        *_names(
            "api",
            "removal-rejection plan prepared-plan mapping mapping-plan write-tests synchronizations identity-match",
        ),
        *_names(
            "api",
            "imports import import-rows import-export import-selection import-resumptions remote-users remote-groups",
        ),
        *_names(
            "api",
            "provision jobs job job-retries job-account groups group members member scim-tokens scim-token",
        ),
        *_names("api", "event-export api-keys api-key administrators administrator webhooks webhook"),
        *_names("api", "webhook-resumption webhook-secrets webhook-secret webhook-tests webhook-deliveries"),
        *_names("api", "webhook-delivery webhook-delivery-retries webhook-replays webhook-replay-count"),
        *_names("api", "webhook-replay access-report access-export access-export-of-all week"),
    ],
    "api_key, the help desk looks": _names("api", "event receipts receipt"),
    "api_key, everybody asks": _names("api", "events event-count event-distinct event-interval"),
    "api_key, the help desk sends": _names("api", "users user password-link"),
}
RULE_OF = {name: rule for rule, names in TABLE.items() for name in names}
