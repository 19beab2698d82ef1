"""The addresses of the door as a client sees them: from the setting, or from the host the request names."""

import re

from starlette.requests import Request

from app.config import Settings
from app.errors import Malformed

TOKEN, REVOKE, INTROSPECT = "/auth/token", "/auth/revoke", "/auth/introspect"
WELL_KNOWN = "/.well-known/smart-configuration"
BELOW = "/fhir"
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?", re.ASCII)


def origin(request: Request, settings: Settings) -> str:
    """Return what stands before `/auth/token`. Raises Malformed for a Host header that is no host.

    With TRAMY_BASE_URL set nothing that a client sends has a part in it, so that no assertion for another server works.
    """
    if settings.base_url:
        return settings.base_url.removesuffix(BELOW)
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Malformed.of("The Host header must be a host.", "Tiêu đề Host phải là tên máy chủ.")
    return f"{request.scope['scheme']}://{host}{request.scope.get('root_path', '')}"
