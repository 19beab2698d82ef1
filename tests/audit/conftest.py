"""A connection to a database of the test's own, its epoch, and events of invented requests."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.audit.event import Event
from app.store.moment import open_epoch

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def event(number: int = 0, **others: object) -> Event:
    """Make the event of an invented request."""
    draw = random.Random(number)
    person = f"p{draw.randrange(50)}"
    given = {
        "at": NOW + timedelta(milliseconds=number),
        "request": f"0190-{number}",
        "action": draw.choice("CRUDE"),
        "interaction": draw.choice(["read", "search", "create"]),
        "method": "GET",
        "path": f"/fhir/Patient/{person}",
        "client": f"tyt-{draw.randrange(5)}",
        "user": draw.choice(["", "can-bo-1"]),
        "organization": "Organization/tyt-1",
        "address": "192.0.2.7",
        "purpose": "TREAT",
        "status": 200,
        "records": [f"Patient/{person}"],
        "people": [person],
        "results": draw.choice([None, 1, 20]),
        "detail": "dòng thứ nhất\ndòng thứ hai\t\\",
    }
    return Event(**{**given, **others})


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the test's own database."""
    opened = await asyncpg.connect(database, server_settings={"timezone": "UTC"})
    yield opened
    await opened.close()


@pytest.fixture
async def epoch(connection: asyncpg.Connection) -> int:
    """The shifted epoch of the test's own database."""
    return await open_epoch(connection)
