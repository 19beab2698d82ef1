"""After many rows have come: fresh statistics, without which the planner reads whole tables, and folded roll-ups."""

from app.indicators.rollup import fold
from app.store.moment import open_epoch, take
from app.store.pool import alone


async def settle(url: str) -> None:
    """Take a moment, fold the roll-ups, mark the pages that figures read as visible to all, and analyze the tables."""
    async with alone(url) as connection:
        epoch = await open_epoch(connection)
        await take(connection, epoch, always=True)
        await fold(connection, epoch, least=1)
        await connection.execute("vacuum (analyze) ledger, rollup")
        await connection.execute("analyze")
