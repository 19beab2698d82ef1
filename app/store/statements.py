"""The statements that write one version of a record, made once from the tables of its type."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.store.record import Tables

_OURS = ("tx",)


@dataclass(frozen=True)
class Statements:
    """An insert of a first version, and an update that moves the old version into the past.

    `columns` are the values of both, in order; the epoch of transaction numbers follows as the last.
    """

    columns: tuple[str, ...]
    insert: str
    update: str

    def values(self, row: dict[str, Any], epoch: int) -> tuple[Any, ...]:
        """Return the arguments of either statement for a row."""
        return (*(row.get(name) for name in self.columns), epoch)


@lru_cache(maxsize=256)
def statements(name: str, past: str, columns: tuple[str, ...]) -> Statements:
    """Return the statements for a table and its table of past versions."""
    places = [f"${index + 1}" for index in range(len(columns))]
    epoch = f"${len(columns) + 1}"
    tx = f"{epoch}::bigint + pg_current_xact_id()::text::bigint"
    listed = ", ".join(f'"{column}"' for column in columns)
    at = f"${columns.index('updated_at') + 1}"
    key = f"id = ${columns.index('id') + 1}"
    insert = f"insert into {name} ({listed}, tx) values ({', '.join(places)}, {tx})"
    changes = ", ".join(
        f'"{column}" = {place}' for column, place in zip(columns, places, strict=True) if column != "id"
    )
    update = (
        f"with past as (insert into {past} ({listed}, tx, until_tx, until_at)"
        f" select {listed}, tx, {tx}, {at} from {name} where {key})"
        f" update {name} set {changes}, tx = {tx} where {key}"
    )
    return Statements(columns, insert, update)


def of(tables: Tables) -> Statements:
    """Return the statements of a type's tables."""
    columns = tuple(column.name for column in tables.current.columns if column.name not in _OURS)
    return statements(tables.current.name, tables.past.name, columns)
