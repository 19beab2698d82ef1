"""A whole run over some types: current versions first, then past ones, then a note of what they were read with.

In this order a version that a writer moves into the past meanwhile has been read anew before. A run that was
stopped is begun again: what is as it must be is only read.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from app.errors import Unavailable
from app.exchange.reindex.current import current
from app.exchange.reindex.digest import digest
from app.exchange.reindex.past import past
from app.exchange.reindex.work import Done, Work
from app.fhir.resource_type import ResourceType
from app.store.database import Connection, Reader
from app.store.indexed import note

_LOCK = "tramy reindex"


class Result(NamedTuple):
    """What a run read and changed, of current and of past versions."""

    current: Done = Done(0, 0)
    past: Done = Done(0, 0)

    @property
    def read(self) -> int:
        """How many versions were read."""
        return self.current.read + self.past.read

    @property
    def changed(self) -> int:
        """How many of them were changed, or would be."""
        return self.current.changed + self.past.changed


async def count(reader: Reader, kinds: Sequence[ResourceType]) -> int:
    """Return how many versions these types have."""
    tables = [table.name for kind in kinds for table in (kind.tables.current, kind.tables.past)]
    return sum([await reader.fetchval(f"select count(*) from {table}") for table in tables])


async def reindex(
    work: Work, kinds: Sequence[ResourceType], progress: Callable[[Result], None] = lambda _result: None
) -> Result:
    """Read the columns of all versions of these types anew and write those that differ; return how many did.

    Each batch is a transaction of its own; `progress` is told after each. Raises Unavailable while another run is
    under way.
    """
    result = Result()
    async with _alone(work.connection):
        for kind in kinds:
            async for done in current(work, kind):
                result = result._replace(current=result.current.plus(*done))
                progress(result)
            async for done in past(work, kind):
                result = result._replace(past=result.past.plus(*done))
                progress(result)
            if not work.dry:
                await note(work.connection, kind.name, digest(kind, work.zone))
    return result


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[None]:
    """Hold the lock of a run. Two at once would wait for each other's rows, in a circle at worst."""
    if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 0))", _LOCK):
        raise Unavailable.of(
            "Another reindex is under way; wait until it has ended.",
            "Một lệnh reindex khác đang chạy; hãy chờ lệnh đó kết thúc.",
        )
    try:
        yield
    finally:
        await connection.execute("select pg_advisory_unlock(hashtextextended($1, 0))", _LOCK)
