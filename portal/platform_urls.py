"""Addresses of the installation's operators: everything below /platform/. They sign in by the same pages as everybody."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.platform.urls")),
    path("", include("apps.launcher.urls")),  # their own password, second factor and sessions
    path("", include("apps.accounts.urls")),
]

handler400 = "apps.accounts.errors.bad_request"
handler403 = "apps.accounts.errors.permission_denied"
