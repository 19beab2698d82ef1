"""Criteria that decide what a write does, locked before they are searched: two writers cannot both find nothing.

https://hl7.org/fhir/R4/http.html#ccreate
"""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from app.errors import Stale
from app.fhir.asked import Pairs, read_pairs
from app.fhir.resource_type import ResourceType
from app.fhir.search.find import find_ids, find_versions
from app.fhir.search.place import Place
from app.fhir.search.query import Query, read_query
from app.fhir.search.refusal import refuse
from app.fhir.search.result import RESULT, base_name
from app.fhir.service import Service
from app.store.advisory import lock_names
from app.store.database import Connection

# What may stand before the criteria: `?`, `Patient?` or a whole address. A question mark in a value stays.
_ADDRESS = re.compile(r"^[^=?]*\?")


class Match(NamedTuple):
    """A record that criteria found, and the version in which they found it: for `Change.found`."""

    id: str
    version: int


def read_criteria(service: Service, kind: ResourceType, text: str) -> Query:
    """Read criteria as If-None-Exist and conditional references give them. Raises BadParameter."""
    return criteria_of(service, kind, read_pairs(criteria_text(text)))


def criteria_of(service: Service, kind: ResourceType, pairs: Pairs) -> Query:
    """Read criteria as an address gives them; what shapes a page is left out. Raises BadParameter."""
    chosen = [pair for pair in pairs if base_name(pair[0]) not in RESULT]
    if not chosen:
        raise refuse("?", "must be given: a condition may not be empty", "phải có: điều kiện không được để trống")
    settings = service.settings
    return read_query(kind, chosen, size=settings.page_size, limit=settings.page_limit, registry=service.searchable)


def criteria_text(text: str) -> str:
    """Return criteria without the `?`, type or address before them."""
    return _ADDRESS.sub("", text)


async def lock_criteria(connection: Connection, queries: Iterable[Query]) -> None:
    """Lock the criteria, in one order, until the transaction ends; upper and lower case are the same in them."""
    await lock_names(connection, (f"{query.kind.name}?{sorted(query.applied)}".lower() for query in queries))


async def only_match(
    service: Service, connection: Connection, query: Query, without: Collection[str] = ()
) -> str | None:
    """Return the id of the one record that matches, those of `without` left out, None for none.

    Raises Stale for several.
    """
    found = await find_ids(connection, query, search_place(service, query.kind), 2 + len(without))
    ids = [record_id for record_id in found if record_id not in without]
    if len(ids) > 1:
        raise several()
    return ids[0] if ids else None


async def match_version(
    service: Service, connection: Connection, query: Query, without: Collection[str] = ()
) -> Match | None:
    """Return the one record that matches with its version, None for none. Raises Stale for several."""
    found = [match for match in await matches(service, connection, query, 2 + len(without)) if match.id not in without]
    if len(found) > 1:
        raise several()
    return found[0] if found else None


async def matches(service: Service, connection: Connection, query: Query, most: int) -> list[Match]:
    """Return at most `most` records that match, with the versions in which they do."""
    found = await find_versions(connection, query, search_place(service, query.kind), most)
    return [Match(*pair) for pair in found]


def several() -> Stale:
    """Return the error for criteria that match more than they may."""
    return Stale.of(
        "The condition matches several records; make it match one.",
        "Điều kiện khớp với nhiều hồ sơ; hãy thu hẹp để chỉ khớp một.",
        code="multiple-matches",
    )


def search_place(service: Service, kind: ResourceType) -> Place:
    """Return what the conditions of a search need to know."""
    return Place(kind, service.settings.time_zone, service.clock(), service.base)
