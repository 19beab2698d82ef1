"""What the entries of a transaction change, once what they refer to is known. https://hl7.org/fhir/R4/http.html#trules"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.audit.trail import Seen
from app.errors import Fault, Stale, TramyError
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.placing import at_entry
from app.fhir.bundle.plan import Plan, require_distinct
from app.fhir.bundle.references import names_entries, require_no_strays, require_none_astray, rewrite
from app.fhir.etag import ANY
from app.fhir.interactions.conditional_delete import deletions
from app.fhir.interactions.conditional_patch import require_one
from app.fhir.interactions.conditional_update import change_of
from app.fhir.interactions.conditional_write import nothing_there
from app.fhir.interactions.patch import Document, lock_patched, patch_change, read_patch
from app.fhir.interactions.update import same_id
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.fhir.write.current import Widened
from app.fhir.write.prepared import Prepared, prepare
from app.store.database import Connection

_PATCHES = ("patch", "conditional-patch")


@dataclass(frozen=True)
class Ready:
    """A plan with what it changes, by entry: changes that are checked, and patches, which need what is stored.

    `seen` is what was changed of whom, for the audit.
    """

    plan: Plan
    changes: Mapping[int, list[Change]]
    documents: Mapping[int, Document]
    seen: Mapping[int, Sequence[Seen]] = field(default_factory=dict)


def read_changes(service: Service, plan: Plan) -> Ready:
    """Read every resource with its references resolved.

    Raises Invalid or Unprocessable with the faults of every entry, and Stale for what a condition finds not.
    """
    require_distinct(plan)
    received = service.clock()
    changes: dict[int, list[Change]] = {}
    documents: dict[int, Document] = {}
    faults: list[Fault] = []
    failed: TramyError | None = None
    for entry in plan.entries:
        try:
            if entry.asked.interaction in _PATCHES:
                documents[entry.index] = _document(service, plan, entry)
            else:
                changes[entry.index] = _changes(service, plan, entry, received)
        except TramyError as error:
            failed, faults = error, [*faults, *at_entry(error, entry).faults]
    if failed:
        raise type(failed)(faults)
    return Ready(plan, changes, documents)


async def lock_patches(connection: Connection, ready: Ready) -> None:
    """Let patches of the same records wait for each other, before anything is read or locked."""
    entries = (entry for entry in ready.plan.entries if entry.index in ready.documents)
    names = [tuple(name.split("/")) for entry in entries for name in ready.plan.written(entry)]
    if names:
        await lock_patched(connection, [(name, record_id) for name, record_id in names])


async def with_patches(service: Service, connection: Connection, ready: Ready) -> list[tuple[int, Change]]:
    """Return every change with its entry, the patches applied to what is stored now."""
    changes = dict(ready.changes)
    for entry in ready.plan.entries:
        if entry.index in ready.documents:
            try:
                changes[entry.index] = [await _patched(service, connection, ready, entry)]
            except TramyError as error:
                raise at_entry(error, entry) from error
    return [(index, change) for index in sorted(changes) for change in changes[index]]


def _changes(service: Service, plan: Plan, entry: Entry, received: datetime) -> list[Change]:
    what, conditions = entry.asked, entry.conditions
    match what.interaction:
        case "delete":
            found, if_match = _required(plan, entry)
            return [Change(what.typed, what.id, None, if_match=if_match, found=found, place=entry.place)]
        case "conditional-delete":
            going = list(plan.going.get(entry.index, ()))
            return deletions(service, what.typed, going, conditions.if_match, entry.place)
        case "create":
            prepared = _prepared(service, plan, entry, received)
            if plan.match(entry) or entry.index in plan.repeats:
                return []
            return [Change(what.typed, plan.ids[entry.index], prepared, fresh=True, place=entry.place)]
        case "update":
            found, if_match = _required(plan, entry)
            prepared = same_id(_prepared(service, plan, entry, received), what.id)
            absent = conditions.if_absent
            return [Change(what.typed, what.id, prepared, False, if_match, absent, found, entry.place)]
        case "conditional-update":
            return [_chosen(plan, entry, _prepared(service, plan, entry, received))]
    return []


def _required(plan: Plan, entry: Entry) -> tuple[int | None, int | None]:
    """Return the version that was found and the one that must be current, each None where any will do."""
    if entry.conditions.if_match != ANY:
        return None, entry.conditions.if_match
    match = plan.match(entry)
    if match is None:
        raise nothing_there()
    return match.version, None


def _chosen(plan: Plan, entry: Entry, prepared: Prepared) -> Change:
    """Return the update of what a condition found, or a creation."""
    conditions = entry.conditions
    change = change_of(prepared, plan.match(entry), plan.ids[entry.index], conditions.if_match, entry.place)
    absent = change.if_absent or conditions.if_absent
    return Change(change.kind, change.id, prepared, change.fresh, change.if_match, absent, change.found, entry.place)


def _prepared(service: Service, plan: Plan, entry: Entry, received: datetime) -> Prepared:
    """Read and check the resource of an entry, its references resolved.

    One that a conditional create leaves aside is checked no less: what is sent again is answered the same.
    """
    kind = entry.asked.typed
    _require_found(plan, entry)
    raw = rewrite(entry.raw, plan.targets_in(entry))
    require_no_strays(raw, kind.name)
    return prepare(service, kind, raw, received, entry.tree if raw == entry.raw else None)


def _document(service: Service, plan: Plan, entry: Entry) -> Document:
    _require_found(plan, entry)
    raw = rewrite(entry.raw, plan.targets_in(entry))
    document = read_patch(service, raw, entry.media)
    require_no_strays(raw, entry.place)
    return document


async def _patched(service: Service, connection: Connection, ready: Ready, entry: Entry) -> Change:
    kind, match, document = entry.asked.typed, ready.plan.match(entry), ready.documents[entry.index]
    one = None if entry.asked.id else require_one(kind, [match] if match else [])
    # A patch is of a record that is there, which is all that `*` asks for.
    if_match = entry.conditions.if_match or None
    record_id = one.id if one else entry.asked.id
    change = await patch_change(service, connection, kind, record_id, document, if_match, entry.place)
    if one and change.found != one.version:
        raise Widened
    if change.prepared and names_entries(entry.raw):
        # A patch may set the string of a reference alone, which is not seen in its document.
        require_none_astray(change.prepared.tree, f"{entry.place}.resource")
    return change


def _require_found(plan: Plan, entry: Entry) -> None:
    if not entry.referred <= plan.targets.keys():
        raise Stale.of(
            "A conditional reference matches nothing here; send that record first.",
            "Tham chiếu có điều kiện không khớp với hồ sơ nào; hãy gửi hồ sơ đó trước.",
            entry.asked.typed.name,
        )
