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
JSON = structlog.processors.JSONRenderer(ensure_ascii=False)


def mask_secrets(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in line:
        if any(word in name.lower() for word in SECRET_WORDS):
            line[name] = MASK
    return line


def event_alone(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line of apps.events.lines is nothing but the event; what is named as a secret is masked there as well."""
    masked: MutableMapping[str, Any] = _masked(line["record"])
    return masked


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        named = {name: any(word in str(name).lower() for word in SECRET_WORDS) for name in value}
        return {name: MASK if named[name] and each else _masked(each) for name, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    mask_secrets,
]


def configuration(*, debug: bool, checkpoints: bool = True) -> dict[str, Any]:
    """For Django's LOGGING: one formatter for our lines and the libraries'. `checkpoints`: each as a line, for whoever keeps the log elsewhere."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False) if debug else JSON
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter, "event": formatter | {"processors": [event_alone, JSON]}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            "events": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "event"},
        },
        "root": {"handlers": ["console"], "level": "INFO" if debug else "WARNING"},
        "loggers": {
            "gatehouse.events": {"handlers": ["events"], "level": "INFO", "propagate": False},
            "django.request": {"level": "ERROR"},  # a 404 is the visitor's affair; a 500 is ours
            # The copy of each that an attacker of the database does not reach.
            "apps.events.checkpoints": {"level": "INFO" if checkpoints else "WARNING"},
            "celery": {"level": "WARNING"},  # beat rings every five seconds and says so each time
        },
    }
