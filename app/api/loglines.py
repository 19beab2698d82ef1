"""How a log line looks, and what never stands in one: what somebody sent, in whatever error it hides.

Lines of our own loggers are kept as they are written, since they are written without personal data. Of others, and of
every exception, only the kind and the place are kept: asyncpg's say "Key (number)=(...)", asyncio's show the exception.
"""

import json
import logging
import sys
import threading
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that is being answered."""
OURS = ("tramy", "app", "uvicorn")
"""Loggers, with those below them, whose texts hold no personal data."""
FIELDS = "fields"
"""The attribute of a record with what a line tells besides its text."""
_HANDLER = "tramy"


def set_up(level: str, form: str) -> None:
    """Send every log line to standard error, in this form and from this level on; for a process of its own."""
    root = logging.getLogger()
    root.handlers = [*(item for item in root.handlers if item.name != _HANDLER), writing(form, sys.stderr)]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # What no line tells is not looked up for each of them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    # A line that cannot be written would be shown with all that it was made of.
    logging.raiseExceptions = False
    sys.excepthook = _ended
    sys.unraisablehook = lambda item: _ended(item.exc_type, item.exc_value, item.exc_traceback)
    threading.excepthook = lambda item: _ended(item.exc_type, item.exc_value, item.exc_traceback)


def writing(form: str, stream: TextIO) -> logging.Handler:
    """Return what writes lines of this form."""
    handler = logging.StreamHandler(stream)
    handler.name = _HANDLER
    handler.setFormatter(Json() if form == "json" else Text())
    handler.addFilter(_worth)
    return handler


def _ended(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    logging.getLogger("tramy").critical("ended by an error", exc_info=(kind, error or kind(), trace))


def told(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line tells."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, Any] = {
        "at": at,
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _text(record),
    }
    line |= getattr(record, FIELDS, None) or {}
    if "request" not in line and (request := REQUEST.get()):
        line["request"] = request
    if record.exc_info and record.exc_info[0] is not None:
        line["error"], line["place"] = record.exc_info[0].__name__, _places(record.exc_info[2])
    return line


def _worth(record: logging.LogRecord) -> bool:
    """Say whether a line is written: of another's small talk nothing would be left to read."""
    return _is_ours(record) or record.levelno >= logging.WARNING


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _text(record: logging.LogRecord) -> str:
    if _is_ours(record):
        try:
            return record.getMessage().strip()
        except (TypeError, ValueError):
            pass
    return f"{record.module}:{record.lineno}"


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-8:]
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))


class Json(logging.Formatter):
    """One JSON object a line. https://jsonlines.org/"""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(told(record))


class Text(logging.Formatter):
    """Time, level and text, then what is told besides as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what is no letter in it is escaped, so that it stays one."""
        line = told(record)
        at, level, _, message = (line.pop(name) for name in ("at", "level", "logger", "message"))
        rest = "".join(f" {name}={value}" for name, value in line.items())
        whole = f"{at} {level:<8} {message}{rest}"
        return whole if whole.isprintable() else "".join(map(_shown, whole))


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
