"""A register with people to exercise rights on, and a connection that works as a command does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.access.caller import COUNTRY, Caller
from app.access.scope import read_scopes
from app.config import Settings
from app.exchange.reindex.work import Work, open_work
from app.indicators.keeping import open_keeping
from app.indicators.recount import Recount, recount
from app.indicators.registry import indicators
from app.resources.registry import registry
from app.store.database import Connection
from tests.spec.people import Person, bundle

ZONE = Settings().time_zone
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
ADMIN = Caller("quan-tri", places=(COUNTRY,), grants=read_scopes("system/*.cruds tramy/admin"))
STATION = Caller("tram-1", "Organization/tyt-1", user="bac-si-1", units=("00004@2025-07",))


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own to the empty database."""
    made = await asyncpg.connect(database)
    yield made
    await made.close()


@pytest.fixture
async def work(running: tuple[FastAPI, httpx.AsyncClient], connection: asyncpg.Connection) -> Work:
    """What an erasure works with, beside the service that runs."""
    return await open_work(connection, ZONE)


async def put(client: httpx.AsyncClient, *people: Person) -> None:
    """Register people `mau-1`, `mau-2` and so on with all that is on record."""
    answer = await client.post("", json=bundle(people))
    assert answer.status_code == 200, answer.text


async def counted(connection: Connection) -> Recount:
    """Recount everything."""
    return await recount(connection, registry(), indicators(), await open_keeping(connection, indicators()), ZONE)


async def reach(connection: Connection, patient_id: str, *holders: str) -> None:
    """Let the holders see a person."""
    await connection.executemany(
        "insert into reach (patient_id, holder) values ($1, $2) on conflict do nothing",
        [(patient_id, holder) for holder in holders],
    )
