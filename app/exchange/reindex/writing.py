"""The statement that writes the columns of versions, and nothing else of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.exchange.reindex.reading import columns_of
from app.fhir.resource_type import REACH, ResourceType
from app.store.database import Connection
from app.store.reach import adding

Version = tuple[str, int, Mapping[str, Any]]
"""The id and number of a version, and its columns."""


async def write(connection: Connection, kind: ResourceType, table: str, versions: Sequence[Version]) -> None:
    """Write the columns of these versions into the table of current or past ones; the caller commits."""
    names = columns_of(kind)
    changes = ", ".join(f'"{name}" = ${index + 3}' for index, name in enumerate(names))
    await connection.executemany(
        f"update {table} set {changes} where id = $1 and version = $2",
        [(key, number, *(columns[name] for name in names)) for key, number, columns in versions],
    )


async def reach(connection: Connection, versions: Sequence[Version], persons: Mapping[str, str]) -> None:
    """Add those by whom the people of these records are seen; `persons` are their ids by record. None is taken away."""
    rows = [(persons[key], columns[REACH]) for key, _, columns in versions if columns.get(REACH)]
    if rows:
        await connection.executemany(adding("$1::text", "$2"), rows)
