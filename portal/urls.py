"""Addresses outside tenants. The tenant's own stand in tenant_urls.py; the middleware chooses."""

from django.urls import path

from apps.accounts.views import language
from portal import views

urlpatterns = [
    path("", views.index, name="index"),
    path("language/", language.choose, name="language"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

handler400 = "apps.accounts.errors.bad_request"
