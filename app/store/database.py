"""What code here asks of a connection to Postgres: asyncpg's, whether it came from a pool or was opened alone.

https://magicstack.github.io/asyncpg/current/api/index.html#connection
"""

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Any, Protocol

from asyncpg import Record


class Reader(Protocol):
    """Runs single statements: a connection, or a pool that lends one for each."""

    async def fetch(self, query: str, /, *args: Any) -> list[Record]:
        """Return all rows."""
        ...

    async def fetchrow(self, query: str, /, *args: Any) -> Record | None:
        """Return the first row, None without one."""
        ...

    async def fetchval(self, query: str, /, *args: Any) -> Any:
        """Return the first column of the first row, None without one."""
        ...


class Connection(Reader, Protocol):
    """One connection, on which statements and transactions follow each other."""

    async def execute(self, query: str, /, *args: Any) -> str:
        """Run a statement, or without arguments several."""
        ...

    async def executemany(self, command: str, /, args: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each sequence of arguments."""
        ...

    async def copy_records_to_table(
        self,
        table_name: str,
        /,
        *,
        records: Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]],
        columns: Any = None,
    ) -> str:
        """Copy rows into a table."""
        ...

    async def copy_from_query(self, query: str, /, *args: Any, output: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109
        """Copy what a query finds to a file or an asynchronous function; `timeout` is in seconds."""
        ...

    def transaction(self, *, isolation: Any = None, readonly: bool = False, deferrable: bool = False) -> Any:
        """Return a transaction, or a savepoint inside one."""
        ...

    def cursor(self, query: str, /, *args: Any, prefetch: int | None = None) -> Any:
        """Return an iterator over rows, inside a transaction."""
        ...
