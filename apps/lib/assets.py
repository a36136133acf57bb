"""Where the fonts lie that come out of packages, for STATICFILES_DIRS.

Nothing that others made is kept in this repository: the files are served out of the installed packages.
"""

from importlib.resources import files
from pathlib import Path

# prefix below STATIC_URL → package; static/css/fonts.css names the files
FONT_PACKAGES = {
    "fonts/inter": "fontpkg_inter",
    "fonts/geist-mono": "fontpkg_geist_mono",
}


def font_directories() -> list[tuple[str, str]]:
    """Entries for STATICFILES_DIRS: (prefix, directory)."""
    return [(prefix, str(Path(str(files(package))) / "files")) for prefix, package in FONT_PACKAGES.items()]
