"""The versions of the lists of units, each with its days (QĐ 124/2004/QĐ-TTg; Resolution 202/2025/QH15)."""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from app.places.files import broken, rows

_DAY = timedelta(days=1)
_PARTIAL_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


class Version(NamedTuple):
    """One list of units, in force from `start` to `end`, both days included, in Viet Nam's time zone."""

    name: str
    start: date
    end: date
    units: str
    crosswalk: str
    source: str


class Versions:
    """The versions in the order of their days, without a gap: each day has exactly one."""

    __slots__ = ("_by_name", "_starts", "all")

    def __init__(self, versions: tuple[Version, ...]) -> None:
        self.all = versions
        self._by_name = {version.name: version for version in versions}
        self._starts = [version.start for version in versions]

    def on(self, day: date) -> Version:
        """Return the version in force on `day`."""
        # A day before the first list ever is read with the first list.
        return self.all[max(bisect_right(self._starts, day) - 1, 0)]

    def called(self, name: str) -> Version | None:
        """Return the version of exactly this name ("2004", "2025-07"), or None."""
        return self._by_name.get(name)

    def meant(self, text: str) -> Version | None:
        """Return the version a `Coding.version` means: a name, or a FHIR date whose days all lie in one version.

        None if it means no single one: 2025 is the year in which two lists were in force.
        """
        if version := self.called(text):
            return version
        days = _days(text)
        if not days or self.on(days[0]) is not self.on(days[1]):
            return None
        return self.on(days[0])

    def beside(self, version: Version) -> Iterator[Version]:
        """Yield the other versions, the nearest first, and of two equally near the later first."""
        own = self.all.index(version)
        others = [index for index in range(len(self.all)) if index != own]
        for index in sorted(others, key=lambda index: (abs(index - own), -index)):
            yield self.all[index]


def read_versions(path: Path) -> Versions:
    """Read the versions, oldest first. Raises Misconfigured if there is none or a day has none or two."""
    columns = ("version", "from", "until", "units", "crosswalk", "source")
    try:
        versions = tuple(
            Version(name, date.fromisoformat(start or "0001-01-01"), date.fromisoformat(end or "9999-12-31"), *rest)
            for name, start, end, *rest in rows(path, columns)
        )
    except ValueError as error:
        raise broken(path, "from and until to be days or blank", "from và until là ngày hoặc để trống") from error
    if not versions or len({version.name for version in versions}) != len(versions):
        raise broken(path, "at least one version, and each once", "ít nhất một phiên bản, mỗi phiên bản một lần")
    if versions[-1].end != date.max or any(_gap(*pair) for pair in pairwise(versions)):
        raise broken(
            path,
            "each version to begin the day after the one before ended, and the last without an end",
            "mỗi phiên bản bắt đầu ngay sau ngày phiên bản trước kết thúc, phiên bản cuối không có ngày kết thúc",
        )
    return Versions(versions)


def _gap(before: Version, after: Version) -> bool:
    return before.end == date.max or before.end < before.start or before.end + _DAY != after.start


def _days(text: str) -> tuple[date, date] | None:
    """Return the first and last day of a FHIR date of a year, a month or a day, or None if it is none."""
    parts = _PARTIAL_DATE.fullmatch(text)
    if not parts:
        return None
    year, month, day = (int(part) if part else 0 for part in parts.groups())
    try:
        first = date(year, month if parts[2] else 1, day if parts[3] else 1)
    except ValueError:
        return None
    if parts[3]:
        return first, first
    end = month or 12
    return first, date(year, end, monthrange(year, end)[1])
