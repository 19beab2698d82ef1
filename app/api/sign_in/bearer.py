"""The token of a request: one Authorization header of the scheme Bearer, and nowhere else.

https://www.rfc-editor.org/rfc/rfc6750#section-2.1
"""

from starlette.requests import Request

from app.access.refusals import no_token

_REALM = 'Bearer realm="tramy"'


def bearer(request: Request) -> str:
    """Return the token of a request. Raises Unauthenticated without exactly one; one in the address is none."""
    given = request.headers.getlist("authorization")
    # The scheme may be written in either case, the token only as it was given.
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token or " " in token:
        raise no_token()
    return token


def challenge(request: Request) -> dict[str, str]:
    """Return the header that goes with a 401: what is expected, and whether a token that was sent was refused."""
    sent = request.headers.get("authorization", "").lower().startswith("bearer ")
    return {"WWW-Authenticate": f'{_REALM}, error="invalid_token"' if sent else _REALM}
