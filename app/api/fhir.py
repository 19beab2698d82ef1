"""The FHIR interface: a request goes to its interaction, the answer becomes a response. https://hl7.org/fhir/R4/http.html

An ASGI application of its own below the base, so that a read passes no more code than it needs.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.body import read_body
from app.api.negotiation import Wanted, require_json, wanted
from app.api.outcome import error_response, unexpected
from app.api.replies import history_bundle, json_response, record_response, response_bundle, searchset
from app.errors import Malformed, NotAllowed, TramyError
from app.fhir.asked import Asked, asked, methods, read_pairs
from app.fhir.bundle.batch import batch
from app.fhir.bundle.entries import Entry, read_bundle
from app.fhir.bundle.transaction import transaction
from app.fhir.etag import read_etag
from app.fhir.interactions.create import create
from app.fhir.interactions.delete import delete
from app.fhir.interactions.history import history
from app.fhir.interactions.read import read
from app.fhir.interactions.search import search
from app.fhir.interactions.update import update
from app.fhir.interactions.vread import vread
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service

PREFIX = "/fhir"


class FhirApp:
    """The FHIR interface of the service that `app.state.service` holds."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error becomes an OperationOutcome here."""
        request = Request(scope, receive)
        response = await respond(request)
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)


async def respond(request: Request) -> Response:
    """Return the response to a request."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    try:
        return await _respond(request, path)
    except NotAllowed as error:
        return error_response(error, {"Allow": ", ".join(methods(path))})
    except TramyError as error:
        return error_response(error)
    except Exception as error:  # nothing may leave as a bare 500: the caller gets an id to ask about
        return unexpected(error)


async def _respond(request: Request, path: str) -> Response:
    service: Service = request.scope["app"].state.service
    want = wanted(request)
    what = asked(service.registry, request.method, path, request.scope["query_string"].decode("latin-1"))
    handler = _HANDLERS[what.interaction]
    return await handler(service, request, what, want)


def base_of(service: Service, request: Request) -> str:
    """Return the address of this interface as the client sees it."""
    return service.base or f"{request.url.scheme}://{request.url.netloc}{PREFIX}"


def _kind(what: Asked) -> ResourceType:
    assert what.kind is not None
    return what.kind


async def _read(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    answer = await read(service.pool, _kind(what), what.id)
    return record_response(answer, want._replace(returned=None), "")


async def _vread(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    answer = await vread(service.pool, _kind(what), what.id, what.version)
    return record_response(answer, want._replace(returned=None), "")


async def _history(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    kind = _kind(what)
    versions = await history(service, service.pool, kind, what.id, what.pairs)
    return json_response(history_bundle(versions, kind, what.id, base_of(service, request)), want)


async def _search(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    pairs = what.pairs
    if request.method == "POST":
        require_json(request, form=True)
        raw = await read_body(request, service.settings.body_limit)
        try:
            pairs = [*pairs, *read_pairs(raw.decode())]
        except UnicodeDecodeError:
            raise Malformed.of("The form must be UTF-8.", "Biểu mẫu phải là UTF-8.") from None
    found = await search(service, service.pool, _kind(what), pairs)
    return json_response(searchset(found, base_of(service, request)), want)


async def _create(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    raw = await read_body(request, service.settings.body_limit)
    answer = await create(service, _kind(what), raw, request.headers.get("if-none-exist"))
    return record_response(answer, want, base_of(service, request))


async def _update(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    if_match = request.headers.get("if-match")
    raw = await read_body(request, service.settings.body_limit)
    answer = await update(service, _kind(what), what.id, raw, read_etag(if_match) if if_match is not None else None)
    return record_response(answer, want, base_of(service, request))


async def _delete(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    if_match = request.headers.get("if-match")
    answer = await delete(service, _kind(what), what.id, read_etag(if_match) if if_match is not None else None)
    return record_response(answer, want, base_of(service, request))


async def _bundle(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    bundle = read_bundle(service, await read_body(request, service.settings.body_limit))
    base = base_of(service, request)
    if bundle.type == "batch":
        return json_response(response_bundle("batch", await batch(service, bundle.entries), want, base), want)
    entries = [entry for entry in bundle.entries if isinstance(entry, Entry)]
    return json_response(response_bundle("transaction", await transaction(service, entries), want, base), want)


async def _capabilities(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    from app.fhir.interactions.capabilities import capabilities

    return json_response(capabilities(service, base_of(service, request)), want)


_HANDLERS = {
    "read": _read,
    "vread": _vread,
    "history": _history,
    "search": _search,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "bundle": _bundle,
    "capabilities": _capabilities,
}
