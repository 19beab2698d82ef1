"""All versions of all records of a person, merged ones too, as a FHIR history. https://hl7.org/fhir/R4/bundle.html#history

Bodies stand in it as they were sent: nothing is parsed, so no number changes.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from app.fhir.resource_type import Registry, ResourceType
from app.store.database import Reader
from app.store.labels import PROTECTED


class Version(NamedTuple):
    """A version of a record; `body` is None for a deletion, `current` marks the newest."""

    kind: ResourceType
    id: str
    number: int
    at: datetime
    body: str | None
    current: bool
    labelled: bool


async def versions(reader: Reader, registry: Registry, records: Sequence[str]) -> list[Version]:
    """Return the versions that were of this person: of each record the newest first, types in their order."""
    found: list[Version] = []
    for kind in (registry.person, *registry.owned):
        rows = await reader.fetch(_query(kind), list(records), list(PROTECTED))
        found += [Version(kind, *row) for row in rows]
    return found


def _query(kind: ResourceType) -> str:
    table, past = kind.tables.name, kind.tables.past.name
    owner = "id" if kind.is_person else "patient_id"
    columns = "id, version, updated_at, body"
    labelled = "coalesce(security && $2::text[], false)"
    return (
        f"select id, version, updated_at, body, current, bool_or(labelled) over (partition by id) from ("
        f" select {columns}, true as current, {labelled} as labelled from {table} where {owner} = any($1::text[])"
        f" union all select {columns}, false, {labelled} from {past} where {owner} = any($1::text[])"
        f") v order by id, version desc"
    )


def open_ones(found: Iterable[Version], *, protected: bool) -> list[Version]:
    """Return the versions that may be handed out; a record with a label of special protection only if that is asked."""
    return [item for item in found if protected or not item.labelled]


def history(found: Sequence[Version], at: datetime) -> bytes:
    """Return the versions as a Bundle of type history."""
    head = json.dumps({"resourceType": "Bundle", "type": "history", "timestamp": at.isoformat(), "total": len(found)})
    return f'{head[:-1]}, "entry": [\n{",".join(_entries(found))}]}}\n'.encode()


def _entries(found: Iterable[Version]) -> Iterator[str]:
    for item in found:
        method = "DELETE" if item.body is None else "POST" if item.number == 1 else "PUT"
        address = item.kind.name if method == "POST" else f"{item.kind.name}/{item.id}"
        status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
        about = {
            "request": {"method": method, "url": address},
            "response": {"status": status, "etag": f'W/"{item.number}"', "lastModified": item.at.isoformat()},
        }
        resource = f'"resource": {item.body}, ' if item.body is not None else ""
        yield f"{{{resource}{json.dumps(about)[1:]}\n"
