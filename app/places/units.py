"""The units of one version of the lists: communes, districts where there are any, provinces, the country."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from app.places.files import broken, rows
from app.places.versions import Version

Level = Literal["country", "province", "district", "commune"]

COUNTRY = "VN"
"""The key and the code of the country, the same in every version."""

# What the people of no known province are counted under, on the boundaries of a version: "@2004".
UNASSIGNED = "@{}"

_DIGITS: dict[Level, int] = {"province": 2, "district": 3, "commune": 5}


class Place(NamedTuple):
    """A unit on the boundaries of one version.

    `key` is "{code}@{version}", or "VN" for the country; `parent` is the key of the unit around it, "" for the country.
    `name` is in NFC; `type` is as published for communes ("Xã") and "" for other levels.
    """

    key: str
    code: str
    version: str
    name: str
    level: Level
    parent: str
    type: str = ""


class Tree:
    """The units of one version by key, and which lie directly in which."""

    __slots__ = ("children", "country", "units", "version")

    def __init__(self, version: str, units: dict[str, Place]) -> None:
        self.version = version
        self.units = units
        self.country = units[COUNTRY]
        inside: dict[str, list[Place]] = {}
        for unit in units.values():
            inside.setdefault(unit.parent, []).append(unit)
        self.children = {key: tuple(places) for key, places in inside.items()}

    def find(self, code: str) -> Place | None:
        """Return the unit of this code, or None; the code of the country is VN."""
        return self.country if code == COUNTRY else self.units.get(f"{code}@{self.version}")

    def path(self, key: str) -> tuple[Place, ...]:
        """Return the units around and with this one, the country first."""
        unit = self.units[key]
        return (*self.path(unit.parent), unit) if unit.parent else (unit,)

    def within(self, key: str, level: Level) -> Iterator[Place]:
        """Yield the units of `level` that are this unit or lie in it, in the order of the list."""
        unit = self.units[key]
        if unit.level == level:
            yield unit
            return
        for child in self.children.get(key, ()):
            yield from self.within(child.key, level)


def read_units(version: Version, path: Path) -> Tree:
    """Read one list of units. Raises Misconfigured if a code is used twice or a unit lies in two others."""
    units: dict[str, Place] = {COUNTRY: Place(COUNTRY, COUNTRY, version.name, "Việt Nam", "country", "")}
    needed = ("code", "name", "type", "province_code", "province_name")
    parents: dict[tuple[str, ...], str] = {}
    kinds: dict[str, str] = {}
    for code, name, kind, *around in rows(path, needed, ("district_code", "district_name")):
        upper = tuple(around)
        if upper not in parents:
            parents[upper] = _entered(units, path, version, upper)
        commune = _unit(version, code, name, "commune", parents[upper], kinds.setdefault(kind, kind))
        if commune.key in units or len(code) != _DIGITS["commune"]:
            raise broken(path, "communes of five digits, each code once", "mã xã 5 chữ số, mỗi mã một lần")
        units[commune.key] = commune
    return Tree(version.name, units)


def _unit(version: Version, code: str, name: str, level: Level, parent: str, kind: str = "") -> Place:
    return Place(f"{code}@{version.name}", code, version.name, unicodedata.normalize("NFC", name), level, parent, kind)


def _entered(units: dict[str, Place], path: Path, version: Version, upper: tuple[str, ...]) -> str:
    """Enter the province and the district, if there is one, that are not yet known; return the key of the smaller."""
    province_code, province_name, district_code, district_name = upper
    above = [_unit(version, province_code, province_name, "province", COUNTRY)]
    if district_code:
        above.append(_unit(version, district_code, district_name, "district", above[0].key))
    for unit in above:
        known = units.setdefault(unit.key, unit)
        if known.parent != unit.parent or len(unit.code) != _DIGITS[unit.level]:
            raise broken(
                path,
                "two digits for a province and three for a district, each in one unit only",
                "mã tỉnh 2 chữ số, mã huyện 3 chữ số, mỗi đơn vị thuộc đúng một đơn vị",
            )
    return above[-1].key
