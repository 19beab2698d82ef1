"""FHIR dates of any precision as the seconds they certainly lie between (per-1). https://hl7.org/fhir/R4/datatypes.html#dateTime"""

import re
from datetime import date

_PARTS = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d)))?)?)?", re.ASCII
)
_DAY = 86_400
_NANO = 1_000_000_000
# A day without a zone may have begun as early as in UTC+14 and end as late as in UTC-12.
_EARLIEST, _LATEST = 14 * 3600, 12 * 3600
# YYYY-MM-DDThh:mm:ss; what follows is the fraction and the zone.
_TO_SECOND = 19


def reversed_for_certain(start: str, end: str) -> bool:
    """Say whether `end` lies before `start` however the parts that are not given are filled in.

    2026 to 2026-01 is not reversed; 2026-03 to 2026-02 is. The schema reports texts that are no FHIR dateTime.
    """
    if "T" not in start and "T" not in end:
        shared = min(len(start), len(end))
        return end[:shared] < start[:shared]
    if len(start) == len(end) and start[_TO_SECOND:] == end[_TO_SECOND:]:
        return end < start
    first, last = _bounds(start), _bounds(end)
    return first is not None and last is not None and last[1] < first[0]


def _bounds(text: str) -> tuple[int, int] | None:
    """Give the first and the last nanosecond since day 0, in UTC, that `text` may stand for."""
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1)).toordinal() * _DAY
    except ValueError:
        return None
    if hour is None:
        days = _length(int(year), month, day)
        return (first - _EARLIEST) * _NANO, (first + days * _DAY + _LATEST) * _NANO - 1
    offset = (int(zone_hour) * 60 + int(zone_minute)) * 60 if sign else 0
    seconds = first + int(hour) * 3600 + int(minute) * 60 + int(second) - (-offset if sign == "-" else offset)
    digits = (fraction or "")[:9]
    low = seconds * _NANO + int((digits or "0").ljust(9, "0"))
    high = low if digits else low + _NANO - 1
    return low, high


def _length(year: int, month: str | None, day: str | None) -> int:
    """Count the days of the year, month or day that is given."""
    if day:
        return 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not month:
        return 366 if leap else 365
    return (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[int(month) - 1]
