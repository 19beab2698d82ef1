"""What a caller may not change, asked under the locks of a write: it is treated as if it were not there.

What is seen is said by the views alone (app/access/rule.py); what belongs to nobody may be changed by the
organisation that wrote it, and by who keeps the registers.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.errors import Conflict, Fault, Forbidden, Unprocessable
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change, Written
from app.fhir.write.current import Current, Key
from app.store.database import Connection
from app.store.reach import KEPT_UNDER


class Barred(NamedTuple):
    """People and records that are there, and that the caller does not see."""

    persons: frozenset[str] = frozenset()
    records: frozenset[Key] = frozenset()


async def barred(
    service: Service,
    connection: Connection,
    changes: Sequence[Change],
    alive: Collection[str],
    current: Mapping[Key, Current],
) -> Barred:
    """Return what is barred of the people who are concerned and of the records that are to be changed."""
    if service.sees_all and not service.limits:
        return Barred()
    kinds = {change.kind.name: change.kind for change in changes}
    person = service.registry.person
    people = {*alive, *(record_id for name, record_id in current if name == person.name)}
    hidden = people - await _seen(service, connection, person, people)
    records = {(person.name, record_id) for record_id in hidden}
    for kind in kinds.values():
        ids = {record_id for name, record_id in current if name == kind.name}
        if ids and not kind.is_person:
            seen = await (_seen if kind.owner else _kept)(service, connection, kind, ids)
            records |= {(kind.name, record_id) for record_id in ids - seen}
            if ids - seen and not kind.owner:
                await _require_kept(service, connection, changes, kind, ids - seen)
    return Barred(frozenset(hidden), frozenset(records & current.keys()))


async def _seen(service: Service, connection: Connection, kind: ResourceType, ids: Iterable[str]) -> set[str]:
    if service.limits:
        return await _within(service, connection, kind, ids)
    rows = await connection.fetch(
        f"select id from {service.sight.schema}.{kind.tables.name} where id = any($1::text[])", sorted(ids)
    )
    return {row["id"] for row in rows}


async def _within(service: Service, connection: Connection, kind: ResourceType, ids: Iterable[str]) -> set[str]:
    """Return those that are also within what the caller's scopes are limited to."""
    async with service.looking(connection) as looker:
        rows = await looker.fetch(f"select id from {kind.tables.name} where id = any($1::text[])", sorted(ids))
    return {row["id"] for row in rows}


async def _require_kept(
    service: Service, connection: Connection, changes: Sequence[Change], kind: ResourceType, ids: Collection[str]
) -> None:
    """Raise Forbidden for records that the caller may read and not change: there is nothing to hide."""
    async with service.looking(connection) as looker:
        rows = await looker.fetch(
            f"select id from {kind.tables.name} where id = any($1::text[]) and body is not null", sorted(ids)
        )
    read = {row["id"] for row in rows}
    faults = [
        Fault(
            "forbidden",
            "Another organisation keeps this record; changing it takes the scope tramy/registry.",
            "Hồ sơ này do cơ sở khác quản lý; muốn sửa cần phạm vi tramy/registry.",
            change.at(),
        )
        for change in changes
        if change.kind is kind and change.id in read
    ]
    if faults:
        raise Forbidden(faults)


async def require_limits(
    service: Service, connection: Connection, changes: Sequence[Change], current: Mapping[Key, Current], held: Barred
) -> None:
    """Raise Forbidden for a record that is seen and, as it is now, not within what may be updated or deleted."""
    if service.limits is None:
        return
    there = [change for change in changes if _open(change, current, held)]
    for kind in {change.kind.name: change.kind for change in there}.values():
        for letter in "ud":
            ids = [item.id for item in there if item.kind is kind and (item.prepared is None) == (letter == "d")]
            if ids:
                await service.limits.require(connection, kind, letter, ids)


def _open(change: Change, current: Mapping[Key, Current], held: Barred) -> bool:
    key = (change.kind.name, change.id)
    return key in current and current[key].body is not None and key not in held.records


async def require_within(
    service: Service, connection: Connection, changes: Sequence[Change], written: Sequence[Written]
) -> None:
    """Raise Forbidden for a record written that is not within what the caller's scopes are limited to."""
    if service.limits is None:
        return
    found: dict[tuple[str, str], list[str]] = {}
    for change, result in zip(changes, written, strict=True):
        letter = _letter(service, change, result)
        if letter:
            found.setdefault((change.kind.name, letter), []).append(change.id)
    for (name, letter), ids in found.items():
        await service.limits.require(connection, service.registry[name], letter, ids)


def _letter(service: Service, change: Change, result: Written) -> str:
    """Return by which letter of `cruds` a record was written: one that is made under the client's id, by an update."""
    if result.outcome == "created" and change.fresh and service.caller.grants.allows(change.kind.name, "c"):
        return "c"
    return "u" if result.outcome in ("created", "updated") else ""


async def _kept(service: Service, connection: Connection, kind: ResourceType, ids: Iterable[str]) -> set[str]:
    """Return those of these records, which belong to nobody, that the caller may change."""
    if service.caller.everyone or service.caller.may("tramy/registry"):
        return set(ids)
    prefix = KEPT_UNDER.format(kind.tables.name)
    rows = await connection.fetch(
        "select patient_id from reach where patient_id = any($1::text[]) and holder = any($2::text[])",
        [prefix + record_id for record_id in sorted(ids)],
        list(service.caller.holders),
    )
    own = {row["patient_id"].removeprefix(prefix) for row in rows}
    if kind.name == service.caller.organization.partition("/")[0]:
        own.add(service.caller.organization.partition("/")[2])
    return own


def require_free(changes: Sequence[Change], written: Sequence[Written], held: Barred) -> None:
    """Raise Conflict for an id that is a record's which the caller does not see: it cannot be made anew."""
    faults = [
        Fault(
            "duplicate",
            "This id cannot be used; choose another, or let the server choose (POST).",
            "Không dùng được id này; hãy chọn id khác, hoặc để máy chủ tự chọn (POST).",
            change.at("id"),
        )
        for change, result in zip(changes, written, strict=True)
        if (change.kind.name, change.id) in held.records and result.outcome == "created"
    ]
    if faults:
        raise Conflict(faults)


def require_own(service: Service, changes: Sequence[Change], current: Mapping[Key, Current] | None = None) -> None:
    """Raise Unprocessable for a record that whoever writes it could not see afterwards: no person, no place.

    `current` are the records that are there already.
    """
    if service.caller.everyone:
        return
    there = current or {}
    faults = [
        fault
        for change in changes
        if change.prepared
        for fault in _astray(service, change, new=(change.kind.name, change.id) not in there)
    ]
    if faults:
        raise Unprocessable(faults)


def _astray(service: Service, change: Change, *, new: bool) -> Iterable[Fault]:
    kind, prepared = change.kind, change.prepared
    if prepared is None:
        return
    if kind.owner and not prepared.owner:
        yield Fault(
            "business-rule",
            "A caller with places must name the patient whom this record belongs to.",
            "Bên gửi thuộc một địa bàn phải nêu người dân mà hồ sơ này thuộc về.",
            change.at(kind.owner),
        )
    reached = {*(prepared.columns.get("reach") or ()), service.caller.organization}
    if kind.is_person and new and reached.isdisjoint(service.caller.holders):
        yield Fault(
            "business-rule",
            "The person lives in none of the caller's places, and the caller has no organisation that treats.",
            "Người này không cư trú trong địa bàn, và bên gửi không có cơ sở điều trị.",
            change.at("address"),
        )
