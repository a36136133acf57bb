from django.urls import URLPattern, URLResolver

app_name = "saml"
urlpatterns: list[URLPattern | URLResolver] = []
