"""The routes by which people sign in, sign out, and see who they are here.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.access.roles import ROLES, permissions
from app.access.sealed import KEPT, began_elsewhere
from app.access.session import PROGRAM, Session
from app.api.body import read_body
from app.api.sign_in.home import (
    forget_pending,
    forget_session,
    home,
    keep_pending,
    keep_session,
    pending_cookie,
    session_cookie,
)
from app.api.sign_in.opening import People
from app.api.sign_in.page import HEADERS, for_a_person, refused
from app.api.sign_in.same_site import require_same_site
from app.errors import BadParameter, NotFound, TramyError, Unauthenticated

PREFIX = "/auth"
router = APIRouter(prefix=PREFIX, tags=["Signing in · Đăng nhập"])
_CALLBACK = f"{PREFIX}/callback"
_LARGEST = 64 * 1024
Target = Annotated[str, Query(description="The path of this service to go to afterwards.", examples=["/docs"])]


class Title(BaseModel):
    """Something with its names in English and Vietnamese."""

    code: str
    en: str
    vi: str


class Permission(BaseModel):
    """A scope, and what it permits."""

    scope: str
    en: str
    vi: str


class Somewhere(BaseModel):
    """A place of the person: its key, its name and its level."""

    key: str
    name: str
    level: str


class Me(BaseModel):
    """Who is signed in. `role` is null for a person without one, who may do nothing."""

    user: str
    role: Title | None
    people: bool
    organization: str
    places: list[Somewhere]
    permissions: list[Permission]
    ends_at: datetime
    ends_unused_at: datetime


@router.get(
    "/login",
    operation_id="signIn",
    summary="Sign in at the provider · Đăng nhập",
    status_code=303,
    response_class=Response,
    response_description="To the provider, with a cookie to come back with.",
)
async def login(request: Request, to: Target = "/") -> Response:  # noqa: ARG001, read with the others below
    """Send the browser to the provider; `to` is the path of this service to go to afterwards."""
    return await _shown(request, _login)


async def _login(request: Request, people: People, address: str) -> Response:
    # What a GET of another site can begin gives it nothing: who signs in is decided at the provider.
    target = _single(request).get("to", "/")
    begun = await people.sign_in.begin(f"{address}{_CALLBACK}", target)
    response = RedirectResponse(begun.address, 303, HEADERS)
    keep_pending(response, address, begun.cookie, int(KEPT.total_seconds()))
    return response


@router.get(
    "/callback",
    operation_id="signedIn",
    summary="Back from the provider · Quay lại từ hệ thống đăng nhập",
    status_code=303,
    response_class=Response,
    include_in_schema=False,  # Only the provider sends anybody there.
)
async def callback(request: Request) -> Response:
    """Finish a sign-in that this browser began."""
    return await _shown(request, _callback)


async def _callback(request: Request, people: People, address: str) -> Response:
    pending = pending_cookie(request, address)
    before = session_cookie(request, address)
    done = await people.sign_in.finish(f"{address}{_CALLBACK}", pending, _single(request), before)
    response = RedirectResponse(done.target, 303, HEADERS)
    keep_session(response, address, done.cookie)
    forget_pending(response, address)
    return response


@router.post(
    "/logout",
    operation_id="signOut",
    summary="Sign out · Đăng xuất",
    status_code=303,
    response_class=Response,
    response_description="To the provider, to end its session too.",
)
async def logout(request: Request) -> Response:
    """End the session at once, in every worker, and send the browser to the provider to end the one there."""
    people, address = _open(request)
    require_same_site(request)
    await people.sessions.end(session_cookie(request, address))
    try:
        there = await people.sign_in.end_session_address(address)
    except TramyError:
        # The session here has ended; that the provider is away must not make it look as if it had not.
        there = ""
    headers = {**HEADERS, "Clear-Site-Data": '"cache", "storage"'}
    response = RedirectResponse(there or f"{address}/", 303, headers)
    forget_session(response, address)
    return response


@router.post(
    "/backchannel-logout",
    operation_id="signedOutAtProvider",
    summary="The provider ends sessions · Hệ thống đăng nhập kết thúc phiên",
    response_class=Response,
    include_in_schema=False,  # Only the provider calls it.
)
async def backchannel_logout(request: Request) -> Response:
    """Take the provider's word that a person signed out there or was disabled.

    https://openid.net/specs/openid-connect-backchannel-1_0.html
    """
    people = _people(request)
    body = (await read_body(request, _LARGEST)).decode("ascii", "replace")
    tokens = [value for name, value in parse_qsl(body) if name == "logout_token"]
    if len(tokens) != 1:
        raise BadParameter.of("Expected one logout_token in a form.", "Cần một logout_token.", "logout_token")
    try:
        await people.sign_in.end_at_provider(tokens[0])
    except Unauthenticated as error:
        # The specification asks for 400 here.
        raise BadParameter(error.faults) from None
    return Response(headers=HEADERS)


@router.get(
    "/me",
    operation_id="me",
    summary="Who is signed in · Ai đang đăng nhập",
    response_model=Me,
    response_description="Role, places, permissions, and when the session ends.",
)
async def me(request: Request) -> Response:
    """Say who is signed in, with what rights, until when."""
    people, address = _open(request)
    session = await people.sessions.session(session_cookie(request, address))
    request.state.client, request.state.user = PROGRAM, session.subject
    shown = _described(people, session)
    return JSONResponse(shown.model_dump(mode="json"), headers={**HEADERS, "Vary": "Cookie"})


def _described(people: People, session: Session) -> Me:
    role = ROLES.get(session.role)
    places = role.within(session.places) if role else ()
    units = [people.places.unit(key) for key in places]
    return Me(
        user=session.subject,
        role=Title(code=role.word, en=role.title, vi=role.title_vi) if role else None,
        people=role.people if role else False,
        organization=session.organization if role else "",
        places=[Somewhere(key=unit.key, name=unit.name, level=unit.level) for unit in units],
        permissions=[Permission(**item) for item in permissions(role.grants)] if role else [],
        ends_at=session.expires_at,
        ends_unused_at=min(session.expires_at, people.sessions.clock() + people.sessions.limits.idle),
    )


async def _shown(request: Request, work: Callable[[Request, People, str], Awaitable[Response]]) -> Response:
    """Do the work of a route that a browser is at: an error is told as a page there."""
    try:
        return await work(request, *_open(request))
    except TramyError as error:
        if not for_a_person(request):
            raise
        return refused(error, f"{request.scope.get('root_path', '')}{PREFIX}/login")


def _open(request: Request) -> tuple[People, str]:
    people = _people(request)
    return people, home(request, people.base_url)


def _people(request: Request) -> People:
    people: People | None = request.app.state.people
    if people is None:
        raise NotFound.of(
            "No provider is configured here by which people sign in.",
            "Hệ thống chưa cấu hình đăng nhập cho người dùng.",
        )
    return people


def _single(request: Request) -> dict[str, str]:
    """Return the parameters, each of which comes once."""
    pairs = request.query_params.multi_items()
    found = dict(pairs)
    if len(found) != len(pairs):
        raise began_elsewhere()
    return found
