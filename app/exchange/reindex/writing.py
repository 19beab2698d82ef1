"""The statement that writes the columns of versions, and nothing else of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.exchange.reindex.reading import columns_of
from app.fhir.resource_type import ResourceType
from app.store.database import Connection

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
