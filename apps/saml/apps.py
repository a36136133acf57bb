from django.apps import AppConfig


class SamlConfig(AppConfig):
    name = "apps.saml"
    label = "saml"

    def ready(self) -> None:
        from apps.accounts.signing_out import continue_with
        from apps.saml.logout.views import after_sign_out

        continue_with(after_sign_out)
