from django.urls import path

from apps.console.views import (
    access,
    administrators,
    applications,
    assignments,
    catalog,
    certificates,
    event_archives,
    events,
    groups,
    guide,
    identity,
    identity_match,
    identity_plans,
    identity_removals,
    identity_running,
    imports,
    job_account,
    mapping,
    organisation,
    overview,
    people,
    people_runs,
    provision,
    receipts,
    runs,
    sandbox,
    search,
    sign_in_policy,
    source_groups,
    source_people,
    source_requests,
    sources,
    sso,
    sso_metadata,
    sso_preview,
    user_pages,
    users,
    webhook_deliveries,
    webhooks,
    write_test,
)

app_name = "console"

PEOPLE = [
    # /users/<pk>/
    path("users/", people.index, name="users"),
    path("users/export.csv", people.export, name="users_export"),
    path("users/acts/", people_runs.prepare, name="people_acts"),
    path("users/import/", people_runs.people_import, name="people_import"),
    path("users/runs/", people_runs.index, name="people_runs"),
    path("users/runs/<uuid:pk>/", people_runs.run, name="people_run"),
    path("users/runs/<uuid:pk>/start/", people_runs.start, name="people_run_start"),
    path("users/runs/<uuid:pk>/stop/", people_runs.stop, name="people_run_stop"),
    path("users/runs/<uuid:pk>/export/", people_runs.export, name="people_run_export"),
    path("users/new/", users.new, name="user_new"),
    path("users/<uuid:pk>/", users.profile, name="user"),
    path("users/<uuid:pk>/password/", users.password, name="user_password"),
    path("users/<uuid:pk>/password-link/", users.password_link, name="user_password_link"),
    path("users/<uuid:pk>/second-factor/", users.second_factor, name="user_second_factor"),
    path("users/<uuid:pk>/activation/", users.activation, name="user_activation"),
    path("users/<uuid:pk>/deactivation/", users.deactivation, name="user_deactivation"),
    path("users/<uuid:pk>/groups/", users.groups, name="user_groups"),
    path("users/<uuid:pk>/groups/<uuid:group_pk>/removal/", users.group_removal, name="user_group_removal"),
    path("users/<uuid:pk>/applications/", user_pages.applications, name="user_applications"),
    path("users/<uuid:pk>/events/", user_pages.events, name="user_events"),
    path("users/<uuid:pk>/security/", user_pages.security, name="user_security"),
    path("users/<uuid:pk>/security/unlocking/", user_pages.unlocking, name="user_unlocking"),
    path("users/<uuid:pk>/security/sessions/ends/", user_pages.sessions_end, name="user_sessions_end"),
    path(
        "users/<uuid:pk>/security/sessions/<uuid:session_pk>/end/",
        user_pages.session_end,
        name="user_session_end",
    ),
    # /groups/<pk>/
    path("groups/", groups.index, name="groups"),
    path("groups/new/", groups.new, name="group_new"),
    path("groups/<uuid:pk>/", groups.details, name="group"),
    path("groups/<uuid:pk>/events/", groups.events, name="group_events"),
    path("groups/<uuid:pk>/deletion/", groups.deletion, name="group_deletion"),
    path("groups/<uuid:pk>/members/", groups.members, name="group_members"),
    path("groups/<uuid:pk>/members/removal/", groups.member_removal, name="group_member_removal"),
    path("groups/<uuid:pk>/applications/", groups.applications, name="group_applications"),
    path(
        "groups/<uuid:pk>/applications/<uuid:application_pk>/removal/",
        groups.application_removal,
        name="group_application_removal",
    ),
]

APPLICATIONS = [
    path("catalog/", catalog.index, name="catalog"),
    path("catalog/<slug:key>/", catalog.connector, name="connector"),
    # /applications/<pk>/
    path("applications/", applications.index, name="applications"),
    path("applications/metadata/", applications.metadata, name="applications_metadata"),
    path("applications/deletion/", applications.deletion, name="application_deletion"),
    path("applications/<uuid:pk>/", applications.general, name="application"),
    path("applications/<uuid:pk>/logo/", applications.logo, name="application_logo"),
    path("applications/<uuid:pk>/created/", applications.created, name="application_created"),
    path("applications/<uuid:pk>/identity-match/", identity_match.index, name="application_identity_match"),
    path("applications/<uuid:pk>/guide/", guide.index, name="application_guide"),
    path("applications/<uuid:pk>/groups/", assignments.index, name="application_groups"),
    path(
        "applications/<uuid:pk>/groups/consequence/",
        assignments.consequence,
        name="application_groups_consequence",
    ),
    path("applications/<uuid:pk>/events/", applications.events, name="application_events"),
]

SIGN_ON = [
    # /applications/<pk>/sso/
    path("applications/<uuid:pk>/sso/", sso.index, name="application_sso"),
    path("applications/<uuid:pk>/preview/", sso_preview.index, name="application_preview"),
    path("applications/<uuid:pk>/sso/activation/", sso.activation, name="application_sso_activation"),
    path("applications/<uuid:pk>/sso/deactivation/", sso.deactivation, name="application_sso_deactivation"),
    path("applications/<uuid:pk>/sso/defaults/", sso.defaults, name="application_sso_defaults"),
    path(
        "applications/<uuid:pk>/sso/service-provider-metadata/",
        sso.service_provider_metadata,
        name="application_sso_metadata",
    ),
    *(
        path(
            f"applications/<uuid:pk>/sso/service-provider-metadata/{end}",
            view,
            name=f"application_sso_metadata_{name}",
        )
        for end, view, name in (
            ("choice/<uuid:upload_pk>/", sso_metadata.choice, "choice"),
            ("refreshes/", sso_metadata.refresh, "refresh"),
            ("change/acceptance/", sso_metadata.acceptance, "acceptance"),
            ("change/rejection/", sso_metadata.rejection, "rejection"),
            ("removal/", sso_metadata.removal, "removal"),
        )
    ),
]

CERTIFICATES = [
    # /applications/<pk>/sso/certificates/
    path("applications/<uuid:pk>/sso/certificates/", certificates.index, name="application_certificates"),
    path(
        "applications/<uuid:pk>/sso/certificates/upload/",
        certificates.upload,
        name="application_certificate_upload",
    ),
    path(
        "applications/<uuid:pk>/sso/certificates/<uuid:certificate_pk>/",
        certificates.certificate,
        name="application_certificate",
    ),
    path(
        "applications/<uuid:pk>/sso/certificates/<uuid:certificate_pk>/promotion/",
        certificates.promotion,
        name="application_certificate_promotion",
    ),
    path(
        "applications/<uuid:pk>/sso/certificates/<uuid:certificate_pk>/retirement/",
        certificates.retirement,
        name="application_certificate_retirement",
    ),
]

IDENTITY_MANAGEMENT = [
    # /applications/<pk>/identity-management/
    path("applications/<uuid:pk>/identity-management/", identity.index, name="application_identity"),
    path(
        "applications/<uuid:pk>/identity-management/connection/",
        identity.connection,
        name="application_connection",
    ),
    path(
        "applications/<uuid:pk>/identity-management/activation/",
        identity.activation,
        name="application_identity_activation",
    ),
    path(
        "applications/<uuid:pk>/identity-management/deactivation/",
        identity.deactivation,
        name="application_identity_deactivation",
    ),
    path(
        "applications/<uuid:pk>/identity-management/resumption/",
        identity.resumption,
        name="application_identity_resumption",
    ),
    path("applications/<uuid:pk>/identity-management/mapping/", mapping.index, name="application_mapping"),
    path(
        "applications/<uuid:pk>/identity-management/write-test/",
        write_test.index,
        name="application_write_test",
    ),
    path("applications/<uuid:pk>/identity-management/plan/", identity_plans.plan, name="application_plan"),
    path(
        "applications/<uuid:pk>/identity-management/plans/<uuid:plan_pk>/",
        identity_plans.prepared_plan,
        name="application_prepared_plan",
    ),
    path(
        "applications/<uuid:pk>/identity-management/synchronizations/",
        identity_plans.synchronizations,
        name="application_synchronizations",
    ),
    path(
        "applications/<uuid:pk>/identity-management/synchronizations/<uuid:synchronization_pk>/cancellation/",
        identity_running.cancellation,
        name="application_synchronization_cancellation",
    ),
    path(
        "applications/<uuid:pk>/identity-management/provision/",
        provision.index,
        name="application_provision",
    ),
    path(
        "applications/<uuid:pk>/identity-management/pause/",
        identity_running.pause,
        name="application_identity_pause",
    ),
    path(
        "applications/<uuid:pk>/identity-management/approval/",
        identity_removals.approval,
        name="application_approval",
    ),
    path(
        "applications/<uuid:pk>/identity-management/rejection/",
        identity_removals.rejection,
        name="application_rejection",
    ),
    path(
        "applications/<uuid:pk>/identity-management/jobs/<uuid:job_pk>/reopening/",
        identity_removals.reopening,
        name="application_job_reopening",
    ),
    path(
        "applications/<uuid:pk>/identity-management/jobs/<uuid:job_pk>/", identity.job, name="application_job"
    ),
    path(
        "applications/<uuid:pk>/identity-management/jobs/<uuid:job_pk>/retries/",
        identity.job_retries,
        name="application_job_retries",
    ),
    path(
        "applications/<uuid:pk>/identity-management/jobs/<uuid:job_pk>/account/",
        job_account.index,
        name="application_job_account",
    ),
]

IMPORTS = [
    # /applications/<pk>/identity-management/imports/
    path(f"applications/<uuid:pk>/identity-management/imports/{end}", view, name=name)
    for end, view, name in (
        ("", imports.index, "application_imports"),
        ("<uuid:import_pk>/", imports.run, "application_import"),
        ("<uuid:import_pk>/selection/", imports.selection, "application_import_selection"),
        ("<uuid:import_pk>/export/", imports.export, "application_import_export"),
        ("<uuid:import_pk>/stop/", imports.stop, "application_import_stop"),
        ("<uuid:import_pk>/resumption/", imports.resumption, "application_import_resumption"),
    )
]

SOURCES = [
    # /sources/<pk>/
    path("sources/", sources.index, name="sources"),
    path("sources/<uuid:pk>/", sources.source, name="source"),
    path("sources/<uuid:pk>/people/", source_people.people, name="source_people"),
    path("sources/<uuid:pk>/groups/", source_groups.groups, name="source_groups"),
    path("sources/<uuid:pk>/groups/<uuid:group_pk>/", source_groups.link, name="source_group_link"),
    path("sources/<uuid:pk>/requests/", source_requests.index, name="source_requests"),
    path("sources/<uuid:pk>/mapping/", sources.mapping, name="source_mapping"),
    path("sources/<uuid:pk>/settings/", sources.settings, name="source_settings"),
    path("sources/<uuid:pk>/removal/", sources.removal, name="source_removal"),
    path("sources/tokens/<uuid:pk>/revocation/", sources.revocation, name="scim_token_revocation"),
    path("sources/people/<uuid:pk>/removal/", source_people.unlinking, name="external_identity_removal"),
    path("sources/groups/<uuid:pk>/removal/", source_groups.unlinking, name="external_group_removal"),
    path(
        "sources/waiting-groups/<uuid:pk>/rejection/",
        source_groups.rejection,
        name="pending_group_rejection",
    ),
    path("sources/links/<uuid:pk>/", source_people.link, name="pending_link"),
    path("sources/links/<uuid:pk>/rejection/", source_people.link_rejection, name="pending_link_rejection"),
]

SETTINGS = [
    # /settings/
    path("settings/organisation/", organisation.index, name="organisation"),
    path("settings/announcement/", organisation.announcement_index, name="announcement"),
    path("settings/certificates/", organisation.certificates, name="certificates"),
    path("settings/mail/", organisation.mail, name="mail"),
    path("settings/sign-in/", sign_in_policy.index, name="sign_in_policy"),
    path("settings/administrators/", administrators.index, name="administrators"),
    path("settings/administrators/new/", administrators.new, name="administrator_new"),
    path("settings/administrators/<uuid:pk>/", administrators.role, name="administrator"),
    path("settings/administrators/<uuid:pk>/removal/", administrators.removal, name="administrator_removal"),
]

WEBHOOKS = [
    path("settings/webhooks/", webhooks.index, name="webhooks"),
    path("settings/webhooks/new/", webhooks.new, name="webhook_new"),
    # /settings/webhooks/<pk>/
    *(
        path(f"settings/webhooks/<uuid:pk>/{end}", view, name=f"webhook{name}")
        for end, view, name in (
            ("", webhook_deliveries.index, ""),
            ("deliveries/<uuid:delivery_pk>/", webhook_deliveries.delivery, "_delivery"),
            ("deliveries/<uuid:delivery_pk>/retries/", webhook_deliveries.retry, "_delivery_retries"),
            ("tests/", webhook_deliveries.test, "_test"),
            ("pause/", webhook_deliveries.pause, "_pause"),
            ("resumption/", webhook_deliveries.resumption, "_resumption"),
            ("replays/", webhook_deliveries.replay, "_replay"),
            (
                "replays/<uuid:replay_pk>/cancellation/",
                webhook_deliveries.replay_cancellation,
                "_replay_cancellation",
            ),
            ("settings/", webhooks.settings, "_settings"),
            ("secrets/", webhooks.secrets, "_secrets"),
            ("secrets/<uuid:secret_pk>/removal/", webhooks.secret_removal, "_secret_removal"),
            ("removal/", webhooks.removal, "_removal"),
        )
    ),
]

urlpatterns = [
    path("", overview.index, name="overview"),
    path("search/", search.index, name="search"),
    *PEOPLE,
    *APPLICATIONS,
    *SIGN_ON,
    *CERTIFICATES,
    *IDENTITY_MANAGEMENT,
    *IMPORTS,
    *SOURCES,
    path("events/", events.index, name="events"),
    path("events/archive/", event_archives.index, name="event_archives"),
    path("events/archive/<uuid:pk>/", event_archives.download, name="event_archive"),
    path("events/<uuid:pk>/", events.event, name="event"),
    path("events/export.<slug:form>", events.export, name="event_export"),
    path("access/", access.index, name="access_reports"),
    path("access/export.csv", access.export_all, name="access_export_all"),
    path("access/<uuid:pk>/", access.report, name="access_report"),
    path("access/<uuid:pk>/export.csv", access.export, name="access_export"),
    path("receipts/", receipts.index, name="receipts"),
    path("receipts/<uuid:pk>/", receipts.receipt, name="receipt"),
    path("runs/", runs.index, name="runs"),
    *SETTINGS,
    *WEBHOOKS,
    path("sandbox/", sandbox.index, name="sandbox"),
]
