"""Erasure of what is due: all versions of records and what was made from them, and who people were who are due.

People are taken in batches, each in a transaction of its own, under the locks that writers take; what is due is asked
again under them. A run that was stopped goes on where it was. docs/decisions/0021-erasure-leaves-the-figures.md
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from asyncpg.exceptions import DeadlockDetectedError

from app.access.caller import Caller
from app.access.rights.deed import Deed, named, record
from app.errors import BadParameter
from app.exchange.reindex.work import Work
from app.exchange.rights.certificate import Certificate, certify
from app.exchange.rights.classes import in_force
from app.exchange.rights.due import Due, due, people_due
from app.fhir.resource_type import ResourceType
from app.fhir.write.current import Widened
from app.fhir.write.group import lock_together, together
from app.indicators.erased import leave, spans_of
from app.store.database import Connection

BATCH = 200
"""People of a transaction: their writers wait for as long as it takes."""
BESIDE = ("reach", "notice", "emergency")
"""Tables with `patient_id` that go with a person; consents, restrictions and requests stay as evidence."""


@dataclass(frozen=True)
class Order:
    """What is to be erased: all that was due before a day; what has a label of special protection only if asked for."""

    caller: Caller
    before: date
    now: datetime
    labelled: bool = False


class Erased(NamedTuple):
    """What a batch erased, and how many people of whom nothing is left."""

    records: list[Due]
    people: int


async def erase(
    work: Work, order: Order, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Certificate:
    """Erase what is due and return the certificate, which the audit has too; `progress` is told of people.

    Raises BadParameter for a day to come: what is not due cannot be erased.
    """
    if order.before > order.now.astimezone(work.zone).date():
        raise BadParameter.of("before must not lie in the future.", "before không được ở tương lai.", "before")
    law = in_force(order.now.astimezone(work.zone).date())
    heads = await people_due(work.connection, work.registry, law, work.zone, order.before, labelled=order.labelled)
    records: list[Due] = []
    people = 0
    for start in range(0, len(heads), BATCH):
        done = await _batch(work, order, heads[start : start + BATCH])
        records, people = records + done.records, people + done.people
        progress(min(start + BATCH, len(heads)), len(heads))
    return certify(order.now, named(order.caller), (item.source for item in law), order.before, records, people)


async def clean(work: Work) -> None:
    """Give the space of what was erased back, so that it is no longer in the files of the database."""
    tables = [name for kind in work.registry for name in _tables(kind)]
    await work.connection.execute(f"vacuum (analyze) {', '.join([*tables, *BESIDE, 'claim', 'span', 'ledger'])}")


def _wanted(order: Order, item: Due) -> bool:
    return not item.held and (order.labelled or not item.labelled)


async def _batch(work: Work, order: Order, heads: Sequence[str]) -> Erased:
    while True:
        try:
            async with work.connection.transaction():
                return await _batch_once(work, order, heads)
        except (Widened, DeadlockDetectedError):
            continue


async def _batch_once(work: Work, order: Order, heads: Sequence[str]) -> Erased:
    """Erase of these people what is due under their locks, and tell the audit in the same transaction."""
    persons = [head for head in heads if head]
    await lock_together(work.connection, work.registry, persons)
    records = await together(work.connection, work.registry, persons)
    day = order.now.astimezone(work.zone).date()
    nobodys = [""] if "" in heads else []
    found = await due(work.connection, work.registry, in_force(day), work.zone, order.before, [*records, *nobodys])
    chosen = _chosen(work, order, found)
    before = await spans_of(work.connection, records)
    await _remove(work, chosen)
    gone = [item.id for item in chosen if item.type == work.registry.person.name]
    await _remove_beside(work.connection, gone)
    # An erasure changes nothing of people of whom nothing was erased; their ledger stays theirs.
    touched = await _records_of(work, records, {item.head for item in chosen} - {""}, gone)
    if touched:
        await work.keeper.keep_merged(work.connection, touched, work.epoch)
        theirs = [span for span in before if span[0] in set(touched)]
        await leave(work.connection, touched, theirs, day, work.epoch)
    people = len({item.head for item in chosen if item.type == work.registry.person.name})
    await _tell(work, order, chosen, people)
    return Erased(chosen, people)


def _chosen(work: Work, order: Order, found: Sequence[Due]) -> list[Due]:
    """Return what is erased; a person stays as long as any of the person's records does."""
    staying = {item.head for item in found if not _wanted(order, item)}
    person = work.registry.person.name
    return [item for item in found if _wanted(order, item) and not (item.type == person and item.head in staying)]


async def _records_of(work: Work, records: Sequence[str], heads: set[str], gone: Sequence[str]) -> list[str]:
    """Return the records, erased ones too, of the people with these heads."""
    table = work.registry.person.tables.name
    rows = await work.connection.fetch(
        f"select id from {table} where id = any($1::text[]) and coalesce(person_id, id) = any($2::text[])",
        list(records),
        sorted(heads),
    )
    return sorted({*gone, *(row["id"] for row in rows)})


async def _remove(work: Work, chosen: Iterable[Due]) -> None:
    ids: dict[str, list[str]] = defaultdict(list)
    for item in chosen:
        ids[item.type].append(item.id)
    for name in sorted(ids):
        kind = work.registry[name]
        for table in _tables(kind):
            await work.connection.execute(f"delete from {table} where id = any($1::text[])", sorted(ids[name]))
        if kind.is_person:
            await work.connection.execute("delete from claim where holder = any($1::text[])", sorted(ids[name]))


def _tables(kind: ResourceType) -> list[str]:
    """Return the tables of a type: current versions, past ones, words."""
    return [kind.tables.name, kind.tables.past.name, *(table.name for table in kind.tables.prefixes.values())]


async def _remove_beside(connection: Connection, gone: Sequence[str]) -> None:
    for table in BESIDE if gone else ():
        await connection.execute(f"delete from {table} where patient_id = any($1::text[])", list(gone))


async def _tell(work: Work, order: Order, chosen: Sequence[Due], people: int) -> None:
    law = [item.source for item in in_force(order.now.astimezone(work.zone).date())]
    proof = certify(order.now, named(order.caller), law, order.before, chosen, people)
    deed = Deed(order.now, order.caller, "retention-erase", "D", results=len(chosen), detail=proof.document())
    if chosen:
        await record(work.connection, deed)
