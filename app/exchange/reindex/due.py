"""Whether the columns of some types must be read anew: what they were read with is not what this program reads with."""

import logging
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from app.exchange.reindex.digest import digest
from app.fhir.resource_type import ResourceType
from app.store.database import Connection, Reader
from app.store.finding import Finding, Text, judged
from app.store.indexed import digests, note

_log = logging.getLogger("tramy")


async def due(reader: Reader, kinds: Iterable[ResourceType], zone: ZoneInfo) -> list[str]:
    """Return the names of the types whose rows were read otherwise, or nobody knows how."""
    held = await digests(reader)
    return [kind.name for kind in kinds if held.get(kind.name) != digest(kind, zone)]


async def note_empty(connection: Connection, kinds: Iterable[ResourceType], zone: ZoneInfo) -> None:
    """Write down for types that hold no record how they are read: what comes is read so."""
    for kind in kinds:
        current, past = kind.tables.current.name, kind.tables.past.name
        if await connection.fetchval(f"select not exists(select from {current}) and not exists(select from {past})"):
            await note(connection, kind.name, digest(kind, zone))


async def examined(reader: Reader, kinds: Iterable[ResourceType], zone: ZoneInfo) -> Finding:
    """Return for `tramy doctor` whether searches and figures see all records as this program would write them."""
    behind = await due(reader, kinds, zone)
    if not behind:
        well = Text("read as this program reads them", "được đọc đúng như chương trình này đọc")
        return Finding("columns", True, well)
    listed = ", ".join(behind)
    says = Text(f"read otherwise before: {listed}", f"trước đây được đọc theo cách khác: {listed}")
    return judged("columns", False, says, Text("run: tramy reindex", "hãy chạy: tramy reindex"))


async def warn(reader: Reader, kinds: Iterable[ResourceType], zone: ZoneInfo) -> None:
    """Log, for a service that starts, that columns must be read anew, and how."""
    behind = await due(reader, kinds, zone)
    if behind:
        _log.warning("Searches may miss older records of %s; run: tramy reindex", ", ".join(behind))
