"""Which household lives where, and who in it is insured, by arithmetic alone, so that any slice stands by itself.

Households repeat in rounds: after one round of sizes and communes the next begins. So the number of a household gives
the numbers of its people, of the whole register and of its commune, without looking at any household before it.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from app.exchange.invented.draws import draw_for, shuffled
from app.exchange.invented.lists import groups, province_of_2025
from app.exchange.invented.plan import Plan

SIZES = (1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 7)
"""How many people live together: 3.6 on average."""
APART = ("dead", "away", "dead", "away", "mistake")
"""Why someone on the register does not count: died, moved away, registered by mistake; in turn."""
APART_PER_MILLE = 15


class Commune(NamedTuple):
    """A commune of the plan and what is particular to it; shares from 0 to 1."""

    code: str
    name: str
    number: int
    people: int
    insured: int
    step: int
    seen: float
    book: float
    kinh: float

    @property
    def apart(self) -> int:
        """How many people on the register do not count among the residents."""
        return self.people * APART_PER_MILLE // 1000

    def rank(self, person: int) -> int:
        """Give a person of the commune (0, 1, ...) a rank of their own: the lowest are insured, the highest apart."""
        return (person * self.step + self.number) % self.people

    def fate(self, rank: int) -> str:
        """Say why the person of this rank does not count: one of APART, or "" for a resident."""
        above = self.people - 1 - rank
        return APART[above % len(APART)] if above < self.apart else ""


class Homestead(NamedTuple):
    """Where a household lives: its commune, its first person's number in the register and there, its size."""

    commune: Commune
    first: int
    first_there: int
    size: int


@dataclass(frozen=True)
class Layout:
    """One round of households, and the communes."""

    people: int
    communes: tuple[Commune, ...]
    home: tuple[int, ...]
    starts: tuple[int, ...]
    starts_there: tuple[int, ...]
    round_there: tuple[int, ...]

    @property
    def households(self) -> int:
        """How many households there are; the last may be cut short."""
        rounds, rest = divmod(self.people, self.starts[-1])
        return rounds * len(self.home) + (bisect_right(self.starts, rest - 1) if rest else 0)

    def place(self, household: int) -> Homestead:
        """Say where a household (0, 1, ...) lives."""
        rounds, k = divmod(household, len(self.home))
        number = self.home[k]
        first = rounds * self.starts[-1] + self.starts[k]
        size = min(self.starts[k + 1] - self.starts[k], self.people - first)
        return Homestead(self.communes[number], first, rounds * self.round_there[number] + self.starts_there[k], size)


@lru_cache(maxsize=16)
def layout(plan: Plan) -> Layout:
    """Lay out a plan."""
    home, sizes = _round(plan)
    starts, there, counts = [0], [], [0] * len(plan.communes)
    for number, size in zip(home, sizes, strict=True):
        there.append(counts[number])
        counts[number] += size
        starts.append(starts[-1] + size)
    people = _people(plan.people, home, starts, counts)
    insured = _shared(plan, people)
    communes = tuple(_commune(plan, n, people[n], insured[n]) for n in range(len(people)))
    return Layout(plan.people, communes, tuple(home), tuple(starts), tuple(there), tuple(counts))


def _round(plan: Plan) -> tuple[list[int], list[int]]:
    """Give one round: every commune once, so that a small register has them all, then 40 to 88 households of each."""
    draw = draw_for(plan.seed, 0, purpose=1)
    numbers = range(len(plan.communes))
    rest = [n for n in numbers for _ in range(40 + int(draw() * 49))]
    home = shuffled(list(numbers), draw) + shuffled(rest, draw)
    repeated = SIZES * (len(home) // len(SIZES) + 1)
    return home, shuffled(repeated[: len(home)], draw)


def _people(total: int, home: list[int], starts: list[int], counts: list[int]) -> list[int]:
    """Count the people of each commune: whole rounds, and the beginning of the last."""
    rounds, rest = divmod(total, starts[-1])
    people = [rounds * count for count in counts]
    for k, number in enumerate(home):
        people[number] += max(0, min(starts[k + 1], rest) - starts[k])
    return people


def _shared(plan: Plan, people: list[int]) -> list[int]:
    """Share the insured out exactly, with more without a card in some communes than in others.

    As long as there is room the people without a card include all those who do not count as residents, so that the
    insured residents are exactly the insured.
    """
    draw = draw_for(plan.seed, 0, purpose=2)
    left = plan.people - plan.covered
    floor = [count * APART_PER_MILLE // 1000 for count in people]
    without = floor if sum(floor) <= left else [0] * len(people)
    left -= sum(without)
    weights = [count * int(300 + 1400 * draw()) for count in people]
    whole = sum(weights) or 1
    without = [min(n, w + left * weight // whole) for n, w, weight in zip(people, without, weights, strict=True)]
    left = plan.people - plan.covered - sum(without)
    for number, count in enumerate(people):
        more = min(left, count - without[number])
        without[number] += more
        left -= more
    return [count - w for count, w in zip(people, without, strict=True)]


def _commune(plan: Plan, number: int, people: int, insured: int) -> Commune:
    draw = draw_for(plan.seed, number, purpose=3)
    code, name = plan.communes[number]
    _, kinh = groups(province_of_2025(plan.province[0], plan.unit_version))
    if kinh < 1:
        kinh = min(1.0, max(0.05, kinh + (draw() - 0.5) * 0.5))
    return Commune(
        *(code, name, number, people, insured, _step(people)),
        *(0.65 + 0.2 * draw(), 0.45 + 0.3 * draw(), kinh),
    )


def _step(people: int) -> int:
    """Find a step near the golden section that meets every rank once, so that neighbours' ranks lie far apart."""
    step = max(1, people * 618 // 1000)
    while gcd(step, people) > 1:
        step += 1
    return step
