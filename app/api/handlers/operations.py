"""Operations: found by their name where they stand, asked for by GET or POST. https://hl7.org/fhir/R4/operations.html"""

from starlette.requests import Request
from starlette.responses import Response

from app.api.body import read_body
from app.api.handlers.ground import Handler, asking_of
from app.api.negotiation import Wanted, require_json
from app.api.replies import json_response, record_response
from app.errors import NotAllowed
from app.fhir.asked import Asked
from app.fhir.operation import Call
from app.fhir.operations import named
from app.fhir.service import Service


async def _operation(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    operation = named(what)
    asking = asking_of(service, request, want)
    raw = b""
    if request.method == "POST":
        raw = await read_body(request, service.settings.body_limit)
        if raw:
            require_json(request)
    elif operation.changes:
        raise NotAllowed.of(
            f"${operation.name} changes records; send POST.", f"${operation.name} làm thay đổi hồ sơ; hãy dùng POST."
        )
    reply = await operation.run(service, Call(asking, what.kind, what.id, what.pairs, raw, what.published))
    if reply.answer:
        return record_response(reply.answer, want, asking.base)
    return json_response(reply.body, want, reply.status)


HANDLERS: dict[str, Handler] = {
    "operation": _operation,
}
