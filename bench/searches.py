"""Searches for people: by identifier and by the beginning of a name, in Postgres and over HTTP."""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

import asyncpg

from app.config import Settings
from app.fhir.resource_type import ResourceType
from app.fhir.search.find import find
from app.fhir.search.place import Place
from app.fhir.search.query import read_query
from app.resources.registry import registry
from bench.client import request, run
from bench.explain import Recorder, all_seconds
from bench.figure import Figure, percentile, times
from bench.run import Run
from bench.server import tramy
from bench.usage import Meter

ASKED = 2.0
"""ms, for 95 of 100 searches, in Postgres."""
LONGEST = 20.0
"""Seconds for one kind of search: what is slow is measured less often."""
_WARM = 10


class Kind(NamedTuple):
    """A kind of search: what it is called, its parameter, its values, and the time asked in ms."""

    work: str
    parameter: str
    values: Sequence[str]
    asked: float | None


async def measure(given: Run) -> list[Figure]:
    """Search for people who are there, each time other ones, chosen at random from all."""
    connection = await asyncpg.connect(given.databases.url)
    try:
        kinds = await _kinds(connection, given.sizes.searches)
        found = [await _in_postgres(connection, kind) for kind in kinds]
    finally:
        await connection.close()
    with tramy({"TRAMY_DATABASE_URL": given.databases.url}) as server:
        meter = Meter(server.pid, given.databases.pid)
        return found + [await _over_http(server.port, kind, meter) for kind in kinds]


async def _kinds(connection: asyncpg.Connection, number: int) -> list[Kind]:
    rows = await connection.fetch(
        "select identifier[1] as token, name[1] as name from patient order by random() limit $1", number
    )
    names = [row["name"].partition("\x1f")[2] or row["name"] for row in rows]
    words = [name.split() for name in names]
    numbers = [row["token"] for row in rows]
    cut = random.Random(2)
    return [
        Kind("Patient by identifier (system|value)", "identifier", numbers, ASKED),
        Kind("Patient by name: a whole name of 2 to 4 words", "name", names, None),
        Kind("Patient by name: its first 3 words", "name", [" ".join(parts[:3]) for parts in words], ASKED),
        Kind("Patient by name: its first 2 words", "name", [" ".join(parts[:2]) for parts in words], None),
        Kind("Patient by name: one word of it", "name", [cut.choice(parts) for parts in words], None),
    ]


async def _in_postgres(connection: asyncpg.Connection, kind: Kind) -> Figure:
    """Explain the statements of each search; its time is their planning and their execution together."""
    settings, person = Settings(), registry()["Patient"]
    spent, planned, totals = [], [], []
    end = time.monotonic() + LONGEST
    for value in kind.values:
        if time.monotonic() > end:
            break
        recorder = Recorder(connection)
        totals.append(await _search(recorder, person, kind.parameter, value, settings))
        planning, running = await all_seconds(connection, recorder)
        spent.append(planning + running)
        planned.append(planning)
    note = (
        f"planning p50 {1000 * percentile(planned, 0.5):.2f} ms; people found: p50 {percentile(totals, 0.5):,.0f}, "
        f"p95 {percentile(totals, 0.95):,.0f}, at most {max(totals):,}; {len(spent)} searches"
    )
    measured = 1000 * percentile(spent, 0.95)
    return Figure(f"{kind.work}, in Postgres", measured, "ms p95", kind.asked, "under", **times(spent), note=note)


async def _search(recorder: Recorder, person: ResourceType, parameter: str, value: str, settings: Settings) -> int:
    query = read_query(person, [(parameter, value)], size=settings.page_size, limit=settings.page_limit)
    place = Place(person, settings.time_zone, datetime.now(UTC), "")
    return (await find(recorder.as_connection(), [query], place, None, 0)).total or 0


async def _over_http(port: int, kind: Kind, meter: Meter) -> Figure:
    """Send each search, those that are left after a while excepted."""
    requests = [request("GET", f"/fhir/Patient?{urlencode({kind.parameter: value})}") for value in kind.values]
    meter = Meter(meter.server, meter.postgres)
    await run(port, requests[:_WARM], status=200, concurrency=1)
    meter.start()
    traffic = await run(port, requests, status=200, concurrency=1, seconds=LONGEST)
    meter.stop(len(traffic.latencies))
    measured = times(traffic.latencies)
    note = f"1 at once; {len(traffic.latencies)} searches"
    return Figure(f"{kind.work}, over HTTP", measured["p95"], "ms p95", **measured, cost=meter.cost(), note=note)
