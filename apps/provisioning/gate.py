"""What all conversations of one slice share: how fast, and whether any more may be sent at all."""

import asyncio
import time

from apps.provisioning.errors import CredentialsRefused, Deferred, TargetError, Throttled

SICK_AFTER = 5  # failures in a row that open the circuit


class Gate:
    """Lives in the process's event loop. Closes by itself on 401, 403, 429 and 503, and when the application is sick:
    what is in flight may end, nothing more is sent.

    `rate` is in requests a second, 0 for any. `failures` and `auth_failures` count in a row, carried over from earlier slices.
    """

    def __init__(self, rate: float = 0, *, failures: int = 0, auth_failures: int = 0) -> None:
        self.failures = failures
        self.auth_failures = auth_failures
        self.closed_by: TargetError | None = None
        self.last_error: TargetError | None = None  # since it was last noted, and not one resource's alone
        self.stopped = False
        self.answered = False  # since it was last noted
        self._interval = 1 / rate if rate > 0 else 0.0
        # The first one waits as well: whoever had the slot before may have sent a request a moment ago.
        self._next = time.monotonic() + self._interval
        self._turns = asyncio.Lock()

    @property
    def is_closed(self) -> bool:
        return self.stopped or self.closed_by is not None

    async def pass_through(self) -> None:
        """Waits for the turn of one request. Raises Deferred once closed."""
        self._refuse_if_closed()
        if self._interval:
            async with self._turns:  # the next one's begins when this one goes, however late the loop was
                await asyncio.sleep(self._next - time.monotonic())
                self._refuse_if_closed()
                self._next = time.monotonic() + self._interval

    def saw_answer(self) -> None:
        self.failures = self.auth_failures = 0
        self.answered = True

    def saw(self, error: TargetError) -> None:
        if error.outcome == "permanent":  # an answer, if not the one we wanted
            self.saw_answer()
            return
        self.failures += 1
        self.last_error = error
        refused = isinstance(error, CredentialsRefused)
        self.auth_failures += refused
        if refused or isinstance(error, Throttled) or self.failures >= SICK_AFTER:
            self.closed_by = self.closed_by or error

    def _refuse_if_closed(self) -> None:
        if self.is_closed:
            raise Deferred
