"""FHIR dates as ranges of time and as days in Viet Nam. https://hl7.org/fhir/R4/search.html#date"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.fhir.instant import FOREVER, NEVER, Days, FullDays, Range, local_days, moment, period, period_days

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", "2025-12-31T17:00", "2026-12-31T17:00"),
        ("2026-03", "2026-02-28T17:00", "2026-03-31T17:00"),
        ("2024-02", "2024-01-31T17:00", "2024-02-29T17:00"),
        ("2026-12", "2026-11-30T17:00", "2026-12-31T17:00"),
        ("2026-03-02", "2026-03-01T17:00", "2026-03-02T17:00"),
        ("2026-03-02T06:30:00+07:00", "2026-03-01T23:30:00", "2026-03-01T23:30:01"),
        ("2026-03-01T23:30:00Z", "2026-03-01T23:30:00", "2026-03-01T23:30:01"),
        ("2026-03-02T06:30:00", "2026-03-01T23:30:00", "2026-03-01T23:30:01"),
        ("2026-03-02T06:30", "2026-03-01T23:30", "2026-03-01T23:31"),
        ("2026-03-02T00:00:00.5Z", "2026-03-02T00:00:00.500000", "2026-03-02T00:00:00.600000"),
        ("2026-03-02T00:00:00.123Z", "2026-03-02T00:00:00.123000", "2026-03-02T00:00:00.124000"),
        ("2026-03-02T00:00:00.123456789Z", "2026-03-02T00:00:00.123456", "2026-03-02T00:00:00.123457"),
        ("2026-03-02T23:59:60Z", "2026-03-02T23:59:59", "2026-03-03T00:00:00"),
        # Sài Gòn had other offsets before 1975-06-13.
        ("1970-01-01", "1969-12-31T16:00", "1970-01-01T16:00"),
    ],
)
def test_a_date_covers_what_its_precision_says(text: str, low: str, high: str) -> None:
    assert moment(text, VIET_NAM) == Range(utc(low), utc(high))


def test_the_calendar_has_ends() -> None:
    assert moment("0001", VIET_NAM).low == NEVER
    assert moment("0001-01-01T00:00:00+07:00", VIET_NAM).low == NEVER
    assert moment("9999-12-31", VIET_NAM).high == FOREVER
    assert moment("9999-12-31T23:59:59-12:00", VIET_NAM) == Range(FOREVER, FOREVER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "0000",
        "2026-00",
        "2026-03-00",
        "2026-00-02",
        "2026-13",
        "2026-02-29",
        "2026-3-2",
        "2026-03-02T24:00:00Z",
        "2026-03-02T08:60:00Z",
        "2026-03-02T08:00:61Z",
        "2026-03-02T08Z",
        "2026-03-02 08:00:00Z",
        "2026-03-02T08:00:00+25:00",
        "2026-03-02T08:00:00.Z",
        "2026-03-02T08:00:00z",
        "٢٠٢٦",
        "2026-03-02\n",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        moment(text, VIET_NAM)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, Range(NEVER, FOREVER)),
        ({"start": "2026"}, Range(utc("2025-12-31T17:00"), FOREVER)),
        ({"end": "2026-03-02"}, Range(NEVER, utc("2026-03-02T17:00"))),
        ({"start": "2026-03-02", "end": "2026-03-02"}, Range(utc("2026-03-01T17:00"), utc("2026-03-02T17:00"))),
        (
            {"start": "2026-03-02T23:00:00-10:00", "end": "2026-03-02"},
            Range(utc("2026-03-03T09:00"), utc("2026-03-03T09:00")),
        ),
    ],
)
def test_a_period_is_open_where_it_has_no_end_and_includes_its_end(value: dict, expected: Range) -> None:
    assert period(value, VIET_NAM) == expected


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-02T06:30:00+07:00", "2026-03-02", "2026-03-02"),
        ("2026-03-01T23:30:00Z", "2026-03-02", "2026-03-02"),
        ("2026-03-01T16:59:59Z", "2026-03-01", "2026-03-01"),
        ("2026-03-02", "2026-03-02", "2026-03-02"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_day_is_a_day_in_viet_nam(text: str, first: str, last: str) -> None:
    assert local_days(text, VIET_NAM) == FullDays(date.fromisoformat(first), date.fromisoformat(last))


def test_the_days_of_a_period_are_open_where_it_is() -> None:
    value = {"start": "2026-03-01T23:30:00Z"}
    assert period_days(value, VIET_NAM) == Days(date(2026, 3, 2), None)
    assert period_days({"end": "2026-03"}, VIET_NAM) == Days(None, date(2026, 3, 31))
    assert period_days({}, VIET_NAM) == Days(None, None)
