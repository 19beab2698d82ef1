"""The FHIR interface: a request goes to its interaction, the answer becomes a response. https://hl7.org/fhir/R4/http.html

An ASGI application of its own below the base, so that a read passes no more code than it needs.
"""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.access.caller import NOBODY, Caller
from app.api.audit import asking_of, events, is_audit
from app.api.compression import READ, SMALLEST, codings, is_read, packed
from app.api.door import enter
from app.api.emergency import mark, open_if_asked
from app.api.handlers import bundles, definitions, histories, jobs, lists, operations, records
from app.api.handlers.ground import PREFIX, Handler, utf8
from app.api.language import answering
from app.api.negotiation import Wanted, wanted
from app.api.outcome import answer_to
from app.api.preferences import followed_return
from app.errors import NotAllowed, UnsupportedMedia
from app.fhir.asked import Asked, asked, methods
from app.fhir.permit import PUBLIC, permit
from app.fhir.service import Service


class FhirApp:
    """The FHIR interface of the service that `app.state.service` holds."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error becomes an OperationOutcome here."""
        request = Request(scope, receive)
        with answering(scope):
            response = await respond(request)
        body = getattr(response, "body", None)
        # What is sent in parts has no body to hold; it is sent as it comes.
        if body is not None:
            accept = ",".join(request.headers.getlist("accept-encoding")) if len(body) >= SMALLEST else ""
            body = await packed(body, response.raw_headers, accept)
            response.body = b"" if scope["method"] == "HEAD" else body
        await response(scope, receive, send)


async def respond(request: Request, caller: Caller | None = None) -> Response:
    """Return the response to a request; `caller` is who asked for one that was put off."""
    path = path_of(request.scope)
    try:
        return await _respond(request, path, caller)
    except Exception as error:  # nothing may leave as a bare 500: the caller gets an id to ask about
        return answer_to(error, _remedy(error, request, path))


async def _entered(request: Request, path: str, caller: Caller | None) -> Service:
    """Return the service as the one who asks sees it; how to sign in is told to everybody."""
    service: Service = request.scope["app"].state.service
    if caller:
        seen = service.seen_by(caller, request.scope["trail"])
        await mark(seen)
        return seen
    if path.strip("/") in PUBLIC:
        return service.seen_by(NOBODY, request.scope["trail"])
    return await enter(request)


async def _respond(request: Request, path: str, caller: Caller | None) -> Response:
    service = await _entered(request, path, caller)
    if is_audit(path):
        return await events(asking_of(service, request), request, path)
    want = wanted(request)
    what = asked(service.registry, request.method, path, utf8(request.scope["query_string"], "?"))
    service.trail.named(interaction=f"${what.operation}" if what.operation else what.interaction)
    permit(service, what, conditional="if-none-exist" in request.headers)
    await open_if_asked(service, request, what)
    handler = HANDLERS.get(what.interaction)
    if handler is None:
        raise NotAllowed.of("This interaction is not supported here.", "Hệ thống chưa hỗ trợ thao tác này.")
    response = None
    if want.asynchronous and jobs.can_wait(request.method, what):
        response = await jobs.accepted(service, request, path, want)
    response = response or await handler(service, request, what, want)
    if want.returned or want.lenient or want.asynchronous:
        _say_what_was_followed(response, what, want)
    return response


def _remedy(error: Exception, request: Request, path: str) -> dict[str, str]:
    """Return the headers that say what would have been taken instead."""
    if isinstance(error, NotAllowed):
        return {"Allow": ", ".join(methods(path))}
    if isinstance(error, UnsupportedMedia) and not is_read(codings(request.headers)):
        return READ
    return {}


def _say_what_was_followed(response: Response, what: Asked, want: Wanted) -> None:
    """Name in Preference-Applied the preferences that shaped a response."""
    followed = []
    if followed_return(want.returned, what.interaction, getattr(response, "body", b"")):
        followed.append(f"return={want.returned}")
    if want.lenient and what.interaction.startswith("search"):
        followed.append("handling=lenient")
        # Whoever keeps answers must not give this one to a client that is strict.
        response.headers.add_vary_header("Prefer")
    if want.asynchronous and response.status_code == 202:
        followed.append("respond-async")
    if followed:
        response.headers["preference-applied"] = ", ".join(followed)


def within(scope: Scope) -> bool:
    """Return whether a request is for the FHIR interface."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in ("", "/")


def path_of(scope: Scope) -> str:
    """Return the address below the base, still percent-encoded."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1").removeprefix(scope.get("root_path", "")).removeprefix(PREFIX)


HANDLERS: dict[str, Handler] = {
    **records.HANDLERS,
    **lists.HANDLERS,
    **histories.HANDLERS,
    **bundles.HANDLERS,
    **definitions.HANDLERS,
    **operations.HANDLERS,
    **jobs.HANDLERS,
}
