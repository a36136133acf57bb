"""`django-admin startproject`, django-scim2 as its README says, a bearer token, and the product's own database settings."""

import os

from tests.settings import DATABASES as OURS

SECRET_KEY = "benchmark"
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django_scim",
    "tests.benchmarks.peers",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tests.benchmarks.peers.token.TokenMiddleware",
    "django_scim.middleware.SCIMAuthCheckMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tests.benchmarks.peers.urls"
AUTH_USER_MODEL = "peers.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SCIM_SERVICE_PROVIDER = {
    "NETLOC": "127.0.0.1",
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Bearer token"}],
    "GROUP_MODEL": "tests.benchmarks.peers.models.Group",
}

# All tables at once: the peers' people refer to tables of these.
MIGRATION_MODULES = dict.fromkeys(("contenttypes", "auth", "sessions"))

DATABASES = {"default": dict(OURS["default"])}
DATABASES["default"]["ENGINE"] = DATABASES["default"]["ENGINE"].replace("apps.tenants", "django.db.backends")
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["TEST"] = {"NAME": f"bench_scim_{os.environ['SIDE']}"}
