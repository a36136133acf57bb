"""The product's addresses and one page more: it loads session and user and says nothing else."""

from django.http import HttpResponse
from django.urls import path

from portal.tenant_urls import urlpatterns as of_the_portal


def whoami(request):
    return HttpResponse(request.user.username)


urlpatterns = [path("whoami", whoami), *of_the_portal]
