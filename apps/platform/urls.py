from django.urls import path

from apps.platform import views

app_name = "platform"

urlpatterns = [
    path("", views.home, name="home"),
    path("tenants/", views.index, name="tenants"),
    path("tenants/new/", views.new, name="tenant_new"),
    path("tenants/<uuid:pk>/", views.tenant, name="tenant"),
    path("tenants/<uuid:pk>/suspension/", views.suspension, name="tenant_suspension"),
    path("tenants/<uuid:pk>/resumption/", views.resumption, name="tenant_resumption"),
    path("tenants/<uuid:pk>/deletion/", views.deletion, name="tenant_deletion"),
    path("operators/", views.operators, name="operators"),
    path("operators/new/", views.operator_new, name="operator_new"),
    path("operators/<uuid:pk>/removal/", views.operator_removal, name="operator_removal"),
    path("health/", views.health_page, name="health"),
]
