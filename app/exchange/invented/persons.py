"""One person of the register as everything about them is made from: who, since and until when, where."""

from typing import NamedTuple

from app.exchange.invented.families import YEAR, Member
from app.exchange.invented.layout import Homestead


class Person(NamedTuple):
    """A person; days are ordinal numbers (1 is 0001-01-01) in Asia/Ho_Chi_Minh.

    `until` is the last day on which anything happened to them here: the last day of the register, or the day they
    died, or the day before they left. `fate` is "" for a resident, or why they are none. `moved` is the first day of
    the household at its present address, 0 if it has always lived there.
    """

    number: int
    id: str
    member: Member
    group: tuple[str, str]
    born: int
    last: int
    until: int
    fate: str
    insured: bool
    moved: int
    facility: str
    facility_code: str

    @property
    def kinh(self) -> bool:
        """Whether of the ethnic majority."""
        return self.group[0] == "01"

    def age_on(self, day: int) -> int:
        """Give the age in whole years on a day, to within a day of the birthday."""
        return int((day - self.born) / YEAR)


def fates(place: Homestead, household: list[Member]) -> list[tuple[str, bool]]:
    """Give each member a fate and whether they are insured; if there is a fate, it falls to the eldest."""
    commune = place.commune
    ranks = [commune.rank(place.first_there + k) for k in range(len(household))]
    ranks.sort(key=lambda rank: not commune.fate(rank))
    eldest = sorted(range(len(household)), key=lambda k: -household[k].age)
    fated = sum(bool(commune.fate(rank)) for rank in ranks)
    order = eldest[:fated] + [k for k in range(len(household)) if k not in eldest[:fated]]
    found = dict(zip(order, ranks, strict=True))
    return [(commune.fate(found[k]), found[k] < commune.insured) for k in range(len(household))]
