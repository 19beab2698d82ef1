"""Invented people spread over all communes of the country, made from their number alone; nobody in it is real."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from app.exchange.invented.benchmark import LAST_DAY
from app.exchange.invented.draws import between, draw_for
from app.exchange.invented.facilities import facility_code
from app.exchange.invented.families import YEAR, Member
from app.exchange.invented.names import family_name, full_name
from app.exchange.invented.patients import patient
from app.exchange.invented.persons import Person
from app.exchange.invented.plan import Plan
from app.places import load

VERSION = "2025-07"
MOST = 1_000_000
"""People with national numbers of their own: six digits of them are made from the person's number."""
_PURPOSE = 7
_BOOKS = 0.4
_SHARE_OLD = 40 * YEAR


class Commune(NamedTuple):
    """A commune: its place in the plan of its province."""

    plan: Plan
    place: int

    @property
    def code(self) -> str:
        """Its five digits."""
        return self.plan.communes[self.place][0]


@cache
def communes() -> Sequence[Commune]:
    """Return every commune of the country on today's boundaries, province after province."""
    places = load()
    found = []
    for province in places.provinces(VERSION):
        units = tuple((unit.code, unit.name) for unit in places.communes(province) if unit.key)
        plan = Plan(MOST, None, LAST_DAY, communes=units, province=(province.code, province.name))
        found += [Commune(plan, index) for index in range(len(units))]
    return found


def person(number: int) -> dict:
    """Make Patient `number` (0 to 999,999), living in commune `number` modulo the number of communes.

    Most have a national number, each their own; all have a name, an address coded to the commune and a birth date.
    """
    draw = draw_for(0, number, _PURPOSE)
    plan, index = communes()[number % len(communes())]
    male, age = draw() < 0.5, between(0, int(90 * YEAR), draw)
    name = full_name(family_name("01", draw), "01", male, age >= _SHARE_OLD, draw)
    last = LAST_DAY.toordinal()
    made = Person(
        *(number, f"bench-{number:07d}", Member("adult", male, age, name), ("01", "Kinh"), last - age, last, last),
        *("", True, 0, plan.communes[index][0], facility_code(plan, index)),
    )
    return patient(plan, made, f"Thôn {1 + number % 12}", _BOOKS, "", draw)
