"""Who sends a request: its token or its session becomes a caller, and the service as that caller sees it.

https://www.rfc-editor.org/rfc/rfc6750#section-2.1
"""

from typing import Any

from fastapi import Depends
from starlette.requests import Request

from app.access.caller import Caller
from app.access.refusals import no_token
from app.api.emergency import mark
from app.api.rates import admit, charge
from app.api.sign_in.bearer import bearer
from app.api.sign_in.home import home, session_cookie
from app.api.sign_in.opening import People
from app.api.sign_in.same_site import require_same_site
from app.errors import TramyError, Unauthenticated
from app.fhir.permit import refused
from app.fhir.service import Service

RULE = "rule"
"""The attribute of a dependency that says by what a route is entered: one of our own scopes, or ANYBODY."""
ANYBODY = "any token"


async def enter(request: Request) -> Service:
    """Return the service as whoever sends a request sees it.

    Raises Unauthenticated for who is not known, TooMany for a program that asks too often, Forbidden for a page of
    another site that uses a person's session.
    """
    scope = request.scope
    state = scope["app"].state
    try:
        caller = await _caller(request)
    except Unauthenticated:
        charge(scope)
        raise
    scope["caller"] = caller
    trail = scope["trail"]
    trail.named(
        client=caller.client,
        user=caller.user,
        organization=caller.organization,
        purpose=caller.purpose,
        reason=caller.emergency,
    )
    admit(scope, state.rates.of(caller.rate), f"{caller.client}/{caller.user}")
    service: Service = state.service.seen_by(caller, trail)
    await mark(service)
    return service


async def _caller(request: Request) -> Caller:
    state = request.scope["app"].state
    people: People | None = state.people
    if people is not None and "authorization" not in request.headers:
        cookie = _cookie(request, people)
        if cookie:
            require_same_site(request)
            return await people.sessions.caller(cookie)
    return await state.authority.caller(bearer(request))


def _cookie(request: Request, people: People) -> str:
    try:
        return session_cookie(request, home(request, people.base_url))
    except TramyError:
        raise no_token() from None


def entered(scope: str) -> Any:
    """Return the dependency of a route that takes one of our own scopes; it gives the service as the caller sees it.

    Raises Unauthenticated, and Forbidden without the scope.
    """

    async def enter_by(request: Request) -> Service:
        service = await enter(request)
        if not service.caller.may(scope):
            raise refused([scope])
        return service

    setattr(enter_by, RULE, scope)
    return Depends(enter_by)


async def caller_of(request: Request) -> Caller:
    """Return who sends a request: the dependency of routes that say themselves what they ask of a caller."""
    return (await enter(request)).caller


setattr(caller_of, RULE, ANYBODY)
