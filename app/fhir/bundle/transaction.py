"""transaction: all entries or none, in the order DELETE, POST, PUT, GET. https://hl7.org/fhir/R4/http.html#trules

What conditions find is looked up first without locks, so that resources can be read and checked before the
database transaction begins; under the locks it is looked up again, and a difference begins anew.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.errors import Fault, Invalid, Stale, TramyError
from app.fhir.answer import Answer, answer
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.plan import Plan, at_entry, look_up, new_plan
from app.fhir.bundle.references import conditional_references, rewrite
from app.fhir.conditional import lock_criteria
from app.fhir.interactions.read import read, read_found
from app.fhir.interactions.search import Found, search
from app.fhir.interactions.update import same_id
from app.fhir.interactions.vread import vread
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.prepared import prepare
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection
from app.store.pool import lend

Outcome = Answer | Found


async def transaction(service: Service, entries: Sequence[Entry]) -> list[Outcome]:
    """Process the entries and return what came of each, in their order.

    Raises the first error of processing, its faults placed at the entry; nothing is then stored.
    """
    plan = new_plan(service, entries)
    if plan.queries:
        async with lend(service.pool) as connection:
            plan = await look_up(service, connection, plan)
    changes = _changes(service, plan)

    async def work(connection: Connection) -> list[Outcome]:
        nonlocal plan, changes
        if plan.queries:
            await lock_criteria(connection, plan.queries.values())
            found = await look_up(service, connection, plan)
            if found.matches != plan.matches:
                plan = found
                changes = _changes(service, plan)
        return await _apply(service, connection, plan, changes)

    return await in_transaction(service, work)


def _changes(service: Service, plan: Plan) -> dict[int, Change]:
    """Read every resource with its references resolved and return what is to be done, by entry.

    Raises Invalid or Unprocessable with the faults of every entry.
    """
    received = service.clock()
    changes: dict[int, Change] = {}
    faults: list[Fault] = []
    failed: TramyError | None = None
    for entry in plan.entries:
        try:
            change = _change(service, plan, entry, received)
        except TramyError as error:
            failed, faults = error, [*faults, *at_entry(error, entry).faults]
            continue
        if change:
            changes[entry.index] = change
    if failed:
        raise type(failed)(faults)
    _require_distinct(plan.entries, changes)
    return changes


def _change(service: Service, plan: Plan, entry: Entry, received: datetime) -> Change | None:
    kind = entry.asked.kind
    if kind is None or entry.asked.interaction not in ("create", "update", "delete"):
        return None
    if entry.asked.interaction == "delete":
        return Change(kind, entry.asked.id, None, False, entry.if_match, entry.place)
    _require_found(entry, plan.targets)
    if plan.match(entry) or entry.index in plan.repeats:
        return None
    raw = rewrite(entry.raw, plan.targets)
    prepared = prepare(service, kind, raw, received, entry.tree if raw == entry.raw else None)
    if entry.asked.interaction == "update":
        return Change(kind, entry.asked.id, same_id(prepared, entry.asked.id), False, entry.if_match, entry.place)
    return Change(kind, plan.ids[entry.index], prepared, fresh=True, place=entry.place)


def _require_found(entry: Entry, targets: Mapping[str, str]) -> None:
    if any(reference not in targets for reference in conditional_references(entry.raw)):
        raise Stale.of(
            "A conditional reference matches nothing here; send that record first.",
            "Tham chiếu có điều kiện không khớp với hồ sơ nào; hãy gửi hồ sơ đó trước.",
            entry.asked.kind.name if entry.asked.kind else "",
        )


def _require_distinct(entries: Sequence[Entry], changes: Mapping[int, Change]) -> None:
    seen: set[tuple[str, str]] = set()
    faults = []
    for entry in entries:
        change = changes.get(entry.index)
        key = (change.kind.name, change.id) if change else None
        if key and key in seen:
            en, vi = "A record may stand in one entry only.", "Mỗi hồ sơ chỉ được nằm trong một mục."
            faults.append(Fault("invalid", en, vi, entry.place))
        if key:
            seen.add(key)
    if faults:
        raise Invalid(faults)


async def _apply(service: Service, connection: Connection, plan: Plan, changes: Mapping[int, Change]) -> list[Outcome]:
    written = await apply(service, connection, list(changes.values()))
    outcomes: dict[int, Outcome] = {index: answer(item) for index, item in zip(changes, written, strict=True)}
    for entry in plan.entries:
        if entry.index not in outcomes:
            outcomes[entry.index] = await _look(service, connection, plan, entry)
    return [outcomes[entry.index] for entry in plan.entries]


async def _look(service: Service, connection: Connection, plan: Plan, entry: Entry) -> Outcome:
    """Return what an entry that writes nothing asks for: the record its condition found, or what it reads."""
    what, kind = entry.asked, entry.asked.kind
    if kind is None:
        raise _unsupported(entry)
    try:
        match what.interaction:
            case "create":
                return await read_found(connection, kind, plan.address(entry).partition("/")[2])
            case "read":
                return await read(connection, kind, what.id)
            case "vread":
                return await vread(connection, kind, what.id, what.version)
            case "search":
                return await search(service, connection, kind, what.pairs)
    except TramyError as error:
        raise at_entry(error, entry) from error
    raise _unsupported(entry)


def _unsupported(entry: Entry) -> Invalid:
    en = "A transaction may create, update, delete, read, vread and search."
    vi = "transaction chỉ hỗ trợ tạo, cập nhật, xóa, đọc, đọc phiên bản và tìm kiếm."
    return Invalid([Fault("not-supported", en, vi, entry.place)])
