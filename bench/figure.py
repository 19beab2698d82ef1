"""A line of the table: what was done, the figure measured, the figure asked, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple, TypedDict


@dataclass(frozen=True)
class Cost:
    """What operations cost: CPU seconds for 1,000 of them, of the server and of Postgres; most memory held, in MB."""

    server: float | None = None
    postgres: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Figure:
    """One line. `asked` None is a figure given for itself; times `p50` and `p95` are in ms; `note` says the rest."""

    work: str
    measured: float
    unit: str
    asked: float | None = None
    sense: Literal["at least", "under"] = "at least"
    p50: float | None = None
    p95: float | None = None
    cost: Cost = Cost()
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure asked is reached; None when none is asked."""
        if self.asked is None:
            return None
        return self.measured >= self.asked if self.sense == "at least" else self.measured < self.asked


class Times(TypedDict):
    """Half and 95 of 100 took no longer; in ms, named as the fields of a Figure."""

    p50: float
    p95: float


class Ratio(NamedTuple):
    """The median of the ratios of several rounds, and the least and greatest."""

    middle: float
    least: float
    most: float


def ratio(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Return what ratios `ours / theirs` of rounds (ours, theirs) come to; a round's own pair decides its ratio."""
    ratios = [ours / theirs for ours, theirs in pairs]
    return Ratio(median(ratios), min(ratios), max(ratios))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[min(rank, len(ordered)) - 1]


def times(seconds: Sequence[float]) -> Times:
    """Return p50 and p95 of latencies in seconds."""
    return {"p50": 1000 * percentile(seconds, 0.5), "p95": 1000 * percentile(seconds, 0.95)}
