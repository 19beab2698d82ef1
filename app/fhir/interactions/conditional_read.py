"""conditional read: only what the client does not have yet. https://hl7.org/fhir/R4/http.html#cread

The rules are those of https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from app.fhir.answer import Answer
from app.fhir.etag import lists
from app.store.database import Reader


class Known(NamedTuple):
    """What the client says it has: If-None-Match and If-Modified-Since as they were sent."""

    if_none_match: str | None = None
    if_modified_since: str | None = None


async def since(database: Reader, answer: Answer, known: Known, now: datetime) -> Answer:
    """Return the answer to a read, or 304 without a body where the client has that version.

    If-None-Match goes before If-Modified-Since, which is ignored when it is no date, or one to come.
    """
    if known.if_none_match is not None:
        same = lists(known.if_none_match, answer.version)
    else:
        seen = _date(known.if_modified_since or "", now)
        same = seen is not None and await _is_settled(database, answer, seen)
    return answer._replace(status=304, body=None) if same else answer


def _date(text: str, now: datetime) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date <= now else None


async def _is_settled(database: Reader, answer: Answer, seen: datetime) -> bool:
    """Say whether the version is no newer than a date, and the only one of its second.

    Last-Modified counts whole seconds: of two versions within one, the date cannot say which the client has.
    """
    if answer.time is None or answer.kind is None or answer.time.replace(microsecond=0) > seen:
        return False
    if answer.time.replace(microsecond=0) + timedelta(seconds=1) <= seen:
        return True
    row = await database.fetchrow(
        f"select updated_at from {answer.kind.tables.past.name} where id = $1 and version = $2",
        answer.id,
        answer.version - 1,
    )
    return row is None or row["updated_at"] < answer.time.replace(microsecond=0)
