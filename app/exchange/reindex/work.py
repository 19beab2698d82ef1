"""What a batch of rows is read anew with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.resource_type import Registry
from app.fhir.service import Keeper
from app.indicators.keeping import declared, open_keeping
from app.indicators.registry import indicators
from app.indicators.used import used
from app.resources.registry import registry
from app.store.database import Connection
from app.store.moment import open_epoch

BATCH = 1000
"""Rows of a transaction: their writers wait for as long as it takes, some tenths of a second."""


@dataclass(frozen=True)
class Work:
    """A connection of the command's own, the types, what keeps figures, and how many rows make a batch.

    `used` are the columns of each type that figures rest on; with `dry` nothing is written.
    """

    connection: Connection
    registry: Registry
    keeper: Keeper
    used: Mapping[str, set[str]]
    epoch: int
    zone: ZoneInfo
    batch: int
    dry: bool


class Done(NamedTuple):
    """How many rows were read, and how many of them changed."""

    read: int
    changed: int

    def plus(self, read: int, changed: int) -> "Done":
        """Return the sum with another batch."""
        return Done(self.read + read, self.changed + changed)


async def open_work(connection: Connection, zone: ZoneInfo, *, batch: int = BATCH, dry: bool = False) -> Work:
    """Return what all types are read anew with. Raises Misconfigured when the database must be migrated first."""
    keeping, epoch = await open_keeping(connection, indicators()), await open_epoch(connection)
    expressions = declared(indicators()).values()
    rests = {kind.name: used(kind, expressions) for kind in registry()}
    return Work(connection, registry(), keeping, rests, epoch, zone, batch, dry)
