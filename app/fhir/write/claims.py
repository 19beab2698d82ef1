"""Values that one record holds alone, through a transaction: taken before anything is locked, settled at its end.

A value passes from one record to another within one transaction too, when the first gives it up there.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Iterable, Sequence

from app.errors import Conflict, Fault
from app.fhir.write.change import Change, Written
from app.fhir.write.current import Widened
from app.store import claim
from app.store.database import Connection

Value = tuple[str, str]


async def take_claims(connection: Connection, changes: Sequence[Change]) -> set[Value]:
    """Take what the changes claim, waiting for writers of the same values. Raises Conflict for what others hold.

    Returned is what a record of these changes gives up for another: that is left to `settle_claims`, which has
    the lock of the former.
    """
    wanted: dict[Value, str] = {}
    doubled = set()
    for change in changes:
        for value in _claimed(change):
            if wanted.setdefault(value, change.id) != change.id:
                doubled.add(value)
    taken = set(await claim.take(connection, wanted))
    passing = await _given_up(connection, changes, taken) if taken else set()
    refused = doubled | (taken - passing)
    if refused:
        raise Conflict(_fault(change, system) for change in changes for system, _ in refused & _claimed(change))
    return passing


def _claimed(change: Change) -> set[Value]:
    return {(held.system, held.value) for held in change.prepared.claims} if change.prepared else set()


def _fault(change: Change, system: str) -> Fault:
    return Fault(
        "duplicate",
        f"An identifier of system {system} is already held by another record.",
        f"Mã số thuộc hệ thống {system} đã được một hồ sơ khác sử dụng.",
        change.at("identifier"),
    )


async def _given_up(connection: Connection, changes: Sequence[Change], values: Iterable[Value]) -> set[Value]:
    """Return those of the values whose holder is changed here and claims them no more."""
    leaving = {change.id: _claimed(change) for change in changes if change.kind.is_person and not change.fresh}
    if not leaving:
        return set()
    rows = await connection.fetch(
        "select c.system, c.value, c.holder from claim c"
        " join unnest($1::text[], $2::text[]) a(system, value) on c.system = a.system and c.value = a.value",
        *_columns(values),
    )
    held = {(row["system"], row["value"]): row["holder"] for row in rows}
    return {value for value, holder in held.items() if holder in leaving and value not in leaving[holder]}


async def settle_claims(
    connection: Connection, changes: Sequence[Change], written: Sequence[Written], passing: set[Value]
) -> None:
    """Give up what changed records no longer claim, and see that they hold what they claim.

    A value that was held when it was asked for may have been given up before the record was locked: then it is
    taken now. Raises Widened when another record was faster.
    """
    pairs = [
        (change, result)
        for change, result in zip(changes, written, strict=True)
        if change.kind.is_person and result.outcome in ("created", "updated", "deleted")
    ]
    changed = [change.id for change, result in pairs if result.version > 1]
    if not changed and not passing:
        return
    kept = [(*value, change.id) for change, _ in pairs for value in sorted(_claimed(change))]
    systems, values, holders = ([row[place] for row in kept] for place in range(3))
    if await connection.fetchval(_SETTLE, changed, systems, values, holders):
        raise Widened


# The rows of `changed` move only under the locks of those records, so they are as this statement sees them.
_SETTLE = """
    with kept as (select * from unnest($2::text[], $3::text[], $4::text[]) k(system, value, holder)),
    passed as (
        update claim c set holder = k.holder from kept k
        where k.system = c.system and k.value = c.value and k.holder <> c.holder and c.holder = any($1::text[])
        returning c.system, c.value
    ),
    given_up as (
        delete from claim c where c.holder = any($1::text[])
        and not exists (select from kept k where k.system = c.system and k.value = c.value)
    ),
    lost as (
        select k.* from kept k where not exists (
            select from claim c where c.system = k.system and c.value = k.value
            and (c.holder = k.holder or c.holder = any($1::text[])))
    ),
    again as (insert into claim (system, value, holder) select * from lost order by system, value
        on conflict (system, value) do nothing returning system)
    select (select count(*) from lost) <> (select count(*) from again)
"""


def _columns(values: Iterable[Value]) -> tuple[list[str], list[str]]:
    pairs = sorted(values)
    return [system for system, _ in pairs], [value for _, value in pairs]
