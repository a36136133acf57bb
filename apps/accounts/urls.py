from django.urls import URLPattern, URLResolver, path

from apps.accounts.views import expired, passwords, reauthentication, sessions

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", sessions.login, name="login"),
    path("logout/", sessions.logout, name="logout"),
    path("reauthentication/", reauthentication.again, name="reauthentication"),
    path("password/forgotten/", passwords.forgotten, name="forgotten"),
    path("password/expired/", expired.expired, name="expired"),
    path("password/reset/<str:token>/", passwords.reset, name="reset"),
    path("invitation/<str:token>/", passwords.invitation, name="invitation"),
]
