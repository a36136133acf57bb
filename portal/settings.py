"""All settings, from the environment. Without any, everything is embedded: SQLite, an in-process doorbell, mail as files."""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.conf import global_settings

from portal import keys, logs

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

DEBUG = env.bool("DEBUG", default=False)
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[environ.urlparse(PUBLIC_URL).hostname, "127.0.0.1", "localhost"]
)
SECRET_KEY = env.str("SECRET_KEY", default="") or keys.secret_key(DATA_DIR)
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS", default=[]) or keys.encryption_keys(DATA_DIR)
OUTBOUND_ALLOW: list[str] = env.list("OUTBOUND_ALLOW", default=[])

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "lucide",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.lib",
    "apps.tenants",
    "apps.events",
    "apps.outbox",
    "apps.mail",
    "apps.directory",
    "apps.accounts",
    "apps.applications",
    "apps.saml",
    "apps.provisioning",
    "apps.scim",
    "apps.webhooks",
    "apps.insights",
    "apps.api",
    "apps.console",
    "apps.launcher",
    "apps.sandbox",
    "apps.platform",
    "portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.ContentPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.scim.middleware.ScimErrorsMiddleware",
    "apps.api.middleware.ApiProblemsMiddleware",
    "apps.tenants.middleware.TenantMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.scim.middleware.ScimRequestsMiddleware",  # what follows is for pages, and asked by no request for SCIM
    "apps.accounts.middleware.LanguageMiddleware",
    "apps.accounts.middleware.TenantSessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.PrivatePagesMiddleware",
    "apps.accounts.middleware.LastSeenMiddleware",
    "apps.accounts.middleware.SecondFactorMiddleware",
    "apps.accounts.middleware.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.NotAllowedPageMiddleware",
    "portal.middleware.GonePageMiddleware",
]

DEFAULT_EXCEPTION_REPORTER_FILTER = "apps.lib.reports.AlwaysHiding"

ROOT_URLCONF = "portal.urls"
TENANT_URLCONF = "portal.tenant_urls"
PLATFORM_URLCONF = "portal.platform_urls"
WSGI_APPLICATION = "portal.wsgi.application"
APPEND_SLASH = False  # a redirect makes identity providers drop the body or the token; for pages TenantMiddleware does it

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "apps.lib.templatetags.interface",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.tenants.context.template_context",
                "apps.accounts.access.template_context",
                "apps.accounts.recent.template_context",
                "apps.accounts.second_factors.template_context",
                "apps.accounts.organisations.template_context",
                "apps.console.pages.template_context",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'gatehouse.sqlite3'}")
}
DATABASES["default"]["CONN_MAX_AGE"] = (
    600  # closing the last WAL connection checkpoints: inserts are 17 times slower at 0
)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["ENGINE"] = "apps.tenants.postgresql"  # Django's, with row-level security behind it
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "apps.tenants.sqlite3"  # Django's, and quicker with its placeholders
    # IMMEDIATE and a long wait: contended writers queue instead of failing. A log of 16 MiB before its pages are put into
    # the file: what many writes touch is put there once, which is a tenth of what a small write costs.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        " PRAGMA wal_autocheckpoint=4000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.TenantBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "launcher:index"
LOGOUT_REDIRECT_URL = "accounts:login"

SESSION_ENGINE = "apps.accounts.sessions"  # a sign-in needs neither Redis nor workers
SESSION_COOKIE_NAME = "gatehouse_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "apps.accounts.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31536000 if SESSION_COOKIE_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SESSION_COOKIE_SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY: dict[str, Any] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each complete: tests/lib/test_languages.py
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "locale"]
SPOKEN_IN_ENGLISH = ("/api/v1/", "/scim/v2/")  # below a tenant: programs read them, and their logs
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None  # the embedded server needs no collectstatic
if STATIC_ROOT:  # after collectstatic: names with a hash, compressed, cached for good
    STORAGES = global_settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
MEDIA_ROOT = DATA_DIR / "media"

EMAIL_TIMEOUT = 30  # seconds
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Gatehouse <gatehouse@localhost>")
if env.str("EMAIL_URL", default=""):
    globals().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"

REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60} if REDIS_URL else {"polling_interval": 0.05}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False  # a ring may be lost: the sweeper repairs it, a page must not wait for it
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "apps.outbox.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "expiry": {
        "task": "apps.saml.tasks.warn_of_expiry_everywhere",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "seal": {"task": "apps.events.tasks.seal_all", "schedule": 10.0, "options": {"expires": 10}},
    "checkpoint": {
        "task": "apps.events.tasks.checkpoint_all",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "archive events": {
        "task": "apps.events.archiving.tasks.archive_all",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget requests": {
        "task": "apps.saml.tasks.forget_requests_everywhere",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "refresh metadata": {
        "task": "apps.saml.tasks.refresh_metadata",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "clean up after sources": {
        "task": "apps.scim.tasks.clean_up_everywhere",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget attempts": {
        "task": "apps.provisioning.tasks.forget_everywhere",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "forget deliveries": {
        "task": "apps.webhooks.tasks.forget_everywhere",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "write digests": {
        "task": "apps.insights.tasks.write_digests",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "compare": {
        "task": "apps.provisioning.nightly.tasks.compare_everywhere",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}

SCIM_SERVICE_PROVIDER = {  # read by django-scim2 when it is imported
    "USER_ADAPTER": "apps.scim.adapters.UserAdapter",
    "GROUP_ADAPTER": "apps.scim.adapters.GroupAdapter",
    "SERVICE_PROVIDER_CONFIG_MODEL": "apps.scim.discovery.Config",
    "BASE_LOCATION_GETTER": "apps.scim.discovery.base_location",
}

# Of one identity provider, over all web processes, for long; four seconds' worth at once. Entra ID sends up to 25.
SCIM_REQUESTS_PER_SECOND = env.int("SCIM_REQUESTS_PER_SECOND", default=50)

# How long a resource stays off the wire when the fate of a write is unknown: an application may apply it late.
SETTLE_SECONDS = env.float("SETTLE_SECONDS", default=60)

# Requests and answers are kept so many days, and the newest of each person and application however old they are.
ATTEMPT_DAYS = env.int("ATTEMPT_DAYS", default=30)
ATTEMPTS_KEPT = env.int("ATTEMPTS_KEPT", default=20)

# Signed checkpoints of the event log: so many seconds after the last, or a thousand events; copies of them, and the archived segments.
EVENT_CHECKPOINT_SECONDS = env.int("EVENT_CHECKPOINT_SECONDS", default=3600)
EVENT_CHECKPOINTS = env.str("EVENT_CHECKPOINTS", default=str(DATA_DIR / "checkpoints"))
EVENT_ARCHIVES = env.str("EVENT_ARCHIVES", default=str(DATA_DIR / "archives"))

# The hour, UTC, from which on each application is compared with what it was last told, once a night.
NIGHT_BEGINS = env.int("NIGHT_BEGINS", default=1) % 24

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.ByRole"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttling.PerKey"],
    "DEFAULT_THROTTLE_RATES": {"key": "6000/min"},
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "apps.api.errors.as_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # ?format= is a parameter of the event export
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "The administrators' REST API. Every refusal is a problem document; lists are read by following “next”.",
    "VERSION": "1",
    "COMPONENT_SPLIT_REQUEST": True,  # what may be sent and what is answered differ: blank texts, secrets
    "DEFAULT_GENERATOR_CLASS": "apps.api.schema.Generator",
    "ENUM_NAME_OVERRIDES": {
        "ApplicationStateEnum": "apps.api.serializers.applications.STATES",
        "CertificateStateEnum": "apps.saml.models.KeyPair.State",
        "IntegrationStateEnum": "apps.provisioning.models.IntegrationState",
        "JobStateEnum": "apps.provisioning.models.JobState",
        "ImportStateEnum": "apps.provisioning.models.ImportState",
        "ResourceKindEnum": "apps.provisioning.models.ResourceKind",
        "SourceKindEnum": "apps.scim.models.SourceKind",
        "WebhookStateEnum": "apps.webhooks.models.WebhookState",
        "DeliveryStateEnum": "apps.webhooks.models.DeliveryState",
        "DeliveryKindEnum": "apps.webhooks.models.DeliveryKind",
        "ReplayStateEnum": "apps.webhooks.models.ReplayState",
        "EventTypeEnum": "apps.events.types.EventType",
        "ImportRowStateEnum": "apps.provisioning.models.RowState",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.api.schema.add_problems",
    ],
}

SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # user names are unique within their tenant (a constraint), not globally
]

EVENTS_TO_STDOUT = env.bool("EVENTS_TO_STDOUT", default=False)  # apps/events/lines.py
EVENT_CHECKPOINTS_TO_LOG = env.bool("EVENT_CHECKPOINTS_TO_LOG", default=True)  # apps/events/checkpoints.py
LOGGING = logs.configuration(debug=DEBUG, checkpoints=EVENT_CHECKPOINTS_TO_LOG)
