"""How events are written: alone, many at once, or inside the statement that does what they tell of.

`tx` is the number of the transaction with the epoch in front, as on every record (store/moment.py).
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.json import encode

from app.audit.event import Event
from app.store.database import Connection

_TYPES = {
    "at": "timestamptz",
    "request": "text",
    "part": "int4",
    "action": "text",
    "interaction": "text",
    "method": "text",
    "path": "text",
    "client": "text",
    "user_id": "text",
    "organization": "text",
    "address": "text",
    "purpose": "text",
    "reason": "text",
    "status": "int2",
    "outcome": "text",
    "records": "text[]",
    "people": "text[]",
    "results": "int4",
    "detail": "text",
}
columns = tuple(_TYPES)
"""The columns that an event fills, in the order of `values`; `id` and `tx` fill themselves."""
Values = tuple[
    datetime,
    str,
    int,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    int,
    str,
    list[str],
    list[str],
    int | None,
    str,
]


def values(event: Event) -> Values:
    """Return the arguments of `statement` for an event, without the epoch."""
    return (
        event.at,
        _text(event.request),
        event.part,
        event.action,
        event.interaction,
        _text(event.method),
        _text(event.path),
        _text(event.client),
        _text(event.user),
        _text(event.organization),
        _text(event.address),
        _text(event.purpose),
        _text(event.reason),
        event.status,
        event.outcome,
        [_text(item) for item in event.records],
        [_text(item) for item in event.people],
        event.results,
        _text(event.detail),
    )


def statement(first: int, epoch: str) -> str:
    """Return the insert of one event, to stand alone or in a `with`: its parameters are `first` and those after.

    `epoch` is the placeholder of the shifted epoch (`$2`).
    """
    places = ", ".join(f"${first + index}::{kind}" for index, kind in enumerate(_TYPES.values()))
    return f"insert into audit ({', '.join(columns)}, tx) values ({places}, {_tx(epoch)})"


async def write(connection: Connection, events: Sequence[Event], epoch: int) -> None:
    """Write events with one statement, in the transaction of the connection or in one of their own."""
    if len(events) == 1:
        await connection.execute(_ONE, *values(events[0]), epoch)
    elif events:
        rows = [dict(zip(columns, values(event), strict=True)) for event in events]
        await connection.execute(_MANY, encode(rows).decode(), epoch)


def _text(text: str) -> str:
    """Return a text that Postgres takes: what was sent may be no text at all, and is in the audit all the same."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _tx(epoch: str) -> str:
    return f"{epoch}::bigint + pg_current_xact_id()::text::bigint"


def _many() -> str:
    """Return the insert of many events from one JSON text, which costs less than an array for each column."""
    listed = ", ".join(columns)
    typed = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
    return (
        f"insert into audit ({listed}, tx) select {listed}, {_tx('$2')} from json_to_recordset($1::json) as e({typed})"
    )


_ONE = statement(1, f"${len(columns) + 1}")
_MANY = _many()
