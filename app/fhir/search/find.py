"""Run a search: the rows of one page, the exact total, and where the next page begins."""

from collections.abc import Sequence
from typing import NamedTuple

from asyncpg import Record
from asyncpg.exceptions import DataError

from app.fhir.search.condition import Arguments, Place, condition
from app.fhir.search.order import Key, after, keys, order_by, read_cursor, write_cursor
from app.fhir.search.query import Query, refuse
from app.fhir.search.words import Words, words
from app.store.database import Reader


class Page(NamedTuple):
    """One page: rows (id, body), the number of all matches, and the cursor of the next page ("" at the end)."""

    rows: list[Record]
    total: int
    cursor: str


class Statement(NamedTuple):
    """A text of SQL and its values."""

    text: str
    arguments: Arguments


async def find(database: Reader, query: Query, place: Place) -> Page:
    """Return a page of what matches, in order."""
    found = keys(query.order)
    total, values = read_cursor(query.cursor, len(found)) if query.cursor else (None, None)
    text, arguments = _page(query, place, found, values)
    try:
        rows = await database.fetch(text, *arguments) if query.count else []
    except DataError:
        if query.cursor:
            raise refuse("_cursor", "is not one of this search", "không thuộc lần tìm này") from None
        raise
    more = len(rows) > query.count
    if rows and "total" in rows[0]:
        total = rows[0]["total"]
    rows = rows[: query.count]
    if total is None:
        total = len(rows) if query.count and not more else await _total(database, query, place)
    last = [rows[-1][f"key{index}"] for index in range(len(found))] if more else []
    return Page(rows, total, write_cursor(last, total) if more else "")


async def find_ids(database: Reader, query: Query, place: Place, most: int) -> list[str]:
    """Return the ids of at most `most` matches: conditional interactions ask whether there is none, one, or more."""
    where, arguments = _where(query, place)
    text = f"select id from {_matches(query, place, where)} order by id limit {most}"
    return [row["id"] for row in await database.fetch(text, *arguments)]


def _page(query: Query, place: Place, found: Sequence[Key], values: Sequence[str | None] | None) -> Statement:
    """Return the statement of a page, which asks for one row more than is shown."""
    columns = ", ".join(f"({key.expression})::text as key{index}" for index, key in enumerate(found))
    begun = words(query, place) if not query.order else None
    if begun:
        return _page_of_words(query, place, begun, values)
    where, arguments = _where(query, place)
    if values:
        where = f"{where} and {after(found, values, arguments)}"
    source = _matches(query, place, where)
    text = f"select id, body, {columns} from {source} order by {order_by(found)} limit {query.count + 1}"
    return Statement(text, arguments)


def _page_of_words(query: Query, place: Place, begun: Words, values: Sequence[str | None] | None) -> Statement:
    """Return the statement of a page in the order of ids; the first one counts all matches on its way."""
    table, where, arguments = begun
    beyond = f" where id > {arguments.add(values[0])}::text" if values else ""
    counted = "" if values else ", (select count(*) from matching) as total"
    current = place.kind.tables.name
    text = (
        f"with matching as materialized (select distinct p.id from {table} p where {where}),"
        f" page as (select id from matching{beyond} order by id limit {query.count + 1})"
        f" select r.id, r.body, r.id as key0{counted} from {current} r join page using (id) order by r.id"
    )
    return Statement(text, arguments)


def _matches(query: Query, place: Place, where: str) -> str:
    """Return the rows that match, as what stands behind FROM.

    A value that an index finds is found first and put in order then: the planner, which knows nothing of how
    rare it is, would rather walk the whole table in order. `offset 0` keeps the two apart.
    """
    rare = any(
        item.parameter.indexed and item.parameter.kind == "token" and not item.modifier for item in query.criteria
    )
    table = place.kind.tables.name
    return f"(select * from {table} where {where} offset 0) matching" if rare else f"{table} where {where}"


def _where(query: Query, place: Place) -> Statement:
    arguments = Arguments()
    tests = [condition(criterion, place, arguments) for criterion in query.criteria]
    return Statement(" and ".join(["body is not null", *tests]), arguments)


async def _total(database: Reader, query: Query, place: Place) -> int:
    begun = words(query, place)
    if begun:
        return await database.fetchval(
            f"select count(distinct p.id) from {begun.table} p where {begun.where}", *begun.arguments
        )
    where, arguments = _where(query, place)
    return await database.fetchval(f"select count(*) from {place.kind.tables.name} where {where}", *arguments)
