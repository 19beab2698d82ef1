"""create, also conditional. https://hl7.org/fhir/R4/http.html#create"""

from uuid_utils import uuid7

from app.fhir.answer import Answer, answer
from app.fhir.bundle.references import require_resolved
from app.fhir.conditional import lock_criteria, only_match, read_criteria
from app.fhir.interactions.read import read_found
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.barred import require_own
from app.fhir.write.change import Change
from app.fhir.write.first import create_alone
from app.fhir.write.prepared import prepare
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection


def new_id() -> str:
    """Return a UUID of version 7: made in the order of time, which is kind to indexes."""
    return str(uuid7())


async def create(service: Service, kind: ResourceType, raw: bytes, if_none_exist: str | None = None) -> Answer:
    """Store a new record under an id of the server's; with criteria, only when nothing matches them.

    One match answers 200 with that record; more than one raises Stale.
    """
    require_resolved(raw, kind.name)
    prepared = prepare(service, kind, raw, service.clock())
    change = Change(kind, new_id(), prepared, fresh=True)
    query = read_criteria(service, kind, if_none_exist) if if_none_exist is not None else None

    if query is None and not kind.owner and service.limits is None:
        require_own(service, [change])
        written = await create_alone(service, change)
        if written:
            return answer(written)

    async def work(connection: Connection) -> Answer:
        if query is not None:
            await lock_criteria(connection, [query])
            async with service.looking(connection) as looker:
                match = await only_match(service, looker, query)
            if match:
                return await read_found(connection, kind, match)
        return answer((await apply(service, connection, [change]))[0])

    return await in_transaction(service, work)
