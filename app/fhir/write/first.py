"""A record that is new under an id made here: its row and all that is derived from it in one statement.

Nobody else can know the id, so there is nothing to wait for but the patient it belongs to and the values it
claims; a round trip to the database costs more than the statement.
"""

from asyncpg.exceptions import UniqueViolationError

from app.audit.event import Event
from app.audit.writing import statement, values
from app.fhir.body import assemble
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import STATUS, Change, Written
from app.fhir.write.rows import holders_of, row_of, words_of
from app.fhir.write.transaction import AWAY, lending, unavailable
from app.store.database import Connection
from app.store.statements import first, of


async def create_alone(service: Service, change: Change) -> Written | None:
    """Store a record that belongs to nobody, in a transaction of the one statement; it is committed on return.

    Returned is None when another record holds what it claims: apply() then waits, and says what is wrong.
    Raises Unavailable when the database is away.
    """
    written = _written(service, change)
    try:
        async with lending(service) as connection:
            await _run(service, connection, change, written, claims=True)
        service.trail.done([service.trail.current])
    except UniqueViolationError:
        return None
    except AWAY as error:
        raise unavailable() from error
    return written


async def write_first(service: Service, connection: Connection, change: Change, written: Written) -> None:
    """Write the row under the locks that apply() has taken; what it claims is held already."""
    await _run(service, connection, change, written, claims=False)


def _written(service: Service, change: Change) -> Written:
    time = service.clock()
    parts = change.prepared.parts if change.prepared else {}
    return Written(change.kind, change.id, 1, time, assemble(parts, change.kind.name, change.id, 1, time), "created")


async def _run(service: Service, connection: Connection, change: Change, written: Written, *, claims: bool) -> None:
    kind, tables = change.kind, change.kind.tables
    person = change.id if kind.is_person else change.prepared.owner if change.prepared else ""
    held = sorted(change.prepared.claims) if change.prepared and claims else []
    row, words, holders = row_of(change, written, None), words_of(change), holders_of(service, change)
    *filled, epoch = of(tables).values(row, words, holders, service.epoch)
    # A transaction of this one statement writes what the audit keeps of it too.
    told = _told(service, change) if claims else None
    await connection.execute(
        first(tables, _keep(service, kind), statement if told else None),
        [person] if person else [],
        epoch,
        *filled,
        [claim.system for claim in held],
        [claim.value for claim in held],
        *(values(told) if told else ()),
    )


def _told(service: Service, change: Change) -> Event | None:
    service.trail.begin()
    service.trail.saw([(change.kind.name, change.id, change.id if change.kind.is_person else "")])
    return service.trail.current.told(STATUS["created"]) if service.trail.told else None


def _keep(service: Service, kind: ResourceType) -> str:
    if kind.is_person:
        return service.beginning
    return service.keeper.statement if kind.owner else ""
