"""What handlers share: the address of the interface as the client sees it, who asks, and text that must be UTF-8."""

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from app.api.negotiation import Wanted
from app.errors import BadParameter, Malformed
from app.fhir.asked import Asked
from app.fhir.asking import Asking
from app.fhir.service import Service

PREFIX = "/fhir"
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")

Handler = Callable[[Service, Request, Asked, Wanted], Awaitable[Response]]


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


def asking_of(service: Service, request: Request, want: Wanted) -> Asking:
    """Return who asks and how strictly."""
    return Asking(base_of(service, request), service.caller.key, want.lenient)


def utf8(raw: bytes, place: str) -> str:
    """Decode what an address or a header holds; a letter that a client did not encode must not become others."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadParameter.of(
            "This must be UTF-8; percent-encode it.", "Phần này phải là UTF-8; hãy mã hóa phần trăm.", place
        ) from None


def header(request: Request, name: str) -> str | None:
    """Return a header as text, None where it is absent."""
    value = request.headers.get(name.lower())
    return None if value is None else utf8(value.encode("latin-1"), name)
