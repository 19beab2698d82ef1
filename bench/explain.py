"""What Postgres says of the statements that the program makes: they are recorded as they pass, then explained.

https://www.postgresql.org/docs/current/sql-explain.html
"""

import json
import time
from typing import Any, cast

from asyncpg import Connection


class Recorder:
    """Stands where a connection is expected, passes statements on, and keeps them with their values."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[tuple[str, tuple[Any, ...]]] = []

    def as_connection(self) -> Connection:
        """Return itself, by the type that the program asks for."""
        return cast(Connection, self)

    async def fetch(self, text: str, *values: Any) -> list[Any]:
        """Run a statement and keep it."""
        self.statements.append((text, values))
        return await self._connection.fetch(text, *values)

    async def fetchval(self, text: str, *values: Any) -> Any:
        """Run a statement and keep it."""
        self.statements.append((text, values))
        return await self._connection.fetchval(text, *values)


async def seconds(connection: Connection, text: str, values: tuple[Any, ...]) -> tuple[float, float]:
    """Return the seconds Postgres needs to plan a statement with these values, and to run it.

    A statement that asks for a plan itself is timed at the client.
    """
    if text.startswith("explain"):
        began = time.perf_counter()
        await connection.fetch(text, *values)
        return time.perf_counter() - began, 0.0
    rows = await connection.fetch(f"explain (analyze, format json) {text}", *values)
    plan = json.loads(rows[0][0])[0]
    return plan["Planning Time"] / 1000, plan["Execution Time"] / 1000


async def all_seconds(connection: Connection, recorder: Recorder) -> tuple[float, float]:
    """Return the seconds for planning and for running all that was recorded, and forget it."""
    planning = running = 0.0
    for text, values in recorder.statements:
        planned, ran = await seconds(connection, text, values)
        planning, running = planning + planned, running + ran
    recorder.statements.clear()
    return planning, running
