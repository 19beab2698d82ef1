"""The rows of new versions: current row, past row, words of prefix indexes."""

from collections.abc import Sequence
from typing import Any

from app.fhir.resource_type import REACH, ResourceType
from app.fhir.search.values import LONGEST, SEPARATOR
from app.fhir.service import Service
from app.fhir.write.change import Change, Written
from app.fhir.write.current import Current, Key
from app.store.database import Connection
from app.store.statements import of

Pair = tuple[Change, Written]


async def write_rows(
    service: Service, connection: Connection, pairs: Sequence[Pair], current: dict[Key, Current]
) -> None:
    """Write what changed, type by type in the order of their names and by id, so that inserts wait in one order."""
    changed = [pair for pair in pairs if pair[1].outcome in ("created", "updated", "deleted")]
    for kind in service.registry:
        mine = sorted((pair for pair in changed if pair[0].kind is kind), key=lambda pair: pair[0].id)
        if mine:
            await _write_type(service, connection, kind, mine, current)


async def _write_type(
    service: Service, connection: Connection, kind: ResourceType, pairs: list[Pair], current: dict[Key, Current]
) -> None:
    made = of(kind.tables)
    new, old = [], []
    for change, written in pairs:
        before = current.get((kind.name, change.id))
        reach = holders_of(service, change, new=before is None)
        values = made.values(row_of(change, written, before), words_of(change), reach, service.epoch)
        (old if before else new).append(values)
    await _run(connection, made.insert, new)
    await _run(connection, made.update, old)


async def _run(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    if len(rows) == 1:
        await connection.execute(statement, *rows[0])
    elif rows:
        await connection.executemany(statement, rows)


def row_of(change: Change, written: Written, before: Current | None) -> dict[str, Any]:
    """Return the values of a new version by column."""
    columns = change.prepared.columns if change.prepared else {}
    owner = change.prepared.owner if change.prepared else before.owner if before else ""
    return {
        **columns,
        "patient_id": owner,
        "id": change.id,
        "version": written.version,
        "updated_at": written.time,
        "body": written.body,
    }


def words_of(change: Change) -> dict[str, list[str]]:
    """Return the words of a new version by the column of their prefix index."""
    if change.prepared is None:
        return {}
    columns = change.prepared.columns
    return {item.column: words(columns.get(item.column)) for item in change.kind.prefixed}


def holders_of(service: Service, change: Change, *, new: bool = True) -> list[str]:
    """Return by whom the person is seen from this version on; who first writes a person looks after it."""
    if change.prepared is None:
        return []
    writer = [service.caller.organization] if new and not change.kind.owner else []
    return sorted({*(change.prepared.columns.get(REACH) or ()), *writer} - {""})


def words(kept: list[str] | None) -> list[str]:
    """Return the folded strings that a prefix index needs: one that begins another is found through that."""
    folded = sorted({value.partition(SEPARATOR)[0][:LONGEST] for value in kept or ()})
    return [word for index, word in enumerate(folded) if not "".join(folded[index + 1 : index + 2]).startswith(word)]
