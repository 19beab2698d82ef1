"""The current versions of records that are about to change, read under their locks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.errors import Fault, Unprocessable
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.write.change import Change
from app.store.advisory import lock_names
from app.store.database import Connection


class Current(NamedTuple):
    """The newest version of a record; `body` is None when that is a deletion."""

    version: int
    updated_at: datetime
    body: str | None
    owner: str


class Persons(NamedTuple):
    """Persons' records under their locks: those that exist, and of merged ones the record that stands for each."""

    alive: set[str]
    merged: dict[str, str]


class Widened(Exception):
    """What was found under the locks asks for more locks: begin again. Never leaves write/transaction.py."""


Key = tuple[str, str]


async def owners_now(connection: Connection, changes: Iterable[Change]) -> dict[Key, str]:
    """Return the patients that the records to be changed belong to now, read without a lock."""
    found = {}
    for kind, ids in _by_kind(change for change in changes if not change.fresh and change.kind.owner).items():
        rows = await connection.fetch(f"select id, patient_id from {kind.tables.name} where id = any($1::text[])", ids)
        found.update({(kind.name, row["id"]): row["patient_id"] for row in rows})
    return found


async def lock_persons(connection: Connection, registry: Registry, ids: Iterable[str]) -> Persons:
    """Lock the records of persons in the order of their ids, then the persons of merged ones; say which exist."""
    wanted = sorted(set(ids) - {""})
    if not wanted:
        return Persons(set(), {})
    rows = await connection.fetch(
        f"select id, body is not null as alive, person_id from {registry.person.tables.name}"
        " where id = any($1::text[]) order by id for no key update",
        wanted,
    )
    merged = {row["id"]: row["person_id"] for row in rows if row["person_id"]}
    await lock_persons_named(connection, merged.values())
    return Persons({row["id"] for row in rows if row["alive"]}, merged)


async def lock_persons_named(connection: Connection, heads: Iterable[str]) -> None:
    """Lock merged persons, named by the records that stand for them, in one order until the transaction ends."""
    await lock_names(connection, (f"person {head}" for head in heads))


async def lock_rows(connection: Connection, changes: Sequence[Change], expected: dict[Key, str]) -> dict[Key, Current]:
    """Lock and read the records to be changed. Raises Widened when one has come to belong to another patient."""
    found: dict[Key, Current] = {}
    for kind, ids in _by_kind(change for change in changes if not change.fresh).items():
        owner = "patient_id" if kind.owner else "''"
        rows = await connection.fetch(
            f"select id, version, updated_at, body, {owner} as owner from {kind.tables.name}"
            " where id = any($1::text[]) order by id for no key update",
            ids,
        )
        for row in rows:
            key = (kind.name, row["id"])
            if kind.owner and expected.get(key) != row["owner"]:
                raise Widened
            found[key] = Current(row["version"], row["updated_at"], row["body"], row["owner"])
    return found


def require_owners(changes: Iterable[Change], present: set[str]) -> None:
    """Raise Unprocessable for each record whose patient is not held here."""
    faults = [
        Fault(
            "not-found",
            "The patient this record belongs to is not held here; send the Patient first, or both in one transaction.",
            "Chưa có người dân mà hồ sơ này thuộc về; hãy gửi Patient trước, hoặc gửi cả hai trong một transaction.",
            change.at(f"{change.kind.owner}.reference"),
        )
        for change in changes
        if change.prepared and change.prepared.owner and change.prepared.owner not in present
    ]
    if faults:
        raise Unprocessable(faults)


def _by_kind(changes: Iterable[Change]) -> dict[ResourceType, list[str]]:
    grouped: dict[str, tuple[ResourceType, list[str]]] = {}
    for change in changes:
        grouped.setdefault(change.kind.name, (change.kind, []))[1].append(change.id)
    return dict(sorted(((kind, sorted(ids)) for kind, ids in grouped.values()), key=lambda item: item[0].name))
