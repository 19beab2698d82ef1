"""transaction: all entries or none, in the order DELETE, POST, PUT, GET. https://hl7.org/fhir/R4/http.html#trules

What conditions find is looked up first without locks, so that resources can be read and checked before the
database transaction begins; under the locks it is looked up again, and a difference begins anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from asyncpg import Connection

from app.errors import Fault, Invalid, Stale, TramyError
from app.fhir.answer import Answer, answer
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.references import conditional_references, rewrite
from app.fhir.conditional import lock_criteria, only_match, read_criteria
from app.fhir.interactions.create import new_id
from app.fhir.interactions.read import read
from app.fhir.interactions.search import Found, search
from app.fhir.interactions.update import same_id
from app.fhir.search.query import Query
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.prepared import prepare
from app.fhir.write.transaction import in_transaction

Outcome = Answer | Found


@dataclass(frozen=True)
class Plan:
    """Conditions of a bundle by their text, and what each was found to name (None: nothing)."""

    queries: Mapping[str, Query]
    matches: Mapping[str, str | None] = field(default_factory=dict)


async def transaction(service: Service, entries: Sequence[Entry]) -> list[Outcome]:
    """Process the entries and return what came of each, in their order.

    Raises the first error of processing, its faults placed at the entry; nothing is then stored.
    """
    plan = Plan(_queries(service, entries))
    if plan.queries:
        async with service.pool.acquire() as connection:
            plan = await _look_up(service, connection, plan)
    ids = {entry.index: new_id() for entry in entries if entry.asked.interaction == "create"}
    changes = _changes(service, entries, plan, ids)

    async def work(connection: Connection) -> list[Outcome]:
        nonlocal plan, changes
        if plan.queries:
            await lock_criteria(connection, plan.queries.values())
            found = await _look_up(service, connection, plan)
            if found.matches != plan.matches:
                plan = found
                changes = _changes(service, entries, plan, ids)
        return await _apply(service, connection, entries, changes, plan)

    return await in_transaction(service, work)


def _queries(service: Service, entries: Sequence[Entry]) -> dict[str, Query]:
    """Read every condition of the bundle: of conditional creates and of conditional references."""
    found: dict[str, Query] = {}
    for entry in entries:
        texts = set(conditional_references(entry.raw))
        if entry.if_none_exist is not None and entry.asked.kind:
            texts.add(_condition(entry))
        for text in texts:
            name, _, criteria = text.partition("?")
            try:
                found[text] = read_criteria(service, service.registry[name], criteria)
            except TramyError as error:
                raise at_entry(error, entry) from error
    return found


def _condition(entry: Entry) -> str:
    return f"{entry.asked.kind.name if entry.asked.kind else ''}?{(entry.if_none_exist or '').partition('?')[2] or entry.if_none_exist}"


async def _look_up(service: Service, connection: Connection, plan: Plan) -> Plan:
    matches = {text: await only_match(service, connection, query) for text, query in plan.queries.items()}
    return replace(plan, matches=matches)


def _changes(service: Service, entries: Sequence[Entry], plan: Plan, ids: Mapping[int, str]) -> dict[int, Change]:
    """Read every resource with its references resolved and return what is to be done, by entry.

    Raises Invalid or Unprocessable with the faults of every entry.
    """
    targets = _targets(entries, plan, ids)
    received = service.clock()
    changes: dict[int, Change] = {}
    faults: list[Fault] = []
    failed: TramyError | None = None
    for entry in entries:
        try:
            change = _change(service, entry, plan, ids, targets, received)
        except TramyError as error:
            failed, faults = error, [*faults, *at_entry(error, entry).faults]
            continue
        if change:
            changes[entry.index] = change
    if failed:
        raise type(failed)(faults)
    _require_distinct(entries, changes)
    return changes


def _targets(entries: Sequence[Entry], plan: Plan, ids: Mapping[int, str]) -> dict[str, str]:
    """Return what each fullUrl and each condition stands for."""
    targets: dict[str, str] = {}
    for entry in entries:
        if not entry.full_url or entry.asked.kind is None:
            continue
        record_id = entry.asked.id or _matched(entry, plan) or ids.get(entry.index, "")
        if record_id:
            targets[entry.full_url] = f"{entry.asked.kind.name}/{record_id}"
    created = {_condition(entry): targets.get(entry.full_url) for entry in entries if entry.if_none_exist is not None}
    for text, match in plan.matches.items():
        name = text.partition("?")[0]
        target = f"{name}/{match}" if match else created.get(text)
        if target:
            targets[text] = target
    return targets


def _matched(entry: Entry, plan: Plan) -> str | None:
    return plan.matches.get(_condition(entry)) if entry.if_none_exist is not None else None


def _change(service, entry, plan, ids, targets, received) -> Change | None:
    kind = entry.asked.kind
    if kind is None or entry.asked.interaction not in ("create", "update", "delete"):
        return None
    if entry.asked.interaction == "delete":
        return Change(kind, entry.asked.id, None, False, entry.if_match)
    _require_found(entry, targets)
    if _matched(entry, plan):
        return None
    prepared = prepare(service, kind, rewrite(entry.raw, targets), received)
    if entry.asked.interaction == "update":
        return Change(kind, entry.asked.id, same_id(prepared, entry.asked.id), False, entry.if_match)
    return Change(kind, ids[entry.index], prepared, fresh=True)


def _require_found(entry: Entry, targets: Mapping[str, str]) -> None:
    if any(reference not in targets for reference in conditional_references(entry.raw)):
        raise Stale.of(
            "A conditional reference matches nothing here; send that record first.",
            "Tham chiếu có điều kiện không khớp với hồ sơ nào; hãy gửi hồ sơ đó trước.",
            "Resource",
        )


def _require_distinct(entries: Sequence[Entry], changes: Mapping[int, Change]) -> None:
    seen: set[tuple[str, str]] = set()
    faults = []
    for entry in entries:
        change = changes.get(entry.index)
        key = (change.kind.name, change.id) if change else None
        if key and key in seen:
            faults.append(
                Fault(
                    "invalid",
                    "A record may stand in one entry only.",
                    "Mỗi hồ sơ chỉ được nằm trong một mục.",
                    entry.place,
                )
            )
        if key:
            seen.add(key)
    if faults:
        raise Invalid(faults)


async def _apply(
    service: Service, connection: Connection, entries: Sequence[Entry], changes: Mapping[int, Change], plan: Plan
) -> list[Outcome]:
    written = await apply(service, connection, list(changes.values()))
    outcomes: dict[int, Outcome] = {index: answer(item) for index, item in zip(changes, written, strict=True)}
    for entry in entries:
        match = _matched(entry, plan)
        if match and entry.asked.kind:
            outcomes[entry.index] = await read(connection, entry.asked.kind, match)
        elif entry.index not in outcomes:
            outcomes[entry.index] = await _get(service, connection, entry)
    return [outcomes[entry.index] for entry in entries]


async def _get(service: Service, connection: Connection, entry: Entry) -> Outcome:
    kind = entry.asked.kind
    try:
        if kind and entry.asked.interaction == "read":
            return await read(connection, kind, entry.asked.id)
        if kind and entry.asked.interaction == "search":
            return await search(service, connection, kind, entry.asked.pairs)
    except TramyError as error:
        raise at_entry(error, entry) from error
    raise Invalid(
        [
            Fault(
                "not-supported",
                "A transaction may create, update, delete, read and search.",
                "transaction chỉ hỗ trợ tạo, cập nhật, xóa, đọc và tìm kiếm.",
                entry.place,
            )
        ]
    )


def at_entry(error: TramyError, entry: Entry) -> TramyError:
    """Return the error with its faults placed at the entry."""
    return type(error)(fault._replace(expression=_place(fault.expression, entry)) for fault in error.faults)


def _place(expression: str, entry: Entry) -> str:
    kind = entry.asked.kind
    if kind and (expression == kind.name or expression.startswith((f"{kind.name}.", f"{kind.name}["))):
        return f"{entry.place}.resource{expression.removeprefix(kind.name)}"
    return entry.place
