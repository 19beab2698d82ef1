"""The command `tramy load` on NDJSON, as a user runs it, on all cores; its start-up is measured apart, not left out."""

import asyncio
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.figure import Cost, Figure
from bench.households import resources
from bench.run import Run
from bench.server import TRAMY, started
from bench.usage import children_cpu, cpu, most_memory

ASKED = 6000.0
_GLANCE = 0.1
"""Seconds between looks at the memory of a command that runs."""


class Loaded(NamedTuple):
    """What a load took: seconds on the clock, CPU seconds of command and Postgres, MB of its largest process."""

    seconds: float
    server: float
    postgres: float
    memory: float


async def measure(given: Run) -> list[Figure]:
    """Load the same records twice, into empty databases: each person's together, and a file for each type."""
    with tempfile.TemporaryDirectory(prefix="tramy-bench-") as folder:
        given.say("writing NDJSON")
        together, apart, count = written(Path(folder), resources(given.sizes.households))
        nothing = Path(folder) / "nothing.ndjson"
        nothing.write_bytes(b'{"resourceType":"Practitioner","id":"bench-d","active":true}\n')
        empty = await _load(given, [nothing])
        found = []
        for work, paths, asked in (
            ("tramy load, NDJSON, each person's records together", [together], ASKED),
            ("tramy load, NDJSON, a file for each type", apart, None),
        ):
            took = await _load(given, paths)
            found.append(_figure(work, took, empty, count, asked))
    return found


def _figure(work: str, took: Loaded, empty: Loaded, count: int, asked: float | None) -> Figure:
    note = f"{count:,} in {took.seconds:.1f} s"
    # Beside a small load the start-up is all there is, and what is left of it means nothing.
    if took.seconds > 2 * empty.seconds:
        note += f"; {count / (took.seconds - empty.seconds):,.0f}/s without the {empty.seconds:.1f} s of one record"
    share = 1000 / count
    cost = Cost(took.server * share, took.postgres * share, took.memory)
    return Figure(work, count / took.seconds, "resources/s", asked, cost=cost, note=note)


async def _load(given: Run, paths: list[Path]) -> Loaded:
    async with given.databases.new("bench_load") as url:
        return await _timed(given, url, paths)


async def _timed(given: Run, url: str, paths: list[Path]) -> Loaded:
    postgres = cpu(given.databases.pid)
    ended, began = children_cpu(), time.perf_counter()
    most = 0.0
    with started((*TRAMY, "load", *map(str, paths)), {"TRAMY_DATABASE_URL": url}) as program:
        while program.process.poll() is None:
            most = max(most, most_memory(program.process.pid))
            await asyncio.sleep(_GLANCE)
        seconds = time.perf_counter() - began
        if program.process.returncode != 0:
            raise program.failed()
    return Loaded(seconds, children_cpu() - ended, cpu(given.databases.pid) - postgres, most)


def written(folder: Path, records: Iterable[dict]) -> tuple[Path, list[Path], int]:
    """Write records as NDJSON, in one file and in a file for each type; return the files and the number."""
    together, count = folder / "all.ndjson", 0
    apart: dict[str, Path] = {}
    with ExitStack() as open_files:
        whole = open_files.enter_context(together.open("wb"))
        parts = {}
        for record in records:
            kind = record["resourceType"]
            if kind not in parts:
                apart[kind] = folder / f"{kind}.ndjson"
                parts[kind] = open_files.enter_context(apart[kind].open("wb"))
            line = msgspec.json.encode(record) + b"\n"
            whole.write(line)
            parts[kind].write(line)
            count += 1
    return together, list(apart.values()), count
