"""Interactions that list versions: of a record, of a type and of the whole system."""

from starlette.requests import Request
from starlette.responses import Response

from app.api.handlers.ground import Handler, asking_of
from app.api.negotiation import Wanted
from app.api.replies import json_response
from app.fhir.asked import Asked
from app.fhir.interactions.history import history_page
from app.fhir.service import Service


async def _history(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    return json_response(await history_page(service, service.pool, asking_of(service, request, want), what), want)


HANDLERS: dict[str, Handler] = {
    "history": _history,
    "history-type": _history,
    "history-system": _history,
}
