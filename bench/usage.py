"""CPU time and memory of process trees, read by psutil."""

import os
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from bench.figure import Cost

_GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and everything it has started that still runs; nothing when it has ended."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except _GONE:
        return []


def cpu(pid: int) -> float:
    """Return the CPU seconds of a tree; those of children that have ended are in their parents' account."""
    spent = 0.0
    for process in tree(pid):
        with suppress(*_GONE):
            used = process.cpu_times()
            spent += used.user + used.system
            spent += getattr(used, "children_user", 0.0) + getattr(used, "children_system", 0.0)
    return spent


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB (10**6 bytes), 0 when it has ended."""
    with suppress(*_GONE):
        return psutil.Process(pid).memory_info().rss / 1e6
    return 0.0


def most_memory(pid: int) -> float:
    """Return the resident memory of the largest process of a tree in MB, 0 when it has ended."""
    return max((memory(process.pid) for process in tree(pid)), default=0.0)


@dataclass
class Meter:
    """Adds up what a server and its Postgres spend between `start` and `stop`, and how many operations that was for."""

    server: int
    postgres: int
    operations: int = 0
    _spent: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _from: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def start(self) -> None:
        """Begin to count."""
        self._from = [cpu(self.server), cpu(self.postgres)]

    def stop(self, operations: int) -> None:
        """End counting: that was for so many operations."""
        for place, pid in enumerate((self.server, self.postgres)):
            self._spent[place] += cpu(pid) - self._from[place]
        self.operations += operations

    def cost(self) -> Cost:
        """Return the cost of 1,000 operations, and the memory held now."""
        share = 1000 / self.operations
        return Cost(self._spent[0] * share, self._spent[1] * share, memory(self.server))


def children_cpu() -> float:
    """Return the CPU seconds of all children of this process that have ended and been waited for, and of theirs."""
    used = os.times()
    return used.children_user + used.children_system
