"""The current versions of a type, read anew batch by batch, while others write.

A batch is first read without a lock: where nothing differs nobody waits. The records that differ are locked as
writers lock them (app/fhir/write/current.py), first their persons, then they themselves, and read once more.
"""

from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple

from asyncpg import Record
from asyncpg.exceptions import DeadlockDetectedError

from app.exchange.reindex.reading import changed, columns_of, read
from app.exchange.reindex.words import write_words, wrong_words
from app.exchange.reindex.work import Done, Work
from app.exchange.reindex.writing import Version, reach, write
from app.fhir.resource_type import ResourceType
from app.fhir.write.current import Persons, Widened, lock_persons
from app.fhir.write.group import together


class Stale(NamedTuple):
    """What differs: versions with the columns they must have, words by column, and persons whose figures rest on it."""

    versions: list[Version]
    words: dict[str, set[str]]
    persons: set[str]

    @property
    def ids(self) -> set[str]:
        """The ids of the records that differ."""
        return {key for key, _, _ in self.versions}.union(*self.words.values())


class Looked(NamedTuple):
    """A batch that was read: how many rows, the id of the last, and what differs."""

    read: int
    last: str
    stale: Stale


async def current(work: Work, kind: ResourceType) -> AsyncIterator[Done]:
    """Yield how many rows of each batch were read and changed, after it is committed."""
    last = ""
    while batch := await _looked_at(work, kind, last):
        last, ids = batch.last, sorted(batch.stale.ids)
        yield Done(batch.read, len(ids) if work.dry or not ids else await _mend(work, kind, ids))


async def _looked_at(work: Work, kind: ResourceType, last: str) -> Looked | None:
    """Read the batch that follows `last` without locks, rows and words at one moment; return None at the end."""
    async with work.connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await work.connection.fetch(_query(kind, f"id > $1 order by id limit {work.batch}"), last)
        return Looked(len(rows), rows[-1]["id"], await _stale(work, kind, rows)) if rows else None


def _query(kind: ResourceType, where: str) -> str:
    owner = "patient_id" if kind.owner else "id" if kind.is_person else "''"
    listed = "".join(f', "{name}"' for name in columns_of(kind))
    return f"select id, version, updated_at, body, {owner} as person{listed} from {kind.tables.name} where {where}"


async def _mend(work: Work, kind: ResourceType, ids: list[str]) -> int:
    """Write what differs in these records under their locks and return how many did."""
    while True:
        try:
            async with work.connection.transaction():
                return await _mend_once(work, kind, ids)
        except (Widened, DeadlockDetectedError):
            continue


async def _mend_once(work: Work, kind: ResourceType, ids: list[str]) -> int:
    owners = {row["person"] for row in await work.connection.fetch(_query(kind, "id = any($1::text[])"), ids)}
    persons = await lock_persons(work.connection, work.registry, owners)
    rows = await work.connection.fetch(_query(kind, "id = any($1::text[]) order by id for no key update"), ids)
    if not {row["person"] for row in rows} <= owners:
        raise Widened
    stale = await _stale(work, kind, rows)
    await write(work.connection, kind, kind.tables.name, stale.versions)
    await reach(work.connection, stale.versions, {row["id"]: row["person"] for row in rows})
    await write_words(work.connection, kind, {row["id"]: _read(work, kind, row) for row in rows}, stale.words)
    await _keep(work, stale.persons, persons)
    return len(stale.ids)


async def _stale(work: Work, kind: ResourceType, rows: Iterable[Record]) -> Stale:
    versions, persons, found = [], set(), {}
    for row in rows:
        found[row["id"]] = columns = _read(work, kind, row)
        if names := changed(dict(row), columns):
            versions.append((row["id"], row["version"], columns))
            persons |= {row["person"]} if names & work.used[kind.name] else set()
    return Stale(versions, await wrong_words(work.connection, kind, found), persons - {""})


def _read(work: Work, kind: ResourceType, row: Record) -> dict:
    return read(kind, row["body"], row["updated_at"], work.zone)


async def _keep(work: Work, touched: set[str], persons: Persons) -> None:
    """Bring spans and ledger up to date, as a write does; those of merged persons are of all their records."""
    if not persons.merged.keys().isdisjoint(touched):
        everyone = await together(work.connection, work.registry, touched)
        await work.keeper.keep_merged(work.connection, everyone, work.epoch)
    elif touched:
        await work.keeper.keep(work.connection, sorted(touched), work.epoch)
