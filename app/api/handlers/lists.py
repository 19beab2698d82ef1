"""Interactions that list records: search of a type, of a compartment and of the whole system."""

from starlette.requests import Request
from starlette.responses import Response

from app.api.body import read_body
from app.api.handlers.ground import Handler, asking_of
from app.api.negotiation import Wanted, require_json
from app.api.replies import json_response
from app.errors import Malformed
from app.fhir.asked import Asked, Pairs, read_pairs
from app.fhir.interactions.search import search_page
from app.fhir.service import Service


async def pairs_of(service: Service, request: Request, what: Asked) -> Pairs:
    """Return the parameters of a search, of the address and of a form together."""
    if request.method != "POST":
        return what.pairs
    require_json(request, form=True)
    raw = await read_body(request, service.settings.body_limit)
    try:
        return [*what.pairs, *read_pairs(raw.decode())]
    except UnicodeDecodeError:
        raise Malformed.of("The form must be UTF-8.", "Biểu mẫu phải là UTF-8.") from None


async def _search(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    asking = asking_of(service, request, want)
    asked = what._replace(pairs=await pairs_of(service, request, what))
    return json_response(await search_page(service, service.pool, asking, asked), want)


HANDLERS: dict[str, Handler] = {
    "search": _search,
    "search-system": _search,
    "search-compartment": _search,
}
