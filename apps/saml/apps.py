from django.apps import AppConfig


class SamlConfig(AppConfig):
    name = "apps.saml"
    label = "saml"

    def ready(self) -> None:
        from apps.accounts.signing_out import continue_with
        from apps.directory.signals import handed_on
        from apps.saml.logout.views import after_sign_out
        from apps.saml.name_ids import keep_for_nobody

        continue_with(after_sign_out)
        handed_on.connect(keep_for_nobody)
