"""A question to the audit: who looked at this person, what did this program do, what happened in this time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record

from app.audit.writing import columns
from app.store.database import Reader

Place = tuple[datetime, int]
"""Where a row stands: its time and id."""
_COLUMNS = ", ".join(("id", *columns))


@dataclass(frozen=True, kw_only=True)
class Query:
    """What rows must have, each part that is given; the newest come first, those older than `before` on a next page.

    `record` is a reference such as `Patient/a1`, `agent` a program or a user; `since` and `until` bound the time,
    the latter excluded.
    """

    person: str | None = None
    record: str | None = None
    client: str | None = None
    user: str | None = None
    agent: str | None = None
    organization: str | None = None
    address: str | None = None
    request: str | None = None
    actions: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    interactions: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: Place | None = None
    count: int = 50


@dataclass(frozen=True)
class Page:
    """Rows, and where the next page begins, None when there is none."""

    rows: list[Record]
    next: Place | None


async def found(reader: Reader, query: Query) -> Page:
    """Return a page of the rows that a query asks for."""
    conditions, values = _conditions(query)
    if query.before is not None:
        conditions.append(f"(at, id) < (${len(values) + 1}::timestamptz, ${len(values) + 2}::bigint)")
        values += query.before
    sql = f"select {_COLUMNS} from audit{_where(conditions)} order by at desc, id desc limit ${len(values) + 1}"
    rows = await reader.fetch(sql, *values, query.count + 1)
    last = rows[query.count - 1] if len(rows) > query.count else None
    return Page(rows[: query.count], (last["at"], last["id"]) if last else None)


async def counted(reader: Reader, query: Query) -> int:
    """Return how many rows a query asks for, on all its pages."""
    conditions, values = _conditions(query)
    return await reader.fetchval(f"select count(*) from audit{_where(conditions)}", *values)


async def one(reader: Reader, place: Place) -> Record | None:
    """Return the row at a place, None without one."""
    return await reader.fetchrow(f"select {_COLUMNS} from audit where at = $1 and id = $2", *place)


async def looked_at(reader: Reader, query: Query) -> list[Record]:
    """Return who did what to the person of a query: program, user and organisation, how often, first and last."""
    conditions, values = _conditions(query)
    return await reader.fetch(
        "select client, user_id, organization, count(*) as events, min(at) as first, max(at) as last,"
        " array_agg(distinct interaction order by interaction) as interactions,"
        " array_remove(array_agg(distinct purpose order by purpose), '') as purposes,"
        " array_remove(array_agg(distinct reason order by reason), '') as reasons,"
        " count(*) filter (where outcome <> '0') as refused"
        f" from audit{_where(conditions)} group by client, user_id, organization order by last desc, client, user_id",
        *values,
    )


def _where(conditions: list[str]) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""


def _conditions(query: Query) -> tuple[list[str], list[Any]]:
    """Return the conditions of a query, without those of a page, and their values."""
    asked: list[tuple[str, Any]] = [
        ("people @> array[{}::text]", query.person),
        ("records @> array[{}::text]", query.record),
        ("client = {}", query.client),
        ("user_id = {}", query.user),
        ("(client = {0} or user_id = {0})", query.agent),
        ("organization = {}", query.organization),
        ("address = {}", query.address),
        ("request = {}", query.request),
        ("action = any({}::text[])", list(query.actions) or None),
        ("outcome = any({}::text[])", list(query.outcomes) or None),
        ("interaction = any({}::text[])", list(query.interactions) or None),
        ("at >= {}", query.since),
        ("at < {}", query.until),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    return [text.format(f"${place}") for place, (text, _) in enumerate(given, 1)], [value for _, value in given]
