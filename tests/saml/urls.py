"""The tenant's addresses and one more: `apps.saml.responses.launch` behind a page, as the launcher has it."""

from django.shortcuts import get_object_or_404
from django.urls import path

from apps.applications.models import Application
from apps.saml.responses import launch
from portal import tenant_urls


def start(request, slug):
    return launch(request, get_object_or_404(Application.objects, slug=slug))


urlpatterns = [path("start/<slug:slug>", start), *tenant_urls.urlpatterns]
