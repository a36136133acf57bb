"""docs/getting-started.md, step by step, by a newcomer with a browser."""

import re
from pathlib import Path

from tests.browser.conftest import CHROMIUM, FLAGS, LIGHT, do_without, missing
from tests.browser.visitor import expect
from tests.getting_started import first_steps
from tests.installation import PASSWORD, Demo

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "getting-started.md"


def test_a_newcomer_gets_a_person_signed_in_and_the_document_shows_every_step(demo: Demo) -> None:
    if reason := missing():
        do_without(reason)
    from playwright.sync_api import sync_playwright

    facts = demo.facts | {"designer": {"username": "aiko.tanaka", "password": PASSWORD}}
    steps: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = first_steps(
                lambda: browser.new_context(**LIGHT).new_page(),
                demo.base,
                facts,
                lambda name, _page: steps.append(name),
                what="rockets",  # journey 1 has made the robots' own
            )
            expect(page.locator("main")).to_contain_text("aiko.tanaka@acme.example")
        finally:
            browser.close()
    assert re.findall(r"\(images/start-([a-z-]+)\.png\)", DOCUMENT.read_text()) == steps
    pictures = {path.stem for path in (DOCUMENT.parent / "images").glob("start-*.png")}
    assert pictures == {f"start-{step}" for step in steps}
