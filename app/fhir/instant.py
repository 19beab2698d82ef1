"""FHIR date, dateTime, instant and Period as ranges of time, by their precision.

A value without a zone is a day (or month, or year) in the configured zone.
https://hl7.org/fhir/R4/search.html#date
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

FOREVER = datetime.max.replace(tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)

_LEAP_SECOND = 60
_FORM = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


class Range(NamedTuple):
    """From `low` (included) to `high` (excluded); NEVER and FOREVER stand for open ends."""

    low: datetime
    high: datetime


class Days(NamedTuple):
    """From `first` to `last` day, both included; None stands for an open end."""

    first: date | None
    last: date | None


class FullDays(NamedTuple):
    """From `first` to `last` day, both included."""

    first: date
    last: date


@lru_cache(maxsize=8192)
def moment(text: str, zone: ZoneInfo) -> Range:
    """Return the time that a date, dateTime or instant covers. Raises ValueError when it is none of these."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError("not a FHIR date")
    if form["hour"] is None:
        days = day_range(text)
        return Range(_midnight(days.first, zone), _midnight(_next(days.last), zone))
    return _timed(form, zone)


@lru_cache(maxsize=8192)
def day_range(text: str) -> FullDays:
    """Return the first and the last day of a year, a month or a day. Raises ValueError when it is none of these."""
    year, *rest = (int(part) for part in text.split("-"))
    if len(rest) > 1:
        day = date(year, rest[0], rest[1])
        return FullDays(day, day)
    first = date(year, rest[0] if rest else 1, 1)
    month = first.month if rest else 12
    return FullDays(first, date(year, month, monthrange(year, month)[1]))


@lru_cache(maxsize=8192)
def local_days(text: str, zone: ZoneInfo) -> FullDays:
    """Return the days in `zone` on which a date, dateTime or instant may lie: one, or a month's or year's."""
    if "T" not in text:
        return day_range(text)
    low = moment(text, zone).low
    day = low.date() if low in (NEVER, FOREVER) else low.astimezone(zone).date()
    return FullDays(day, day)


def period(value: dict, zone: ZoneInfo) -> Range:
    """Return the time a Period covers: an end that is missing is open, an end by its precision is included.

    A Period whose ends lie in different zones may end, in `zone`, before it begins: it then covers no time.
    """
    low = moment(value["start"], zone).low if "start" in value else NEVER
    high = moment(value["end"], zone).high if "end" in value else FOREVER
    return Range(low, max(low, high))


def period_days(value: dict, zone: ZoneInfo) -> Days:
    """Return the days in `zone` that a Period covers, both ends included, None where it is open."""
    first = local_days(value["start"], zone).first if "start" in value else None
    last = local_days(value["end"], zone).last if "end" in value else None
    return Days(first, last)


def _timed(form: re.Match[str], zone: ZoneInfo) -> Range:
    """Return the second, the minute or the fraction of a second that is written.

    A fraction is kept to the microsecond, the finest that Postgres keeps.
    """
    year, month, day, hour, minute = (int(form[name]) for name in ("year", "month", "day", "hour", "minute"))
    second = int(form["second"] or 0)
    if second > _LEAP_SECOND:
        raise ValueError("not a second")
    digits = (form["fraction"] or "")[:6]
    start = datetime(
        year,
        month,
        day,
        hour,
        minute,
        min(second, 59),
        int(digits.ljust(6, "0")),
        _offset(form["zone"], zone),
    )
    width = timedelta(minutes=1) if form["second"] is None else timedelta(microseconds=10 ** (6 - len(digits)))
    low = _utc(start)
    return Range(low, FOREVER if low > FOREVER - width else low + width)


def _offset(text: str | None, zone: ZoneInfo) -> tzinfo | None:
    if text is None:
        return zone
    return datetime.fromisoformat("2000-01-01T00:00:00" + text).tzinfo


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    if day == date.max:
        return FOREVER
    return _utc(datetime(day.year, day.month, day.day, tzinfo=zone))


def _utc(time: datetime) -> datetime:
    """Return `time` in UTC; the first and the last day of the calendar have no other side of midnight."""
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return NEVER if time.year == 1 else FOREVER


def _next(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
