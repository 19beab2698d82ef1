"""Sets of days in a person's records: periods, and their differences, as half-open ranges.

A day is counted by its ordinal; minus and plus infinity stand for an open end.
"""

from collections.abc import Iterable
from datetime import date
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from asyncpg import Range

from app.fhir.instant import period_days


class Span(NamedTuple):
    """The days from `start` (included) to `end` (excluded), as ordinals."""

    start: float
    end: float


ALWAYS = Span(-inf, inf)


def of_period(value: dict | None, zone: ZoneInfo) -> Span:
    """Return the days of a Period, its end included; without one, all days."""
    if not value:
        return ALWAYS
    first, last = period_days(value, zone)
    # The last day of the calendar has no next one: an end there is open, or days that do not exist would be left over.
    end = last.toordinal() + 1 if last and last < date.max else inf
    return Span(first.toordinal() if first else -inf, end)


def intersect(one: Span, other: Span) -> Span | None:
    """Return the days that both have, or None."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Span(start, end) if start < end else None


def subtract(one: Span, taken: Iterable[Span]) -> list[Span]:
    """Return the days of `one` that none of `taken` has."""
    left = [one]
    for other in taken:
        left = [part for span in left for part in _without(span, other)]
    return left


def _without(span: Span, other: Span) -> list[Span]:
    if intersect(span, other) is None:
        return [span]
    before, after = Span(span.start, other.start), Span(other.end, span.end)
    return [part for part in (before, after) if part.start < part.end]


def to_ranges(spans: Iterable[Span]) -> list[Range]:
    """Return the spans as Postgres' datemultirange: in order, those that meet or overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return [to_range(span) for span in merged]


def to_range(span: Span) -> Range:
    """Return the span as Postgres' daterange."""
    return Range(_day(span.start), _day(span.end))


def _day(ordinal: float) -> date | None:
    return None if ordinal in (-inf, inf) else date.fromordinal(int(ordinal))
