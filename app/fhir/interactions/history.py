"""history of a record, of a type and of the system, the newest version first. https://hl7.org/fhir/R4/http.html#history"""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from asyncpg import Record

from app.fhir.asked import Asked
from app.fhir.asking import Asking
from app.fhir.history.entry import entry_text
from app.fhir.history.page import Mark, Page, content_of, page_of
from app.fhir.history.query import Listed, applied, listed, read_query, sealed_in
from app.fhir.history.statement import first_page, later_page
from app.fhir.instant import FOREVER
from app.fhir.interactions.read import missing
from app.fhir.links import PARAMETER
from app.fhir.listed import bundle_text
from app.fhir.service import Service
from app.store.database import Reader
from app.store.taken import moment_of

# Where a history without versions begins; no link ever leads there.
_NOWHERE = Mark(FOREVER, "", "", 0)


class _Read(NamedTuple):
    """A page with the rows read for it, in the order in which they are shown, and the query of its own address.

    `more` says that versions follow behind them.
    """

    page: Page
    rows: list[Record]
    more: bool
    query: str


async def history_page(service: Service, reader: Reader, asking: Asking, what: Asked) -> str:
    """Return a page of versions as the JSON of a Bundle.

    Raises NotFound for a record that never was, BadParameter for a parameter that is unknown or not understood and
    for a page link that was changed, or made for another caller or address.
    """
    whose = listed(service.registry, what)
    sealed = sealed_in(what.pairs)
    read = await (_later(service, reader, asking, whose, sealed) if sealed else _first(service, reader, whose, what))
    service.trail.saw((row["type"], row["id"], row["person"]) for row in read.rows)
    address = f"{asking.base}/{whose.address}"
    links = [("self", f"{address}?{read.query}" if read.query else address)]
    for relation, page in _others(read):
        text = service.links.seal(asking.caller, whose.address, content_of(page))
        links.append((relation, f"{address}?{PARAMETER}={text}"))
    return bundle_text("history", links, (entry_text(row, asking.base) for row in read.rows), read.page.total)


async def _first(service: Service, reader: Reader, whose: Listed, what: Asked) -> _Read:
    query = read_query(service.settings, what.pairs)
    statement = first_page(whose, query)
    found = await reader.fetch(statement.text, *statement.arguments)
    head = found[0]
    if not head["held"]:
        raise missing(what.typed)
    rows = [row for row in found if row["id"] is not None]
    top = _mark(rows[0]) if rows else _NOWHERE
    page = Page(query, moment_of(head, service.epoch), head["total"], top, "first", top, 0, query.size)
    return _Read(page, rows[: query.size], len(rows) > query.size, urlencode(applied(query, what.pairs)))


async def _later(service: Service, reader: Reader, asking: Asking, whose: Listed, sealed: str) -> _Read:
    page = page_of(service.links.open(asking.caller, whose.address, sealed))
    statement = later_page(whose, page)
    rows = await reader.fetch(statement.text, *statement.arguments)
    own = urlencode([(PARAMETER, sealed)])
    if page.way == "prev":
        return _Read(page, rows[::-1], True, own)
    return _Read(page, rows[: page.size], len(rows) > page.size, own)


def _others(read: _Read) -> Iterator[tuple[str, Page]]:
    """Yield the pages that a page links to, by relation."""
    page, rows, count = read.page, read.rows, read.page.query.size
    if not rows or not (page.start or read.more):
        return
    yield "first", page._replace(way="first", mark=page.top, start=0, size=count)
    if page.start:
        size = min(count, page.start)
        yield "prev", page._replace(way="prev", mark=_mark(rows[0]), start=page.start - size, size=size)
    if read.more:
        yield "next", page._replace(way="next", mark=_mark(rows[-1]), start=page.start + len(rows), size=count)


def _mark(row: Record) -> Mark:
    return Mark(row["updated_at"], row["type"], row["id"], row["version"])
