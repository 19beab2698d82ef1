"""The operations that are the same for every type, and where each stands. https://hl7.org/fhir/R4/operationslist.html"""

from app.errors import NotAllowed, NotFound
from app.fhir.asked import Asked
from app.fhir.asking import Asking
from app.fhir.operation import Call, Operation, Reply
from app.fhir.operations.everything import EVERYTHING
from app.fhir.operations.meta import META, META_ADD, META_DELETE
from app.fhir.operations.terminology import OF_CODE_SYSTEMS, OF_VALUE_SETS
from app.fhir.operations.validate import VALIDATE
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service

EVERYWHERE: tuple[Operation, ...] = (META, META_ADD, META_DELETE, VALIDATE)
"""Operations of every served type, and of the system where they have that level."""
OF_PERSONS: tuple[Operation, ...] = (EVERYTHING,)
"""Operations of the type whose records are the patients, beside those its file declares."""
OF_PUBLISHED: dict[str, tuple[Operation, ...]] = {"CodeSystem": OF_CODE_SYSTEMS, "ValueSet": OF_VALUE_SETS}
"""Operations of shipped definitions, by type."""


def operations_at(kind: ResourceType | None, published: str = "", *, instance: bool = False) -> list[Operation]:
    """Return the operations at an address: of a type, of one of its records, of a shipped type, or of the system."""
    level = "instance" if instance else "type" if kind or published else "system"
    if published:
        return [item for item in OF_PUBLISHED.get(published, ()) if level in item.levels]
    own = (*(OF_PERSONS if kind.is_person else ()), *kind.operations) if kind else ()
    return [item for item in (*EVERYWHERE, *own) if level in item.levels]


def named(what: Asked) -> Operation:
    """Return the operation that an address asks for. Raises NotFound, saying which there are, for one that is not."""
    here = operations_at(what.kind, what.published, instance=bool(what.id))
    found = next((item for item in here if item.name == what.operation), None)
    if found is None:
        listed = ", ".join(f"${item.name}" for item in here) or "none"
        raise NotFound.of(
            f"There is no such operation here; there are: {listed}.",
            f"Không có thao tác này ở đây; có: {listed}.",
            code="not-supported",
        )
    return found


async def perform(service: Service, asking: Asking, what: Asked, raw: bytes | None) -> Reply:
    """Run the operation that an address asks for; `raw` is the body of a POST, None for a GET.

    Raises NotFound for an operation that is not here, NotAllowed for one that changes records asked for by GET.
    """
    operation = named(what)
    if operation.changes and raw is None:
        raise NotAllowed.of(
            f"${operation.name} changes records; send POST.", f"${operation.name} làm thay đổi hồ sơ; hãy dùng POST."
        )
    return await operation.run(service, Call(asking, what.kind, what.id, what.pairs, raw or b"", what.published))
