"""A running service for client libraries: the command itself, over real HTTP, on a database of its own."""

from collections.abc import Awaitable, Callable, Iterator

import pytest

from bench.server import tramy


@pytest.fixture(scope="session")
async def served_database(new_database: Callable[[], Awaitable[str]]) -> str:
    """The address of the database that is served to the libraries."""
    return await new_database()


@pytest.fixture(scope="session")
def base(served_database: str) -> Iterator[str]:
    """The address of the FHIR interface of `tramy serve`."""
    with tramy({"TRAMY_DATABASE_URL": served_database}) as server:
        yield f"http://127.0.0.1:{server.port}/fhir"
