"""Addresses inside a tenant: everything below /t/<slug>/."""

from django.urls import include, path

urlpatterns = [
    # First what programs ask for, often: the others have many patterns to go through.
    path("scim/v2/", include("apps.scim.urls")),
    path("api/v1/", include("apps.api.urls")),
    path("saml2/", include("apps.saml.urls")),
    path("", include("apps.launcher.urls")),
    path("", include("apps.accounts.urls")),
    path("console/", include("apps.console.urls")),
    path("console/api-keys/", include("apps.api.page_urls")),
    path("sandbox/", include("apps.sandbox.urls")),
]

handler400 = "apps.accounts.errors.bad_request"
handler403 = "apps.accounts.errors.permission_denied"
