"""How long which record is kept, read from schemas/retention (schemas/retention/README.md). TT 33/2025/TT-BYT."""

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[3] / "schemas" / "retention"


class Retention(NamedTuple):
    """A class of records: for which type and when, from when its years count, and the days on which it applies."""

    name: str
    type: str
    when: str
    codes: tuple[str, ...]
    start: str
    years: int
    since: date
    until: date | None
    source: str
    title: str
    title_vi: str


@cache
def classes() -> tuple[Retention, ...]:
    """Return all classes, those of the past too."""
    with (FOLDER / "classes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_read(row) for row in csv.DictReader(file))


def in_force(on: date) -> list[Retention]:
    """Return the classes that apply on a day."""
    return [item for item in classes() if item.since <= on and (item.until is None or on <= item.until)]


def _read(row: dict[str, str]) -> Retention:
    return Retention(
        row["class"],
        row["type"],
        row["when"],
        tuple(row["codes"].split()),
        row["start"],
        int(row["years"]),
        date.fromisoformat(row["since"]),
        date.fromisoformat(row["until"]) if row["until"] else None,
        row["source"],
        row["title"],
        row["title_vi"],
    )
