"""Two servers measured by turns, A B A B, so that what else the machine does falls on both alike."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.client import Traffic, run
from bench.figure import Figure, ratio, times
from bench.run import Run
from bench.server import Server
from bench.usage import Meter

CONCURRENCY = 16
WARM = 0.5
"""Seconds in which connections, plans and caches are made, before anything is counted."""


@dataclass(frozen=True)
class Side:
    """A server, and the requests that it is sent, which need no end."""

    server: Server
    requests: Iterator[bytes]
    status: int


@dataclass
class Duel:
    """The rates of each round, ours first, our latencies, and what both cost."""

    ours: Meter
    theirs: Meter
    pairs: list[tuple[float, float]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def figure(self, work: str, asked: float) -> Figure:
        """Return the line: the median of the rounds' ratios. The servers must still run, for their memory."""
        middle, least, most = ratio(self.pairs)
        mine, other = (sum(pair[place] for pair in self.pairs) / len(self.pairs) for place in (0, 1))
        cost, others = self.ours.cost(), self.theirs.cost()
        note = (
            f"{least:.2f} to {most:.2f} in {len(self.pairs)} rounds; {mine:,.0f}/s, bare {other:,.0f}/s; "
            f"bare: server {others.server:.3f} s, Postgres {others.postgres:.3f} s for 1,000"
        )
        return Figure(work, middle, "of bare", asked, **times(self.latencies), cost=cost, note=note)


async def duel(given: Run, ours: Side, theirs: Side) -> Duel:
    """Measure both by turns for the rounds asked."""
    postgres = given.databases.pid
    found = Duel(Meter(ours.server.pid, postgres), Meter(theirs.server.pid, postgres))
    for side in (ours, theirs):
        await _send(side, WARM)
    for _ in range(given.sizes.rounds):
        mine = await _metered(ours, found.ours, given.sizes.seconds)
        other = await _metered(theirs, found.theirs, given.sizes.seconds)
        found.pairs.append((mine.rate, other.rate))
        found.latencies += mine.latencies
    return found


async def _metered(side: Side, meter: Meter, seconds: float) -> Traffic:
    meter.start()
    traffic = await _send(side, seconds)
    meter.stop(len(traffic.latencies))
    return traffic


async def _send(side: Side, seconds: float) -> Traffic:
    return await run(side.server.port, side.requests, status=side.status, concurrency=CONCURRENCY, seconds=seconds)
