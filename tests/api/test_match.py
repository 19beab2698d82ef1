"""$match over HTTP: who a record may be of, graded as a table of invented pairs says, from candidates by index."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.resources.persons.weights import GRADES, PRIOR, WEIGHTS, grade, score
from tests.api.records import NATIONAL_ID, example, fresh, patient, places
from tests.conftest import opened

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
CARD = "http://fhir.ehealth.gov.vn/core/sid/insurance_number"
COMMUNE = "https://tramy.vn/fhir/StructureDefinition/commune"


@pytest.fixture(scope="module")
async def client(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application of these tests' own: people of other tests would be likely matches too."""
    async with opened(await new_database()) as (_, found):
        yield found


def person(text: str = "", born: str = "", sex: str = "", commune: str = "", number: str = "", card: str = "") -> dict:
    """Return a Patient that says just this."""
    found: dict[str, Any] = {"resourceType": "Patient"}
    if text:
        found["name"] = [{"text": text}]
    if born:
        found["birthDate"] = born
    if sex:
        found["gender"] = sex
    if commune:
        coding = {"code": commune, "version": "2025-07"}
        found["address"] = [{"use": "home", "extension": [{"url": COMMUNE, "valueCoding": coding}]}]
    pairs = ((NATIONAL_ID, number), (CARD, card))
    if identifiers := [{"system": system, "value": value} for system, value in pairs if value]:
        found["identifier"] = identifiers
    return found


MAU = person("Lý Thị Mẫu", "1990-05-17", "female", "00004", "010190000123", "GD4010123456789")
PAIRS: dict[str, tuple[dict, dict, str]] = {
    "the same in everything": (MAU, MAU, "certain"),
    "number, name and birth": (MAU, person("Lý Thị Mẫu", "1990-05-17", number="010190000123"), "certain"),
    "number and name, birth with day and month exchanged": (
        person("Lý Thị Mẫu", "1990-05-07", number="010190000123"),
        person("LY THI MAU", "1990-07-05", number="010190000123"),
        "certain",
    ),
    "number and birth, another name": (
        MAU,
        person("Trần Văn Khác", "1990-05-17", "female", number="010190000123"),
        "probable",
    ),
    "the number alone": (MAU, person(number="010190000123"), "probable"),
    "the number of a child's mother": (
        MAU,
        person("Lý Văn Con", "2020-01-02", "male", number="010190000123"),
        "possible",
    ),
    "card, name and birth": (MAU, person("Lý Thị Mẫu", "1990-05-17", card="GD4010123456789"), "certain"),
    "a renewed card, name and birth": (MAU, person("Lý Thị Mẫu", "1990-05-17", card="0123456789"), "certain"),
    "card and name, birth by year": (MAU, person("Lý Thị Mẫu", "1990", card="GD4010123456789"), "probable"),
    "name, birth, sex and commune": (MAU, person("Lý Thị Mẫu", "1990-05-17", "female", "00004"), "probable"),
    "name, birth and sex": (MAU, person("Lý Thị Mẫu", "1990-05-17", "female"), "probable"),
    "the name without accents": (MAU, person("LY THI MAU", "1990-05-17", "female", "00004"), "probable"),
    "the tone mark elsewhere": (
        person("Hoà Thuý", "1990-05-17", "female"),
        person("Hòa Thúy", "1990-05-17", "female"),
        "probable",
    ),
    "the name by ear": (
        person("Nguyễn Minh Trí", "1990-05-17", "male", "00004"),
        person("Nguyễn Minh Chí", "1990-05-17", "male", "00004"),
        "probable",
    ),
    "the name in another order": (MAU, person("Mẫu Lý Thị", "1990-05-17", "female", "00004"), "probable"),
    "the middle name missing": (MAU, person("Lý Mẫu", "1990-05-17", "female", "00004"), "possible"),
    "day and month exchanged": (
        person("Lý Thị Mẫu", "1990-05-07", "female", "00004"),
        person("Lý Thị Mẫu", "1990-07-05", "female", "00004"),
        "possible",
    ),
    "birth by year": (MAU, person("Lý Thị Mẫu", "1990", "female", "00004"), "possible"),
    "birth by month": (MAU, person("Lý Thị Mẫu", "1990-05", "female", "00004"), "probable"),
    "1 January for an unknown day": (MAU, person("Lý Thị Mẫu", "1990-01-01", "female", "00004"), "possible"),
    "one digit of the number wrong": (
        MAU,
        person("Lý Thị Mẫu", "1990-05-17", "female", number="010190000124"),
        "probable",
    ),
    "two digits of the number exchanged": (
        MAU,
        person("Lý Thị Mẫu", "1990-05-17", "female", number="010190000132"),
        "probable",
    ),
    "the same name and birth, another number": (
        MAU,
        person("Lý Thị Mẫu", "1990-05-17", "female", "00008", number="001190099999"),
        "certainly-not",
    ),
    "twins": (
        person("Lý Minh An", "2020-05-17", "male", "00004"),
        person("Lý Minh Bình", "2020-05-17", "male", "00004"),
        "certainly-not",
    ),
    "the same name, born in another year": (
        MAU,
        person("Lý Thị Mẫu", "1961-03-02", "female", "00004"),
        "certainly-not",
    ),
    "the same name alone": (MAU, person("Lý Thị Mẫu"), "certainly-not"),
    "the same birth, sex and commune": (MAU, person("Trần Thị Khác", "1990-05-17", "female", "00004"), "certainly-not"),
    "the name and year of birth, the other sex": (MAU, person("Lý Thị Mẫu", "1990", "male", "00004"), "certainly-not"),
}


async def match(client: httpx.AsyncClient, record: dict, **more: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (id, grade) of each match, in order."""
    answer = await ask(client, record, **more)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    found = bundle.get("entry", [])
    scores = [entry["search"]["score"] for entry in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < value <= 1 for value in scores)
    assert all(entry["search"]["mode"] == "match" for entry in found)
    assert all(entry["fullUrl"] == f"http://tramy.test/fhir/Patient/{entry['resource']['id']}" for entry in found)
    return [(entry["resource"]["id"], _grade(entry)) for entry in found]


def _grade(entry: dict) -> str:
    (extension,) = entry["search"]["extension"]
    assert extension["url"] == GRADE
    return extension["valueCode"]


async def ask(client: httpx.AsyncClient, record: dict, **more: dict[str, Any]) -> httpx.Response:
    parts = [{"name": "resource", "resource": record}, *({"name": name, **value} for name, value in more.items())]
    return await client.post("/Patient/$match", json={"resourceType": "Parameters", "parameter": parts})


async def put(client: httpx.AsyncClient, record_id: str, record: dict) -> str:
    answer = await client.put(f"/Patient/{record_id}", json={**record, "id": record_id})
    assert answer.is_success, answer.text
    return record_id


@pytest.fixture
async def alone(client: httpx.AsyncClient):
    """A register in which a test's people are found and then forgotten: their numbers are the same in each test."""
    held: list[str] = []

    async def keep(record: dict) -> str:
        held.append(await put(client, fresh("m"), record))
        return held[-1]

    yield keep
    for record_id in held:
        answer = await client.delete(f"/Patient/{record_id}")
        assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("case", PAIRS)
async def test_a_pair_is_graded_as_the_table_says(client: httpx.AsyncClient, alone, case: str) -> None:
    held, sought, expected = PAIRS[case]
    record_id = await alone(held)
    found = dict(await match(client, sought))
    assert found.get(record_id, "certainly-not") == expected


@pytest.mark.parametrize("case", PAIRS)
async def test_a_pair_is_graded_the_same_the_other_way_round(client: httpx.AsyncClient, alone, case: str) -> None:
    sought, held, expected = PAIRS[case]
    record_id = await alone(held)
    assert dict(await match(client, sought)).get(record_id, "certainly-not") == expected


async def test_a_record_is_no_match_of_itself(client: httpx.AsyncClient, alone) -> None:
    mine, other = await alone(MAU), await alone(person("Lý Thị Mẫu", "1990-05-17", "female"))
    assert [record for record, _ in await match(client, {**MAU, "id": mine})] == [other]
    assert {record for record, _ in await match(client, MAU)} == {mine, other}


async def test_merged_records_answer_as_the_one_that_stands_for_the_person(client: httpx.AsyncClient, alone) -> None:
    source, target = await alone(MAU), await alone(person("Lý Mẫu", "1990-05-17", "female"))
    named = (("source-patient", source), ("target-patient", target))
    parts = [{"name": name, "valueReference": {"reference": f"Patient/{record}"}} for name, record in named]
    body = {"resourceType": "Parameters", "parameter": parts}
    assert (await client.post("/Patient/$merge", json=body)).status_code == 200
    assert await match(client, MAU) == [(target, "certain")]
    assert await match(client, {**MAU, "id": target}) == []
    assert (await client.post("/Patient/$unmerge", json=body)).status_code == 200


async def test_a_card_is_found_on_the_persons_coverage(client: httpx.AsyncClient, alone) -> None:
    held = await alone(person("Lý Thị Mẫu", "1990-05-17"))
    card = example(
        "Coverage",
        id=fresh("k"),
        identifier=[{"system": CARD, "value": "GD4010777777777"}],
        beneficiary={"reference": f"Patient/{held}"},
    )
    await client.put(f"/Coverage/{card['id']}", json=card)
    sought = person("Mẫu", "1990-05-18", card="GD4010777777777")
    assert [record for record, _ in await match(client, {**sought, "name": [{"text": "Lý Mẫu"}]})] == [held]
    assert await match(client, person("Lý Thị Mẫu", "1990-05-17", card="GD4010777777777")) == [(held, "certain")]
    await client.delete(f"/Coverage/{card['id']}")


async def test_only_a_certain_match_is_returned_and_only_when_it_is_one(client: httpx.AsyncClient, alone) -> None:
    certain = {"onlyCertainMatches": {"valueBoolean": True}}
    sought = person("Lý Thị Mẫu", "1990-05-17", card="GD4010123456789")
    await alone(person("Lý Thị Mẫu", "1990-05-17", "female"))
    assert await match(client, sought, **certain) == []
    held = await alone(MAU)
    assert await match(client, sought, **certain) == [(held, "certain")]
    await alone(sought)
    assert await match(client, sought, **certain) == []


async def test_the_likeliest_come_first_and_no_more_than_asked_for(client: httpx.AsyncClient, alone) -> None:
    ids = [await alone(person("Lý Thị Mẫu", "1990-05-17", "female", commune)) for commune in ["", "00004"] * 6]
    sought = person("Lý Thị Mẫu", "1990-05-17", "female", "00004")
    found = [record for record, _ in await match(client, sought)]
    assert found == [*sorted(ids[1::2]), *sorted(ids[::2])][:10]
    assert len(await match(client, sought, count={"valueInteger": 3})) == 3
    answer = await ask(client, sought, count={"valueInteger": 3})
    assert answer.json()["total"] == 12
    assert len(await match(client, sought, count={"valueInteger": 100})) == 12


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "nothing": ({"resourceType": "Parameters"}, 400, "resource"),
    "another type": (example("Organization"), 400, "resource"),
    "a count of none": ({"count": {"valueInteger": 0}}, 400, "count"),
    "a count beyond the most": ({"count": {"valueInteger": 101}}, 400, "count"),
    "a count that is no number": ({"count": {"valueString": "mười"}}, 400, "count"),
    "a wish that is no boolean": ({"onlyCertainMatches": {"valueString": "có"}}, 400, "onlyCertainMatches"),
    "an unknown parameter": ({"threshold": {"valueDecimal": 0.5}}, 400, "threshold"),
    "a resource that breaks FHIR": ({"resourceType": "Patient", "gender": "nữ"}, 400, "Patient.gender"),
    "a number of the wrong shape": (person(number="12"), 422, "Patient.identifier[0].value"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_looked_for_is_refused_at_its_place(client: httpx.AsyncClient, case: str) -> None:
    given, status, place = REFUSED[case]
    whole = "resourceType" in given
    answer = await (client.post("/Patient/$match", json=given) if whole else ask(client, MAU, **given))
    assert (answer.status_code, places(answer)) == (status, [place]), answer.text


async def test_a_bare_patient_may_be_sent_as_the_body(client: httpx.AsyncClient, alone) -> None:
    held = await alone(MAU)
    answer = await client.post("/Patient/$match?count=1", json=MAU)
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == [held]


async def test_who_has_no_name_and_no_date_is_looked_for_without_fault(client: httpx.AsyncClient) -> None:
    assert await match(client, {"resourceType": "Patient"}) == []
    assert await match(client, patient("x", name=[{"given": ["'"]}], birthDate="9999-12-31")) == []
    assert await match(client, patient("x", birthDate="0001")) == []


async def test_candidates_are_found_by_indexes_alone(running: tuple[FastAPI, httpx.AsyncClient]) -> None:
    app, client = running
    await put(client, "mau", MAU)
    async with app.state.service.pool.acquire() as connection:
        await connection.execute(
            "insert into patient (id, version, tx, updated_at, body, name, phonetic, birthdate_low)"
            " select 'p' || n, 1, tx, updated_at, body, name, phonetic, birthdate_low + n * interval '1 day'"
            " from patient, generate_series(1, 20000) n where id = 'mau'"
        )
        words = "select 'p' || n, 'nguyen van ' || n from generate_series(1, 20000) n"
        await connection.execute(f"insert into patient_name_prefix (id, fold) {words}")
        await connection.execute("analyze patient, patient_name_prefix")
    before = await scans(app)
    sought = person("Lý Thị Mẫu", "1990-05-17", "female", "00004", card="GD4010123450000")
    assert await match(client, sought) == [("mau", "probable")]
    assert await scans(app) == before


async def scans(app: FastAPI) -> int:
    """Return how often the tables of people were read from end to end."""
    for pool in (app.state.service.pool, app.state.service.writing):
        async with pool.acquire() as connection:
            await connection.execute("select pg_stat_force_next_flush()")
    async with app.state.service.pool.acquire() as connection:
        query = "select coalesce(sum(seq_scan), 0)::int from pg_stat_user_tables where relname like 'patient%'"
        return await connection.fetchval(query)


def test_every_weight_is_reasoned_and_better_outcomes_weigh_more() -> None:
    for part, outcomes in WEIGHTS.items():
        assert all(weight.reason for weight in outcomes.values())
        assert max(outcomes.values(), key=lambda weight: weight.bits) is outcomes["same"], part
        assert min(outcomes.values(), key=lambda weight: weight.bits) is outcomes["different"], part


def test_nothing_but_an_identifier_makes_a_match_certain() -> None:
    """Twins of one commune whose names differ by an accent may agree in all the rest."""
    rest = [outcomes["same"].bits for part, outcomes in WEIGHTS.items() if part not in ("national number", "card")]
    assert grade(PRIOR + sum(rest)) == "probable"


def test_grades_follow_scores() -> None:
    bits = [-40.0, *sorted(least for _, least in GRADES), 40.0]
    assert [grade(value) for value in bits] == ["certainly-not", "possible", "probable", "certain", "certain"]
    scores = [score(value) for value in bits]
    assert scores == sorted(scores)
    assert 0 <= scores[0] <= scores[-1] <= 1
