"""The id of an event as others see it: its time, by which the month is found, and its number."""

import re
from datetime import UTC, datetime, timedelta

from app.audit.query import Place

_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(r"([0-9a-f]{1,14})-([0-9a-f]{1,15})", re.ASCII)


def written(at: datetime, number: int) -> str:
    """Return the id of the event of a time and number."""
    return f"{(at - _BEGAN) // timedelta(microseconds=1):x}-{number:x}"


def read(text: str) -> Place | None:
    """Return the place that an id names, None for a text that is none."""
    form = _TEXT.fullmatch(text)
    if form is None:
        return None
    try:
        return _BEGAN + timedelta(microseconds=int(form[1], 16)), int(form[2], 16)
    except OverflowError:
        return None
