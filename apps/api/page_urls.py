"""The API's one page for people. It stands among the console's, which is a neighbour that may not import the API."""

from django.urls import path

from apps.api.views import key_pages

app_name = "api_pages"

urlpatterns = [
    path("", key_pages.index, name="keys"),
    path("<uuid:pk>/revocation/", key_pages.revocation, name="key_revocation"),
]
