"""
`GATEHOUSE_SLOW_PAGES=300 bin/test tests/browser`: a hunt for races, in the tests and in the pages.

Every answer of the live server is held back for half to one and a half of as many milliseconds, also those with sheets and scripts; a window takes note of a
click on a link or a button, and of a form that is sent, half as many late; and its processor is a quarter as fast. What then fails has read too early,
or the page relies on a quick machine.
"""

import os
import random
import time
from typing import Any

from django.core.servers.basehttp import WSGIServer

MILLISECONDS = int(os.environ.get("GATEHOUSE_SLOW_PAGES", "0"))
TIMES = 4  # as slow as it is, the processor

# Between a key or a click and what it leads to there is always a moment, on a busy machine a long one. The event is made again: that one is not trusted.
LATE = """(() => {
    const later = (type, again) => addEventListener(type, (event) => {
        const repeat = event.isTrusted && again(event);
        if (!repeat) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        setTimeout(repeat, %d);
    }, true);
    let again = null;
    later("click", ({ target }) => {
        const pressed = target.closest("a[href], button");
        return pressed && (() => pressed.click());
    });
    later("submit", (event) => {
        const { target: form, submitter } = event;
        if (again === form) return (again = null);
        return () => { again = form; form.requestSubmit(submitter); };
    });
})();"""


def _app(server: Any) -> Any:
    """In place of WSGIServer.get_app, which each request asks for, in the thread of its own connection."""
    time.sleep(random.uniform(0.5, 1.5) * MILLISECONDS / 1000)
    return server.application


def slow_down(monkeypatch: Any) -> None:
    """The live servers that are started from now on."""
    monkeypatch.setattr(WSGIServer, "get_app", _app)


def slow_down_windows(context: Any) -> None:
    """Those that `context` opens from now on."""
    context.add_init_script(LATE % (MILLISECONDS // 2))
    context.on("page", _throttle)


def _throttle(page: Any) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": TIMES})
