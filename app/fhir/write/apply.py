"""Apply changes to records in one transaction: claims, then persons, then rows, each in sorted order.

Of persons the rows are locked first, and then, for those of several merged records, the person as a whole.

The order is the same everywhere, so that writers wait for each other and never in a circle. The caller
commits. https://hl7.org/fhir/R4/http.html#update
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.errors import Conflict, Fault, Stale
from app.fhir.body import assemble
from app.fhir.json import members
from app.fhir.service import Service
from app.fhir.write.admit import require_met
from app.fhir.write.barred import Barred, barred, require_free, require_limits, require_own, require_within
from app.fhir.write.change import Change, Written
from app.fhir.write.claims import settle_claims, take_claims
from app.fhir.write.current import (
    Current,
    Key,
    Persons,
    Widened,
    lock_persons,
    lock_rows,
    owners_now,
    require_owners,
)
from app.fhir.write.first import write_first
from app.fhir.write.group import together
from app.fhir.write.prepared import Prepared
from app.fhir.write.rows import write_rows
from app.store.database import Connection


async def apply(service: Service, connection: Connection, changes: Sequence[Change]) -> list[Written]:
    """Apply the changes, which name different records, and return what came of each, in their order.

    Raises Conflict for a value that another record holds and for the deletion of a patient who has records or is
    merged, Unprocessable for a record whose patient is not held here, Stale for a version that is not the current one.
    """
    await require_met(service, connection, changes)
    passing = await take_claims(connection, changes)
    expected = await owners_now(connection, changes)
    persons = _persons(changes, expected)
    found = await lock_persons(connection, service.registry, persons)
    _require_apart(changes, found)
    current = await lock_rows(connection, changes, expected)
    held = await barred(service, connection, changes, found.alive, current)
    require_own(service, changes, current)
    await require_limits(service, connection, changes, current, held)
    arriving = {change.id for change in changes if change.kind.is_person and change.prepared}
    require_owners(changes, (found.alive | arriving) - held.persons)
    written = [_decided(service, change, current, held) for change in changes]
    require_free(changes, written, held)
    service.trail.saw(_told(changes, current))
    if len(changes) == 1 and changes[0].fresh and not found.merged:
        await write_first(service, connection, changes[0], written[0])
        await require_within(service, connection, changes, written)
        return written
    await write_rows(service, connection, list(zip(changes, written, strict=True)), current)
    await require_within(service, connection, changes, written)
    await settle_claims(connection, changes, written, passing)
    await _require_bare(service, connection, changes, written)
    await _keep(service, connection, _touched(changes, written, current), found)
    return written


def _told(changes: Sequence[Change], current: dict[Key, Current]) -> Iterator[tuple[str, str, str]]:
    """Yield the records that are concerned, with the person each belongs to, before and after."""
    for change in changes:
        before = current.get((change.kind.name, change.id))
        owners = {change.prepared.owner if change.prepared else "", before.owner if before else ""} - {""}
        for person in sorted(owners) or [change.id if change.kind.is_person else ""]:
            yield change.kind.name, change.id, person


async def _keep(service: Service, connection: Connection, touched: Sequence[str], found: Persons) -> None:
    """Bring what is derived up to date; of merged persons it is derived from all their records."""
    if not found.merged.keys().isdisjoint(touched):
        everyone = await together(connection, service.registry, touched)
        await service.keeper.keep_merged(connection, everyone, service.epoch)
    elif touched:
        await service.keeper.keep(connection, touched, service.epoch)


def _persons(changes: Sequence[Change], expected: dict[Key, str]) -> set[str]:
    own = {change.id for change in changes if change.kind.is_person and not change.fresh}
    named = {change.prepared.owner for change in changes if change.prepared}
    return own | named | set(expected.values())


def _decided(service: Service, change: Change, current: dict[Key, Current], held: Barred) -> Written:
    key = (change.kind.name, change.id)
    return _decide(change, None if key in held.records else current.get(key), service.clock())


def _decide(change: Change, current: Current | None, now: datetime) -> Written:
    """Return what the change makes of the record. A version's time never runs backwards."""
    alive = current is not None and current.body is not None
    if change.found is not None and (not alive or current is None or current.version != change.found):
        raise Widened
    if change.if_absent and alive:
        raise Stale.of(
            "If-None-Match: * asks that there be no such record; there is one.",
            "If-None-Match: * yêu cầu chưa có hồ sơ này, nhưng hồ sơ đã có.",
            change.at() if change.place else "",
        )
    if change.if_match is not None and (not alive or current is None or current.version != change.if_match):
        raise Stale.of(
            "If-Match names a version that is not the current one; read the record again.",
            "If-Match không phải phiên bản hiện tại; hãy đọc lại hồ sơ.",
            change.at() if change.place else "",
        )
    version = current.version + 1 if current else 1
    time = max(now, current.updated_at + timedelta(milliseconds=1)) if current else now
    if change.prepared is None:
        if not alive:
            return Written(change.kind, change.id, version - 1, None, None, "absent")
        return Written(change.kind, change.id, version, time, None, "deleted")
    if alive and current is not None and _same(change.prepared, current.body or ""):
        return Written(change.kind, change.id, current.version, current.updated_at, current.body, "unchanged")
    body = assemble(change.prepared.parts, change.kind.name, change.id, version, time)
    return Written(change.kind, change.id, version, time, body, "updated" if alive else "created")


def _same(prepared: Prepared, body: str) -> bool:
    """Return whether the resource says what the current version says, numbers digit by digit."""
    sent = {name: value for name, value in prepared.parts.items() if name != "id"}
    held = {name: value for name, value in members(body.encode()).items() if name != "id"}
    return sent.keys() | {"meta"} == held.keys() and all(
        _content(name, value) == _content(name, held[name]) for name, value in {"meta": b"{}", **sent}.items()
    )


def _content(name: str, value: bytes) -> object:
    content = json.loads(value, parse_float=str, parse_int=str)
    if name == "meta":
        return {key: item for key, item in content.items() if key not in ("versionId", "lastUpdated")}
    return content


def _require_apart(changes: Sequence[Change], found: Persons) -> None:
    """Raise Conflict for the deletion of a record that is one of several of a person."""
    faults = [
        Fault(
            "conflict",
            "This record is merged with another; undo the merge before it is deleted.",
            "Hồ sơ này đã được gộp với hồ sơ khác; hãy hủy gộp trước khi xóa.",
            change.at() if change.place else "",
        )
        for change in changes
        if change.kind.is_person and change.prepared is None and change.id in found.merged
    ]
    if faults:
        raise Conflict(faults)


async def _require_bare(
    service: Service, connection: Connection, changes: Sequence[Change], written: Sequence[Written]
) -> None:
    """Raise Conflict when a deleted person still has records."""
    gone = {
        change.id: change
        for change, result in zip(changes, written, strict=True)
        if change.kind.is_person and result.outcome == "deleted"
    }
    for kind in service.registry.owned if gone else ():
        query = (
            f"select distinct patient_id from {kind.tables.name}"
            " where patient_id = any($1::text[]) and body is not null"
        )
        rows = await connection.fetch(query, list(gone))
        if rows:
            async with service.looking(connection) as looker:
                seen = {row["patient_id"] for row in await looker.fetch(query, list(gone))}
            owners = (row["patient_id"] for row in rows)
            raise Conflict(_still_has(gone[owner], kind.name, shown=owner in seen) for owner in owners)


def _still_has(change: Change, type_name: str, *, shown: bool) -> Fault:
    if not shown:
        return Fault(
            "conflict",
            "This patient cannot be deleted by this token; ask who administers the service.",
            "Token này không xóa được người dân này; hãy hỏi người quản trị hệ thống.",
            change.at() if change.place else "",
        )
    return Fault(
        "conflict",
        f"The patient still has records of type {type_name}; delete or move those first.",
        f"Người dân này vẫn còn hồ sơ loại {type_name}; hãy xóa hoặc chuyển chúng trước.",
        change.at() if change.place else "",
    )


def _touched(changes: Sequence[Change], written: Sequence[Written], current: dict[Key, Current]) -> list[str]:
    """Return the persons whose records changed, before and after."""
    persons: set[str] = set()
    for change, result in zip(changes, written, strict=True):
        if result.outcome in ("unchanged", "absent"):
            continue
        if change.kind.is_person:
            persons.add(change.id)
        elif change.kind.owner:
            before = current.get((change.kind.name, change.id))
            persons |= {before.owner if before else "", change.prepared.owner if change.prepared else ""}
    return sorted(persons - {""})
