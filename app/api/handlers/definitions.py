"""What the service says of itself: /metadata and the definitions that are shipped with it."""

from starlette.requests import Request
from starlette.responses import Response

from app.api.handlers.ground import Handler, asking_of, base_of
from app.api.handlers.lists import pairs_of
from app.api.negotiation import Wanted
from app.api.replies import json_response
from app.fhir.asked import Asked
from app.fhir.published.search import read_published, search_published
from app.fhir.service import Service


async def _capabilities(service: Service, request: Request, _what: Asked, want: Wanted) -> Response:
    from app.fhir.interactions.capabilities import capabilities

    return json_response(capabilities(service, base_of(service, request)), want)


async def _read(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    asking = asking_of(service, request, want)
    return json_response(read_published(service, asking, what.published, what.id, what.pairs), want)


async def _search(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    asking = asking_of(service, request, want)
    pairs = await pairs_of(service, request, what)
    return json_response(search_published(service, asking, what.published, pairs), want)


HANDLERS: dict[str, Handler] = {
    "capabilities": _capabilities,
    "read-published": _read,
    "search-published": _search,
}
