from django.urls import URLPattern, URLResolver

app_name = "launcher"
urlpatterns: list[URLPattern | URLResolver] = []
