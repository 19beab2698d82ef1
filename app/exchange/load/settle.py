"""After many rows have come: fresh statistics, without which the planner reads whole tables, and folded roll-ups."""

from app.indicators.rollup import fold
from app.store.moment import open_epoch, take
from app.store.pool import alone


async def settle(url: str) -> None:
    """Analyze the tables, mark the ledger's pages as visible to all, fold the roll-ups, and take a moment."""
    async with alone(url) as connection:
        epoch = await open_epoch(connection)
        await connection.execute("vacuum (analyze) ledger")
        await connection.execute("analyze")
        await take(connection, epoch, always=True)
        await fold(connection, epoch, least=1)
