"""Transactions and batches."""

from starlette.requests import Request
from starlette.responses import Response

from app.api.body import read_body
from app.api.bundle_replies import response_bundle
from app.api.handlers.ground import Handler, asking_of
from app.api.negotiation import Wanted, require_json
from app.api.replies import json_response
from app.fhir.asked import Asked
from app.fhir.bundle.batch import batch
from app.fhir.bundle.entries import Entry, read_bundle
from app.fhir.bundle.transaction import transaction
from app.fhir.service import Service


async def _bundle(service: Service, request: Request, _what: Asked, want: Wanted) -> Response:
    require_json(request)
    asking = asking_of(service, request, want)
    bundle = read_bundle(service, await read_body(request, service.settings.body_limit), asking.base)
    if bundle.type == "batch":
        outcomes = await batch(service, bundle.entries, asking)
    else:
        outcomes = await transaction(service, [item for item in bundle.entries if isinstance(item, Entry)], asking)
    return json_response(response_bundle(bundle.type, outcomes, want), want)


HANDLERS: dict[str, Handler] = {
    "bundle": _bundle,
}
