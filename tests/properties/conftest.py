"""What the laws share: an open service a module, and how many examples are tried."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.conftest import opened
from tests.properties.world import World

# One service serves all examples of a module and is cleared before each; a real database sets no pace to rely on.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "phases": set(Phase) - {Phase.explain}}
settings.register_profile("default", max_examples=20, derandomize="CI" in os.environ, **_COMMON)
settings.register_profile("slow", max_examples=500, **_COMMON)
settings.load_profile("default")


@pytest.fixture(scope="module")
async def world(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[World]:
    """The service on a database of the module's own, with nothing in it."""
    url = await new_database()
    connection = await asyncpg.connect(url)
    async with opened(url) as (app, client):
        yield World(url, app, client, connection)
    await connection.close()
