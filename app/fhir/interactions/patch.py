"""patch: a change to parts of a record, as JSON Patch or FHIRPath Patch. https://hl7.org/fhir/R4/http.html#patch"""

from collections.abc import Iterable

from app.errors import Stale
from app.fhir.answer import Answer, answer
from app.fhir.interactions.conditional_write import write_found
from app.fhir.interactions.read import read
from app.fhir.patch.document import Document, Media, read_patch
from app.fhir.patch.result import patched
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.fhir.write.prepared import prepare
from app.store.advisory import lock_names
from app.store.database import Connection

__all__ = ["Document", "Media", "lock_patched", "patch", "patch_change", "patched", "read_patch"]


async def patch(
    service: Service, kind: ResourceType, record_id: str, raw: bytes, media: Media, if_match: int | None
) -> Answer:
    """Change parts of a record. A patch that changes nothing makes no version.

    Raises what `read_patch` and `patch_change` raise.
    """
    document = read_patch(service, raw, media)

    async def lock(connection: Connection) -> None:
        await lock_patched(connection, [(kind.name, record_id)])

    async def find(connection: Connection) -> list[Change]:
        return [await patch_change(service, connection, kind, record_id, document, if_match)]

    return answer((await write_found(service, lock, find))[0])


async def lock_patched(connection: Connection, records: Iterable[tuple[str, str]]) -> None:
    """Let patches of the same records, each a type and an id, wait for each other until the transaction ends.

    A patch reads before it locks persons and rows; without this, many patches of one record would begin anew
    again and again. It comes after conditions are locked and before anything is read.
    """
    await lock_names(connection, (f"{name}/{record_id}" for name, record_id in records))


async def patch_change(
    service: Service,
    connection: Connection,
    kind: ResourceType,
    record_id: str,
    document: Document,
    if_match: int | None = None,
    place: str = "",
) -> Change:
    """Return the change that a patch is to the current version; another one under the lock begins anew.

    `place` is the entry of a bundle. Raises NotFound and Gone where there is no current version, Stale when
    If-Match names another one (whether or not the patch could be applied), Unprocessable for a patch that cannot be
    applied, and for what it makes of the record all that an update raises.
    """
    held = await read(connection, kind, record_id)
    if if_match is not None and held.version != if_match:
        raise Stale.of(
            "If-Match names a version that is not the current one; read the record again.",
            "If-Match không phải phiên bản hiện tại; hãy đọc lại hồ sơ.",
            place,
        )
    raw = patched(service, kind, held.body or "", document)
    return Change(kind, record_id, prepare(service, kind, raw, service.clock()), found=held.version, place=place)
