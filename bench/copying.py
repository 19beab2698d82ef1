"""python -m bench.copying ADDRESS START STOP EPOCH: copies people into a database, as rows that the write path makes.

https://www.postgresql.org/docs/current/sql-copy.html
"""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from app.config import Settings
from app.exchange.opening import calm_collector
from app.fhir.body import assemble
from app.fhir.json import members
from app.fhir.resource_type import Reading, ResourceType
from app.fhir.write.rows import words
from app.resources.registry import registry
from app.store.database import Connection
from app.store.statements import of
from bench.people import person

_BATCH = 5000
_SEEN = datetime(2026, 11, 1, tzinfo=UTC)


async def copy(url: str, start: int, stop: int, epoch: int) -> None:
    """Copy people `start` to `stop` (excluded) into the database; `epoch` is shifted (store/moment.py)."""
    kind = registry()["Patient"]
    connection = await asyncpg.connect(url, command_timeout=None)
    calm_collector()
    try:
        for first in range(start, stop, _BATCH):
            await _batch(connection, kind, range(first, min(first + _BATCH, stop)), epoch)
    finally:
        await connection.close()


async def _batch(connection: Connection, kind: ResourceType, numbers: range, epoch: int) -> None:
    zone, columns = Settings().time_zone, of(kind.tables).columns
    made = [_row(kind, zone, number) for number in numbers]
    async with connection.transaction():
        tx = epoch + await connection.fetchval("select pg_current_xact_id()::text::bigint")
        copied = {
            "patient": [(*(row.get(name) for name in columns), tx) for row, _ in made],
            "patient_name_prefix": [pair for row, _ in made for pair in _words(row)],
            "claim": [held for _, claims in made for held in claims],
        }
        listed = {
            "patient": [*columns, "tx"],
            "patient_name_prefix": ["id", "fold", "prior", "birthdate_low"],
            "claim": ["system", "value", "holder"],
        }
        for table, rows in copied.items():
            await connection.copy_records_to_table(table, records=rows, columns=listed[table])


def _row(kind: ResourceType, zone: ZoneInfo, number: int) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Return the row of a person as the write path makes it, and the values it claims."""
    tree = person(number)
    parts = members(msgspec.json.encode(tree))
    row = {
        **kind.columns(tree, Reading(zone, _SEEN)),
        "id": tree["id"],
        "version": 1,
        "updated_at": _SEEN,
        "body": assemble(parts, kind.name, tree["id"], 1, _SEEN),
    }
    return row, [(held.system, held.value, tree["id"]) for held in kind.claims(tree)]


def _words(row: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    listed, born = words(row.get("name")), row.get("birthdate_low")
    return ((row["id"], word, prior, born) for word, prior in zip(listed, [None, *listed], strict=False))


if __name__ == "__main__":
    asyncio.run(copy(sys.argv[1], *(int(text) for text in sys.argv[2:5])))
