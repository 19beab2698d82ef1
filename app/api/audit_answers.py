"""What the audit answers: events, and who did what to a person; each reading of it is recorded like any other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from asyncpg import Record

from app.api.audit_asked import Asking, Pairs, event_query, plain_query
from app.audit import place
from app.audit.query import Query, found, looked_at, one
from app.audit.resource import event_resource
from app.errors import Forbidden, NotFound

SCOPE = "tramy/audit"


class Told(NamedTuple):
    """An answer: its content, whom and which records it is about, and how many results it has."""

    content: dict[str, Any]
    people: Sequence[str] = ()
    records: Sequence[str] = ()
    results: int | None = None


async def listed(asking: Asking, pairs: Pairs) -> dict[str, Any]:
    """Return events as `/audit` has them; of a person, on the first page, also everyone who did anything to it."""

    async def work() -> Told:
        query = plain_query(pairs, asking.zone)
        page = await found(asking.reader, query)
        content: dict[str, Any] = {}
        if query.person is not None and query.before is None:
            content["who"] = [_who(row) for row in await looked_at(asking.reader, query)]
        content["events"] = [_event(row) for row in page.rows]
        content["next"] = _following("", pairs, "page", page.next) if page.next else None
        return Told(content, _people(query), (), len(page.rows))

    return await _noted(asking, "audit-search", work)


async def searched(asking: Asking, pairs: Pairs) -> dict[str, Any]:
    """Return the Bundle of a search for AuditEvents."""

    async def work() -> Told:
        query = event_query(pairs, asking.zone)
        page = await found(asking.reader, query)
        base = f"{asking.server}/AuditEvent"
        links = [{"relation": "self", "url": f"{base}?{urlencode(list(pairs))}".rstrip("?")}]
        if page.next:
            links.append({"relation": "next", "url": base + _following("", pairs, "_page", page.next)})
        entries = [
            {"fullUrl": f"{base}/{made['id']}", "resource": made, "search": {"mode": "match"}}
            for made in (event_resource(dict(row), asking.server) for row in page.rows)
        ]
        bundle = {"resourceType": "Bundle", "type": "searchset", "link": links}
        return Told({**bundle, **({"entry": entries} if entries else {})}, _people(query), (), len(entries))

    return await _noted(asking, "search-type", work)


async def read(asking: Asking, event_id: str) -> dict[str, Any]:
    """Return one AuditEvent. Raises NotFound for an id that is none."""

    async def work() -> Told:
        where = place.read(event_id)
        row = await one(asking.reader, where) if where else None
        if row is None:
            raise NotFound.of("There is no such AuditEvent.", "Không có AuditEvent này.")
        return Told(event_resource(dict(row), asking.server), row["people"], [f"AuditEvent/{event_id}"])

    return await _noted(asking, "read", work)


async def _noted(asking: Asking, interaction: str, work: Callable[[], Awaitable[Told]]) -> dict[str, Any]:
    """Return the content of an answer; that it was asked for, and of whom, is in the audit like any request."""
    asking.trail.named(interaction=interaction)
    if not asking.caller.may(SCOPE):
        raise Forbidden.of(f"This needs the scope {SCOPE}.", f"Cần phạm vi {SCOPE}.")
    told = await work()
    asking.trail.told_of(told.people, told.records, told.results)
    return told.content


def _people(query: Query) -> Sequence[str]:
    return () if query.person is None else (query.person,)


def _following(base: str, pairs: Pairs, name: str, last: tuple[Any, int]) -> str:
    kept = [pair for pair in pairs if pair[0] != name]
    return f"{base}?{urlencode([*kept, (name, place.written(*last))], quote_via=quote)}"


def _event(row: Record) -> dict[str, Any]:
    made = {**row, "id": place.written(row["at"], row["id"]), "at": row["at"].isoformat(), "user": row["user_id"]}
    del made["user_id"]
    return made


def _who(row: Record) -> dict[str, Any]:
    times = {"first": row["first"].isoformat(), "last": row["last"].isoformat()}
    made = {**row, **times, "user": row["user_id"]}
    del made["user_id"]
    return made
