from django.urls import URLPattern, URLResolver, path

from apps.saml import views
from apps.saml.logout import views as logout

app_name = "saml"
urlpatterns: list[URLPattern | URLResolver] = [
    path("<slug:slug>", views.sso, name="sso"),
    path("<slug:slug>/requests/<uuid:key>", views.waiting_request, name="request"),
    path("<slug:slug>/requests/<uuid:key>/refusal", views.refusal, name="refusal"),
    path("<slug:slug>/metadata", views.metadata, name="metadata"),
    path("<slug:slug>/certificate", views.certificate, name="certificate"),
    path("<slug:slug>/slo", logout.slo, name="slo"),
    path("<slug:slug>/slo/<uuid:key>", logout.requested, name="logout_request"),
    path("logout/<uuid:key>", logout.progress, name="logout"),
    path("logout/<uuid:key>/answer", logout.answer, name="logout_answer"),
    path("logout/<uuid:key>/<uuid:step>", logout.step, name="logout_step"),
]
