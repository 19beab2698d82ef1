"""update, also of an id that is not there yet. https://hl7.org/fhir/R4/http.html#update"""

from app.errors import Invalid
from app.fhir.answer import Answer, answer
from app.fhir.bundle.references import require_resolved
from app.fhir.etag import ANY
from app.fhir.interactions.conditional_write import write_existing
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.prepared import Prepared, prepare
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection


async def update(
    service: Service,
    kind: ResourceType,
    record_id: str,
    raw: bytes,
    if_match: int | None,
    *,
    if_absent: bool = False,
) -> Answer:
    """Store a new version under the id in the address, which the body must have too.

    An update that changes nothing makes no version, so it may be sent again without harm. Raises Stale for a
    version that is not the current one (`if_match` ANY: for no record), and with `if_absent` for any record.
    """
    require_resolved(raw, kind.name)
    prepared = same_id(prepare(service, kind, raw, service.clock()), record_id)
    if if_match == ANY and not if_absent:
        return answer(await write_existing(service, kind, record_id, prepared))
    change = Change(kind, record_id, prepared, if_match=if_match, if_absent=if_absent)

    async def work(connection: Connection) -> Answer:
        return answer((await apply(service, connection, [change]))[0])

    return await in_transaction(service, work)


def same_id(prepared: Prepared, record_id: str) -> Prepared:
    """Return the resource. Raises Invalid when its id is not the one in the address."""
    if prepared.id != record_id:
        raise Invalid.of(
            "The id must be present and equal to the id in the address.",
            "Phải có id và id phải trùng với id trong địa chỉ.",
            f"{prepared.kind.name}.id",
        )
    return prepared
