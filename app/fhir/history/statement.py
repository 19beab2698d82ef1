"""The statement that reads one page of a history.

Each table of each type gives its own first rows in order, so that an index serves it however long the history is
and however deep the page lies; of those the page is chosen. Within a record versions are in the order of their times
(write/apply.py), and no two versions of one record have the same time.
"""

from typing import NamedTuple

from app.fhir.history.page import Page
from app.fhir.history.query import Listed, Query
from app.fhir.resource_type import ResourceType
from app.fhir.search.place import Arguments
from app.store.taken import TAKEN
from app.store.visible import Seen


class Statement(NamedTuple):
    """A text of SQL and its values."""

    text: str
    arguments: Arguments


class _Bounds(NamedTuple):
    """The placeholders of what bounds the rows, "" for what does not; `seen` is None where all rows are known."""

    id: str = ""
    since: str = ""
    low: str = ""
    high: str = ""
    seen: Seen | None = None
    time: str = ""
    mark: str = ""
    version: str = ""


def first_page(listed: Listed, query: Query) -> Statement:
    """Return the statement of the first page, which asks for one version more than is shown.

    Each row, of which there is at least one, also has the moment (taken.py), the `total` where it is wanted, and
    whether the one record asked for was ever `held`. Without a version on the page the rest of a row is null.
    """
    arguments = Arguments()
    bounds = _bounds(listed, query, arguments)
    held = f"exists (select from {listed.kinds[0].tables.name} where id = {bounds.id})" if listed.id else "true"
    total = _total(listed, bounds) if query.total or not query.size else "null::bigint"
    head = f"{TAKEN}, {held} as held, {total} as total"
    if not query.size:
        return Statement(f"select {head}, null as id", arguments)
    rows = _rows(listed, bounds, None, query.size + 1)
    text = (
        f"select {head}, {_shown(listed)} from (select) one left join ({rows}) page on true order by {_order('desc')}"
    )
    return Statement(text, arguments)


def later_page(listed: Listed, page: Page) -> Statement:
    """Return the statement of a page that a link leads to.

    From the mark on it asks for one version more than is shown. Before it, it asks for as many as are known to be
    there, and gives them in reversed order.
    """
    arguments = Arguments()
    bounds = _bounds(listed, page.query, arguments, page)
    before = page.way == "prev"
    rows = _rows(listed, bounds, page, page.size if before else page.size + 1)
    text = f"select {_shown(listed)} from ({rows}) page order by {_order('asc' if before else 'desc')}"
    return Statement(text, arguments)


def _bounds(listed: Listed, query: Query, arguments: Arguments, page: Page | None = None) -> _Bounds:
    add = arguments.add
    bounds = _Bounds(
        add(listed.id) if listed.id else "",
        add(query.since) if query.since else "",
        add(query.at.low) if query.at else "",
        add(query.at.high) if query.at else "",
    )
    if page is None:
        return bounds
    known, mark = page.moment, page.mark
    bounds = bounds._replace(seen=Seen(add(known.low), add(known.high), add(known.running)))
    if listed.id:
        return bounds._replace(version=add(mark.version))
    return bounds._replace(time=add(mark.time), mark=add(mark.id))


def _rows(listed: Listed, bounds: _Bounds, page: Page | None, most: int) -> str:
    """Return the select of the first `most` versions in order: from each table its own, and the first of those."""
    way = "asc" if page and page.way == "prev" else "desc"
    own = f"version {way}" if listed.id else f"updated_at {way}, id {way}"
    branches = (
        f"(select '{kind.name}'::text collate \"C\" as type, id, {kind.person}::text as person,"
        f" version, updated_at, body from {table} r"
        f" where {' and '.join(['true', *_tests(kind, bounds, page, past=past)])} order by {own} limit {most})"
        for kind in listed.kinds
        for table, past in _tables(kind)
    )
    return f"select * from ({' union all '.join(branches)}) versions order by {_order(way)} limit {most}"


def _order(way: str) -> str:
    return f"updated_at {way}, type {way}, id {way}"


def _tables(kind: ResourceType) -> tuple[tuple[str, bool], tuple[str, bool]]:
    return (kind.tables.name, False), (kind.tables.past.name, True)


def _total(listed: Listed, bounds: _Bounds) -> str:
    counted = (
        f"(select count(*) from {table} r where {' and '.join(['true', *_tests(kind, bounds, None, past=past)])})"
        for kind in listed.kinds
        for table, past in _tables(kind)
    )
    return " + ".join(counted)


def _tests(kind: ResourceType, bounds: _Bounds, page: Page | None, *, past: bool) -> list[str]:
    tests = [f"r.id = {bounds.id}"] if bounds.id else []
    if bounds.since:
        tests.append(f"r.updated_at >= {bounds.since}")
    if bounds.high:
        tests.append(f"r.updated_at < {bounds.high}")
        tests += [_lasted(bounds)] if past else []
    if bounds.seen:
        tests.append(bounds.seen.known("r.tx"))
    if page:
        tests.append(_beyond(kind, bounds, page))
    return tests


def _lasted(bounds: _Bounds) -> str:
    """Return the condition that a past version was current until after the time began."""
    ended = f"r.until_at > {bounds.low}"
    return f"({ended} or not {bounds.seen.known('r.until_tx')})" if bounds.seen else ended


def _beyond(kind: ResourceType, bounds: _Bounds, page: Page) -> str:
    """Return the condition of standing behind the mark or, for the page before it, before it.

    As each type's place in the order of types is known here, what is left is one range of its index.
    """
    sign = {"first": "<=", "next": "<", "prev": ">"}[page.way]
    if bounds.version:
        return f"r.version {sign} {bounds.version}"
    if kind.name == page.mark.type:
        return f"(r.updated_at, r.id) {sign} ({bounds.time}, {bounds.mark})"
    closer = kind.name > page.mark.type if page.way == "prev" else kind.name < page.mark.type
    return f"r.updated_at {sign[0]}{'=' if closer else ''} {bounds.time}"


def _shown(listed: Listed) -> str:
    """Return what is shown of a version; it `made` the record when it is the first, or the first after a deletion."""
    cases = (
        f"when '{kind.name}' then exists (select from {kind.tables.past.name} b"
        " where b.id = page.id and b.version = page.version - 1 and b.body is null)"
        for kind in listed.kinds
    )
    made = f"page.version = 1 or case page.type {' '.join(cases)} end"
    return f"page.*, {made} as made"
