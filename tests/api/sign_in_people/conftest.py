"""The routes by which people sign in, on a real database, with a provider on a real port and a clock to be moved."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asyncpg import Pool
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from app.api.guard import Guard
from app.api.outcome import answer_to
from app.api.sign_in.home import home, session_cookie
from app.api.sign_in.opening import People, open_people
from app.api.sign_in.people import router
from app.api.sign_in.same_site import require_same_site
from app.config import Settings
from app.errors import TramyError
from app.places import Places, load
from app.store.pool import open_pool
from tests.api.sign_in_people.provider import CLIENT, SECRET, Provider, serving

HOME = "http://127.0.0.1:8000"
PAGE = {"sec-fetch-site": "same-origin"}


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class World:
    """Everything a test needs: a browser is a client with cookies of its own."""

    settings: Settings
    app: FastAPI
    people: People
    pool: Pool
    provider: Provider
    clock: Clock
    noted: list[tuple[str, str]]
    address: str = HOME

    def browser(self) -> httpx.AsyncClient:
        """A browser, which reaches this service in memory and the provider on its port."""
        here = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(mounts={self.address: here}, base_url=self.address, trust_env=False)

    async def begin(self, browser: httpx.AsyncClient, to: str = "/docs") -> httpx.Response:
        """Go as far as the address at which the provider sends the browser back; its answer is returned."""
        sent = await browser.get("/auth/login", params={"to": to})
        assert sent.status_code == 303, sent.text
        return await browser.get(sent.headers["location"])

    async def sign_in(self, browser: httpx.AsyncClient, to: str = "/docs", **claims: Any) -> httpx.Response:
        """Sign in and return the answer to the last step."""
        self.provider.claims = claims
        back = await self.begin(browser, to)
        return await browser.get(back.headers["location"])


def build(people: People | None) -> FastAPI:
    """An application with the routes, and two that ask who it is."""
    app = FastAPI()
    app.state.people = people

    async def who(request: Request) -> Response:
        require_same_site(request)
        found: People = request.app.state.people
        caller = await found.sessions.caller(session_cookie(request, home(request, found.base_url)))
        seen = {"user": caller.user, "role": caller.role, "units": caller.units, "scopes": caller.grants.text}
        return JSONResponse({**seen, "places": caller.places, "organization": caller.organization})

    async def refused(_request: Request, error: Exception) -> Response:
        return answer_to(error)

    app.add_api_route("/who", who, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    app.include_router(router)
    app.add_exception_handler(TramyError, refused)
    app.add_middleware(Guard)
    return app


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def served(clock: Clock) -> Iterator[Provider]:
    with serving(clock) as provider:
        yield provider


@pytest.fixture(scope="session")
def places() -> Places:
    return load()


@pytest.fixture(scope="session")
async def pool(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Pool]:
    pool = await open_pool(await new_database(), size=4, statement_timeout=30)
    yield pool
    await pool.close()


Make = Callable[..., Any]


@pytest.fixture
def world_of(served: Provider, clock: Clock, pool: Pool, places: Places, tmp_path: Path) -> Make:
    """Make a world with some settings changed; several are workers of one installation."""
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n", encoding="ascii")
    usual = Settings(
        oidc_issuer=served.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret_file=secret,
        outbound_hosts=("127.0.0.1",),
        oidc_role_claim="role",
        oidc_places_claim="places",
        oidc_organization_claim="organization",
        sessions_per_user=3,
    )

    async def make(**changed: Any) -> World:
        settings, noted = replace(usual, **changed), []

        async def note(_connection: object, what: str, subject: str, _holding: object) -> None:
            noted.append((what, subject))

        people = await open_people(settings, pool, places, clock, note)
        assert people is not None
        return World(settings, build(people), people, pool, served, clock, noted)

    return make


@pytest.fixture
async def world(world_of: Make, served: Provider, pool: Pool, clock: Clock) -> World:
    """An installation at which nobody has signed in."""
    served.forget()
    clock.reset()
    await pool.execute("truncate session, spent_sign_in")
    return await world_of()


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.browser() as browser:
        yield browser
