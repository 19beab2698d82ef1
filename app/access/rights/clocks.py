"""By which day a request must be answered and done, as dated data. Decree 356/2025/NĐ-CP, Art. 5.

schemas/rights/README.md says what stands in the files. Public holidays that a file lacks let a clock end sooner than
the law asks, never later.
"""

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.errors import BadParameter

FOLDER = Path(__file__).resolve().parents[3] / "schemas" / "rights"
_SATURDAY = 5


class Clock(NamedTuple):
    """Of a kind of request: working days until the reply, days until it is done, and the law's name for it."""

    kind: str
    reply: int
    days: int
    since: date
    title: str
    title_vi: str
    source: str


class Due(NamedTuple):
    """The last day for the reply and the last day for the deed."""

    reply: date
    done: date


@cache
def clocks() -> tuple[Clock, ...]:
    """Return all clocks, those that came into force later last."""
    rows = _rows("clocks.csv")
    made = [
        Clock(
            row["kind"],
            int(row["reply_working_days"]),
            int(row["days"]),
            date.fromisoformat(row["since"]),
            row["title"],
            row["title_vi"],
            row["source"],
        )
        for row in rows
    ]
    return tuple(sorted(made, key=lambda item: item.since))


@cache
def holidays() -> frozenset[str]:
    """Return the public holidays: `01-01` of every year, `2026-02-17` of one."""
    return frozenset(row["day"] for row in _rows("holidays.csv"))


def due(kind: str, received: date) -> Due:
    """Return by which days a request that came on a day is due. Raises BadParameter for a kind without a clock."""
    found = [clock for clock in clocks() if clock.kind == kind and clock.since <= received]
    if not found:
        kinds = ", ".join(dict.fromkeys(clock.kind for clock in clocks()))
        raise BadParameter.of(f"kind must be one of {kinds}.", f"kind phải là một trong: {kinds}.", "kind")
    return Due(after_working_days(received, found[-1].reply), received + timedelta(days=found[-1].days))


def after_working_days(day: date, count: int) -> date:
    """Return the day that lies so many working days after another."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def is_working(day: date) -> bool:
    """Say whether a day is neither a weekend nor a public holiday."""
    return day.weekday() < _SATURDAY and holidays().isdisjoint((day.isoformat(), day.strftime("%m-%d")))


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
