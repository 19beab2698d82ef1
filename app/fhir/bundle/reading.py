"""Entries that only read: records, versions, lists, the statement of capabilities. https://hl7.org/fhir/R4/http.html"""

from app.errors import Invalid
from app.fhir.answer import Answer
from app.fhir.asked import Asked
from app.fhir.asking import Asking
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.outcome import Outcome
from app.fhir.interactions.history import history_page
from app.fhir.interactions.read import read
from app.fhir.interactions.search import search_page
from app.fhir.interactions.vread import vread
from app.fhir.operation import Reply
from app.fhir.published.search import read_published, search_published
from app.fhir.service import Service
from app.fhir.shape import shape_of, shaped
from app.store.database import Reader

_SEARCHES = ("search", "search-system", "search-compartment")
_HISTORIES = ("history", "history-type", "history-system")
_PUBLISHED = ("read-published", "search-published")
READS = ("read", "vread", *_SEARCHES, *_HISTORIES, *_PUBLISHED, "capabilities")
"""What an entry may ask for without writing."""


async def look(service: Service, reader: Reader, asking: Asking, entry: Entry) -> Outcome:
    """Return what an entry asks to read, without a resource for HEAD. Raises what the interaction raises."""
    found = await _found(service, reader, asking, entry)
    if entry.method == "HEAD":
        return found._replace(body="")
    return found


async def _found(service: Service, reader: Reader, asking: Asking, entry: Entry) -> Outcome:
    what = entry.asked
    if what.interaction == "read":
        return _seen(entry, await read(reader, what.typed, what.id))
    if what.interaction == "vread":
        return _seen(entry, await vread(reader, what.typed, what.id, what.version))
    if what.interaction in _SEARCHES:
        return Reply(await search_page(service, reader, asking, what))
    if what.interaction in _HISTORIES:
        return Reply(await history_page(service, reader, asking, what))
    if what.interaction in _PUBLISHED:
        return Reply(_shipped(service, asking, what))
    if what.interaction == "capabilities":
        # Found late, as at its own address: it is rarely asked for and slow to load.
        from app.fhir.interactions.capabilities import capabilities

        return Reply(capabilities(service, asking.base))
    raise Invalid.of(
        "This interaction cannot stand in a bundle.", "Thao tác này không dùng được trong bundle.", code="not-supported"
    )


def _shipped(service: Service, asking: Asking, what: Asked) -> str:
    if what.interaction == "read-published":
        return read_published(service, asking, what.published, what.id, what.pairs)
    return search_published(service, asking, what.published, what.pairs)


def _seen(entry: Entry, found: Answer) -> Answer:
    """Return what was read in the shape that is asked for, or that the reader has it."""
    answer = entry.conditions.unless_known(found)
    shape = shape_of(entry.asked.pairs, [entry.asked.typed.name]) if entry.asked.pairs else None
    return answer._replace(body=shaped(answer.body, entry.asked.typed.name, shape)) if shape and answer.body else answer
