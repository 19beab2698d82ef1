"""Insured: residents who hold a card of social health insurance in force on the day (QĐ 318/QĐ-TTg 2022, 15.1)."""

import pytest

from tests.spec.conftest import Register
from tests.spec.people import Person

RULES: dict[str, tuple[list[Person], dict[str, str]]] = {
    "a card is in force from its first day to its last": (
        [Person(cards=("2025-01-01..2025-12-31",))],
        {"2024-12-31": "0/1", "2025-01-01": "1/1", "2025-12-31": "1/1", "2026-01-01": "0/1"},
    ),
    "a card with an open end stays in force": (
        [Person(cards=("2025-01-01..",))],
        {"2024-12-31": "0/1", "2025-01-01": "1/1", "9999-12-31": "1/1"},
    ),
    "a card until the last day of the calendar stays in force": (
        [Person(cards=("2025-01-01..9999-12-31",))],
        {"2024-12-31": "0/1", "9999-12-31": "1/1"},
    ),
    "a card without a start was always in force": (
        [Person(cards=("..2025-12-31",))],
        {"1991-01-01": "1/1", "2025-12-31": "1/1", "2026-01-01": "0/1"},
    ),
    "a card without a period is in force on every day of life": (
        [Person(cards=("active ",))],
        {"1990-05-16": "0/0", "1990-05-17": "1/1", "2026-01-01": "1/1"},
    ),
    "a card for a month is in force on its last day": (
        [Person(cards=("2024-02..2024-02",))],
        {"2024-01-31": "0/1", "2024-02-01": "1/1", "2024-02-29": "1/1", "2024-03-01": "0/1"},
    ),
    "a card for one day is in force on it": (
        [Person(cards=("2025-03-02..2025-03-02",))],
        {"2025-03-01": "0/1", "2025-03-02": "1/1", "2025-03-03": "0/1"},
    ),
    "a person with two cards at once counts once": (
        [Person(cards=("2025-01-01..2025-08-31", "2025-06-01..2025-12-31"))],
        {"2025-05-31": "1/1", "2025-07-01": "1/1", "2025-09-01": "1/1", "2026-01-01": "0/1"},
    ),
    "cards that follow each other leave no gap": (
        [Person(cards=("2024-01-01..2024-12-31", "2025-01-01..2025-12-31"))],
        {"2024-12-31": "1/1", "2025-01-01": "1/1", "2026-01-01": "0/1"},
    ),
    "a day between two cards does not count": (
        [Person(cards=("2024-01-01..2024-12-31", "2025-01-02..2025-12-31"))],
        {"2024-12-31": "1/1", "2025-01-01": "0/1", "2025-01-02": "1/1"},
    ),
    "a cancelled card never counts": ([Person(cards=("cancelled 2025-01-01..",))], {"2025-06-01": "0/1"}),
    "a card entered in error never counts": ([Person(cards=("entered-in-error 2025-01-01..",))], {"2025-06-01": "0/1"}),
    "a draft of a card never counts": ([Person(cards=("draft 2025-01-01..",))], {"2025-06-01": "0/1"}),
    "private insurance does not count": ([Person(cards=("private 2025-01-01..",))], {"2025-06-01": "0/1"}),
    "a card by its type alone counts": ([Person(cards=("unnumbered 2025-01-01..",))], {"2025-06-01": "1/1"}),
    "who holds a card and moves takes it along": (
        [
            Person(
                homes=("home 00004@2025-07 ..2025-12-31", "home 00008@2025-07 2026-01-01.."),
                cards=("2025-07-01..2026-06-30",),
            )
        ],
        {
            "00004@2025-07 2025-12-31": "1/1",
            "00004@2025-07 2026-01-01": "0/0",
            "00008@2025-07 2026-01-01": "1/1",
            "00008@2025-07 2026-07-01": "0/1",
        },
    ),
    "a card counts until the day before death": (
        [Person(died="2025-03-02", cards=("2025-01-01..2025-12-31",))],
        {"2025-03-01": "1/1", "2025-03-02": "0/0"},
    ),
    "a card that begins before birth counts from birth": (
        [Person(born="2025-03-02", cards=("2025-01-01..",))],
        {"2025-03-01": "0/0", "2025-03-02": "1/1"},
    ),
    "the card of an inactive record does not count": (
        [Person(active=False, cards=("2025-01-01..",))],
        {"2025-06-01": "0/0"},
    ),
    "a card that ends at a time counts on that day in Viet Nam": (
        [Person(cards=("2025-01-01T00:00:00+07:00..2025-12-31T23:59:59+07:00",))],
        {"2024-12-31": "0/1", "2025-01-01": "1/1", "2025-12-31": "1/1", "2026-01-01": "0/1"},
    ),
    "the share is of all residents": (
        [Person(cards=("2025-01-01..",)), Person(sex="male"), Person(sex="male", cards=("2025-01-01..2025-05-31",))],
        {"2025-05-31": "2/3", "2025-06-01": "1/3"},
    ),
}


@pytest.mark.parametrize("rule", RULES)
async def test_insured(register: Register, rule: str) -> None:
    people, expected = RULES[rule]
    await register.put(*people)
    await register.require("insured", expected)
