"""Run a search: the rows of one page at one moment, the exact total, and whether there are more.

The first page says by its own snapshot which moment it is of; later ones are read at that moment from current
and past versions alike.
"""

from collections.abc import Sequence
from typing import NamedTuple

from asyncpg import Record

from app.fhir.search.criterion import Criterion, is_rare
from app.fhir.search.order import in_index, keys
from app.fhir.search.place import Arguments, Place
from app.fhir.search.query import Query
from app.fhir.search.statement import Start, Statement, Way, counting, type_name, where
from app.fhir.search.words import expected, matched, prefixes, words_order
from app.store.database import Reader
from app.store.estimate import estimated
from app.store.moment import Moment
from app.store.taken import moment_of

FEW = 5000
"""Matches that are listed and put in order in less time than a walk in order may take to meet a page of them."""
SOME = 60_000
"""Matches that are put in order in their index of words alone in less time than that."""

NEAR = 60_000
"""People whom a caller sees that are looked at one by one, in less time than a frequent name is looked up."""


class Page(NamedTuple):
    """One page: rows (kind, id, body, cursor0 ...), the number of all matches if it was counted, the moment it is
    of (None when nothing was found), whether there are more in its direction, and how many keys its order has."""

    rows: list[Record]
    total: int | None
    moment: Moment | None
    more: bool
    width: int


async def find(reader: Reader, queries: Sequence[Query], place: Place, start: Start | None, epoch: int) -> Page:
    """Return a page of what matches, in order; `queries` ask the same of one type or several."""
    query = queries[0]
    place = await _near(reader, queries, place)
    if query.count == 0:
        return Page([], await count(reader, queries, place) if query.total != "none" else None, None, False, 0)
    rows: list[Record] = []
    for way in await _ways(reader, queries, place, start):
        text, arguments = Statement(queries, place, start, way).written()
        rows = await reader.fetch(text, *arguments)
        # A walk that met too few may have ended before it met all.
        if way != "walk" or len(rows) > query.count:
            break
    total = (rows[0]["total"] if rows else 0) if start is None and query.total == "accurate" else None
    if start is None and query.total == "estimate":
        total = await _estimate(reader, queries, place)
    moment = start.moment if start else moment_of(rows[0], epoch) if rows else None
    more = len(rows) > query.count
    rows = rows[: query.count]
    if start and start.backwards:
        rows.reverse()
    return Page(rows, total, moment, more, len(keys(query.order, type_name(queries, query))))


async def _near(reader: Reader, queries: Sequence[Query], place: Place) -> Place:
    """Return the place as one of few where names are looked for among so few people that each is looked at.

    A station sees some thousands of a million: its people are found before any name, whatever the name.
    """
    query = queries[0]
    if not place.limited or len(queries) > 1 or not prefixes(query):
        return place
    seen = await estimated(reader, f"select from {query.kind.tables.name} where body is not null", ())
    return place._replace(few=seen <= NEAR)


async def _ways(reader: Reader, queries: Sequence[Query], place: Place, start: Start | None) -> Sequence[Way]:
    """Return how the page is to be found; a way that is not the last may fail, and the next is taken."""
    query = queries[0]
    if place.few or all(any(is_rare(item) for item in one.criteria) for one in queries):
        return ("list",)
    linked = any(not isinstance(item, Criterion) for one in queries for item in one.criteria)
    # Of conditions on other records the planner knows best how many meet them.
    if linked and await _estimate(reader, queries, place) <= FEW:
        return ("list",)
    if len(queries) > 1 or not prefixes(query):
        return ("plan",)
    if start is None and words_order(query):
        return ("words",) if await expected(reader, query) <= SOME else ("walk", "words")
    if not in_index(query.order) or await matched(reader, query, place, FEW + 1) <= FEW:
        return ("list",)
    return ("walk", "list")


async def count(reader: Reader, queries: Sequence[Query], place: Place) -> int:
    """Return how many records match now: exactly, or as the planner estimates where that is asked for."""
    place = await _near(reader, queries, place)
    if queries[0].total == "estimate":
        return await _estimate(reader, queries, place)
    arguments = Arguments()
    text = counting(queries, place, arguments)
    return await reader.fetchval(text, *arguments)


async def _estimate(reader: Reader, queries: Sequence[Query], place: Place) -> int:
    total = 0
    for query in queries:
        arguments = Arguments()
        test = where(query, place._replace(kind=query.kind), arguments)
        total += await estimated(reader, f"select from {query.kind.tables.name} where {test}", arguments)
    return total


async def find_ids(reader: Reader, query: Query, place: Place, most: int) -> list[str]:
    """Return the ids of at most `most` matches: conditional interactions ask whether there is none, one, or more."""
    return [record_id for record_id, _ in await find_versions(reader, query, place, most)]


async def find_versions(reader: Reader, query: Query, place: Place, most: int) -> list[tuple[str, int]]:
    """Return id and version of at most `most` matches, in the order of ids."""
    arguments = Arguments()
    test = where(query, place, arguments)
    table = query.kind.tables.name
    # What is rare is found first: the planner would rather walk the whole table in the order of ids.
    rare = any(is_rare(item) for item in query.criteria)
    source = f"(select id, version from {table} where {test} offset 0) matching" if rare else f"{table} where {test}"
    rows = await reader.fetch(f"select id, version from {source} order by id limit {most}", *arguments)
    return [(row["id"], row["version"]) for row in rows]
