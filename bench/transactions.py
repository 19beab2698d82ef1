"""Transactions of 100 resources over HTTP, to one process."""

from bench.client import run
from bench.figure import Figure, times
from bench.households import RESOURCES, bundles, facilities_bundle
from bench.run import Run
from bench.server import tramy
from bench.usage import Meter

ASKED = 3000.0
CONCURRENCY = 4
_WARM = 40


async def measure(given: Run) -> list[Figure]:
    """Send households, on a database that is empty at first; all are made before the clock runs."""
    warm = max(1, min(_WARM, given.sizes.bundles // 4))
    requests = bundles(warm + given.sizes.bundles)
    async with given.databases.new("bench_transactions") as url:
        return [await _figure(given, url, requests, warm)]


async def _figure(given: Run, url: str, requests: list[bytes], warm: int) -> Figure:
    with tramy({"TRAMY_DATABASE_URL": url}) as server:
        meter = Meter(server.pid, given.databases.pid)
        for first in ([facilities_bundle()], requests[:warm]):
            await run(server.port, first, status=200, concurrency=CONCURRENCY)
        meter.start()
        traffic = await run(server.port, requests[warm:], status=200, concurrency=CONCURRENCY)
        meter.stop(len(traffic.latencies) * RESOURCES)
        cost = meter.cost()
    work = f"transaction of {RESOURCES} resources, one process ({CONCURRENCY} at once)"
    note = f"{len(traffic.latencies):,} transactions; times are of a transaction, CPU of 1,000 resources"
    rate = traffic.rate * RESOURCES
    return Figure(work, rate, "resources/s", ASKED, **times(traffic.latencies), cost=cost, note=note)
