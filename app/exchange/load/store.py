"""Store a portion: resources in transactions of many, bundles each in one; what fails is found and set apart.

A record whose patient or conditional reference is not there yet is put off: it may come later in the load.
"""

from collections import Counter
from collections.abc import Iterable

import msgspec

from app.errors import Conflict, Fault, Refused, Stale, TramyError, Unprocessable
from app.exchange.load.item import Item, glance
from app.exchange.load.report import Report
from app.fhir.answer import Answer
from app.fhir.bundle.entries import Entry, read_bundle
from app.fhir.bundle.transaction import transaction
from app.fhir.interactions.create import new_id
from app.fhir.json import members
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.prepared import prepare
from app.fhir.write.transaction import in_transaction

TOGETHER = 400
"""Resources in one transaction: enough that the commit costs little, few enough that a failing one is soon found."""
_ENTRIES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_LATER = (Unprocessable, Stale)


async def store(service: Service, items: Iterable[Item], *, last: bool) -> tuple[Report, list[Item]]:
    """Store the items and return the report and what is put off; `last` refuses what would be put off again."""
    report, later = Report(), []
    waiting: list[tuple[Item, Change]] = []
    for item in items:
        if item.type == "Bundle":
            await _together(service, waiting, report, later, last=last)
            waiting = []
            await _bundle(service, item, report, later, last=last)
        elif (change := _change(service, item, report)) is not None:
            if len(waiting) >= TOGETHER or any(
                change.id == other.id and change.kind is other.kind for _, other in waiting[-1:]
            ):
                await _together(service, waiting, report, later, last=last)
                waiting = []
            waiting.append((item, change))
    await _together(service, waiting, report, later, last=last)
    return report, later


def _change(service: Service, item: Item, report: Report) -> Change | None:
    if item.type and item.type not in service.registry:
        report.left_out[item.type] += 1
        return None
    try:
        kind = service.registry[item.type]
        prepared = prepare(service, kind, item.raw.strip(), service.clock())
    except TramyError as error:
        report.refused.append((item.place, error.faults))
        return None
    return Change(kind, prepared.id or new_id(), prepared, fresh=prepared.id is None)


async def _together(
    service: Service, pairs: list[tuple[Item, Change]], report: Report, later: list[Item], *, last: bool
) -> None:
    """Store resources in one transaction; when one is in the way, in halves until it is found."""
    if not pairs:
        return
    try:
        changes = [change for _, change in pairs]
        if len({(change.kind.name, change.id) for change in changes}) < len(changes):
            raise Conflict.of("A record stands twice.", "Hồ sơ bị lặp.")
        written = await in_transaction(service, lambda connection: apply(service, connection, changes))
    except Refused as error:
        if len(pairs) == 1:
            _put_off(pairs[0][0], error, report, later, last=last)
            return
        middle = len(pairs) // 2
        await _together(service, pairs[:middle], report, later, last=last)
        await _together(service, pairs[middle:], report, later, last=last)
        return
    for result in written:
        (report.unchanged if result.outcome == "unchanged" else report.stored)[result.kind.name] += 1


def _put_off(item: Item, error: TramyError, report: Report, later: list[Item], *, last: bool) -> None:
    if isinstance(error, _LATER) and not last:
        later.append(item)
    else:
        report.refused.append((item.place, error.faults))


async def _bundle(service: Service, item: Item, report: Report, later: list[Item], *, last: bool) -> None:
    """Store a transaction or batch as a transaction, without the types that are not held."""
    try:
        raw, left_out = _without_unheld(service, item.raw)
        if raw:
            entries = [entry for entry in read_bundle(service, raw).entries if isinstance(entry, Entry)]
            outcomes = await transaction(service, entries)
            for outcome in outcomes:
                if isinstance(outcome, Answer) and outcome.kind and outcome.version:
                    report.stored[outcome.kind.name] += 1
        report.left_out += left_out
    except Refused as error:
        _put_off(item, error, report, later, last=last)


def _without_unheld(service: Service, raw: bytes) -> tuple[bytes, Counter[str]]:
    parts = members(raw)
    left_out: Counter[str] = Counter()
    kept = []
    try:
        entries = _ENTRIES.decode(parts.get("entry", b"[]"))
    except msgspec.DecodeError:
        raise Unprocessable(
            [Fault("structure", "The entries must be a list of objects.", "entry phải là danh sách.", "Bundle.entry")]
        ) from None
    for entry in entries:
        name = glance("", bytes(entry["resource"])).type if "resource" in entry else ""
        if name and name not in service.registry:
            left_out[name] += 1
        else:
            kept.append(
                b"{" + b",".join(b'"%s":%s' % (key.encode(), bytes(value)) for key, value in entry.items()) + b"}"
            )
    head = b'{"resourceType":"Bundle","type":"transaction","entry":['
    return (head + b",".join(kept) + b"]}" if kept else b""), left_out
