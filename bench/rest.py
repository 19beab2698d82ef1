"""The service at rest: how soon it answers on a database that exists, and the memory it holds before any work."""

import time
from pathlib import Path
from statistics import median

from bench.figure import Cost, Figure
from bench.run import Sizes
from bench.server import answers, tramy
from bench.usage import memory

LARGEST = 150.0
LONGEST = 3.0
_SETTLED = 3.0
"""Seconds after the first answer at which memory is read."""


def measure(data: Path, sizes: Sizes) -> list[Figure]:
    """Start the service with the embedded database on the data folder, which nobody else may use now."""
    took, held = [], []
    for _ in range(sizes.starts):
        with tramy({"TRAMY_DATA": str(data)}) as server:
            took.append(server.seconds)
            answers(server.port, "/fhir/metadata")
            time.sleep(_SETTLED)
            held.append(memory(server.pid))
    note = f"{min(took):.2f} to {max(took):.2f} s in {len(took)} starts of service and database"
    return [
        Figure("service up on an existing database", median(took), "s", LONGEST, "under", note=note),
        Figure("memory of a worker at rest", max(held), "MB", LARGEST, "under", cost=Cost(memory=max(held))),
    ]
