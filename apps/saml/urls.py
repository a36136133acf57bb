from django.urls import URLPattern, URLResolver, path

from apps.saml import views

app_name = "saml"
urlpatterns: list[URLPattern | URLResolver] = [
    path("<slug:slug>", views.sso, name="sso"),
    path("<slug:slug>/requests/<uuid:key>", views.waiting_request, name="request"),
    path("<slug:slug>/requests/<uuid:key>/refusal", views.refusal, name="refusal"),
    path("<slug:slug>/metadata", views.metadata, name="metadata"),
    path("<slug:slug>/certificate", views.certificate, name="certificate"),
]
