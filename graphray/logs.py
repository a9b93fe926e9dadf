"""Structured logs: every line says which graph, partition, replica, term and request it is about.

Two kinds of fields are added to a line: those of the *process*, which is one replica of one
partition (`describe_process`), and those of what is being done (`log_context`). A field may be a
function, which is asked when a line is written and not before, so that nothing is looked up for
lines that nobody writes.

Lines are written by `start_logging`, as text or as JSON, one object per line. An application that
has its own handlers finds the fields in ``record.fields`` of every record of `get_logger`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, TypeAlias

LogFormat = Literal["text", "json"]

LOGGERS = ("graphray", "actors")
"""The loggers that everything here logs below."""

Field: TypeAlias = str | Callable[[], str]

_process: dict[str, Field] = {}
_doing: ContextVar[Mapping[str, Field]] = ContextVar("doing", default={})  # noqa: B039 - never changed


def describe_process(**fields: Field) -> None:
    """Add fields to every line of this process from now on, in place of those of the same name."""
    _process.update(fields)


class log_context:
    """Add fields to every line that is logged within, on this thread.

    Example:
        >>> with log_context(part="3", request="9f2c"):
        ...     current_fields()
        {'part': '3', 'request': '9f2c'}
    """

    # A class, since every call of an actor is served within one: a generator takes twice as long.
    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: Field) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _doing.set({**_doing.get(), **self._fields})

    def __exit__(self, *error: object) -> None:
        _doing.reset(self._token)


def current_fields() -> dict[str, str]:
    """The fields of a line that is logged now; those that are empty are left out."""
    fields = {**_process, **_doing.get()}
    known = {name: field() if callable(field) else field for name, field in fields.items()}
    return {name: value for name, value in known.items() if value}


class _WithFields(logging.LoggerAdapter[logging.Logger]):
    """A logger whose records carry the fields."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(kwargs.get("extra") or {}), "fields": current_fields()}
        return msg, kwargs


def get_logger(name: str) -> logging.LoggerAdapter[logging.Logger]:
    """The logger of a module, whose lines carry the fields."""
    return _WithFields(logging.getLogger(name), None)


class LineFormatter(logging.Formatter):
    """One line per record: text with ``name=value`` behind it, or one JSON object.

    Args:
        style: "text" or "json".
    """

    def __init__(self, style: LogFormat) -> None:
        super().__init__()
        self._is_json = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback follows in lines of its own as text, in a field as JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, str] = getattr(record, "fields", {})
        told = self.formatException(record.exc_info) if record.exc_info else ""
        if self._is_json:
            line = {
                "time": at,
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
                **fields,
            }
            return json.dumps({**line, "traceback": told} if told else line)
        words = [f"{at} {record.levelname} {record.name}: {record.getMessage()}"]
        words += [f"{name}={_quoted(value)}" for name, value in fields.items()]
        return "\n".join(filter(None, (" ".join(words), told)))


def start_logging(style: LogFormat = "text", stream: TextIO | None = None) -> None:
    """Write what is logged from level INFO on; takes the place of an earlier call's handler.

    Args:
        style: "text" or "json".
        stream: where to; None for the standard error, which Ray keeps of every actor.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(style))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _quoted(value: str) -> str:
    return json.dumps(value) if set(value) & set(' "=') else value
