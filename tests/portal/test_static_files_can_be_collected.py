"""With STATIC_ROOT, files have hashed names: every file that a sheet or script names must be there, or collecting fails."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
from django.templatetags.static import static
print(settings.WHITENOISE_USE_FINDERS, static("css/tokens.css"))
"""


def test_everything_is_found_and_gets_a_name_of_its_own(tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(tmp_path),
        "STATIC_ROOT": str(tmp_path / "static"),
    }
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=True,
    )
    finders, address = answer.stdout.split()
    assert finders == "False"
    assert address.startswith("/static/css/tokens.")
    assert address != "/static/css/tokens.css"
    assert (tmp_path / "static" / f"{address.removeprefix('/static/')}.gz").exists()
