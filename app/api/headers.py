"""What every answer tells a browser, and which pages of other hosts may ask at all.

https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html and https://fetch.spec.whatwg.org/
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STEADY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""The same for every answer."""
UNLESS_SET = {
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # An ETag still saves sending a record again to a client that keeps it itself and says so with If-None-Match;
    # what nobody may do is keep it on the way, or on the disk of a shared computer.
    b"cache-control": b"no-store",
}
"""What an answer that says nothing else has."""
PUBLIC = b"no-cache"
"""For what holds nobody's data: it may be kept, and is asked for again before it is used."""
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
"""Two years of https alone. https://www.rfc-editor.org/rfc/rfc6797"""
_PUBLIC = ("/docs", "/openapi.json", "/fhir/metadata")

ASKED = (
    "Accept",
    "Authorization",
    "Content-Encoding",
    "Content-Type",
    "If-Match",
    "If-Modified-Since",
    "If-None-Exist",
    "If-None-Match",
    "Prefer",
    "X-Break-Glass",
    "X-Request-Id",
)
"""The headers that a page of a listed host may send."""
TOLD = (
    "Content-Location",
    "ETag",
    "Last-Modified",
    "Location",
    "Preference-Applied",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Progress",
    "X-Request-Id",
)
"""The headers that a page of a listed host may read."""


class Guarded:
    """Adds the headers to what another application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_added(scope, message)]
            await send(message)

        await self.app(scope, receive, guarded)


def _added(scope: Scope, start: Message) -> list[tuple[bytes, bytes]]:
    present = {name for name, _ in start.get("headers", ())}
    added = [*STEADY, *((name, value) for name, value in UNLESS_SET.items() if name not in present)]
    if b"cache-control" not in present and start["status"] in (200, 304) and scope["path"].startswith(_PUBLIC):
        added[-1] = (b"cache-control", PUBLIC)
    # Said over http it would be believed by nobody, and might come from anybody.
    return [*added, HSTS] if scope.get("scheme") == "https" else added


def shared(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins ask, with a token of their own and never with cookies; without any, none may."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=ASKED,
        expose_headers=TOLD,
        allow_credentials=False,
        max_age=600,
    )
