"""A page of another site cannot change anything with a person's cookie (cross-site request forgery).

https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#fetch-metadata-headers
"""

from starlette.requests import Request

from app.api.sign_in.home import home, origin
from app.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def require_same_site(request: Request) -> None:
    """Raise Forbidden for a request that changes something and was not sent by a page of this service.

    For requests that come with a session's cookie; a token in a header is sent by nobody unknowingly.
    """
    if request.method in SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        same = site == "same-origin"
    else:
        # Browsers older than 2023, and what is no browser: these must say where they come from.
        own = origin(home(request, request.app.state.people.base_url))
        same = request.headers.getlist("origin") == [own]
    if not same:
        raise Forbidden.of(
            "With a session, only pages of this service change anything; send its own Origin.",
            "Với phiên đăng nhập, chỉ trang của hệ thống này được thay đổi dữ liệu; cần gửi đúng Origin.",
        )
