"""One application on one database for tests whose records do not meet: each makes ids and tags of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import Workers, opened


@pytest.fixture(scope="session")
async def shared(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application on the shared database, where Patient/mau-1 of the examples is held, and a client."""
    async with opened(await new_database()) as (app, client):
        answer = await client.put("/Patient/mau-1", json={"resourceType": "Patient", "id": "mau-1"})
        assert answer.status_code == 201
        yield app, client


@pytest.fixture
def client(shared: tuple[FastAPI, httpx.AsyncClient]) -> httpx.AsyncClient:
    """A client of the shared application."""
    return shared[1]


@pytest.fixture(scope="module")
async def place(new_database: Callable[[], Awaitable[str]]) -> str:
    """The address of the database that both workers use."""
    return await new_database()


@pytest.fixture(scope="module")
async def workers(place: str) -> AsyncIterator[Workers]:
    """Clients of two applications on one database."""
    async with opened(place) as (_, one), opened(place) as (_, other):
        yield one, other
