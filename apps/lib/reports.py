"""What an error page for developers shows of a request."""

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class AlwaysHiding(SafeExceptionReporterFilter):
    """The setting DEFAULT_EXCEPTION_REPORTER_FILTER. Django's own shows passwords and keys as soon as DEBUG is on:
    a page that is left open, sent to a colleague or kept by a tool holds them then."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True
