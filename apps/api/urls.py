from django.urls import path

from apps.api.views import (
    administrators,
    api_keys,
    applications,
    catalog,
    certificates,
    events,
    groups,
    guide,
    identity_management,
    identity_match,
    jobs,
    mapping,
    metadata,
    root,
    scim_tokens,
    sso,
    sso_preview,
    users,
)

app_name = "api"

SSO = [
    ("", sso.Sso, "sso"),
    ("service-provider-metadata/", metadata.ServiceProviderMetadata, "service-provider-metadata"),
    ("service-provider-metadata/refreshes/", metadata.MetadataRefreshes, "metadata-refreshes"),
    ("service-provider-metadata/change/acceptance/", metadata.ChangeAcceptance, "metadata-acceptance"),
    ("service-provider-metadata/change/rejection/", metadata.ChangeRejection, "metadata-rejection"),
    ("certificates/", certificates.Certificates, "certificates"),
    ("certificates/<uuid:certificate>/", certificates.OneCertificate, "certificate"),
    ("certificates/<uuid:certificate>/promotion/", certificates.Promotion, "certificate-promotion"),
    ("certificates/<uuid:certificate>/retirement/", certificates.Retirement, "certificate-retirement"),
    ("preview/", sso_preview.SsoPreview, "sso-preview"),
]
IDENTITY_MANAGEMENT = [
    ("identity-management/", identity_management.IdentityManagement, "identity-management"),
    ("identity-management/activation/", identity_management.Activation, "activation"),
    ("identity-management/resumption/", identity_management.Resumption, "resumption"),
    ("identity-management/approval/", identity_management.Approval, "removal-approval"),
    ("identity-management/rejection/", identity_management.Rejection, "removal-rejection"),
    ("identity-management/plan/", identity_management.Plan, "plan"),
    ("identity-management/mapping/", mapping.AttributeMapping, "mapping"),
    ("identity-management/mapping/plan/", mapping.MappingPlan, "mapping-plan"),
    ("identity-management/synchronizations/", identity_management.Synchronizations, "synchronizations"),
    ("identity-match/", identity_match.IdentityMatch, "identity-match"),
    ("remote-users/", jobs.RemoteUsers, "remote-users"),
    ("remote-groups/", jobs.RemoteGroups, "remote-groups"),
    ("jobs/", jobs.Jobs, "jobs"),
    ("jobs/<uuid:job>/", jobs.OneJob, "job"),
    ("jobs/<uuid:job>/retries/", jobs.Retries, "job-retries"),
]


urlpatterns = [
    path("", root.root, name="root"),
    path("schema/", root.schema, name="schema"),
    path("docs/", root.docs, name="docs"),
    path("catalog/", catalog.Catalog.as_view(), name="catalog"),
    path("catalog/<slug:key>/", catalog.OneConnector.as_view(), name="connector"),
    path("applications/", applications.Applications.as_view(), name="applications"),
    path("applications/<uuid:pk>/", applications.OneApplication.as_view(), name="application"),
    path("applications/<uuid:pk>/assignments/", applications.Assignments.as_view(), name="assignments"),
    path(
        "applications/<uuid:pk>/assignments/<uuid:group>/",
        applications.OneAssignment.as_view(),
        name="assignment",
    ),
    *(path(f"applications/<uuid:pk>/sso/{end}", view.as_view(), name=name) for end, view, name in SSO),
    *(
        path(f"applications/<uuid:pk>/{end}", view.as_view(), name=name)
        for end, view, name in IDENTITY_MANAGEMENT
    ),
    path("applications/<uuid:pk>/guide/", guide.OneGuide.as_view(), name="guide"),
    path("users/", users.Users.as_view(), name="users"),
    path("users/<uuid:pk>/", users.OneUser.as_view(), name="user"),
    path("groups/", groups.Groups.as_view(), name="groups"),
    path("groups/<uuid:pk>/", groups.OneGroup.as_view(), name="group"),
    path("groups/<uuid:pk>/members/", groups.Members.as_view(), name="members"),
    path("groups/<uuid:pk>/members/<uuid:user>/", groups.OneMember.as_view(), name="member"),
    path("events/", events.Events.as_view(), name="events"),
    path("events/export/", events.EventExport.as_view(), name="event-export"),
    path("events/count/", events.EventCount.as_view(), name="event-count"),
    path("events/distinct/", events.EventDistinct.as_view(), name="event-distinct"),
    path("events/interval/", events.EventInterval.as_view(), name="event-interval"),
    path("events/<uuid:pk>/", events.OneEvent.as_view(), name="event"),
    path("scim-tokens/", scim_tokens.ScimTokens.as_view(), name="scim-tokens"),
    path("scim-tokens/<uuid:pk>/", scim_tokens.OneScimToken.as_view(), name="scim-token"),
    path("api-keys/", api_keys.ApiKeys.as_view(), name="api-keys"),
    path("api-keys/<uuid:pk>/", api_keys.OneApiKey.as_view(), name="api-key"),
    path("administrators/", administrators.Administrators.as_view(), name="administrators"),
    path("administrators/<uuid:pk>/", administrators.OneAdministrator.as_view(), name="administrator"),
]
