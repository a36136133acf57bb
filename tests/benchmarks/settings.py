"""The product's settings with the tests' own data directory and database, otherwise as in production."""

from tests.settings import *  # noqa: F403

WHITENOISE_AUTOREFRESH = False
TENANT_URLCONF = "tests.benchmarks.addresses"
