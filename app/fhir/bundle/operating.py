"""Operations as entries of a batch. https://hl7.org/fhir/R4/http.html#operations"""

from app.errors import NotAllowed
from app.fhir.asking import Asking
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.outcome import Outcome
from app.fhir.operation import Call
from app.fhir.operations import named
from app.fhir.service import Service


async def operate(service: Service, asking: Asking, entry: Entry) -> Outcome:
    """Run the operation of an entry; its parameters stand in the url and in the resource.

    Raises NotFound for an operation that is not here, NotAllowed for one that changes records asked for by GET.
    """
    what, operation = entry.asked, named(entry.asked)
    if operation.changes and entry.method != "POST":
        raise NotAllowed.of(
            f"${operation.name} changes records; send POST.", f"${operation.name} làm thay đổi hồ sơ; hãy dùng POST."
        )
    raw = entry.raw if entry.method == "POST" else b""
    reply = await operation.run(service, Call(asking, what.kind, what.id, what.pairs, raw, what.published))
    return reply.answer or reply
