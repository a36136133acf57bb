"""Log lines: readable in development, JSON otherwise; values whose name says that they are secret never reach a line."""

from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_WORDS = (
    "password",
    "token",
    "secret",
    "authorization",
    "cookie",
    "api_key",
    "private_key",
    "samlresponse",
)
MASK = "•••"


def mask_secrets(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in line:
        if any(word in name.lower() for word in SECRET_WORDS):
            line[name] = MASK
    return line


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    mask_secrets,
]


def configuration(*, debug: bool) -> dict[str, Any]:
    """For Django's LOGGING: one formatter for our lines and the libraries'."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False) if debug else structlog.processors.JSONRenderer()
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO" if debug else "WARNING"},
        "loggers": {
            "django.request": {"level": "ERROR"},  # a 404 is the visitor's affair; a 500 is ours
            "celery": {"level": "WARNING"},  # beat rings every five seconds and says so each time
        },
    }
