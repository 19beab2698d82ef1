"""Which stated communes belong to which place, on the boundaries of each version (Resolution 202/2025/QH15)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from app.places.refusal import not_a_place
from app.places.units import COUNTRY, UNASSIGNED, Level, Place, Tree
from app.places.versions import Version, Versions


class Stated(NamedTuple):
    """The commune an address states: its key, "" if it states none we know, and whether its version was guessed."""

    key: str
    guessed: bool


class Places:
    """All units of all versions, and where the people of each stated commune belong. Never changes once made."""

    __slots__ = ("_areas", "_inside", "_splits", "_trees", "versions")

    def __init__(self, versions: Versions, trees: Iterable[Tree], homes: Iterable[tuple[str, str, str]]) -> None:
        self.versions = versions
        self._trees = {tree.version: tree for tree in trees}
        self._inside, self._areas = _indexes(self._trees, homes)
        self._splits: dict[tuple[str, str, Level], Mapping[Place, tuple[str, ...]]] = {}

    def state(self, code: str, version: str | None, received: date, until: date | None) -> Stated:
        """Return the stated commune of a coded address; days are days in Viet Nam.

        `version` names a version or is a FHIR date of its days. Without one that is understood the era is a guess: that
        of `received`, or of `until` (the last day of the address, inclusive) if that is an earlier one. A code that is
        not in its era but in another is taken from the other, as a guess. Any other code, also that of a province or
        district, states no commune: key "", nothing guessed.
        """
        said = self.versions.meant(version) if version else None
        era = said or self.versions.on(min(received, until) if until else received)
        if unit := self._commune(code, era):
            return Stated(unit.key, said is None)
        for other in self.versions.beside(era):
            if unit := self._commune(code, other):
                return Stated(unit.key, True)
        return Stated("", False)

    def find(self, text: str, on: date, expression: str = "") -> Place:
        """Return the place asked for: a code on the boundaries of the day `on`, or "{code}@{version}"; VN: the country.

        Raises BadParameter at `expression` if there is no such unit.
        """
        code, at, name = text.partition("@")
        version = self.versions.called(name) if at else self.versions.on(on)
        unit = self._trees[version.name].find(code) if version else None
        if unit is None:
            known = [other.name for other in self.versions.all if self._trees[other.name].find(code)]
            raise not_a_place(self.versions, known, expression)
        return unit

    def unit(self, key: str) -> Place:
        """Return the unit of a key; "VN" is on the newest boundaries. Raises KeyError for any other text."""
        version = key.partition("@")[2] or self.versions.all[-1].name
        return self._trees[version].units[key]

    def stated(self, place: Place) -> tuple[str, ...] | None:
        """Return every stated commune whose people belong to the place, on the boundaries of the place.

        None for the country: everyone, also the people without a commune. Otherwise the place's own communes, and those
        of other versions whose home (see `app.places.homes`) is the place or in it. Raises KeyError for the rest of a
        `split`, which is no unit.
        """
        return None if place.level == "country" else self._inside[place.key]

    def communes(self, place: Place) -> Mapping[Place, tuple[str, ...]]:
        """Split a place into the communes of its own version, each with its stated communes, as `split` does."""
        return self.split(place, "commune")

    def split(self, place: Place, level: Level) -> Mapping[Place, tuple[str, ...]]:
        """Split a place into its units of `level`, each with its stated communes; each stated commune comes once.

        The last entry, of key "", is the rest, which may be empty: stated communes in the place but in none of the
        units. For the country the rest has "" too, the stated key of people without a commune.
        """
        key = (place.key, place.version, level)
        if key not in self._splits:
            self._splits[key] = MappingProxyType(self._split(place, level))
        return self._splits[key]

    def provinces(self, version: str) -> tuple[Place, ...]:
        """Return the provinces of a version in the order of the list. Raises KeyError if there is no such version."""
        return tuple(self._trees[version].within(COUNTRY, "province"))

    def areas(self, stated_key: str) -> tuple[str, ...]:
        """Return the province of a stated commune on each version's boundaries, the newest first.

        Where the province is not known it is "@{version}", unassigned, as it is everywhere for the key "". Raises
        KeyError for a key that `state` does not give.
        """
        return self._areas[stated_key]

    def table(self) -> Iterator[tuple[str, str]]:
        """Yield (stated key, area) for every stated key, "" included, and each of its areas."""
        for key, areas in self._areas.items():
            for area in areas:
                yield key, area

    def _commune(self, code: str, version: Version) -> Place | None:
        unit = self._trees[version.name].find(code)
        return unit if unit and unit.level == "commune" else None

    def _split(self, place: Place, level: Level) -> dict[Place, tuple[str, ...]]:
        units = self._trees[place.version].within(place.key, level)
        parts = {unit: self._everyone(unit) for unit in units}
        taken = {key for keys in parts.values() for key in keys}
        rest = Place("", "", place.version, "", level, place.key)
        return {**parts, rest: tuple(key for key in self._everyone(place) if key not in taken)}

    def _everyone(self, place: Place) -> tuple[str, ...]:
        keys = self.stated(place)
        return tuple(self._areas) if keys is None else keys


def _indexes(
    trees: dict[str, Tree], homes: Iterable[tuple[str, str, str]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return the stated communes inside each unit, and the areas of each stated commune."""
    inside: defaultdict[str, list[str]] = defaultdict(list)
    provinces: dict[str, dict[str, str]] = {}
    unassigned = {version: UNASSIGNED.format(version) for version in trees}
    ends = {COUNTRY, *unassigned.values()}
    for stated, version, home in homes:
        province = home
        # The country is left out: everyone is in it.
        while home not in ends:
            inside[home].append(stated)
            province, home = home, trees[version].units[home].parent
        provinces.setdefault(stated, {})[version] = province
    provinces[""] = unassigned
    # A few hundred different tuples serve all the communes.
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    areas = {}
    for stated, by_version in provinces.items():
        found = tuple(by_version[version] for version in reversed(trees))
        areas[stated] = same.setdefault(found, found)
    return {key: tuple(keys) for key, keys in inside.items()}, areas
