"""Merged records are one person: counted once, where and as the surviving record says, by what any of them tells."""

import pytest

from app.indicators.keeping import fill
from app.indicators.registry import indicators
from app.store.moment import open_epoch
from tests.spec.conftest import Register
from tests.spec.people import Person

ON = "2026-03-02"
SEEN = Person(visits=("2026-01-10",))
CARD = Person(cards=("2026-01-01..2026-12-31",))
# People in the order of their numbers, the merges (source into target), and figures by indicator.
RULES: dict[str, tuple[tuple[Person, ...], tuple[tuple[int, int], ...], dict[str, str]]] = {
    "two records are counted once": ((Person(), Person()), ((1, 2),), {"managed": "0/1"}),
    "a visit to the merged record counts": ((SEEN, Person()), ((1, 2),), {"managed": "1/1"}),
    "a visit to the surviving record counts": ((Person(), SEEN), ((1, 2),), {"managed": "1/1"}),
    "visits to both count once": ((SEEN, SEEN), ((1, 2),), {"managed": "1/1"}),
    "a card of the merged record counts": ((CARD, Person()), ((1, 2),), {"insured": "1/1"}),
    "a number of one and a book of the other are one e-book": (
        (Person(numbers=("căn-cước",)), Person(numbers=("sổ",))),
        ((1, 2),),
        {"e-book": "1/1"},
    ),
    "the surviving record says where": (
        (Person(homes=("00004@2025-07",)), Person(homes=("00008@2025-07",))),
        ((1, 2),),
        {"managed 00004": "0/0", "managed 00008": "0/1"},
    ),
    "a surviving record that lives nowhere counts nowhere": ((SEEN, Person(died=True)), ((1, 2),), {"managed": "0/0"}),
    "a merged record that died leaves the person alive": ((Person(died=True), SEEN), ((1, 2),), {"managed": "1/1"}),
    "three records are one": ((SEEN, CARD, Person()), ((1, 2), (2, 3)), {"managed": "1/1", "insured": "1/1"}),
    "merged in the other order they are one too": (
        (SEEN, CARD, Person()),
        ((2, 3), (1, 2)),
        {"managed": "1/1", "insured": "1/1"},
    ),
    "others are not touched": ((SEEN, Person(), SEEN, Person()), ((1, 2),), {"managed": "2/3"}),
}


async def join(register: Register, source: int, target: int, what: str = "merge") -> None:
    named = (("source-patient", source), ("target-patient", target))
    parts = [{"name": name, "valueReference": {"reference": f"Patient/mau-{number}"}} for name, number in named]
    body = {"resourceType": "Parameters", "parameter": parts}
    answer = await register.client.post(f"/Patient/${what}", json=body)
    assert answer.status_code == 200, answer.text


async def require(register: Register, figures: dict[str, str]) -> None:
    for key, expected in figures.items():
        code, _, place = key.partition(" ")
        assert await register.figure(code, ON, place or "VN") == expected, key


@pytest.mark.parametrize("rule", RULES)
async def test_merged_records(register: Register, rule: str) -> None:
    people, merges, expected = RULES[rule]
    await register.put(*people)
    before = {key: await register.figure(key.partition(" ")[0], ON, key.partition(" ")[2] or "VN") for key in expected}
    for source, target in merges:
        await join(register, source, target)
    await require(register, expected)
    for source, target in reversed(merges):
        await join(register, source, target, "unmerge")
    await require(register, before)


@pytest.mark.parametrize("rule", RULES)
async def test_what_comes_after_a_merge_counts_as_what_came_before(register: Register, rule: str) -> None:
    people, merges, expected = RULES[rule]
    await register.put(*(Person() for _ in people))
    for source, target in merges:
        await join(register, source, target)
    await register.put(*people)
    await require(register, expected)


async def test_one_visit_sent_to_a_merged_record_counts_its_person(register: Register) -> None:
    await register.put(Person(), Person())
    await join(register, 1, 2)
    visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    visit |= {"subject": {"reference": "Patient/mau-1"}, "period": {"start": "2026-01-10"}}
    assert (await register.client.post("/Encounter", json=visit)).status_code == 201
    await require(register, {"managed": "1/1"})


async def test_sex_is_that_of_the_surviving_record(register: Register) -> None:
    await register.put(Person(sex="female", visits=("2026-01-10",)), Person(sex="male"))
    await join(register, 1, 2)
    groups = (await register.ask("managed", ON, by="sex"))["groups"]
    assert [(of["key"], of["numerator"], of["denominator"]) for of in groups if of["denominator"]] == [("male", 1, 1)]


async def test_yesterdays_figure_stays_as_it_was_known(register: Register) -> None:
    await register.put(SEEN, Person())
    known = (await register.ask("managed", ON))["known"]["moment"]
    await join(register, 1, 2)
    before = await register.ask("managed", ON, **{"known-at": known})
    assert (before["numerator"], before["denominator"]) == (1, 2)
    await require(register, {"managed": "1/1"})


async def test_the_missing_are_people_with_the_reasons_of_all_their_records(register: Register) -> None:
    old = Person(visits=("2024-01-10",), numbers=("căn-cước",))
    await register.put(old, Person(visits=("2023-05-06",)), SEEN, Person())
    await join(register, 1, 2)
    await join(register, 3, 4)
    found = await missing(register, "managed")
    assert found == {"Patient/mau-2": ["last seen 2024-01-10"]}
    assert await missing(register, "e-book") == {"Patient/mau-4": ["no national number and no card"]}
    await join(register, 3, 4, "unmerge")
    assert (await missing(register, "managed")) == {**found, "Patient/mau-4": ["never seen"]}


async def missing(register: Register, code: str) -> dict[str, list[str]]:
    answer = await register.client.get(f"http://tramy.test/indicators/{code}/missing", params={"on": ON})
    assert answer.status_code == 200, answer.text
    people = answer.json()["people"]
    assert answer.json()["total"] == len(people)
    return {person["patient"]: [reason["reason"] for reason in person["reasons"]] for person in people}


async def test_a_new_definition_is_filled_for_people_and_not_for_records(register: Register) -> None:
    await register.put(SEEN, Person(), Person())
    await join(register, 1, 2)
    await register.connection.execute("delete from span; delete from ledger; update series set definition = ''")
    await require(register, {"managed": "0/0"})
    await fill(register.connection, indicators(), await open_epoch(register.connection))
    await require(register, {"managed": "1/2"})
