"""Workers with the routes of the door and one route that asks for a token, on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from asyncpg import Pool
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from app.access import clients
from app.access.authority import Authority
from app.access.clients import Client
from app.access.external import External
from app.access.outbound import Outbound
from app.access.programs import Programs
from app.api.outcome import answer_to
from app.api.sign_in import configuration, introspect, revoke, token
from app.api.sign_in.bearer import bearer, challenge
from app.api.sign_in.form import ASSERTION_TYPE
from app.config import Settings
from app.errors import TramyError
from app.store.pool import lend, open_pool
from tests.api.sign_in.signing import Kit, ec, key_set


class Clock:
    """The time of a test, which it may move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Worker:
    """One process of the service, and a client of it."""

    http: httpx.AsyncClient
    authority: Authority
    pool: Pool
    clock: Clock
    app: FastAPI

    async def sign_in(self, assertion: str, scope: str = "system/Patient.rs", **changed: str) -> httpx.Response:
        return await self.http.post("/auth/token", data=form(assertion, scope=scope, **changed))

    async def token(self, kit: Kit, scope: str = "system/Patient.rs") -> str:
        answer = await self.sign_in(kit.assertion(), scope)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def ask(self, token: str) -> httpx.Response:
        return await self.http.get("/who", headers={"Authorization": f"Bearer {token}"})

    async def register(self, client: str, scopes: str = "system/*.cruds", **changed: Any) -> Kit:
        """Register a client of that id with a key of its own."""
        kit = Kit(client, self.clock.now.timestamp())
        made = Client(
            client,
            client,
            "Organization/tyt-1",
            scopes,
            ("00004@2025-07",),
            key_set(ec(f"{client}-ec")),
            None,
            None,
            clients.new_generation(),
            self.clock.now,
        )
        async with lend(self.pool) as connection:
            await clients.add(connection, made._replace(**changed))
        return kit


def form(assertion: str, **changed: str) -> dict[str, str]:
    plain = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return {name: value for name, value in {**plain, **changed}.items() if value}


def units_of(places: tuple[str, ...]) -> tuple[str, ...]:
    """Stand for the function over places: each is its own commune, but for the country and one that is unknown."""
    if "99999@2025-07" in places:
        raise KeyError("99999@2025-07")
    return () if "VN" in places else places


@asynccontextmanager
async def worker(
    url: str, clock: Clock, hosts: tuple[str, ...] = (), external: External | None = None, base_url: str | None = None
) -> AsyncIterator[Worker]:
    pool = await open_pool(url, size=4, statement_timeout=10)
    authority = Authority(pool, clock, units_of, external)
    app = FastAPI()
    app.state.authority, app.state.programs = authority, Programs(pool, clock, Outbound(hosts))
    app.state.settings = Settings(base_url=base_url)
    for routes in (configuration, token, revoke, introspect):
        app.include_router(routes.router)
    app.add_api_route("/who", _who)
    app.add_exception_handler(TramyError, _refused)
    try:
        async with (
            authority.listening(url),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tramy.test") as http,
        ):
            yield Worker(http, authority, pool, clock, app)
    finally:
        await pool.close()


async def _who(request: Request) -> Response:
    caller = await request.app.state.authority.caller(bearer(request))
    return JSONResponse(
        {
            "client": caller.client,
            "user": caller.user,
            "scopes": caller.grants.text,
            "places": caller.places,
            "units": caller.units,
            "organization": caller.organization,
            "holders": caller.holders,
        }
    )


async def _refused(request: Request, error: Exception) -> Response:
    return answer_to(error, challenge(request))
