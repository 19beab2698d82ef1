"""Random draws that come out the same on every machine: only `random.Random.random`, whose sequence Python promises."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from random import Random
from typing import TypeVar

Draw = Callable[[], float]
"""Gives the next number in [0, 1)."""

T = TypeVar("T")


class Dice(Random):
    """Python's Mersenne Twister; for invented people, never for secrets."""


def draw_for(seed: int, number: int, purpose: int = 0) -> Draw:
    """Give the draws of one thing (a household, a commune), which do not depend on any other thing's."""
    return Dice((seed << 48) + (purpose << 44) + number).random


def pick(options: Sequence[T], draw: Draw) -> T:
    """Take one of the options, each as likely as it is frequent in the list."""
    return options[int(draw() * len(options))]


def between(low: int, high: int, draw: Draw) -> int:
    """Take a whole number from low to high, both included; low when high is below it."""
    return low + int(draw() * (high - low + 1)) if high > low else low


def weighted(options: Iterable[tuple[T, int]]) -> tuple[T, ...]:
    """Repeat each option by its weight, so that `pick` follows the weights with one look-up."""
    return tuple(option for option, weight in options for _ in range(weight))


def shuffled(options: Sequence[T], draw: Draw) -> list[T]:
    """Put the options in random order (`random.shuffle` may change with the version of Python)."""
    keys = [draw() for _ in options]
    return [options[i] for i in sorted(range(len(options)), key=keys.__getitem__)]


@lru_cache(maxsize=1 << 17)
def iso(day: int) -> str:
    """Write the day with this ordinal number (1 is 0001-01-01) as yyyy-mm-dd."""
    return date.fromordinal(day).isoformat()
