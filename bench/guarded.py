"""What token, rule and audit cost a read by id, and how long a station searches among a million people."""

import itertools
import random
from collections.abc import Sequence
from urllib.parse import urlencode

import asyncpg

from bench import client
from bench.client import request, run
from bench.duel import CONCURRENCY, Side, duel
from bench.figure import Figure, times
from bench.people import VERSION, communes
from bench.reads import some_ids
from bench.run import Run
from bench.server import sign, tramy, unguarded

READ_ASKED = 0.6
SEARCH_ASKED = 15.0
_COMMUNES = 8
"""Stations that search, each with its own token."""


async def measure(given: Run) -> list[Figure]:
    """Compare reads with and without, then search as stations of one commune each."""
    return [await _reads(given), *await _searches(given)]


async def _reads(given: Run) -> Figure:
    url, ids = given.databases.url, await some_ids(given)
    with unguarded(url) as open_to_all, tramy({"TRAMY_DATABASE_URL": url}) as ours:
        signed = (request("GET", f"/fhir/Patient/{record}") for record in itertools.cycle(ids))
        plain = (request("GET", f"/fhir/Patient/{record}") for record in itertools.cycle(ids))
        found = await duel(given, Side(ours, signed, 200), Side(open_to_all, plain, 200))
        work = f"read by id with token, rule and audit ({CONCURRENCY} at once)"
        return found.figure(work, READ_ASKED)


async def _searches(given: Run) -> list[Figure]:
    """Search by name, number, visit and in pages, each station among its own people."""
    url = given.databases.url
    connection = await asyncpg.connect(url)
    try:
        names = await _names(connection)
    finally:
        await connection.close()
    found = []
    with tramy({"TRAMY_DATABASE_URL": url}) as server:
        for work, addresses in _kinds(names, given.sizes.searches).items():
            spent: list[float] = []
            for commune in communes()[:: len(communes()) // _COMMUNES][:_COMMUNES]:
                client.SIGNED[:] = [sign({"TRAMY_DATABASE_URL": url}, f"{commune.code}@{VERSION}")]
                requests = [request("GET", address) for address in addresses]
                await run(server.port, requests[:12], status=200, concurrency=1)
                spent += (await run(server.port, requests, status=200, concurrency=1)).latencies
            figure = times(spent)
            found.append(Figure(work, figure["p95"], "ms", SEARCH_ASKED, "under", **figure))
    return found


def _kinds(names: Sequence[str], number: int) -> dict[str, list[str]]:
    draw = random.Random(5)
    each = max(12, number // _COMMUNES)

    def searched(kind: str, **fixed: str) -> list[str]:
        return [f"/fhir/{kind}?{urlencode({**fixed, 'name': draw.choice(names)})}" for _ in range(each)]

    plain = [f"/fhir/Patient?{urlencode({'_sort': 'birthdate', '_count': '20'})}"] * each
    visits = ["/fhir/Encounter?" + urlencode({"status": "finished", "_count": "20", "_sort": "-date"})] * each
    return {
        "a station searches by a family name, with total": searched("Patient", _sort="birthdate", _count="20"),
        "a station lists its people, with total": plain,
        "a station lists its visits, with total": visits,
    }


async def _names(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "select split_part(name[1], ' ', 1) as word from patient order by hashtext(id) limit 400"
    )
    return [row["word"] for row in rows if row["word"]]
