"""Two workers on one database, with a program registered there."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.api.sign_in.door import Clock, Worker, worker
from tests.api.sign_in.publisher import Publisher, publishing
from tests.api.sign_in.signing import Kit, ec, key_set, rsa

Two = tuple[Worker, Worker]


@pytest.fixture(scope="module")
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as made:
        yield made


@pytest.fixture(scope="module")
async def door_url(new_database: Callable[[], Awaitable[str]]) -> str:
    return await new_database()


@pytest.fixture(scope="module")
async def two(door_url: str, publisher: Publisher) -> AsyncIterator[Two]:
    clock = Clock()
    async with worker(door_url, clock, (publisher.host,)) as one, worker(door_url, clock, (publisher.host,)) as other:
        yield one, other


@pytest.fixture(scope="module")
async def kit(two: Two) -> Kit:
    """A program with a key on P-384 and an RSA key."""
    keys = key_set(ec("vendor-ec"), rsa("vendor-rsa"))
    return await two[0].register("vendor", "system/*.cruds tramy/indicators", jwks=keys)


@pytest.fixture
def door(two: Two) -> Worker:
    return two[0]
