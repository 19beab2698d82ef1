"""Reading as a caller: every connection is told what the caller sees before it reads (rule.py)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from asyncpg import Pool, Record

from app.access.rule import Sight
from app.store.database import Connection


class Seeing:
    """A pool as one caller sees it: it lends connections, and runs single statements as a pool does."""

    def __init__(self, pool: Pool, sight: Sight) -> None:
        self._pool, self._sight = pool, sight

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Lend a connection that sees what the caller sees."""
        async with self._pool.acquire() as connection:
            await connection.see(self._sight)
            yield cast("Connection", connection)

    async def fetch(self, query: str, /, *args: Any) -> list[Record]:
        """Return all rows."""
        async with self._pool.acquire() as connection:
            await connection.see(self._sight)
            return await connection.fetch(query, *args)

    async def fetchrow(self, query: str, /, *args: Any) -> Record | None:
        """Return the first row, None without one."""
        async with self._pool.acquire() as connection:
            await connection.see(self._sight)
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, /, *args: Any) -> Any:
        """Return the first column of the first row, None without one."""
        async with self._pool.acquire() as connection:
            await connection.see(self._sight)
            return await connection.fetchval(query, *args)


@asynccontextmanager
async def looking(connection: Connection, sight: Sight, writer: Sight) -> AsyncIterator[None]:
    """Let a transaction that writes look for records as the caller sees them, and write on after that.

    An error inside ends the transaction, and with it what it was told.
    """
    await connection.execute(sight.settings(), sight.schema, sight.holders, sight.types, True)
    yield
    await connection.execute(writer.settings(), writer.schema, writer.holders, writer.types, True)
