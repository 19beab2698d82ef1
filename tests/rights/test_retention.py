"""Retention: what is due when by which class, and what an erasure takes, leaves and proves."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from app.access.rights.request import add_request
from app.access.rights.restriction import lift, restrict
from app.errors import BadParameter
from app.exchange.reindex.work import Work
from app.exchange.rights.classes import classes, in_force
from app.exchange.rights.due import counted as counted_due
from app.exchange.rights.due import due
from app.exchange.rights.erase import Order, clean, erase
from app.exchange.rights.person import born, kept_until
from app.indicators.registry import indicators
from app.indicators.rollup import fold
from app.resources.registry import registry
from tests.rights.conftest import ADMIN, NOW, STATION, ZONE, counted, put, reach
from tests.spec.people import Person

TODAY = NOW.astimezone(ZONE).date()
PERSON_TABLES = ("patient", "patient_history", "patient_name_prefix", "claim", "span", "reach", "notice", "emergency")
HIV = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}


def order(before: date = TODAY, *, labelled: bool = False, now: datetime = NOW) -> Order:
    return Order(ADMIN, before, now, labelled)


async def listed(work: Work, before: date = date.max) -> dict[str, tuple[str, str]]:
    """Return class and day of what is due before a day, by record."""
    found = await due(work.connection, work.registry, in_force(TODAY), ZONE, before)
    return {f"{item.type}/{item.id}": (item.name, item.day.isoformat()) for item in found}


async def figures(client: httpx.AsyncClient, *days: str, **more: str) -> dict[str, dict]:
    """Return every figure by code and day, for the country and by commune, without what names the moment."""
    found = {}
    for code in indicators():
        for day in days:
            query = {"place": "VN", "on": day, "by": "province", **more}
            answer = await client.get(f"http://tramy.test/indicators/{code}", params=query)
            assert answer.status_code == 200, answer.text
            found[f"{code} {day}"] = {name: value for name, value in answer.json().items() if name != "known"}
    return found


async def change(client: httpx.AsyncClient, address: str, **elements: Any) -> None:
    """Change elements of a record, or send it anew with these."""
    found = await client.get(address)
    record = found.json() if found.status_code == 200 else {"id": address.rpartition("/")[2]}
    answer = await client.put(address, json={**record, **elements})
    assert answer.status_code in (200, 201), answer.text


DUE = {
    "a visit ten years after it ended": (Person(visits=("2010-03-01..2010-03-05",)), {}, "visit", "2020-03-05"),
    "a visit under way, after it was written": (Person(visits=("in-progress 2010-03-01..",)), {}, "visit", "written"),
    "a finished visit without an end, after its year": (Person(visits=("2010-03-01",)), {}, "visit", "2020-12-31"),
    "a visit of a year, after its last day": (Person(visits=("2010..2010",)), {}, "visit", "2020-12-31"),
    "a leap day ten years on": (Person(visits=("2012-02-29..2012-02-29",)), {}, "visit", "2022-02-28"),
    "a mental disorder": (Person(visits=("2000-03-01..2000-03-01",)), {"reasonCode": "F32.1"}, "mental", "2020-03-01"),
    "an injury": (Person(visits=("2000-03-01..2000-03-01",)), {"reasonCode": "S06.0"}, "accident", "2020-03-01"),
    "a traffic accident": (Person(visits=("2000-03-01..2000-03-01",)), {"reasonCode": "V23"}, "accident", "2020-03-01"),
    "another diagnosis": (Person(visits=("2000-03-01..2000-03-01",)), {"reasonCode": "I10"}, "visit", "2010-03-01"),
    "the visit in which the person died": (
        Person(died="1990-03-01", visits=("1990-02-27..1990-03-01",)),
        {},
        "death",
        "2020-03-01",
    ),
    "a visit before the person died": (
        Person(died="1990-03-01", visits=("1990-02-27..1990-02-27",)),
        {},
        "visit",
        "2000-02-27",
    ),
    "a part of an e-book of the dead": (
        Person(died="2014-03-01", numbers=("sổ",), visits=("2001-03-01..2001-03-01",)),
        {},
        "e-book",
        "2024-03-01",
    ),
}


@pytest.mark.parametrize("name", DUE)
async def test_a_visit_is_due_by_its_longest_class(work: Work, fhir: httpx.AsyncClient, name: str) -> None:
    person, elements, kind, day = DUE[name]
    await put(fhir, person)
    if elements:
        code = {"system": "http://hl7.org/fhir/sid/icd-10", "code": elements["reasonCode"]}
        await change(fhir, "/Encounter/v-1-0", reasonCode=[{"coding": [code]}])
    found = (await listed(work))["Encounter/v-1-0"]
    written = await work.connection.fetchval("select (updated_at at time zone $1)::date from encounter", ZONE.key)
    assert found == (kind, day.replace("written", written.replace(year=written.year + 10).isoformat()))


async def test_doses_and_cards_are_due_by_their_own_classes(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(doses=("2010-03-01",), cards=("2010-01-01..2010-12-31",)))
    found = await listed(work)
    assert found == {
        "Immunization/d-1-0": ("vaccination", "2020-03-01"),
        "Coverage/k-1-0": ("card", "2015-12-31"),
    }


@pytest.mark.parametrize("numbers", [(), ("sổ",)])
async def test_the_living_are_never_due_nor_what_is_part_of_their_book(
    work: Work, fhir: httpx.AsyncClient, numbers: tuple[str, ...]
) -> None:
    await put(fhir, Person(numbers=numbers, visits=("2000-03-01",)))
    assert ("Encounter/v-1-0" in await listed(work)) == (not numbers)
    assert "Patient/mau-1" not in await listed(work)


async def test_a_person_is_due_with_the_last_of_the_records(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(
        fhir,
        Person(died="2000-03-01"),
        Person(died="2000-03-01", visits=("2000-03-01..2000-03-01",)),
        Person(died=True),
    )
    found = await listed(work)
    assert found["Patient/mau-1"] == ("person", "2010-03-01")
    assert found["Patient/mau-2"] == ("person", "2030-03-01")
    assert "Patient/mau-3" not in found
    until = await kept_until(work.connection, registry(), "mau-2", ZONE, TODAY)
    assert until == date(2030, 3, 1)


async def test_what_was_deleted_is_due_by_its_last_version(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(visits=("2000-03-01..2000-03-01",)), Person())
    assert (await fhir.delete("/Encounter/v-1-0")).status_code == 204
    assert (await fhir.delete("/Patient/mau-2")).status_code == 204
    found = await listed(work)
    assert found["Encounter/v-1-0"] == ("visit", "2010-03-01")
    assert found["Patient/mau-2"][0] == "deleted"


async def test_erased_records_leave_no_row_and_others_stay(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(visits=("2010-03-01", "2025-03-01")), Person(visits=("2010-03-01",)))
    await change(fhir, "/Encounter/v-1-0", reasonCode=[{"text": "Ho"}])
    proof = await erase(work, order())
    await clean(work)
    assert [(kind, name, count) for kind, name, count in proof.records] == [("Encounter", "visit", 2)]
    rows = await work.connection.fetch("select id from encounter union all select id from encounter_history")
    assert [row["id"] for row in rows] == ["v-1-1"]
    assert [(await fhir.get(f"/Encounter/{name}")).status_code for name in ("v-1-0", "v-1-1", "v-2-0")] == [
        404,
        200,
        404,
    ]
    assert (await counted(work.connection)).difference == 0


async def test_a_person_who_is_due_leaves_nothing_but_evidence(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(died="2005-03-01", numbers=("căn-cước",), visits=("2004-03-01",)), Person())
    await reach(work.connection, "mau-1", "00004@2025-07")
    closed = await add_request(work.connection, STATION, "mau-1", "access", NOW, ZONE)
    await work.connection.execute("update request set closed_at = now() where id = $1", closed)
    proof = await erase(work, order())
    assert proof.people == 1
    for table in PERSON_TABLES:
        rows = await work.connection.fetch(f"select t::text as text from {table} t")
        assert not [row for row in rows if "mau-1" in row["text"]], table
    assert await work.connection.fetchval("select count(*) from ledger where person_id = 'mau-1'") == 0
    assert await work.connection.fetchval("select count(*) from request") == 1
    assert (await fhir.get("/Patient/mau-1")).status_code == 404
    assert (await counted(work.connection)).difference == 0


PAST = ("2004-12-31", "2010-03-01", "2010-12-31", "2011-06-01", "2020-01-01", "2026-11-19")
PEOPLE = (
    # One who moves on, one who comes back, one who has died.
    Person(visits=("2010-03-01", "2010-09-01"), numbers=("căn-cước",), cards=("2010-01-01..2010-12-31",)),
    Person(sex="male", visits=("2010-03-01", "2026-10-01"), doses=("2010-06-01",), homes=("00004@2025-07",)),
    Person(died="2011-03-01", visits=("2010-03-01",), cards=("2010-01-01..2011-12-31",)),
    Person(homes=("00004@2025-07 ..2010-06-30", "00008@2025-07 2010-07-01.."), visits=("2010-03-01", "2011-05-01")),
)


@pytest.mark.parametrize("folded", [False, True])
async def test_figures_of_the_past_stay_as_they_were_published(
    work: Work, fhir: httpx.AsyncClient, folded: bool
) -> None:
    await put(fhir, *PEOPLE)
    before = await figures(fhir, *PAST)
    moment = (await fhir.get("http://tramy.test/indicators/managed", params={"place": "VN"})).json()["known"]["moment"]
    if folded:
        assert await fold(work.connection, work.epoch, least=1)
    await erase(work, order())
    assert await work.connection.fetchval("select count(*) from erased") > 0
    assert await figures(fhir, *PAST) == before
    assert await figures(fhir, *PAST, **{"known-at": moment}) == before
    if folded:
        assert await fold(work.connection, work.epoch, least=1)
    assert await figures(fhir, *PAST) == before
    assert (await counted(work.connection)).difference == 0


async def test_what_is_erased_counts_no_more_from_the_day_of_the_erasure_on(
    work: Work, fhir: httpx.AsyncClient
) -> None:
    await put(fhir, Person(visits=("2010-03-01",), numbers=("căn-cước",)))
    assert (await figures(fhir, "2026-11-20"))["e-book 2026-11-20"]["numerator"] == 1
    await erase(work, order())
    found = await figures(fhir, "2026-11-19", "2026-11-20")
    assert [found[f"e-book {day}"]["numerator"] for day in ("2026-11-19", "2026-11-20")] == [1, 0]


async def test_the_figures_and_a_recount_hold_after_what_people_do_later(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, *PEOPLE)
    await erase(work, order())
    before = await figures(fhir, "2010-12-31", "2020-01-01")
    await change(
        fhir,
        "/Encounter/v-1-0",
        resourceType="Encounter",
        status="finished",
        subject={"reference": "Patient/mau-1"},
        period={"start": "2026-11-01"},
        **{"class": {"code": "AMB"}},
    )
    assert await figures(fhir, "2010-12-31") == {key: value for key, value in before.items() if "2010" in key}
    await change(fhir, "/Patient/mau-2", gender="other")
    assert (await counted(work.connection)).difference == 0
    later = NOW + timedelta(days=365 * 11)
    await erase(work, order(later.date() - timedelta(days=1), now=later))
    assert (await counted(work.connection)).difference == 0


async def test_the_ledger_of_before_names_nobody_of_whom_something_was_erased(
    work: Work, fhir: httpx.AsyncClient
) -> None:
    await put(fhir, Person(visits=("2010-03-01",)), Person(visits=("2025-03-01",)))
    first = await work.connection.fetchval("select max(tx) from ledger")
    await erase(work, order())
    rows = await work.connection.fetch("select distinct person_id from ledger where tx <= $1 order by 1", first)
    assert [row["person_id"] for row in rows] == ["", "mau-2"]


async def test_a_recount_finds_a_row_of_nobody_that_is_wrong(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, *PEOPLE)
    await erase(work, order())
    await work.connection.execute("update erased set change = change + 1 where ctid in (select min(ctid) from erased)")
    assert (await counted(work.connection)).ledger == 1


async def test_merged_records_go_together(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(died="2005-03-01", visits=("2004-03-01",)), Person(visits=("2004-06-01",)))
    parts = [
        {"name": f"{side}-patient", "valueReference": {"reference": f"Patient/mau-{number}"}}
        for side, number in (("source", 2), ("target", 1))
    ]
    answer = await fhir.post("/Patient/$merge", json={"resourceType": "Parameters", "parameter": parts})
    assert answer.status_code == 200, answer.text
    before = await figures(fhir, "2004-12-31", "2004-07-01")
    proof = await erase(work, order())
    assert (proof.people, proof.total) == (1, 4)
    assert await work.connection.fetchval("select count(*) from patient") == 0
    assert await figures(fhir, "2004-12-31", "2004-07-01") == before
    assert (await counted(work.connection)).difference == 0


@pytest.mark.parametrize("reason", ["requested", "legal-hold"])
async def test_a_restriction_or_hold_keeps_a_person_and_all_records(
    work: Work, fhir: httpx.AsyncClient, reason: str
) -> None:
    await put(fhir, Person(visits=("2010-03-01",)))
    await restrict(work.connection, ADMIN, "mau-1", reason, datetime.now(UTC))
    assert (await erase(work, order())).total == 0
    await lift(work.connection, ADMIN, "mau-1", datetime.now(UTC))
    assert (await erase(work, order())).total == 1


async def test_an_open_request_keeps_a_person_too(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(visits=("2010-03-01",)))
    await add_request(work.connection, STATION, "mau-1", "access", NOW, ZONE)
    assert (await erase(work, order())).total == 0


async def test_protected_records_and_their_person_go_only_when_asked_for(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(died="2005-03-01", visits=("2004-03-01", "2004-04-01")))
    await change(fhir, "/Encounter/v-1-0", meta=HIV)
    assert (await erase(work, order())).records == (("Encounter", "visit", 1),)
    assert (await erase(work, order(labelled=True))).total == 2


async def test_nothing_to_come_is_erased(work: Work) -> None:
    with pytest.raises(BadParameter):
        await erase(work, order(TODAY + timedelta(days=1)))


async def test_only_what_was_due_before_the_day_is_erased(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(visits=("2010-03-01..2010-03-01",)))
    assert (await erase(work, order(date(2020, 3, 1)))).total == 0
    assert (await erase(work, order(date(2020, 3, 2)))).total == 1


async def test_the_certificate_proves_what_was_erased_and_tells_of_nobody(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(died="2005-03-01", visits=("2004-03-01",), cards=("2004-01-01..2004-12-31",)))
    proof = (await erase(work, order())).document()
    lines = "".join(f"{name}\n" for name in sorted(["Coverage/k-1-0", "Encounter/v-1-0", "Patient/mau-1"]))
    assert proof["sha256"] == sha256(lines.encode()).hexdigest()
    assert (proof["by"], proof["total"], proof["people"]) == ("quan-tri", 3, 1)
    assert proof["before"] == "2026-11-20"
    assert "mau-1" not in json.dumps(proof)
    assert "TT 33/2025/TT-BYT" in json.dumps(proof)


async def test_a_visit_of_nobody_is_erased_when_it_is_due(work: Work, fhir: httpx.AsyncClient) -> None:
    visit = {"resourceType": "Encounter", "id": "x", "status": "finished", "class": {"code": "AMB"}}
    answer = await fhir.put("/Encounter/x", json={**visit, "period": {"start": "2010-01-01", "end": "2010-01-01"}})
    assert answer.status_code == 201
    assert (await erase(work, order())).total == 1
    assert (await counted(work.connection)).difference == 0


async def test_a_writer_of_an_erased_person_is_told_that_there_is_none(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(died="2005-03-01"))
    await erase(work, order())
    visit = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    answer = await fhir.post("/Encounter", json={**visit, "subject": {"reference": "Patient/mau-1"}})
    assert answer.status_code == 422


async def test_the_day_of_birth_is_a_day_in_viet_nam(work: Work, fhir: httpx.AsyncClient) -> None:
    await put(fhir, Person(born="2019-03-05"))
    assert await born(work.connection, registry(), "mau-1", ZONE) == date(2019, 3, 5)


def test_every_type_that_belongs_to_a_person_has_a_class_of_its_own() -> None:
    named = {item.type for item in classes()}
    assert {kind.name for kind in registry() if kind.owner or kind.is_person} <= named


def test_classes_name_only_what_types_have() -> None:
    for item in classes():
        if item.when not in ("always", "died", "book", "held", "deleted"):
            assert registry()[item.type].parameters[item.when].kind == "token"
        assert item.start in ("care", "death", "written")


async def test_writers_and_an_erasure_do_not_harm_each_other(
    work: Work, fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.exchange.rights.erase.BATCH", 3)
    await put(fhir, *(Person(visits=("2010-03-01", "2025-03-01"), doses=("2009-01-01",)) for _ in range(20)))

    async def write(number: int) -> set[int]:
        statuses = set()
        for turn in range(6):
            person, visit = f"mau-{number % 20 + 1}", f"v-{number % 20 + 1}-{turn % 2}"
            record = {"resourceType": "Encounter", "id": visit, "status": "finished", "class": {"code": "AMB"}}
            record |= {"subject": {"reference": f"Patient/{person}"}, "period": {"start": f"2026-0{turn + 1}-01"}}
            statuses.add((await fhir.put(f"/Encounter/{visit}", json=record)).status_code)
        return statuses

    proof, *written = await asyncio.gather(erase(work, order()), *(write(number) for number in range(8)))
    assert set.union(*written) <= {200, 201}
    assert proof.total >= 20
    assert (await counted(work.connection)).difference == 0


async def test_an_erasure_that_was_stopped_goes_on_where_it_was(
    work: Work, fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.exchange.rights.erase.BATCH", 2)
    await put(fhir, *(Person(visits=("2010-03-01",)) for _ in range(6)))
    before = await figures(fhir, *PAST)

    def stop(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await erase(work, order(), stop)
    assert await work.connection.fetchval("select count(*) from encounter") == 2
    assert (await counted(work.connection)).difference == 0
    assert (await erase(work, order())).total == 2
    assert await figures(fhir, *PAST) == before
    assert (await counted(work.connection)).difference == 0


async def test_the_report_counts_by_class_and_year_what_is_due_held_and_protected(
    work: Work, fhir: httpx.AsyncClient
) -> None:
    await put(
        fhir,
        Person(visits=("2010-03-01..2010-03-01", "2010-06-01..2010-06-01"), doses=("2011-03-01",)),
        Person(visits=("2010-03-01..2010-03-01",)),
    )
    await change(fhir, "/Encounter/v-1-1", meta=HIV)
    await restrict(work.connection, ADMIN, "mau-2", "legal-hold", datetime.now(UTC))
    found = await counted_due(work.connection, work.registry, in_force(TODAY), ZONE, TODAY)
    assert [tuple(item) for item in found] == [("vaccination", 2021, 1, 0, 0), ("visit", 2020, 3, 1, 1)]
