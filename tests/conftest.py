"""A real PostgreSQL for the tests: one server a test process, one migrated template, databases cloned from it."""

import itertools
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.access.caller import Caller
from app.access.scope import OWN, read_scopes
from app.access.tokens import ADMINISTRATOR, LONGEST, Token, mint
from app.api.application import application
from app.config import Settings
from app.exchange.schema import upgrade
from app.indicators.keeping import fill
from app.indicators.registry import indicators
from app.store.binaries import find
from app.store.launcher import EmbeddedPostgres
from app.store.moment import open_epoch
from app.store.pool import lend

UNLIMITED = Settings(rate_limit=0, auth_rate_limit=0)
JSON = {"content-type": "application/fhir+json"}
Workers = tuple[httpx.AsyncClient, httpx.AsyncClient]
Open = Callable[[], Awaitable[str]]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server's own database."""
    folder = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder, find()) as running:
        yield running.url


def named(url: str, name: str) -> str:
    """Return the address of another database on the same server."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"


@pytest.fixture(scope="session")
async def template(server: str) -> str:
    """The name of a database that is migrated and filled, to be cloned."""
    connection = await asyncpg.connect(server)
    await connection.execute("create database template_tramy")
    await connection.close()
    url = named(server, "template_tramy")
    await upgrade(url)
    connection = await asyncpg.connect(url)
    await fill(connection, indicators(), await open_epoch(connection))
    await connection.close()
    return "template_tramy"


@pytest.fixture(scope="session")
def new_database(server: str, template: str) -> Callable[[], Awaitable[str]]:
    """Make an empty, migrated database and return its address."""

    async def make() -> str:
        name = f"t{next(_numbers)}"
        connection = await asyncpg.connect(server)
        await connection.execute(f"create database {name} template {template}")
        await connection.close()
        return named(server, name)

    return make


@pytest.fixture
async def database(new_database: Callable[[], Awaitable[str]]) -> str:
    """The address of an empty, migrated database of the test's own."""
    return await new_database()


@asynccontextmanager
async def opened(url: str, settings: Settings | None = None) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """Open the application on a database, with a client whose paths begin at the FHIR base."""
    app = application(settings or UNLIMITED, url)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://tramy.test/fhir", headers={**JSON, **await as_caller(app)}
        ) as client:
            client.auth = Signed(app, client)
            yield app, client


EVERYTHING = " ".join(["system/*.cruds", *OWN])
"""Scopes that grant all there is."""
KEY = Caller(ADMINISTRATOR, user="test", places=("VN",), grants=read_scopes(EVERYTHING)).key
"""What page links of the default client are bound to."""


class Signed(httpx.Auth):
    """Renews the token of a client, which sees and may do everything, before it ends."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self._app, self._client, self._taken = app, client, time.monotonic()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        held = self._client.headers["authorization"]
        if request.headers.get("authorization") == held and time.monotonic() - self._taken > 600:
            self._taken = time.monotonic()
            self._client.headers.update(await as_caller(self._app))
            request.headers["authorization"] = self._client.headers["authorization"]
        yield request


async def as_caller(
    app: FastAPI, *places: str, scopes: str = EVERYTHING, organization: str = "", client: str = "test"
) -> dict[str, str]:
    """Return the headers of a caller with these places (none: the whole country, "": no place at all)."""
    now = datetime.now(UTC)
    held = tuple(place for place in places if place) if places else ("VN",)
    token = Token(ADMINISTRATOR, None, client, organization, scopes, held, now, now + LONGEST, minted_by="tests")
    async with lend(app.state.service.writing) as connection:
        return {"Authorization": f"Bearer {await mint(connection, token)}"}


@pytest.fixture
async def running(database: str) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application on a database of the test's own, and a client."""
    async with opened(database) as pair:
        yield pair


@pytest.fixture
def fhir(running: tuple[FastAPI, httpx.AsyncClient]) -> httpx.AsyncClient:
    """A client of the FHIR interface; `/../indicators` style paths begin with http://tramy.test."""
    return running[1]


@pytest.fixture
def examples() -> Path:
    """The official example resources (CC0)."""
    return Path(__file__).parent / "data" / "examples"
