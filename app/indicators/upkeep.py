"""What goes on beside requests: moments are taken, roll-ups are folded. Every worker tries; Postgres lets one do it."""

import asyncio
import logging

from asyncpg import Pool

from app.indicators.rollup import fold
from app.store.moment import take
from app.store.pool import lend

_log = logging.getLogger("tramy")
_FOLD_EVERY = 10


async def upkeep(pool: Pool, epoch: int, interval: float) -> None:
    """Take a moment every `interval` seconds and fold every tenth time, until cancelled; wait for a database away."""
    turn = 0
    while True:
        try:
            async with lend(pool) as connection:
                await take(connection, epoch)
                if turn % _FOLD_EVERY == 0:
                    await fold(connection, epoch)
        except Exception as error:  # whatever it was: moments are taken again after it
            _log.warning("upkeep waits for the database: %s", type(error).__name__)
        turn += 1
        await asyncio.sleep(interval)
