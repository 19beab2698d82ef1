"""Who is a resident, where and on which days: the population of every indicator."""

import pytest

from tests.spec.conftest import Register
from tests.spec.people import Person

NEW, OTHER, OLD = "00004@2025-07", "00008@2025-07", "00004@2004"

RULES: dict[str, tuple[list[Person], dict[str, str]]] = {
    "a child counts from the day of birth": (
        [Person(born="2025-03-02")],
        {"2025-03-01": "0/0", "2025-03-02": "0/1"},
    ),
    "a birth known by month counts from the first of it": (
        [Person(born="2025-03")],
        {"2025-02-28": "0/0", "2025-03-01": "0/1"},
    ),
    "a birth known by year counts from the first of January": (
        [Person(born="1990")],
        {"1989-12-31": "0/0", "1990-01-01": "0/1"},
    ),
    "a person without a birth date counts on every day": (
        [Person(born="")],
        {"0001-01-01": "0/1", "1900-01-01": "0/1", "9999-12-31": "0/1"},
    ),
    "one born on 29 February counts from that day": (
        [Person(born="2024-02-29")],
        {"2024-02-28": "0/0", "2024-02-29": "0/1", "2025-02-28": "0/1"},
    ),
    "the day of death is the first that does not count": (
        [Person(died="2025-03-02")],
        {"2025-03-01": "0/1", "2025-03-02": "0/0"},
    ),
    "a death late in the evening in UTC is on the next day in Viet Nam": (
        [Person(died="2025-03-01T23:30:00Z")],
        {"2025-03-01": "0/1", "2025-03-02": "0/0"},
    ),
    "a person dead without a date never counts": (
        [Person(died=True)],
        {"1995-01-01": "0/0", "2026-01-01": "0/0"},
    ),
    "a person said not to be dead counts": ([Person(died=False)], {"2026-01-01": "0/1"}),
    "an inactive record never counts": ([Person(active=False)], {"1995-01-01": "0/0", "2026-01-01": "0/0"}),
    "a person who is born and dies on one day never counts": (
        [Person(born="2025-03-02", died="2025-03-02")],
        {"2025-03-01": "0/0", "2025-03-02": "0/0", "2025-03-03": "0/0"},
    ),
    "a person without an address counts in the country and in no commune": (
        [Person(homes=())],
        {"VN 2026-01-01": "0/1", "01 2026-01-01": "0/0", f"{NEW} 2026-01-01": "0/0"},
    ),
    "a person whose address is text only counts in the country and in no commune": (
        [Person(homes=("home -",))],
        {"VN 2026-01-01": "0/1", f"{NEW} 2026-01-01": "0/0"},
    ),
    "a code of no commune counts in the country and in no commune": (
        [Person(homes=("99999@2025-07",)), Person(homes=("01@2025-07",))],
        {"VN 2026-01-01": "0/2", "01 2026-01-01": "0/0"},
    ),
    "a person who moved counts in each commune on its days": (
        [Person(homes=(f"home {NEW} 2025-07-01..2025-12-31", f"home {OTHER} 2026-01-01.."))],
        {
            f"{NEW} 2025-12-31": "0/1",
            f"{OTHER} 2025-12-31": "0/0",
            f"{NEW} 2026-01-01": "0/0",
            f"{OTHER} 2026-01-01": "0/1",
            "01 2025-12-31": "0/1",
        },
    ),
    "an old address with an end counts until its end": (
        [Person(homes=(f"home {OTHER}", f"old {NEW} ..2025-12-31"))],
        {f"{NEW} 2025-12-31": "0/1", f"{OTHER} 2025-12-31": "0/0", f"{OTHER} 2026-01-01": "0/1"},
    ),
    "an old address without an end never counts": (
        [Person(homes=(f"old {NEW}", f"old {OTHER} 2025-07-01.."))],
        {f"{NEW} 2026-01-01": "0/0", f"{OTHER} 2026-01-01": "0/0", "VN 2026-01-01": "0/1"},
    ),
    "home goes before a temporary address that began later": (
        [Person(homes=(f"temp {OTHER} 2025-09-01..", f"home {NEW} 2025-07-01..2025-12-31"))],
        {f"{NEW} 2025-10-01": "0/1", f"{OTHER} 2025-10-01": "0/0", f"{OTHER} 2026-01-01": "0/1"},
    ),
    "a temporary address counts on days without a home": (
        [Person(homes=(f"temp {OTHER}",))],
        {f"{OTHER} 2026-01-01": "0/1"},
    ),
    "a coded temporary address goes before a home in words": (
        [Person(homes=("home -", f"temp {OTHER}"))],
        {f"{OTHER} 2026-01-01": "0/1"},
    ),
    "of two homes the one that began later counts": (
        [Person(homes=(f"home {NEW}", f"home {OTHER} 2025-09-01.."))],
        {f"{NEW} 2025-08-31": "0/1", f"{NEW} 2025-09-01": "0/0", f"{OTHER} 2025-09-01": "0/1"},
    ),
    "of two homes without dates the first counts": (
        [Person(homes=(f"home {NEW}", f"home {OTHER}"))],
        {f"{NEW} 2026-01-01": "0/1", f"{OTHER} 2026-01-01": "0/0"},
    ),
    "addresses for bills and work are no homes": (
        [Person(homes=(f"billing {NEW}", f"work {OTHER}"))],
        {f"{NEW} 2026-01-01": "0/0", f"{OTHER} 2026-01-01": "0/0", "VN 2026-01-01": "0/1"},
    ),
    "days between two homes are unassigned": (
        [Person(homes=(f"home {NEW} ..2025-07-31", f"home {OTHER} 2025-09-01.."))],
        {f"{NEW} 2025-08-01": "0/0", f"{OTHER} 2025-08-31": "0/0", "VN 2025-08-15": "0/1", "01 2025-08-15": "0/0"},
    ),
    "a home until the last day of the calendar has no end and leaves nothing over": (
        [Person(homes=(f"home {NEW} 2025-07-01..9999-12-31", f"temp {OTHER}"))],
        {f"{NEW} 9999-12-31": "0/1", f"{OTHER} 2025-06-30": "0/1", f"{OTHER} 1980-01-01": "0/0"},
    ),
    "a person of an old commune counts in its successor": (
        [Person(homes=("00001@2004",)), Person(homes=(OLD,))],
        {
            "00097 2026-01-01": "0/1",
            "00001 2025-06-30": "0/1",
            "001 2025-06-30": "0/2",
            "00004 2026-01-01": "0/1",
            "00004 2025-06-30": "0/1",
        },
    ),
    "a code without a version that ended before the change is of the old list": (
        [Person(homes=("home 00008 ..2025-06-30",))],
        {"00008@2004 2025-06-30": "0/1", "00008@2025-07 2025-06-30": "0/1"},
    ),
    "a code without a version is of the list in force when it was received": (
        [Person(homes=("home 00008",))],
        {"00008@2025-07 2026-01-01": "0/1", "00008@2004 2026-01-01": "0/0", "01@2004 2026-01-01": "0/1"},
    ),
    "a code of only one list is of that list, whatever its version": (
        [Person(homes=("00001@2025-07",)), Person(homes=("11948",))],
        {"00097 2026-01-01": "0/1", "11948 2026-01-01": "0/1"},
    ),
}


@pytest.mark.parametrize("rule", RULES)
async def test_residents(register: Register, rule: str) -> None:
    people, expected = RULES[rule]
    await register.put(*people)
    await register.require("insured", expected)


async def test_nobody_is_no_percentage(register: Register) -> None:
    answer = await register.ask("insured", "2026-01-01", "00004")
    assert (answer["numerator"], answer["denominator"], answer["rate"]) == (0, 0, None)


async def test_an_unknown_sex_counts_in_the_whole_and_by_itself(register: Register) -> None:
    await register.put(Person(), Person(sex="male", cards=("2026-01-01..",)), Person(sex=""), Person(sex="other"))
    answer = await register.ask("insured", "2026-01-01", by="sex")
    found = {group["key"]: (group["numerator"], group["denominator"], group["rate"]) for group in answer["groups"]}
    assert found == {"female": (0, 1, 0), "male": (1, 1, 100), "other": (0, 1, 0), "unknown": (0, 1, 0)}
    assert (answer["numerator"], answer["denominator"], answer["rate"]) == (1, 4, 25)


async def test_a_change_of_sex_is_a_correction_of_all_days(register: Register) -> None:
    await register.put(Person(sex="male"))
    before = await register.ask("insured", "2020-01-01", by="sex")
    await register.put(Person(sex="female"))
    after = await register.ask("insured", "2020-01-01", by="sex")
    again = await register.ask("insured", "2020-01-01", by="sex", **{"known-at": before["known"]["moment"]})
    assert [[group["key"] for group in answer["groups"]] for answer in (before, after, again)] == [
        ["male"],
        ["female"],
        ["male"],
    ]


@pytest.mark.parametrize(
    ("insured", "people", "rate"), [(1, 3, 33.33), (2, 3, 66.67), (1, 8, 12.5), (1, 16, 6.25), (1, 32, 3.13)]
)
async def test_a_percentage_has_two_decimals_half_up(
    register: Register, insured: int, people: int, rate: float
) -> None:
    await register.put(*(Person(cards=("2026-01-01..",)) if number < insured else Person() for number in range(people)))
    assert (await register.ask("insured", "2026-01-01"))["rate"] == rate


async def test_a_series_that_is_not_known_is_not_found(register: Register) -> None:
    answer = await register.client.get("http://tramy.test/indicators/doctors")
    assert answer.status_code == 404
