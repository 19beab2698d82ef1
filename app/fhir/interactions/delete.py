"""delete: a version that ends a record; its past stays readable. https://hl7.org/fhir/R4/http.html#delete"""

from app.fhir.answer import Answer, answer
from app.fhir.etag import ANY
from app.fhir.interactions.conditional_write import write_existing
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection


async def delete(service: Service, kind: ResourceType, record_id: str, if_match: int | None) -> Answer:
    """End a record; to end one that is not there does nothing, but with `if_match` raises Stale.

    Raises Conflict for a patient who has records, Stale for a version that is not the current one.
    """
    if if_match == ANY:
        return answer(await write_existing(service, kind, record_id, None))
    change = Change(kind, record_id, None, if_match=if_match)

    async def work(connection: Connection) -> Answer:
        return answer((await apply(service, connection, [change]))[0])

    return await in_transaction(service, work)
