"""`bin/pictures`: starts a fresh demo, opens the main pages in Chromium and writes docs/images/*.png, so pictures are of today's product."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.getting_started import first_steps, sign_in
from tests.installation import PASSWORD, start, stop
from tests.processes import ROOT, free_port

IMAGES = ROOT / "docs" / "images"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP = {"width": 1280, "height": 860}


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        data = Path(directory) / "data"
        data.mkdir()
        process, facts = start(data, free_port())
        base = f"{facts['base_url']}/t/{facts['tenant']}"
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            people = browser.new_page(viewport=DESKTOP, color_scheme="light")
            people.goto(f"{base}/login/")
            sign_in(people, facts["user"])
            people.goto(f"{base}/")
            people.screenshot(path=IMAGES / "launcher.png")
            console = browser.new_page(viewport=DESKTOP, color_scheme="light")
            console.goto(f"{base}/login/")
            sign_in(console, facts["administrator"])
            console.goto(f"{base}/console/applications/")
            console.get_by_role("link", name="GitLab", exact=True).first.click()
            console.get_by_role("link", name="Identity management").first.click()
            console.wait_for_load_state("networkidle")
            console.screenshot(path=IMAGES / "console.png")
            first_steps(
                lambda: browser.new_context(viewport=DESKTOP, color_scheme="light").new_page(),
                base,
                facts | {"designer": {"username": "aiko.tanaka", "password": PASSWORD}},
                lambda name, page: page.screenshot(path=IMAGES / f"start-{name}.png") and None,
            )
        finally:
            browser.close()
            stop(process)
    return 0


if __name__ == "__main__":
    sys.exit(main())
