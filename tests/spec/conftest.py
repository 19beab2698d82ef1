"""A register that people are put into and indicators are asked of; one service a module, emptied for each rule."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import asyncpg
import httpx
import pytest

from app.store.database import Connection
from tests.conftest import opened
from tests.spec.people import Person, bundle

KEPT = ("access_token", "epoch", "moment", "series", "unit_area", "alembic_version")


class Register:
    """The service as a station and an officer see it."""

    def __init__(self, client: httpx.AsyncClient, connection: Connection) -> None:
        self.client, self.connection = client, connection

    async def clear(self) -> None:
        """Forget all people."""
        rows = await self.connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        names = sorted({row["tablename"] for row in rows} - set(KEPT))
        # The tables are nearly empty: deleting is quicker than new files for each, which truncating makes.
        await self.connection.execute(";".join(f"delete from {name}" for name in names))

    async def put(self, *people: Person) -> None:
        """Register everyone in one transaction."""
        answer = await self.client.post("", json=bundle(people))
        assert answer.status_code == 200, answer.text

    async def ask(self, code: str, on: str, place: str = "VN", **more: str) -> dict:
        """Return the answer for a place on a day."""
        query = {"place": place, "on": on, **more}
        answer = await self.client.get(f"http://tramy.test/indicators/{code}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def figure(self, code: str, on: str, place: str = "VN") -> str:
        """Return the figure as `numerator/denominator`."""
        answer = await self.ask(code, on, place)
        return f"{answer['numerator']}/{answer['denominator']}"

    async def require(self, code: str, expected: Mapping[str, str]) -> None:
        """The figures are the expected ones; a key is a day, or a place and a day."""
        questions = {key: key.rpartition(" ") for key in expected}
        found = {key: await self.figure(code, on, place or "VN") for key, (place, _, on) in questions.items()}
        assert found == dict(expected)


@pytest.fixture(scope="module")
async def service(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Register]:
    """The open service of a module."""
    url = await new_database()
    connection = await asyncpg.connect(url)
    async with opened(url) as (_, client):
        yield Register(client, connection)
    await connection.close()


@pytest.fixture
async def register(service: Register) -> Register:
    """The register with nobody in it."""
    await service.clear()
    return service
