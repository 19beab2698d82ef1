"""Criteria that decide what a write does, locked before they are searched: two writers cannot both find nothing.

https://hl7.org/fhir/R4/http.html#ccreate
"""

import re
from collections.abc import Collection, Iterable

from app.errors import Stale
from app.fhir.asked import read_pairs
from app.fhir.resource_type import ResourceType
from app.fhir.search.condition import Place
from app.fhir.search.find import find_ids
from app.fhir.search.query import RESULT, Query, read_query, refuse
from app.fhir.service import Service
from app.store.database import Connection

# What may stand before the criteria: `?`, `Patient?` or a whole address. A question mark in a value stays.
_ADDRESS = re.compile(r"^[^=?]*\?")


def read_criteria(service: Service, kind: ResourceType, text: str) -> Query:
    """Read criteria as If-None-Exist and conditional references give them. Raises BadParameter."""
    pairs = [pair for pair in read_pairs(criteria_text(text)) if pair[0] not in RESULT]
    if not pairs:
        raise refuse("?", "must be given: a condition may not be empty", "phải có: điều kiện không được để trống")
    return read_query(kind, pairs, size=service.settings.page_size, limit=service.settings.page_limit)


def criteria_text(text: str) -> str:
    """Return criteria without the `?`, type or address before them."""
    return _ADDRESS.sub("", text)


async def lock_criteria(connection: Connection, queries: Iterable[Query]) -> None:
    """Lock the criteria, in one order, until the transaction ends."""
    keys = sorted({f"{query.kind.name}?{sorted(query.applied)}" for query in queries})
    if keys:
        await connection.execute(
            "select pg_advisory_xact_lock(lock) from ("
            " select distinct hashtextextended(key, 0) as lock from unnest($1::text[]) key order by lock offset 0) l",
            keys,
        )


async def only_match(
    service: Service, connection: Connection, query: Query, without: Collection[str] = ()
) -> str | None:
    """Return the id of the one record that matches, those of `without` left out, None for none.

    Raises Stale for several.
    """
    found = await find_ids(connection, query, search_place(service, query.kind), 2 + len(without))
    ids = [record_id for record_id in found if record_id not in without]
    if len(ids) > 1:
        raise Stale.of(
            "The condition matches several records; make it match one.",
            "Điều kiện khớp với nhiều hồ sơ; hãy thu hẹp để chỉ khớp một.",
            code="multiple-matches",
        )
    return ids[0] if ids else None


def search_place(service: Service, kind: ResourceType) -> Place:
    """Return what the conditions of a search need to know."""
    return Place(kind, service.settings.time_zone, service.clock(), service.base)
