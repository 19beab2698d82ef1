"""Connections to Postgres: one pool a worker, whose settings make answers the same wherever it runs."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, cast

import asyncpg
from asyncpg import Pool, create_pool
from asyncpg.exceptions import InterfaceError, PostgresError

from app.errors import Unavailable
from app.store.database import Connection


class Told(Protocol):
    """What a connection may be told of whom it reads for: three values and the statement that sets them."""

    @property
    def schema(self) -> str:
        """The schema in which tables are looked for first."""
        ...

    @property
    def holders(self) -> str:
        """By whom people are seen."""
        ...

    @property
    def types(self) -> str:
        """The types that are seen."""
        ...

    def settings(self) -> str:
        """Return the statement."""
        ...


class Quiet(asyncpg.Connection):
    """A connection that is handed back as it is: no statement here leaves anything behind in the session.

    But it keeps in mind for whom it reads, and is told again only when that is somebody else.
    """

    _told: Told | None = None

    async def see(self, told: Told) -> None:
        """Tell the session for whom it reads, outside of any transaction."""
        if self._told != told:
            self._told = None
            await self.execute(told.settings(), told.schema, told.holders, told.types, False)
            self._told = told

    def get_reset_query(self) -> str:
        """Return nothing to run, which saves a round trip a request; an open transaction is still rolled back."""
        return ""


class Lender(Protocol):
    """What lends connections: a pool, or one as a caller sees it."""

    def acquire(self) -> Any:
        """Return a context of a connection."""
        ...


def lend(pool: Lender) -> AbstractAsyncContextManager[Connection]:
    """Lend a connection of the pool for the time of an `async with`."""
    return cast("AbstractAsyncContextManager[Connection]", pool.acquire())


async def open_pool(
    url: str, *, size: int, statement_timeout: float, planned_once: bool = False, role: str = ""
) -> Pool:
    """Open a pool of at most `size` connections under a role; a statement may run `statement_timeout` seconds.

    With `planned_once` a statement is planned for any values and never again, which suits those that write:
    planning the statement that keeps the spans costs ten times its run. Searches are planned for their values.

    Raises Unavailable when the server cannot be reached.
    """
    settings = {
        "application_name": "tramy",
        "timezone": "UTC",
        "statement_timeout": str(int(statement_timeout * 1000)),
        "idle_in_transaction_session_timeout": "60000",
        "jit": "off",
        # One name finds ten people and another half of all: a plan for any of them is right for neither.
        "plan_cache_mode": "force_generic_plan" if planned_once else "force_custom_plan",
        # A plan made while a table was small must still serve when it has grown.
        "enable_seqscan": "off" if planned_once else "on",
        **({"role": role} if role else {}),
    }
    try:
        return await create_pool(
            url,
            min_size=1,
            max_size=size,
            connection_class=Quiet,
            server_settings=settings,
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
            command_timeout=statement_timeout + 5,
        )
    except (OSError, PostgresError, InterfaceError) as error:
        raise _away(error) from error


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[Connection]:
    """Open a connection for long work of a command, whose statements may take their time.

    Raises Unavailable when the server cannot be reached.
    """
    try:
        connection = await asyncpg.connect(url, server_settings={"application_name": "tramy", "timezone": "UTC"})
    except (OSError, PostgresError, InterfaceError) as error:
        raise _away(error) from error
    try:
        yield cast("Connection", connection)
    finally:
        await connection.close()


def _away(error: Exception) -> Unavailable:
    return Unavailable.of(
        f"The database cannot be reached ({type(error).__name__}); run: tramy doctor",
        f"Không kết nối được cơ sở dữ liệu ({type(error).__name__}); hãy chạy: tramy doctor",
    )
