"""Sets of days: what is cut, joined and taken away is what sets of days would give, ends of the calendar included."""

from datetime import date
from itertools import pairwise
from math import inf
from zoneinfo import ZoneInfo

import pytest
from asyncpg import Range
from hypothesis import given
from hypothesis import strategies as st

from app.resources.days import ALWAYS, Span, intersect, of_period, subtract, to_ranges

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST = date(2025, 1, 1).toordinal()
ends = st.integers(0, 12).map(lambda day: FIRST + day)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start, end = sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    return Span(draw(st.sampled_from((start, start, -inf))), draw(st.sampled_from((end, end, inf))))


def days(*many: Span) -> set[int]:
    """The days of spans among those around which all of them begin and end."""
    return {day for day in range(FIRST - 2, FIRST + 15) if any(span.start <= day < span.end for span in many)}


@given(one=spans(), other=spans())
def test_intersect_gives_the_days_of_both(one: Span, other: Span) -> None:
    both = intersect(one, other)
    assert days(*([both] if both else [])) == days(one) & days(other)


@given(one=spans(), taken=st.lists(spans(), max_size=4))
def test_subtract_gives_the_days_of_one_that_none_of_the_others_has(one: Span, taken: list[Span]) -> None:
    left = subtract(one, taken)
    assert days(*left) == days(one) - days(*taken)
    assert all(span.start < span.end for span in left)


@given(many=st.lists(spans(), max_size=5))
def test_ranges_are_in_order_and_apart(many: list[Span]) -> None:
    ranges = to_ranges(many)
    assert days(*(span(item) for item in ranges)) == days(*many)
    for before, after in pairwise(ranges):
        assert before.upper is not None
        assert after.lower is not None
        assert before.upper < after.lower


def span(item: Range) -> Span:
    lower, upper = item.lower, item.upper
    return Span(lower.toordinal() if lower else -inf, upper.toordinal() if upper else inf)


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ({"start": "2025-03-02", "end": "2025-03-02"}, "2025-03-02", "2025-03-03"),
        ({"start": "2024-02", "end": "2024-02"}, "2024-02-01", "2024-03-01"),
        ({"start": "2025", "end": "2025"}, "2025-01-01", "2026-01-01"),
        ({"start": "2025-03-01T23:30:00Z"}, "2025-03-02", None),
        ({"end": "2025-03-01T16:59:59Z"}, None, "2025-03-02"),
        ({"end": "9999-12-31"}, None, None),
        ({"end": "9999"}, None, None),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_a_period_includes_its_last_day(period: dict | None, first: str | None, after: str | None) -> None:
    [item] = to_ranges([of_period(period, ZONE)])
    assert (item.lower, item.upper) == tuple(date.fromisoformat(day) if day else None for day in (first, after))


def test_nothing_is_left_of_all_days_after_the_last_day_of_the_calendar() -> None:
    since = of_period({"start": "2025-07-01", "end": "9999-12-31"}, ZONE)
    assert to_ranges(subtract(ALWAYS, [since])) == [Range(None, date(2025, 7, 1))]
