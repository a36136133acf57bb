"""The product's settings, sealed: own data directory, own keys, cheap password hashing."""

import atexit
import os
import shutil
import tempfile

_data = tempfile.mkdtemp(prefix="gatehouse-tests-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
os.environ["DATA_DIR"] = _data
os.environ.setdefault("OUTBOUND_ALLOW", "127.0.0.1,localhost")
for name in (
    "DEBUG",
    "PUBLIC_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "ALLOWED_HOSTS",
):
    os.environ.pop(name, None)
# A Redis that was started for the tests, never one that somebody uses: tests empty it.
if "TEST_REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = os.environ["TEST_REDIS_URL"]

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES  # noqa: E402

WHITENOISE_AUTOREFRESH = True  # every test client would list all static files first: most of a test's time
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because live servers and threads share it.
    DATABASES["default"]["TEST"] = {"NAME": f"{_data}/test.sqlite3"}
SCIM_REQUESTS_PER_SECOND = 100_000  # tests of the limit set it
