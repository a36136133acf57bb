"""The names are django-scim2's, whose adapters reverse them; slashes at the end are tolerated, because Entra's samples have one, and at the
beginning, because a base URL that ends with one is often joined to "/Users"."""

from django.urls import re_path

from apps.scim.views.base import ScimView
from apps.scim.views.bulk import BulkView
from apps.scim.views.discovery import ResourceTypesView, SchemasView, ServiceProviderConfigView
from apps.scim.views.resources import GroupsView, UsersView
from apps.scim.views.search import GroupSearchView, RootView, SearchView, UserSearchView

app_name = "scim"

# RFC 7644 section 3.11: a token stands for an identity provider, which is no person of the directory.
me = ScimView.as_view(implemented=False, not_here="A token stands for no person: there is no /Me.")

urlpatterns = [
    re_path(r"^$", RootView.as_view(), name="root"),
    re_path(r"^/*\.search/?$", SearchView.as_view(), name="search"),
    re_path(r"^/*Users/\.search/?$", UserSearchView.as_view(), name="users-search"),
    re_path(r"^/*Groups/\.search/?$", GroupSearchView.as_view(), name="groups-search"),
    re_path(r"^/*Users/?$", UsersView.as_view(), name="users"),
    re_path(r"^/*Users/(?P<uuid>[^/]+)/?$", UsersView.as_view(), name="users"),
    re_path(r"^/*Groups/?$", GroupsView.as_view(), name="groups"),
    re_path(r"^/*Groups/(?P<uuid>[^/]+)/?$", GroupsView.as_view(), name="groups"),
    re_path(r"^/*Me/?$", me, name="me"),
    re_path(r"^/*Bulk/?$", BulkView.as_view(), name="bulk"),
    re_path(
        r"^/*ServiceProviderConfig/?$", ServiceProviderConfigView.as_view(), name="service-provider-config"
    ),
    re_path(r"^/*ResourceTypes/?$", ResourceTypesView.as_view(), name="resource-types"),
    re_path(r"^/*ResourceTypes/(?P<uuid>[^/]+)/?$", ResourceTypesView.as_view(), name="resource-types"),
    re_path(r"^/*Schemas/?$", SchemasView.as_view(), name="schemas"),
    re_path(r"^/*Schemas/(?P<uuid>[^/]+)/?$", SchemasView.as_view(), name="schemas"),
]
