from django.urls import URLPattern, URLResolver, path

from apps.accounts.views import (
    expired,
    language,
    logo,
    passkeys,
    passwords,
    reauthentication,
    second_factor,
    sessions,
)

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", sessions.login, name="login"),
    path("login/passkey/", passkeys.passkey, name="passkey"),
    path("login/code/", second_factor.code, name="code"),
    path("login/second-factor/", second_factor.set_up, name="second_factor"),
    path("logout/", sessions.logout, name="logout"),
    path("organisation-logo", logo.organisation_logo, name="organisation_logo"),
    path("language/", language.choose, name="language"),
    path("reauthentication/", reauthentication.again, name="reauthentication"),
    path("password/forgotten/", passwords.forgotten, name="forgotten"),
    path("password/expired/", expired.expired, name="expired"),
    path("password/reset/<str:token>/", passwords.reset, name="reset"),
    path("invitation/<str:token>/", passwords.invitation, name="invitation"),
]
