"""An indicator for one commune on any day, over HTTP."""

import random
from datetime import date, timedelta

from app.indicators.registry import indicators
from bench.client import request, run
from bench.figure import Figure, times
from bench.people import VERSION, communes
from bench.run import Run
from bench.server import tramy
from bench.usage import Meter

ASKED = 5.0
_FROM, _UNTIL = date(2023, 1, 1), date(2027, 12, 31)


async def measure(given: Run) -> list[Figure]:
    """Ask for communes and days at random, from 2023 to 2027, one at a time and four at once."""
    draw, found = random.Random(3), []
    with tramy({"TRAMY_DATABASE_URL": given.databases.url}) as server:
        for concurrency in (1, 4):
            meter = Meter(server.pid, given.databases.pid)
            requests = [_request(draw) for _ in range(given.sizes.answers)]
            await run(server.port, requests[:100], status=200, concurrency=concurrency)
            meter.start()
            traffic = await run(server.port, requests, status=200, concurrency=concurrency)
            meter.stop(len(requests))
            measured = times(traffic.latencies)
            work = f"an indicator for one commune, any day, over HTTP ({concurrency} at once)"
            note = f"{len(requests):,} answers, {traffic.rate:,.0f}/s"
            found.append(
                Figure(work, measured["p95"], "ms p95", ASKED, "under", **measured, cost=meter.cost(), note=note)
            )
    return found


def _request(draw: random.Random) -> bytes:
    day = _FROM + timedelta(days=draw.randrange((_UNTIL - _FROM).days + 1))
    code = draw.choice(list(indicators()))
    return request("GET", f"/indicators/{code}?place={draw.choice(communes()).code}@{VERSION}&on={day}")
