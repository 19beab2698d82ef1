"""The words of prefix tables, compared with the columns they are made from and written anew."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from app.exchange.reindex.reading import alike
from app.fhir.resource_type import ResourceType
from app.fhir.write.rows import words
from app.store.database import Connection

Found = Mapping[str, Mapping[str, Any]]
"""The columns of records as they must be, by id."""


class Word(NamedTuple):
    """A word of a record, the one before it, and the time that is carried beside (None where none is)."""

    fold: str
    prior: str | None
    beside: datetime | None


async def wrong_words(connection: Connection, kind: ResourceType, found: Found) -> dict[str, set[str]]:
    """Return by column the ids of the records whose words are not those of their columns."""
    wrong = {}
    for column in kind.tables.prefixes:
        held = await _held(connection, kind, column, list(found))
        wrong[column] = {key for key, columns in found.items() if held[key] != _wanted(kind, column, columns)}
    return wrong


async def write_words(connection: Connection, kind: ResourceType, found: Found, wrong: Mapping[str, set[str]]) -> None:
    """Write the words of these records anew, by column; the caller holds the locks of their rows."""
    for column, ids in wrong.items():
        rows = [(key, *word) for key in sorted(ids) for word in _wanted(kind, column, found[key])]
        if ids:
            await connection.execute(
                f"delete from {kind.tables.prefixes[column].name} where id = any($1::text[])", sorted(ids)
            )
        if rows:
            await _insert(connection, kind, column, rows)


async def _held(connection: Connection, kind: ResourceType, column: str, ids: list[str]) -> Mapping[str, list[Word]]:
    table, beside = kind.tables.prefixes[column].name, kind.tables.beside.get(column)
    carried = f'"{beside}"' if beside else "null"
    query = f"select id, fold, prior, {carried} from {table} where id = any($1::text[]) order by id, fold"
    held: dict[str, list[Word]] = defaultdict(list)
    for key, *word in await connection.fetch(query, ids):
        held[key].append(Word(*map(alike, word)))
    return held


async def _insert(connection: Connection, kind: ResourceType, column: str, rows: Sequence[tuple]) -> None:
    table, beside = kind.tables.prefixes[column].name, kind.tables.beside.get(column)
    name, value = (f', "{beside}"', ", w.beside") if beside else ("", "")
    await connection.execute(
        f"insert into {table} (id, fold, prior{name}) select w.id, w.fold, w.prior{value}"
        " from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) w(id, fold, prior, beside)",
        *zip(*rows, strict=True),
    )


def _wanted(kind: ResourceType, column: str, columns: Mapping[str, Any]) -> list[Word]:
    """Return the words of a record in the order of their bytes."""
    listed = words(columns[column])
    beside = columns[kind.tables.beside[column]] if column in kind.tables.beside else None
    return [Word(word, prior, alike(beside)) for word, prior in zip(listed, [None, *listed], strict=False)]
