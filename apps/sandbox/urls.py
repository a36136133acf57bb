"""Below /t/<tenant>/sandbox/. What the product calls: sp/…/acs, sp/…/slo, sp/…/metadata and scim/…; the rest is for people."""

from django.urls import path

from apps.sandbox.views import logout, scim, service_provider, targets

app_name = "sandbox"
urlpatterns = [
    path("", targets.index, name="index"),
    path("service-providers", targets.new_service_provider, name="new_service_provider"),
    path("targets", targets.new_target, name="new_target"),
    path("sp/<slug:slug>/", service_provider.page, name="sp"),
    path("sp/<slug:slug>/metadata", service_provider.sp_metadata, name="sp_metadata"),
    path("sp/<slug:slug>/acs", service_provider.acs, name="sp_acs"),
    path("sp/<slug:slug>/login", service_provider.login, name="sp_login"),
    path("sp/<slug:slug>/logout", logout.logout, name="sp_logout"),
    path("sp/<slug:slug>/slo", logout.slo, name="sp_slo"),
    path("sp/<slug:slug>/logout-answers", logout.answers, name="sp_logout_answers"),
    path("sp/<slug:slug>/encryption", service_provider.encryption, name="sp_encryption"),
    path("sp/<slug:slug>/identity-provider", service_provider.identity_provider, name="sp_identity_provider"),
    path("targets/<slug:slug>/", targets.target, name="target"),
    path("targets/<slug:slug>/accounts/", targets.accounts, name="target_accounts"),
    path("targets/<slug:slug>/teams/", targets.teams, name="target_teams"),
    path("targets/<slug:slug>/requests/", targets.requests, name="target_requests"),
    path("targets/<slug:slug>/settings/", targets.settings, name="target_settings"),
    path("targets/<slug:slug>/fault", targets.fault, name="target_fault"),
    path("targets/<slug:slug>/token", targets.token, name="target_token"),
    path("scim/<slug:slug>/<path:rest>", scim.scim, name="scim"),
]
