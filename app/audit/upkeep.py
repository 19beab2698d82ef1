"""What goes on beside requests: rows are sealed, heads anchored, months made. Every worker tries; one does it."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import Pool

from app.audit.anchor import put
from app.audit.seal import Seal, head
from app.audit.sealing import seal
from app.store.database import Connection
from app.store.pool import lend

INTERVAL = 0.5
"""Seconds between two seals; a row is sealed within a second."""
AHEAD = 3
_ANCHORED = timedelta(minutes=1)
_MONTHS = timedelta(days=1)
_PATIENCE = 5.0
_log = logging.getLogger("tramy")


async def make_months(connection: Connection) -> None:
    """Make the partitions of this month and of those ahead."""
    await connection.execute("select audit_months($1)", AHEAD)


@dataclass
class Upkeep:
    """Keeps the audit of one worker: `anchor` is an address or None, `hosts` those that may be called."""

    pool: Pool
    epoch: int
    clock: Callable[[], datetime]
    anchor: str | None = None
    hosts: Collection[str] = ()
    _made: Seal | None = None
    _kept: int = 0
    _anchor_due: datetime | None = None
    _months_due: datetime | None = None

    async def run(self, interval: float = INTERVAL) -> None:
        """Seal every `interval` seconds until cancelled; then seal and anchor once more."""
        try:
            while True:
                await self._turn()
                await asyncio.sleep(interval)
        finally:
            async with asyncio.timeout(_PATIENCE):
                self._anchor_due = None
                await self._turn()

    async def _turn(self) -> None:
        """Do what is due; a database that is away is waited for."""
        try:
            async with lend(self.pool) as connection:
                await self._in_months(connection)
                self._made = await seal(connection, self.epoch, self.clock()) or self._made
            await self._in_anchors()
        except Exception as error:  # whatever it was: rows that come after it must be sealed too
            _log.warning("the upkeep of the audit waits: %s", type(error).__name__)

    async def _in_months(self, connection: Connection) -> None:
        now = self.clock()
        if self._months_due is None or now >= self._months_due:
            self._months_due = now + _MONTHS
            await make_months(connection)

    async def _in_anchors(self) -> None:
        """Keep the newest seal that this worker made elsewhere, once a minute."""
        now, made = self.clock(), self._made
        due = self._anchor_due is None or now >= self._anchor_due
        if self.anchor and made and made.number > self._kept and due:
            await put(self.anchor, made, self.hosts)
            self._kept, self._anchor_due = made.number, now + _ANCHORED


async def anchor_now(connection: Connection, address: str, hosts: Collection[str]) -> Seal:
    """Keep the head of the chain, if there is any, elsewhere at once, and return it."""
    last = await head(connection)
    if last.number:
        await put(address, last, hosts)
    return last
