"""Read by id, compared with the same row sent by Starlette and asyncpg alone."""

import itertools
import random

import asyncpg

from bench.client import request
from bench.duel import CONCURRENCY, Side, duel
from bench.figure import Figure
from bench.run import Run
from bench.server import bare, tramy

ASKED = 0.6


async def measure(given: Run) -> list[Figure]:
    """Read records in random order from both servers, on the database of the country."""
    url = given.databases.url
    ids = await some_ids(given)
    with tramy({"TRAMY_DATABASE_URL": url}) as ours, bare(url) as theirs:
        mine = (request("GET", f"/fhir/Patient/{record}") for record in itertools.cycle(ids))
        other = (request("GET", f"/Patient/{record}") for record in itertools.cycle(ids))
        found = await duel(given, Side(ours, mine, 200), Side(theirs, other, 200))
        return [found.figure(f"read by id ({CONCURRENCY} at once)", ASKED)]


async def some_ids(given: Run) -> list[str]:
    """Return ids of some of the people, in random order."""
    connection = await asyncpg.connect(given.databases.url)
    try:
        rows = await connection.fetch(
            "select id from patient order by hashtext(id) limit $1", min(given.sizes.ids, given.sizes.people)
        )
    finally:
        await connection.close()
    ids = [row["id"] for row in rows]
    random.Random(1).shuffle(ids)
    return ids
