"""What a running process says: one JSON object a line on the standard error, without people or secrets.

Addresses, and what stands in a URL before its host or behind its question mark, are taken out of every text,
whoever wrote it. Warnings of the libraries beneath come in the same form.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_USER = re.compile(r"(?<=://)[^/\s@]+@")
_QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"',;)]+")
_ADDRESS = re.compile(r"<?[^\s<>@\"'(]+@[^\s<>@\"')]+>?")
_OURS = "constat: "
"""How a warning begins that a person is to read on a terminal."""


def configure(stream: TextIO | None = None) -> None:
    """Have everything that is logged in this process written so."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="logged_at"),
        _harmless,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger("consumers").setLevel(logging.INFO)


def without_secrets(text: str) -> str:
    """A text without addresses of people, and without what a URL may hold of a secret."""
    found = _USER.sub("<secret>@", text)
    found = _QUERY.sub(r"\1?<secret>", found)
    return _ADDRESS.sub("<address>", found).removeprefix(_OURS)


def _harmless(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = without_secrets(value)
    return event
