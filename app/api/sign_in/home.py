"""Where this service is for a browser, and the names and marks of cookies there.

https://www.rfc-editor.org/rfc/rfc6265#section-4.1; the prefix `__Host-`: draft-ietf-httpbis-rfc6265bis
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from app.access.call import LOOPBACK, is_safe
from app.errors import Forbidden, Misconfigured

_SESSION = "tramy"
_PENDING = "tramy-sign-in"
_FHIR = "/fhir"


def home(request: Request, base_url: str | None) -> str:
    """Return the address under which `/auth` and the pages are, without a slash at the end.

    It is the configured one (see `require_safe`). Without that a request's own host is believed on this machine
    alone: raises Forbidden for any other.
    """
    if base_url:
        return base_url.removesuffix(_FHIR)
    if request.url.hostname not in LOOPBACK:
        raise Forbidden.of(
            "People sign in over https only; the administrator sets TRAMY_BASE_URL to the address of this service.",
            "Chỉ đăng nhập qua https; người quản trị cần đặt TRAMY_BASE_URL là địa chỉ của hệ thống.",
        )
    return f"{request.url.scheme}://{request.url.netloc}"


def require_safe(base_url: str | None) -> None:
    """Raise Misconfigured for an address neither https nor on this machine: cookies would travel in the open."""
    if base_url and not is_safe(base_url):
        raise Misconfigured.of(
            "expected an https address where people sign in",
            "cần địa chỉ https khi có đăng nhập cho cán bộ",
            "TRAMY_BASE_URL",
        )


def origin(address: str) -> str:
    """Return the origin of an address as browsers name it: without the port that the scheme has anyway."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port and parts.port != usual else "")


def session_cookie(request: Request, address: str) -> str:
    """Return the value of the session's cookie, "" without one."""
    return request.cookies.get(_named(_SESSION, address), "")


def pending_cookie(request: Request, address: str) -> str:
    """Return the value of the cookie of a sign-in that is under way, "" without one."""
    return request.cookies.get(_named(_PENDING, address), "")


def keep_session(response: Response, address: str, value: str) -> None:
    """Give the browser the cookie of a session; it goes when the browser is closed."""
    _set(response, _named(_SESSION, address), value, None, address)


def keep_pending(response: Response, address: str, value: str, seconds: int) -> None:
    """Give the browser the cookie of a sign-in under way."""
    _set(response, _named(_PENDING, address), value, seconds, address)


def forget_session(response: Response, address: str) -> None:
    """Take the cookie of a session from the browser."""
    _set(response, _named(_SESSION, address), "", 0, address)


def forget_pending(response: Response, address: str) -> None:
    """Take the cookie of a sign-in from the browser."""
    _set(response, _named(_PENDING, address), "", 0, address)


def _named(name: str, address: str) -> str:
    """Return the name: with `__Host-` no other host, no other path and nothing unencrypted can set it."""
    return f"__Host-{name}" if address.startswith("https://") else name


def _set(response: Response, name: str, value: str, seconds: int | None, address: str) -> None:
    secure = address.startswith("https://")
    # Lax, because the browser comes back from the provider by a link of another site.
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")
