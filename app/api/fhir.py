"""The FHIR interface: a request goes to its interaction, the answer becomes a response. https://hl7.org/fhir/R4/http.html

An ASGI application of its own below the base, so that a read passes no more code than it needs.
"""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.body import read_body
from app.api.negotiation import Wanted, require_json, wanted
from app.api.outcome import error_response, unexpected
from app.api.replies import history_bundle, json_response, record_response, response_bundle, searchset
from app.errors import BadParameter, Malformed, NotAllowed, TramyError
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
from app.fhir.service import Service
from app.fhir.write.transaction import AWAY, unavailable

PREFIX = "/fhir"
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")


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
    path = path_of(request.scope)
    try:
        return await _respond(request, path)
    except NotAllowed as error:
        return error_response(error, {"Allow": ", ".join(methods(path))})
    except TramyError as error:
        return error_response(error)
    except AWAY:
        return error_response(unavailable())
    except Exception as error:  # nothing may leave as a bare 500: the caller gets an id to ask about
        return unexpected(error)


async def _respond(request: Request, path: str) -> Response:
    service: Service = request.scope["app"].state.service
    want = wanted(request)
    what = asked(service.registry, request.method, path, _utf8(request.scope["query_string"], "?"))
    handler = _HANDLERS[what.interaction]
    return await handler(service, request, what, want)


def within(scope: Scope) -> bool:
    """Return whether a request is for the FHIR interface."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in ("", "/")


def path_of(scope: Scope) -> str:
    """Return the address below the base, still percent-encoded."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1").removeprefix(scope.get("root_path", "")).removeprefix(PREFIX)


def base_of(service: Service, request: Request) -> str:
    """Return the address of this interface as the client sees it.

    Raises Malformed for a Host header that is no host, so it is asked for before anything is written.
    """
    if service.base:
        return service.base
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Malformed.of("The Host header must be a host.", "Tiêu đề Host phải là tên máy chủ.")
    return f"{request.scope['scheme']}://{host}{PREFIX}"


def _utf8(raw: bytes, place: str) -> str:
    """Decode what an address or a header holds; a letter that a client did not encode must not become others."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadParameter.of(
            "This must be UTF-8; percent-encode it.", "Phần này phải là UTF-8; hãy mã hóa phần trăm.", place
        ) from None


async def _read(service: Service, _request: Request, what: Asked, want: Wanted) -> Response:
    answer = await read(service.pool, what.typed, what.id)
    return record_response(answer, want._replace(returned=None), "")


async def _vread(service: Service, _request: Request, what: Asked, want: Wanted) -> Response:
    answer = await vread(service.pool, what.typed, what.id, what.version)
    return record_response(answer, want._replace(returned=None), "")


async def _history(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    kind, base = what.typed, base_of(service, request)
    versions = await history(service, service.pool, kind, what.id, what.pairs)
    return json_response(history_bundle(versions, kind, what.id, base), want)


async def _search(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    pairs, base = what.pairs, base_of(service, request)
    if request.method == "POST":
        require_json(request, form=True)
        raw = await read_body(request, service.settings.body_limit)
        try:
            pairs = [*pairs, *read_pairs(raw.decode())]
        except UnicodeDecodeError:
            raise Malformed.of("The form must be UTF-8.", "Biểu mẫu phải là UTF-8.") from None
    found = await search(service, service.pool, what.typed, pairs)
    return json_response(searchset(found, base), want)


async def _create(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    base = base_of(service, request)
    condition = request.headers.get("if-none-exist")
    if condition is not None:
        condition = _utf8(condition.encode("latin-1"), "If-None-Exist")
    raw = await read_body(request, service.settings.body_limit)
    return record_response(await create(service, what.typed, raw, condition), want, base)


async def _update(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    require_json(request)
    base = base_of(service, request)
    if_match = request.headers.get("if-match")
    raw = await read_body(request, service.settings.body_limit)
    answer = await update(service, what.typed, what.id, raw, read_etag(if_match) if if_match is not None else None)
    return record_response(answer, want, base)


async def _delete(service: Service, request: Request, what: Asked, want: Wanted) -> Response:
    if_match = request.headers.get("if-match")
    answer = await delete(service, what.typed, what.id, read_etag(if_match) if if_match is not None else None)
    return record_response(answer, want, "")


async def _bundle(service: Service, request: Request, _what: Asked, want: Wanted) -> Response:
    require_json(request)
    base = base_of(service, request)
    bundle = read_bundle(service, await read_body(request, service.settings.body_limit))
    if bundle.type == "batch":
        return json_response(response_bundle("batch", await batch(service, bundle.entries), want, base), want)
    entries = [entry for entry in bundle.entries if isinstance(entry, Entry)]
    return json_response(response_bundle("transaction", await transaction(service, entries), want, base), want)


async def _capabilities(service: Service, request: Request, _what: Asked, want: Wanted) -> Response:
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
