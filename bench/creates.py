"""Create a Patient, compared with Starlette that checks with fhir.resources and inserts a row with one index."""

import itertools
from collections.abc import Iterator

import asyncpg
import msgspec

from bench.bare import CREATE_TABLE
from bench.client import request
from bench.duel import CONCURRENCY, Side, duel
from bench.figure import Figure
from bench.people import MOST, person
from bench.run import Run
from bench.server import bare, tramy

ASKED = 0.5


async def measure(given: Run) -> list[Figure]:
    """Create people who differ, on a database that is empty at first."""
    async with given.databases.new("bench_creates") as url:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(CREATE_TABLE)
        finally:
            await connection.close()
        return [await _figure(given, url)]


async def _figure(given: Run, url: str) -> Figure:
    # Whoever is sent to one server is not sent to the other: they are made, at the same cost, as they are needed.
    numbers = iter(range(MOST))
    with tramy({"TRAMY_DATABASE_URL": url}) as ours, bare(url) as theirs:
        mine, other = (_requests(path, numbers) for path in ("/fhir/Patient", "/Patient"))
        found = await duel(given, Side(ours, mine, 201), Side(theirs, other, 201))
        work = f"create Patient: checked, versioned, indexed, spans kept ({CONCURRENCY} at once)"
        return found.figure(work, ASKED)


def _requests(path: str, numbers: Iterator[int]) -> Iterator[bytes]:
    for number in itertools.islice(numbers, MOST):
        tree = person(number)
        del tree["id"]
        yield request("POST", path, msgspec.json.encode(tree))
