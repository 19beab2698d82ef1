"""Managed: residents with a finished contact in the 12 months up to the day (QĐ 318/QĐ-TTg 2022, 14.2)."""

import pytest

from tests.spec.conftest import Register
from tests.spec.people import Person

RULES: dict[str, tuple[list[Person], dict[str, str]]] = {
    "a visit counts on its day and until the eve of its anniversary": (
        [Person(visits=("2025-03-02",))],
        {"2025-03-01": "0/1", "2025-03-02": "1/1", "2026-03-01": "1/1", "2026-03-02": "0/1"},
    ),
    "a dose counts like a visit": (
        [Person(doses=("2025-03-02",))],
        {"2025-03-01": "0/1", "2025-03-02": "1/1", "2026-03-01": "1/1", "2026-03-02": "0/1"},
    ),
    "a visit at 06:30 in Viet Nam is on that day": (
        [Person(visits=("2025-03-02T06:30:00+07:00",))],
        {"2025-03-01": "0/1", "2025-03-02": "1/1", "2026-03-01": "1/1", "2026-03-02": "0/1"},
    ),
    "the same visit told in UTC is on the same day": (
        [Person(visits=("2025-03-01T23:30:00Z",))],
        {"2025-03-01": "0/1", "2025-03-02": "1/1", "2026-03-01": "1/1", "2026-03-02": "0/1"},
    ),
    "the last second before midnight in Viet Nam is on the day before": (
        [Person(visits=("2025-03-01T16:59:59Z",))],
        {"2025-02-28": "0/1", "2025-03-01": "1/1", "2026-02-28": "1/1", "2026-03-01": "0/1"},
    ),
    "a visit on 29 February ends with 27 February": (
        [Person(visits=("2024-02-29",))],
        {"2024-02-28": "0/1", "2024-02-29": "1/1", "2025-02-27": "1/1", "2025-02-28": "0/1"},
    ),
    "a visit on 28 February a year before reaches to 27 February": (
        [Person(visits=("2023-02-28",))],
        {"2024-02-27": "1/1", "2024-02-28": "0/1", "2024-02-29": "0/1"},
    ),
    "a visit on 1 March a year before reaches to 29 February": (
        [Person(visits=("2023-03-01",))],
        {"2024-02-29": "1/1", "2024-03-01": "0/1"},
    ),
    "a visit over several days counts from its first": (
        [Person(visits=("2025-03-02..2025-03-09",))],
        {"2025-03-02": "1/1", "2026-03-02": "0/1"},
    ),
    "a visit of which only the end is known counts from that": (
        [Person(visits=("..2025-03-09",))],
        {"2025-03-08": "0/1", "2025-03-09": "1/1"},
    ),
    "a dose known by month counts from the first of it": (
        [Person(doses=("2025-03",))],
        {"2025-02-28": "0/1", "2025-03-01": "1/1", "2026-02-28": "1/1", "2026-03-01": "0/1"},
    ),
    "a dose told in words never counts": ([Person(doses=("nhỏ",))], {"2025-03-02": "0/1"}),
    "a dose that was not given never counts": ([Person(doses=("not-done 2025-03-02",))], {"2025-03-02": "0/1"}),
    "a dose entered in error never counts": ([Person(doses=("entered-in-error 2025-03-02",))], {"2025-03-02": "0/1"}),
    "a visit entered in error never counts": (
        [Person(visits=("entered-in-error 2025-03-02",))],
        {"2025-03-02": "0/1"},
    ),
    "a visit that is planned or under way does not count": (
        [Person(visits=("planned 2025-03-02",)), Person(visits=("in-progress 2025-03-02",))],
        {"2025-03-02": "0/2"},
    ),
    "a visit that was cancelled does not count": ([Person(visits=("cancelled 2025-03-02",))], {"2025-03-02": "0/1"}),
    "several contacts count once and prolong each other": (
        [Person(visits=("2025-03-02", "2025-12-01"), doses=("2025-03-02", "2025-06-01"))],
        {"2025-03-02": "1/1", "2026-03-02": "1/1", "2026-11-30": "1/1", "2026-12-01": "0/1"},
    ),
    "contacts more than a year apart leave a gap": (
        [Person(visits=("2024-01-10", "2025-01-11"))],
        {"2025-01-09": "1/1", "2025-01-10": "0/1", "2025-01-11": "1/1"},
    ),
    "a contact on the anniversary leaves no gap": (
        [Person(visits=("2024-01-10", "2025-01-10"))],
        {"2025-01-09": "1/1", "2025-01-10": "1/1"},
    ),
    "a child born in the window counts from its birth": (
        [Person(born="2025-03-02", doses=("2025-03-02",))],
        {"2025-03-01": "0/0", "2025-03-02": "1/1"},
    ),
    "who dies in the window counts until the day before": (
        [Person(died="2025-06-01", visits=("2025-03-02",))],
        {"2025-05-31": "1/1", "2025-06-01": "0/0"},
    ),
    "who moves stays managed in the new commune": (
        [Person(homes=("home 00004@2025-07 ..2025-12-31", "home 00008@2025-07 2026-01-01.."), visits=("2025-09-01",))],
        {
            "00004@2025-07 2025-12-31": "1/1",
            "00008@2025-07 2025-12-31": "0/0",
            "00008@2025-07 2026-08-31": "1/1",
            "00008@2025-07 2026-09-01": "0/1",
        },
    ),
    "a visit to come does not count before its day": (
        [Person(visits=("2030-01-01",))],
        {"2029-12-31": "0/1", "2030-01-01": "1/1"},
    ),
}


@pytest.mark.parametrize("rule", RULES)
async def test_managed(register: Register, rule: str) -> None:
    people, expected = RULES[rule]
    await register.put(*people)
    await register.require("managed", expected)


async def test_a_visit_that_is_corrected_to_another_person_is_that_persons(register: Register) -> None:
    await register.put(Person(visits=("2025-03-02",)), Person(homes=("00008@2025-07",)))
    visit = (await register.client.get("/Encounter/v-1-0")).json()
    moved = visit | {"subject": {"reference": "Patient/mau-2"}}
    assert (await register.client.put("/Encounter/v-1-0", json=moved)).status_code == 200
    await register.require("managed", {"00004@2025-07 2025-03-02": "0/1", "00008@2025-07 2025-03-02": "1/1"})


async def test_a_visit_that_is_corrected_to_nobody_counts_for_nobody(register: Register) -> None:
    await register.put(Person(visits=("2025-03-02",)))
    visit = (await register.client.get("/Encounter/v-1-0")).json()
    del visit["subject"]
    assert (await register.client.put("/Encounter/v-1-0", json=visit)).status_code == 200
    await register.require("managed", {"2025-03-02": "0/1"})


async def test_a_visit_that_is_deleted_and_sent_again_counts_again(register: Register) -> None:
    person = Person(visits=("2025-03-02",))
    await register.put(person)
    assert (await register.client.delete("/Encounter/v-1-0")).status_code == 204
    await register.require("managed", {"2025-03-02": "0/1"})
    await register.put(person)
    await register.require("managed", {"2025-03-02": "1/1"})
