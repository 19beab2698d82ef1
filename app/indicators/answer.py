"""The answer to "what share, where, on which day, as known when": numerator and denominator, split as asked."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from app.indicators.indicator import Indicator
from app.indicators.keeping import Keeping
from app.indicators.level import By, Level, Where, levels
from app.places import Place, Places
from app.store.database import Connection
from app.store.moment import Moment

Split = list[tuple[Place | None, frozenset[str]]]
"""The parts of a place, each with its keys in the ledger or the roll-ups."""


class Figure(NamedTuple):
    """Numerator and denominator, both numbers of people."""

    numerator: int
    denominator: int

    @property
    def rate(self) -> Decimal | None:
        """The percentage, rounded half up to two decimals; None for an empty population."""
        if not self.denominator:
            return None
        share = Decimal(100 * self.numerator) / Decimal(self.denominator)
        return share.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Value:
    """A figure with its parts: by sex always, by what was asked; and the moment it was known at."""

    whole: Figure
    sexes: Mapping[str, Figure]
    groups: list[tuple[Place | None, Figure]]
    moment: Moment


async def value(
    connection: Connection,
    keeping: Keeping,
    indicator: Indicator,
    places: Places,
    place: Place,
    on: date,
    by: By = "",
    moment: Moment | None = None,
    epoch: int = 0,
) -> Value:
    """Return the indicator's value for a place on a day; the rest of a split (no commune known) has no Place."""
    numbers = (keeping.numbers[indicator.population_series], keeping.numbers[indicator.counted_series])
    split = _split(places, place, by)
    where = _where(split) if by not in ("", "sex") else _whole(places, place)
    found = await levels(connection, where, numbers, on, moment, epoch)
    by_key: dict[str, list[Level]] = defaultdict(list)
    for row in found.rows:
        by_key[row.key].append(row)
    groups = [(part, _figure(_inside(by_key, keys), numbers)) for part, keys in split]
    return Value(_figure(found.rows, numbers), _sexes(found.rows, numbers), groups, found.moment)


def _inside(by_key: Mapping[str, list[Level]], keys: frozenset[str]) -> Iterator[Level]:
    return (row for key in keys for row in by_key.get(key, ()))


def _split(places: Places, place: Place, by: By) -> Split:
    """Return the parts of a place with the ledger's keys that belong to each; the people of none come last."""
    if by in ("", "sex"):
        return []
    if by == "province":
        parts: Split = [(part, frozenset([part.key])) for part in _provinces(places, place)]
        return [*parts, (None, frozenset([_nowhere(place)]))] if place.level == "country" else parts
    return [(part if part.key else None, frozenset(keys)) for part, keys in places.split(place, by).items()]


def _where(split: Split) -> Where:
    """Return what to sum for a split: the keys of its parts, which are areas when it is by province."""
    keys = tuple(key for _, part in split for key in part)
    by_area = any(part is not None and part.level == "province" for part, _ in split)
    return Where(None, keys) if by_area else Where(keys, None)


def _whole(places: Places, place: Place) -> Where:
    if place.level == "country":
        return Where(None, (*(part.key for part in _provinces(places, place)), _nowhere(place)))
    return Where(None, (place.key,)) if place.level == "province" else Where(places.stated(place), None)


def _provinces(places: Places, place: Place) -> tuple[Place, ...]:
    return places.provinces(place.version) if place.level == "country" else (place,)


def _nowhere(place: Place) -> str:
    """Return the key of the people whose province is not known, on the boundaries of the place."""
    return f"@{place.version}"


def _figure(rows: Iterable[Level], numbers: tuple[int, int]) -> Figure:
    sums: dict[int, int] = defaultdict(int)
    for row in rows:
        sums[row.series] += row.people
    return Figure(sums[numbers[1]], sums[numbers[0]])


def _sexes(rows: list[Level], numbers: tuple[int, int]) -> dict[str, Figure]:
    found: dict[str, list[Level]] = defaultdict(list)
    for row in rows:
        found[row.sex].append(row)
    return {sex: _figure(mine, numbers) for sex, mine in sorted(found.items())}
