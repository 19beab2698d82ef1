"""A write of what criteria find: locked, searched, changed in the version that was found, or begun anew.

https://hl7.org/fhir/R4/http.html#cond-update
"""

from collections.abc import Awaitable, Callable

from app.errors import Stale
from app.fhir.conditional import Match, criteria_of, lock_criteria, matches
from app.fhir.resource_type import ResourceType
from app.fhir.search.query import Query
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change, Written
from app.fhir.write.current import Widened
from app.fhir.write.hold import hold
from app.fhir.write.prepared import Prepared
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection

Lock = Callable[[Connection], Awaitable[None]]
Find = Callable[[Connection], Awaitable[list[Change]]]
Decide = Callable[[Connection, list[Match]], Awaitable[list[Change]]]


async def write_matching(service: Service, query: Query, most: int, decide: Decide) -> list[Written]:
    """Apply what `decide` makes of at most `most` matches, and return what came of each change."""

    async def lock(connection: Connection) -> None:
        await lock_criteria(connection, [query])

    async def find(connection: Connection) -> list[Change]:
        return await decide(connection, await matches(service, connection, query, most))

    return await write_found(service, lock, find)


async def write_found(service: Service, lock: Lock, find: Find) -> list[Written]:
    """Apply the changes that `find` returns, after `lock` has taken the locks that come before all others.

    A record that another writer changed after it was found (`Change.found`) makes the search begin anew. From
    then on the record is locked first and searched under its lock, so that one under many writers is reached all
    the same.
    """
    earlier: list[Change] = []

    async def work(connection: Connection) -> list[Written]:
        nonlocal earlier
        held = [change for change in earlier if change.found is not None]
        await lock(connection)
        await hold(service, connection, held)
        async with service.looking(connection) as looker:
            earlier = await find(looker)
        # A value claimed for a record that is not written now must be given back.
        if {change.id for change in held if change.prepared} - {change.id for change in earlier}:
            raise Widened
        return await apply(service, connection, earlier) if earlier else []

    return await in_transaction(service, work)


async def write_existing(service: Service, kind: ResourceType, record_id: str, prepared: Prepared | None) -> Written:
    """Write a new version, or (`prepared` None) a deletion, of a record that must be there, in whatever version.

    Raises Stale when it is not there.
    """

    async def decide(_connection: Connection, found: list[Match]) -> list[Change]:
        if not found:
            raise nothing_there()
        return [Change(kind, record_id, prepared, found=found[0].version)]

    query = criteria_of(service, kind, [("_id", record_id)])
    return (await write_matching(service, query, 1, decide))[0]


def nothing_there() -> Stale:
    """Return the error for If-Match where there is no record."""
    return Stale.of(
        "If-Match asks for a record that is there; there is none.", "If-Match yêu cầu hồ sơ đã có, nhưng chưa có hồ sơ."
    )
