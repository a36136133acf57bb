from django.urls import URLPattern, URLResolver, path

from apps.accounts.views import reauthentication, sessions

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", sessions.login, name="login"),
    path("logout/", sessions.logout, name="logout"),
    path("reauthentication/", reauthentication.again, name="reauthentication"),
]
