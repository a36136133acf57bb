"""The names are django-scim2's, whose adapters reverse them; a slash at the end is tolerated, because Entra's samples have one."""

from django.urls import re_path

from apps.scim import views

app_name = "scim"

not_yet = views.ScimView.as_view(implemented=False)

urlpatterns = [
    re_path(r"^$", not_yet, name="root"),
    re_path(r"^\.search/?$", not_yet, name="search"),
    re_path(r"^Users/\.search/?$", not_yet, name="users-search"),
    re_path(r"^Users/?$", views.UsersView.as_view(), name="users"),
    re_path(r"^Users/(?P<uuid>[^/]+)/?$", views.UsersView.as_view(), name="users"),
    re_path(r"^Groups(?:/[^/]*)?/?$", not_yet, name="groups"),
    re_path(r"^Me/?$", not_yet, name="me"),
    re_path(r"^Bulk/?$", not_yet, name="bulk"),
    re_path(
        r"^ServiceProviderConfig/?$",
        views.ServiceProviderConfigView.as_view(),
        name="service-provider-config",
    ),
    re_path(r"^ResourceTypes/?$", views.ResourceTypesView.as_view(), name="resource-types"),
    re_path(r"^ResourceTypes/(?P<uuid>[^/]+)/?$", views.ResourceTypesView.as_view(), name="resource-types"),
    re_path(r"^Schemas/?$", views.SchemasView.as_view(), name="schemas"),
    re_path(r"^Schemas/(?P<uuid>[^/]+)/?$", views.SchemasView.as_view(), name="schemas"),
]
