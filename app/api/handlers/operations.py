"""Operations: found by their name where they stand, asked for by GET or POST. https://hl7.org/fhir/R4/operations.html"""

from starlette.requests import Request
from starlette.responses import Response

from app.api.body import read_body
from app.api.handlers.ground import Handler, asking_of
from app.api.negotiation import Wanted, require_json
from app.api.replies import json_response, record_response
from app.fhir.asked import Asked
from app.fhir.operations import named, perform
from app.fhir.service import Service


async def _operation(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    _ = named(what)
    asking = asking_of(service, request, want)
    raw = None
    if request.method == "POST":
        raw = await read_body(request, service.settings.body_limit)
        if raw:
            require_json(request)
    reply = await perform(service, asking, what, raw)
    if reply.answer:
        return record_response(reply.answer, want, asking.base)
    return json_response(reply.body, want, reply.status)


HANDLERS: dict[str, Handler] = {
    "operation": _operation,
}
