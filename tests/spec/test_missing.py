"""Who is missing and why: residents who are not counted, with every reason and what would count them."""

import pytest

from tests.spec.conftest import Register
from tests.spec.people import Person

RULES: dict[str, tuple[str, Person, str, list[str]]] = {
    "never seen": ("managed", Person(), "2026-01-01", ["never seen"]),
    "seen too long ago": (
        "managed",
        Person(visits=("2024-01-10",), doses=("2025-03-02",)),
        "2026-03-02",
        ["last seen 2025-03-02"],
    ),
    "seen only later": ("managed", Person(visits=("2026-06-01",)), "2026-03-02", ["never seen"]),
    "seen before and again later": (
        "managed",
        Person(visits=("2024-02-29", "2026-06-01")),
        "2026-03-02",
        ["last seen 2024-02-29"],
    ),
    "a visit at 06:30 is told by its day in Viet Nam": (
        "managed",
        Person(visits=("2025-03-01T23:30:00Z",)),
        "2026-03-02",
        ["last seen 2025-03-02"],
    ),
    "no card": ("insured", Person(cards=("cancelled 2025-01-01..",)), "2026-01-01", ["no card"]),
    "a card ended": ("insured", Person(cards=("2025-01-01..2025-12-31",)), "2026-01-01", ["card ended 2025-12-31"]),
    "the later of two cards ended": (
        "insured",
        Person(cards=("2025-01-01..2025-12-31", "..2025-06-30")),
        "2026-01-01",
        ["card ended 2025-12-31"],
    ),
    "a card that only begins later": ("insured", Person(cards=("2026-01-02..",)), "2026-01-01", ["no card"]),
    "no number and no book": (
        "e-book",
        Person(),
        "2026-01-01",
        ["no national number and no card", "no e-book"],
    ),
    "a number and no book": ("e-book", Person(numbers=("căn-cước",)), "2026-01-01", ["no e-book"]),
    "a book and no number": ("e-book", Person(numbers=("sổ",)), "2026-01-01", ["no national number and no card"]),
    "a number and a book that ended": (
        "e-book",
        Person(numbers=("căn-cước ..2025-12-31", "sổ 2025-01-01..2025-06-30")),
        "2026-01-01",
        ["identifier ended 2025-12-31", "e-book ended 2025-06-30"],
    ),
}


@pytest.mark.parametrize("rule", RULES)
async def test_reasons(register: Register, rule: str) -> None:
    code, person, on, expected = RULES[rule]
    await register.put(person)
    people = (await listed(register, code, on=on))["people"]
    assert [reason["reason"] for reason in people[0]["reasons"]] == expected
    assert all(reason["reason_vi"] and reason["mend"] and reason["mend_vi"] for reason in people[0]["reasons"])


async def listed(register: Register, code: str, **query: str) -> dict:
    answer = await register.client.get(f"http://tramy.test/indicators/{code}/missing", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_list_is_of_the_place_and_the_day(register: Register) -> None:
    moved = Person(homes=("home 00004@2025-07 ..2025-12-31", "home 00008@2025-07 2026-01-01.."))
    await register.put(moved, Person(), Person(cards=("2025-01-01..",)), Person(died="2025-12-01"))
    places = {("00004", "2025-12-31"): [1, 2], ("00008", "2025-12-31"): [], ("00008", "2026-01-01"): [1]}
    for (place, on), people in places.items():
        found = await listed(register, "insured", place=place, on=on)
        assert [person["patient"] for person in found["people"]] == [f"Patient/mau-{number}" for number in people]
        assert found["total"] == len(people)


async def test_the_pages_are_of_the_day_of_the_first(register: Register) -> None:
    await register.put(*[Person()] * 3)
    first = await listed(register, "insured", on="2026-01-01", _count="2")
    assert (first["total"], len(first["people"])) == (3, 2)
    answer = await register.client.get(first["next"])
    assert answer.status_code == 200
    last = answer.json()
    assert (last["on"], last["total"], last["next"]) == ("2026-01-01", 3, None)
    assert [person["patient"] for person in last["people"]] == ["Patient/mau-3"]


async def test_who_is_counted_or_deleted_is_not_missing(register: Register) -> None:
    await register.put(Person(cards=("2025-01-01..",)), Person())
    assert (await register.client.delete("/Patient/mau-2")).status_code == 204
    found = await listed(register, "insured", on="2026-01-01")
    assert (found["total"], found["people"]) == (0, [])
