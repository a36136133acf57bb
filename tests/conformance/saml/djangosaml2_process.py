"""Starts the site of djangosaml2_site.py: its modules may be imported only after Django has read its settings."""

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


def application_at(base: str) -> Any:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.conformance.saml.djangosaml2_settings"
    django.setup()
    call_command("migrate", verbosity=0)
    state = import_module("tests.conformance.saml.djangosaml2_site").STATE
    state["base"] = base
    state["folder"] = Path(tempfile.mkdtemp(dir=os.environ["SITE_FOLDER"]))
    return get_wsgi_application()
