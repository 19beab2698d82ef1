"""Two stations and nothing that crosses between them: what one has sent is not there for the other."""

import itertools
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import JSON, Open, as_caller, opened

HERE, THERE = "00004@2025-07", "00008@2025-07"
COMMUNE = "https://tramy.vn/fhir/StructureDefinition/commune"
NUMBER = "http://fhir.ehealth.gov.vn/core/sid/national_id"
RECORDS = "system/*.cruds tramy/indicators tramy/missing"
_numbers = itertools.count(1)


class Stations(NamedTuple):
    """The application, a client of each station, and one that sees the country."""

    app: FastAPI
    one: httpx.AsyncClient
    other: httpx.AsyncClient
    whole: httpx.AsyncClient


@pytest.fixture(scope="module")
async def stations(new_database: Open) -> AsyncIterator[Stations]:
    async with opened(await new_database()) as (app, whole):
        one, other = [await client(app, place, name) for place, name in ((HERE, "one"), (THERE, "other"))]
        async with one, other:
            yield Stations(app, one, other, whole)


async def client(app: FastAPI, place: str, name: str, scopes: str = RECORDS) -> httpx.AsyncClient:
    who = await as_caller(app, place, scopes=scopes, organization=f"Organization/tyt-{name}", client=name)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://tramy.test/fhir", headers={**JSON, **who})


def patient(commune: str = "00004", **more: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {
        "resourceType": "Patient",
        "id": f"nguoi-{number}",
        "identifier": [{"system": NUMBER, "value": f"0101900{number:05}"}],
        "name": [{"text": f"Lý Thị Mẫu {number}"}],
        "birthDate": "1990-05-17",
        "address": [{"extension": [{"url": COMMUNE, "valueCoding": {"code": commune, "version": "2025-07"}}]}],
        **more,
    }


def visit(owner: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{owner}"},
        "period": {"start": "2026-03-02", "end": "2026-03-02"},
        **more,
    }


async def registered(stations: Stations, **more: Any) -> dict[str, Any]:
    """Let the first station register somebody with a visit."""
    person = patient(**more)
    assert (await stations.one.put(f"/Patient/{person['id']}", json=person)).status_code == 201
    made = await stations.one.put(
        f"/Encounter/kham-{person['id']}", json=visit(person["id"], id=f"kham-{person['id']}")
    )
    assert made.status_code == 201, made.text
    return person


async def test_who_wrote_a_person_reads_it_and_the_other_station_finds_nothing(stations: Stations) -> None:
    person = await registered(stations)
    for address in (f"/Patient/{person['id']}", f"/Encounter/kham-{person['id']}"):
        for path in (address, f"{address}/_history/1", f"{address}/_history"):
            assert (await stations.one.get(path)).status_code == 200, path
            assert (await stations.whole.get(path)).status_code == 200, path
            assert (await stations.other.get(path)).status_code == 404, path


@pytest.mark.parametrize(
    "query",
    [
        "/Patient?_id={0}",
        "/Patient?identifier={1}",
        "/Patient?name=Lý",
        "/Patient?_summary=count",
        "/Patient?_has:Encounter:patient:status=finished",
        "/Patient?_has:Encounter:patient:status=finished&_revinclude=Encounter:patient",
        "/Encounter?patient={0}",
        "/Encounter?patient.name=Lý",
        "/Encounter?_include=Encounter:patient",
        "/Encounter?_summary=count",
        "/?_type=Patient,Encounter",
        "/_history",
        "/Patient/_history",
        "/Patient/{0}/Encounter",
        "/Patient/{0}/*",
    ],
)
async def test_a_list_is_of_ones_own_people_and_its_total_too(stations: Stations, query: str) -> None:
    person = await registered(stations)
    path = query.format(person["id"], person["identifier"][0]["value"])
    seen, unseen = (await stations.one.get(path)).json(), (await stations.other.get(path)).json()
    assert seen["resourceType"] == "Bundle", seen
    assert seen.get("total", 1) > 0
    assert unseen.get("total", 0) == 0, unseen
    assert "entry" not in unseen


async def test_a_record_cannot_be_hung_on_a_stranger(stations: Stations) -> None:
    person = await registered(stations)
    answer = await stations.other.post("/Encounter", json=visit(person["id"]))
    nobody = await stations.other.post("/Encounter", json=visit("nobody-at-all"))
    assert answer.status_code == nobody.status_code == 422
    assert answer.json() == nobody.json()


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_a_stranger_is_changed_as_nobody_is(stations: Stations, method: str) -> None:
    person = await registered(stations)
    sent: dict[str, Any] = {}
    if method == "patch":
        sent = {"json": [{"op": "replace", "path": "/gender", "value": "male"}]}
        sent["headers"] = {"content-type": "application/json-patch+json"}
    answer = await stations.other.request(method.upper(), f"/Patient/{person['id']}", **sent)
    nobody = await stations.other.request(method.upper(), "/Patient/nobody-at-all", **sent)
    assert answer.status_code == nobody.status_code
    assert answer.text == nobody.text
    assert (await stations.one.get(f"/Patient/{person['id']}")).headers["etag"] == 'W/"1"'


async def test_an_id_of_a_stranger_cannot_be_written_and_says_nothing_of_whose_it_is(stations: Stations) -> None:
    person = await registered(stations)
    mine = patient("00008", id=person["id"])
    answer = await stations.other.put(f"/Patient/{person['id']}", json=mine)
    assert answer.status_code == 409
    assert (await stations.other.get(f"/Patient/{person['id']}")).status_code == 404


async def test_rewriting_an_address_gives_nobody_access(stations: Stations) -> None:
    person = await registered(stations)
    moved = patient("00008", id=person["id"], identifier=person["identifier"], name=[{"text": "Tên Khác Hẳn"}])
    assert (await stations.other.put(f"/Patient/{person['id']}", json=moved)).status_code == 409
    assert (await stations.other.get(f"/Patient/{person['id']}")).status_code == 404


async def test_a_number_without_the_rest_is_in_use_and_lets_nobody_in(stations: Stations) -> None:
    person = await registered(stations)
    for wrong in ({"birthDate": "1991-05-17"}, {"name": [{"text": "Tên Khác Hẳn"}]}):
        mine = {**patient("00008"), "identifier": person["identifier"], "name": person["name"], **wrong}
        assert (await stations.other.post("/Patient", json=mine)).status_code == 409
        assert (await stations.other.get(f"/Patient/{person['id']}")).status_code == 404


async def test_who_presents_number_name_and_birth_date_is_let_in(stations: Stations) -> None:
    person = await registered(stations)
    mine = {**patient("00008"), "identifier": person["identifier"], "name": person["name"]}
    condition = {"If-None-Exist": f"identifier={NUMBER}|{person['identifier'][0]['value']}"}
    answer = await stations.other.post("/Patient", json=mine, headers=condition)
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == person["id"]
    assert (await stations.other.get(f"/Encounter/kham-{person['id']}")).status_code == 200
    assert (await stations.other.post("/Encounter", json=visit(person["id"]))).status_code == 201
    told = (await stations.one.get("http://tramy.test/notices")).json()["notices"]
    about = [notice for notice in told if notice["patient"] == f"Patient/{person['id']}"]
    assert {(notice["kind"], notice["by"]) for notice in about} == {("admitted", "Organization/tyt-other")}
    rows = await stations.app.state.service.plain.fetch(
        "select organization, people from audit where interaction = 'admit' and $1 = any(people)", person["id"]
    )
    assert [tuple(row) for row in rows] == [("Organization/tyt-other", [person["id"]])]


async def test_an_organisation_sees_whom_it_treated(stations: Stations) -> None:
    person = await registered(stations)
    treated = visit(person["id"], serviceProvider={"reference": "Organization/tyt-other"})
    assert (await stations.other.get(f"/Patient/{person['id']}")).status_code == 404
    assert (await stations.one.post("/Encounter", json=treated)).status_code == 201
    assert (await stations.other.get(f"/Patient/{person['id']}")).status_code == 200


async def test_a_record_with_a_protected_label_is_seen_with_its_own_permission(stations: Stations) -> None:
    person = await registered(stations)
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}
    hidden = visit(person["id"], id=f"hiv-{person['id']}", meta={"security": [label]})
    assert (await stations.one.put(f"/Encounter/{hidden['id']}", json=hidden)).status_code == 201
    assert (await stations.one.get(f"/Encounter/{hidden['id']}")).status_code == 404
    assert (await stations.one.get(f"/Encounter/{hidden['id']}/_history/1")).status_code == 404
    listed = (await stations.one.get(f"/Encounter?patient={person['id']}")).json()
    assert listed["total"] == 1
    async with await client(stations.app, HERE, "one", f"{RECORDS} tramy/protected") as allowed:
        assert (await allowed.get(f"/Encounter/{hidden['id']}")).status_code == 200
        assert (await allowed.get(f"/Encounter?patient={person['id']}")).json()["total"] == 2


async def test_a_scope_limited_to_a_search_opens_that_alone(stations: Stations) -> None:
    person = await registered(stations)
    other = visit(person["id"], id=f"noi-tru-{person['id']}", **{"class": {"code": "IMP"}})
    assert (await stations.one.put(f"/Encounter/{other['id']}", json=other)).status_code == 201
    scopes = "system/Patient.rs system/Encounter.cruds?class=AMB"
    async with await client(stations.app, HERE, "one", scopes) as limited:
        assert (await limited.get(f"/Encounter/kham-{person['id']}")).status_code == 200
        assert (await limited.get(f"/Encounter/{other['id']}")).status_code == 404
        assert (await limited.get(f"/Encounter?patient={person['id']}")).json()["total"] == 1
        assert (await limited.get(f"/Patient?_id={person['id']}&_revinclude=Encounter:patient")).text.count("kham-") > 0
        assert other["id"] not in (await limited.get(f"/Patient?_id={person['id']}&_revinclude=Encounter:patient")).text
        assert (await limited.put(f"/Encounter/{other['id']}", json=other)).status_code == 409
        stray = visit(person["id"], **{"class": {"code": "IMP"}})
        assert (await limited.post("/Encounter", json=stray)).status_code == 403
        assert (await limited.post("/Encounter", json=visit(person["id"]))).status_code == 201


async def test_without_place_and_organisation_there_is_nothing(stations: Stations) -> None:
    person = await registered(stations)
    who = await as_caller(stations.app, "", scopes=RECORDS)
    for path in ("/Patient", "/Encounter", "/_history"):
        assert (await stations.whole.get(path, headers=who)).json()["total"] == 0
    assert (await stations.whole.get(f"/Patient/{person['id']}", headers=who)).status_code == 404
