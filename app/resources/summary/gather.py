"""What a summary is made of: the records of a patient and what they refer to, all as of one instant."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.fhir.interactions.read import read
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.service import Service
from app.resources.summary.sections import SECTIONS
from app.store.database import Connection
from app.store.pool import lend

MOST = 1000
"""Of one type at most this many records, those received last; the section says so."""
_ROUNDS = 3
"""A visit names a doctor's station, which names its hospital, which names its department of health."""
_LOCAL = re.compile(r"(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")

Address = tuple[str, str]


class Record(NamedTuple):
    """A record: its address, its tree, and its exact JSON."""

    address: Address
    tree: dict[str, Any]
    body: str


class Held(NamedTuple):
    """What is held of a patient: records by type with the number there are, and what they refer to by address.

    `merged` are the other records of the same person (`Patient/$merge`), whose records count as the patient's.
    """

    patient: Record
    merged: list[Record]
    records: dict[str, list[Record]]
    totals: dict[str, int]
    others: dict[Address, Record]


async def gather(service: Service, record_id: str, base: str) -> Held:
    """Return what is held of a patient. Raises NotFound and Gone for one who is not here."""
    kind = service.registry.person
    async with lend(service.pool) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        patient = _record(kind.name, (await read(connection, kind, record_id)).body or "")
        merged = await _merged(connection, kind, record_id)
        ids = [record_id, *(record.tree["id"] for record in merged)]
        records: dict[str, list[Record]] = {}
        totals: dict[str, int] = {}
        for name in filter(None, (section.type_name for section in SECTIONS)):
            records[name], totals[name] = await _of_type(connection, service.registry, name, ids)
        listed = [patient, *merged, *(record for found in records.values() for record in found)]
        others = await _referred(connection, service.registry, listed, base)
    return Held(patient, merged, records, totals, others)


async def _merged(connection: Connection, kind: ResourceType, record_id: str) -> list[Record]:
    """Return the other records of the same person."""
    table = kind.tables.name
    rows = await connection.fetch(
        f"select body from {table} where person_id = (select person_id from {table} where id = $1)"
        " and id <> $1 and body is not null order by id",
        record_id,
    )
    return [_record(kind.name, row["body"]) for row in rows]


async def _of_type(
    connection: Connection, registry: Registry, name: str, patient_ids: list[str]
) -> tuple[list[Record], int]:
    """Return the records of a type, and how many there are; what was entered in error says nothing of a patient."""
    rows = await connection.fetch(
        f"select body, count(*) over () as total from {registry[name].tables.name}"
        " where patient_id = any($1::text[]) and body is not null and body::jsonb ->> 'status' <> 'entered-in-error'"
        " order by updated_at desc, id limit $2",
        patient_ids,
        MOST,
    )
    return [_record(name, row["body"]) for row in rows], rows[0]["total"] if rows else 0


async def _referred(
    connection: Connection, registry: Registry, records: list[Record], base: str
) -> dict[Address, Record]:
    """Return the records of nobody's that others refer to, and what those refer to, as far as they are held."""
    found: dict[Address, Record] = {}
    seen: set[Address] = set()
    for _ in range(_ROUNDS):
        wanted = {address for record in records for address in _addresses(record.tree, registry, base)} - seen
        seen |= wanted
        records = []
        for name in sorted({name for name, _ in wanted}):
            ids = sorted(record_id for kind, record_id in wanted if kind == name)
            rows = await connection.fetch(
                f"select body from {registry[name].tables.name} where id = any($1::text[]) and body is not null", ids
            )
            records += [_record(name, row["body"]) for row in rows]
        found |= {record.address: record for record in records}
    return dict(sorted(found.items()))


def _addresses(tree: Any, registry: Registry, base: str) -> Iterator[Address]:
    """Yield the local references in a tree, of types that belong to no patient."""
    if isinstance(tree, dict):
        reference = tree.get("reference")
        form = _LOCAL.fullmatch(reference.removeprefix(f"{base}/")) if isinstance(reference, str) else None
        if form and form["type"] in registry and _shared(registry, form["type"]):
            yield form["type"], form["id"]
        for value in tree.values():
            yield from _addresses(value, registry, base)
    elif isinstance(tree, list):
        for item in tree:
            yield from _addresses(item, registry, base)


def _shared(registry: Registry, name: str) -> bool:
    return not registry[name].owner and not registry[name].is_person


def _record(name: str, body: str) -> Record:
    tree = json.loads(body)
    return Record((name, tree["id"]), tree, body)
