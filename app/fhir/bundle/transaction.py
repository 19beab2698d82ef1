"""transaction: all entries or none, in the order DELETE, POST, PUT and PATCH, GET. https://hl7.org/fhir/R4/http.html#trules

What conditions find is looked up first without locks, so that resources can be read and checked before the
database transaction begins; under the locks it is looked up again, and a difference begins anew.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

from app.errors import Fault, Invalid, Stale, TramyError
from app.fhir.answer import Answer, answer
from app.fhir.asking import Asking
from app.fhir.bundle.changes import Ready, lock_patches, read_changes, with_patches
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.lookup import look_up
from app.fhir.bundle.outcome import Outcome
from app.fhir.bundle.placing import at_entry
from app.fhir.bundle.plan import new_plan
from app.fhir.bundle.reading import READS, look
from app.fhir.conditional import lock_criteria
from app.fhir.interactions.conditional_update import in_use
from app.fhir.interactions.read import read_found
from app.fhir.permit import permit
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change, Written
from app.fhir.write.current import Widened
from app.fhir.write.hold import hold
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection
from app.store.pool import lend

WRITES = ("create", "update", "conditional-update", "patch", "conditional-patch", "delete", "conditional-delete")
NOBODY = Asking("")


async def transaction(service: Service, entries: Sequence[Entry], asking: Asking = NOBODY) -> list[Outcome]:
    """Process the entries and return what came of each, in their order.

    Raises the first error of processing, its faults placed at the entry; nothing is then stored.
    """
    _require_supported(entries)
    for entry in entries:
        try:
            permit(service, entry.asked, conditional=entry.conditions.if_none_exist is not None)
        except TramyError as error:
            raise at_entry(error, entry) from error
    plan = new_plan(service, entries)
    if plan.queries:
        async with lend(service.pool) as connection:
            plan = await look_up(service, connection, plan)
    ready = read_changes(service, plan)
    held: list[Change] = []

    async def work(connection: Connection) -> list[Outcome]:
        nonlocal ready, held
        if ready.plan.queries:
            await lock_criteria(connection, ready.plan.queries.values())
        await lock_patches(connection, ready)
        earlier = held
        await hold(service, connection, earlier)
        looks = ready.plan.queries or ready.documents
        async with service.looking(connection) if looks else nullcontext(connection) as looker:
            if ready.plan.queries:
                ready = await _again(service, looker, ready)
            changes = await with_patches(service, looker, ready)
        # What is made new here may be found on the next turn, and is then another record's.
        held = [change for _, change in changes if not (change.fresh or change.if_absent)]
        # A value claimed for a record that is not written now must be given back.
        if {change.id for change in earlier if change.prepared} - {change.id for _, change in changes}:
            raise Widened
        return await _apply(service, connection, asking, ready, changes)

    return await in_transaction(service, work)


async def _again(service: Service, connection: Connection, ready: Ready) -> Ready:
    """Look up the conditions under their locks; where they find something else, read the resources anew."""
    found = await look_up(service, connection, ready.plan)
    return ready if found.finds_as(ready.plan) else read_changes(service, found)


async def _apply(
    service: Service, connection: Connection, asking: Asking, ready: Ready, changes: Sequence[tuple[int, Change]]
) -> list[Outcome]:
    by_index = {entry.index: entry for entry in ready.plan.entries}
    try:
        written = await apply(service, connection, [change for _, change in changes])
    except Stale as error:
        raise _explained(error, [(by_index[index], change) for index, change in changes]) from error
    results: dict[int, list[Written]] = {}
    seen: dict[int, list[tuple[str, str, str]]] = {}
    for (index, change), result in zip(changes, written, strict=True):
        results.setdefault(index, []).append(result)
        seen.setdefault(index, []).append((change.kind.name, change.id, change.person))
    ready = replace(ready, seen=seen)
    return [
        await _outcome(service, connection, asking, ready, entry, results.get(entry.index, []))
        for entry in ready.plan.entries
    ]


async def _outcome(
    service: Service, connection: Connection, asking: Asking, ready: Ready, entry: Entry, written: list[Written]
) -> Outcome:
    """Return what came of an entry, and tell the audit of it as of a request of its own."""
    if service.trail.current is not service.trail.whole:
        return await _came(service, connection, asking, ready, entry, written)
    what = entry.asked
    with service.trail.part(entry.index + 1, what.interaction, entry.method, entry.address) as part:
        came = await _came(service, connection, asking, ready, entry, written)
        part.saw(ready.seen.get(entry.index, ()))
        service.trail.end(part, came.status)
    return came


async def _came(
    service: Service, connection: Connection, asking: Asking, ready: Ready, entry: Entry, written: list[Written]
) -> Outcome:
    if len(written) == 1:
        return answer(written[0])
    if entry.asked.interaction == "conditional-delete":
        return Answer(204, written=True)
    if entry.asked.interaction == "create":
        found = await read_found(connection, entry.asked.typed, ready.plan.address(entry).partition("/")[2])
        service.trail.saw([(entry.asked.typed.name, found.id, found.person)])
        return found._replace(written=True)
    try:
        async with service.looking(connection) as looker:
            return await look(service, looker, asking, entry)
    except TramyError as error:
        raise at_entry(error, entry) from error


def _explained(error: Stale, pairs: Sequence[tuple[Entry, Change]]) -> TramyError:
    """Return the error, or what it means where a condition found nothing and the id is that of another record."""
    places = {fault.expression for fault in error.faults}
    for entry, change in pairs:
        if change.if_absent and not entry.conditions.if_absent and change.at() in places:
            return at_entry(in_use(change.kind), entry)
    return error


def _require_supported(entries: Sequence[Entry]) -> None:
    faults = [
        Fault(
            "not-supported",
            "A transaction reads and writes records, searches and lists history; other operations go into a batch.",
            "transaction chỉ đọc, ghi, tìm kiếm và liệt kê lịch sử; các thao tác khác hãy gửi trong batch.",
            entry.place,
        )
        for entry in entries
        if entry.asked.interaction not in (*WRITES, *READS)
    ]
    if faults:
        raise Invalid(faults)
