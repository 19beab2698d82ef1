"""Run a search: the rows of one page, the exact total, and where the next page begins."""

from typing import NamedTuple

from asyncpg import Record
from asyncpg.exceptions import DataError

from app.fhir.search.condition import Arguments, Place, condition
from app.fhir.search.order import after, keys, order_by, read_cursor, write_cursor
from app.fhir.search.query import Query, refuse
from app.store.database import Reader


class Page(NamedTuple):
    """One page: rows (id, body), the number of all matches, and the cursor of the next page ("" at the end)."""

    rows: list[Record]
    total: int
    cursor: str


async def find(database: Reader, query: Query, place: Place) -> Page:
    """Return a page of what matches, in order."""
    where, arguments = _where(query, place)
    found = keys(query.order)
    total: int | None = None
    bounds = Arguments(arguments)
    limited = where
    if query.cursor:
        total, values = read_cursor(query.cursor, len(found))
        limited = f"{where} and {after(found, values, bounds)}"
    columns = ", ".join(f"({key.expression})::text as key{index}" for index, key in enumerate(found))
    text = (
        f"select id, body, {columns} from {place.kind.tables.name} where {limited}"
        f" order by {order_by(found)} limit {query.count + 1}"
    )
    try:
        rows = await database.fetch(text, *bounds) if query.count else []
    except DataError:
        if query.cursor:
            raise refuse("_cursor", "is not one of this search", "không thuộc lần tìm này") from None
        raise
    more = len(rows) > query.count
    rows = rows[: query.count]
    if total is None:
        total = len(rows) if query.count and not more else await _total(database, place, where, arguments)
    last = [rows[-1][f"key{index}"] for index in range(len(found))] if more else []
    return Page(rows, total, write_cursor(last, total) if more else "")


async def find_ids(database: Reader, query: Query, place: Place, most: int) -> list[str]:
    """Return the ids of at most `most` matches: conditional interactions ask whether there is none, one, or more."""
    where, arguments = _where(query, place)
    text = f"select id from {place.kind.tables.name} where {where} order by id limit {most}"
    return [row["id"] for row in await database.fetch(text, *arguments)]


def _where(query: Query, place: Place) -> tuple[str, Arguments]:
    arguments = Arguments()
    tests = [condition(criterion, place, arguments) for criterion in query.criteria]
    return " and ".join(["body is not null", *tests]), arguments


async def _total(database: Reader, place: Place, where: str, arguments: Arguments) -> int:
    return await database.fetchval(f"select count(*) from {place.kind.tables.name} where {where}", *arguments)
