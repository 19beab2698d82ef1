"""16 clients that read, search and create at once, against what each of these alone would let one expect."""

import itertools
import random
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

import asyncpg
import msgspec

from bench.client import request, run
from bench.figure import Figure, times
from bench.people import MOST, person
from bench.run import Run
from bench.server import tramy

ASKED = 0.8
CLIENTS = 16
SHARES = {"read": 6, "search": 3, "create": 1}
"""Of ten requests, so many of each."""


async def measure(given: Run) -> list[Figure]:
    """Measure the parts alone, then the mix, several times in turn; the mix is compared with its own round."""
    async with given.databases.new("bench_mixed") as url:
        ids, searches = await _filled(url, given)
        with tramy({"TRAMY_DATABASE_URL": url}) as server:
            feeds = _Feeds(ids, searches)
            rounds = [await _round(server.port, feeds, given.sizes.seconds) for _ in range(given.sizes.rounds)]
    return [_figure(rounds)]


class _Feeds:
    """Requests without end, of each kind."""

    def __init__(self, ids: Sequence[str], searches: Sequence[bytes]) -> None:
        self.numbers = iter(range(len(ids), MOST))
        self.parts: dict[str, Iterator[bytes]] = {
            "read": (request("GET", f"/fhir/Patient/{record}") for record in itertools.cycle(ids)),
            "search": itertools.cycle(searches),
            "create": self._creates(),
        }

    def _creates(self) -> Iterator[bytes]:
        for number in self.numbers:
            tree = person(number)
            del tree["id"]
            yield request("POST", "/fhir/Patient", msgspec.json.encode(tree))

    def mixed(self) -> Iterator[bytes]:
        """Yield requests of all kinds by their shares, in an order without pattern."""
        draw, names = random.Random(11), [name for name, share in SHARES.items() for _ in range(share)]
        while True:
            yield next(self.parts[draw.choice(names)])


async def _filled(url: str, given: Run) -> tuple[list[str], list[bytes]]:
    """Store people through the interface and return their ids, and searches for them."""
    count = min(5000, given.sizes.people)
    with tramy({"TRAMY_DATABASE_URL": url}) as server:
        bodies = (msgspec.json.encode(person(number)) for number in range(count))
        puts = (request("PUT", f"/fhir/Patient/{person(number)['id']}", body) for number, body in enumerate(bodies))
        await run(server.port, puts, status=201, concurrency=CLIENTS)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("analyze")
        rows = await connection.fetch("select id, identifier[1] as token, name[1] as name from patient")
    finally:
        await connection.close()
    random.Random(2).shuffle(rows)
    asked = [{"identifier": row["token"]} if index % 2 else _named(row["name"]) for index, row in enumerate(rows)]
    return [row["id"] for row in rows], [request("GET", f"/fhir/Patient?{urlencode(item)}") for item in asked]


def _named(kept: str) -> dict[str, str]:
    words = (kept.partition("\x1f")[2] or kept).split()
    return {"name": " ".join(words[:3]), "_sort": "birthdate", "_count": "20"}


async def _round(port: int, feeds: _Feeds, seconds: float) -> tuple[dict[str, float], float, list[float]]:
    """Return the rate of each part alone, the rate of the mix, and the latencies of the mix."""
    alone = {}
    for name, feed in feeds.parts.items():
        alone[name] = (await run(port, feed, status=2, concurrency=CLIENTS, seconds=seconds)).rate
    both = await run(port, feeds.mixed(), status=2, concurrency=CLIENTS, seconds=2 * seconds)
    return alone, both.rate, both.latencies


def _figure(rounds: Sequence[tuple[dict[str, float], float, list[float]]]) -> Figure:
    whole = sum(SHARES.values())
    expected = [whole / sum(share / alone[name] for name, share in SHARES.items()) for alone, _, _ in rounds]
    ratios = sorted(rate / wanted for (_, rate, _), wanted in zip(rounds, expected, strict=True))
    middle = ratios[len(ratios) // 2]
    parts = ", ".join(f"{name} {rounds[-1][0][name]:,.0f}/s" for name in SHARES)
    note = (
        f"{CLIENTS} clients, {' : '.join(f'{share} {name}' for name, share in SHARES.items())}; alone {parts}; mix "
        f"{rounds[-1][1]:,.0f}/s; rounds {ratios[0]:.2f} to {ratios[-1]:.2f}; no error"
    )
    latencies = [time for _, _, spent in rounds for time in spent]
    return Figure(
        "mix of reads, searches, creates against its parts", middle, "of expected", ASKED, **times(latencies), note=note
    )
