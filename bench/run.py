"""What a run is given: how large, how long, on which databases."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.database import Databases
from bench.people import MOST


@dataclass(frozen=True)
class Sizes:
    """How much is done for each figure; times are in seconds."""

    people: int = MOST
    rounds: int = 7
    """Rounds of A and B for a ratio."""
    seconds: float = 3.0
    """Length of each half of a round."""
    ids: int = 20_000
    """Different records that are read."""
    bundles: int = 600
    """Transactions of 100 resources that are sent and measured."""
    households: int = 1200
    """Households of 100 resources that are loaded."""
    searches: int = 400
    """Different values of each kind of search."""
    answers: int = 2000
    """Different places and days that an indicator is asked for, at each concurrency."""
    days: int = 40
    """Different days on which the country is asked for."""
    starts: int = 5
    """Starts of the service."""


QUICK = Sizes(2000, 2, 0.3, 200, 6, 12, 20, 40, 3, 1)
"""Small enough to try the program: its figures mean nothing."""


@dataclass(frozen=True)
class Run:
    """The databases, the sizes, and where to say what is going on."""

    databases: Databases
    sizes: Sizes
    say: Callable[[str], None]
