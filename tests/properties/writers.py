"""Several writers at once: transactions that are held open, and ended in an order that the test chooses."""

import json
from typing import Any

from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.prepared import prepare
from app.store.database import Connection
from tests.properties.world import World


class Writer:
    """One connection whose transaction stays open until it is told; it knows what it has written so far."""

    def __init__(self, world: World, connection: Connection) -> None:
        self.world, self.connection = world, connection
        self.transaction: Any = None
        self.written: dict[str, dict] = {}

    @property
    def persons(self) -> set[str]:
        """The persons whose rows it holds locked."""
        return set(self.written)

    async def write(self, *records: dict) -> None:
        """Write patients as a request does, without committing; the transaction begins with the first."""
        if self.transaction is None:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        service = self.world.service
        kind = service.registry["Patient"]
        raws = [json.dumps(record).encode() for record in records]
        made = [prepare(service, kind, raw, service.clock()) for raw in raws]
        changes = [Change(kind, record["id"], part) for record, part in zip(records, made, strict=True)]
        for result in await apply(service, self.connection, changes):
            self.written[f"Patient/{result.id}"] = json.loads(result.body or "")

    async def commit(self) -> None:
        """Commit; what it wrote is known from now on."""
        if self.transaction is not None:
            await self.transaction.commit()
            self.world.records |= self.written
        self.transaction, self.written = None, {}

    async def roll_back(self) -> None:
        """Give up what it wrote."""
        if self.transaction is not None:
            await self.transaction.rollback()
        self.transaction, self.written = None, {}
