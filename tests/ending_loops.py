"""What a defect in the event loop itself would do."""

from apps.lib import event_loop


def kill_the_loop():
    """Ends its thread."""

    def end():
        raise SystemExit

    dying = event_loop.current()
    dying.loop.call_soon_threadsafe(end)
    dying._thread.join(10)
    assert not dying._thread.is_alive()
