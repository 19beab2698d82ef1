"""Operations as entries of a batch. https://hl7.org/fhir/R4/http.html#operations"""

from app.fhir.asking import Asking
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.outcome import Outcome
from app.fhir.operations import perform
from app.fhir.service import Service


async def operate(service: Service, asking: Asking, entry: Entry) -> Outcome:
    """Run the operation of an entry; its parameters stand in the url and in the resource.

    Raises NotFound for an operation that is not here, NotAllowed for one that changes records asked for by GET.
    """
    reply = await perform(service, asking, entry.asked, entry.raw if entry.method == "POST" else None)
    return reply.answer or reply
