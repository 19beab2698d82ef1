"""After many rows have come: fresh statistics, without which the planner reads whole tables, and folded roll-ups."""

import asyncpg

from app.indicators.rollup import fold
from app.store.moment import open_epoch, take


async def settle(url: str) -> None:
    """Analyze the tables, mark the ledger's pages as visible to all, fold the roll-ups, and take a moment."""
    connection = await asyncpg.connect(url, command_timeout=None, server_settings={"statement_timeout": "0"})
    try:
        epoch = await open_epoch(connection)
        await connection.execute("vacuum (analyze) ledger")
        await connection.execute("analyze")
        await take(connection, epoch, always=True)
        await fold(connection, epoch, least=1)
    finally:
        await connection.close()
