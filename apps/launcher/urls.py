from django.urls import URLPattern, URLResolver, path

from apps.launcher import views

app_name = "launcher"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.index, name="index"),
    path("launch/<slug:slug>", views.launch, name="launch"),
    path("applications/<slug:slug>/logo", views.logo, name="logo"),
    path("me/", views.profile, name="profile"),
    path("me/password/", views.password, name="password"),
    path("me/activity", views.activity, name="activity"),
]
