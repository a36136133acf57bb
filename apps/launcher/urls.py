from django.urls import URLPattern, URLResolver, path

from apps.launcher.views import arrangement, me, security, tiles

app_name = "launcher"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", tiles.index, name="index"),
    path("launch/<slug:slug>", tiles.launch, name="launch"),
    path("applications/<slug:slug>/logo", tiles.logo, name="logo"),
    path("arrangement/", arrangement.index, name="arrangement"),
    path("arrangement/reset/", arrangement.reset, name="arrangement_reset"),
    path("arrangement/<slug:slug>/favourite/", arrangement.favourite, name="arrangement_favourite"),
    path("arrangement/<slug:slug>/move/", arrangement.move, name="arrangement_move"),
    path("announcements/<uuid:pk>/closing/", tiles.announcement_closing, name="announcement_closing"),
    path("me/", me.profile, name="profile"),
    path("me/password/", me.password, name="password"),
    path("me/groups/", me.groups, name="groups"),
    path("me/activity", me.activity, name="activity"),
    path("me/security/", security.index, name="security"),
    path("me/security/authenticator/", security.authenticator, name="authenticator"),
    path("me/security/authenticator/removal/", security.authenticator_removal, name="authenticator_removal"),
    path("me/security/passkeys/", security.passkey_new, name="passkey_new"),
    path("me/security/passkeys/<uuid:pk>/removal/", security.passkey_removal, name="passkey_removal"),
    path("me/security/sessions/ends/", security.sessions_end, name="sessions_end"),
    path("me/security/sessions/<uuid:pk>/end/", security.session_end, name="session_end"),
    path("me/security/recovery-codes/", security.recovery_codes, name="recovery_codes"),
]
