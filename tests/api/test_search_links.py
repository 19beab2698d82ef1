"""Searches that look at other records: chains, `_has`, hierarchies, what comes along. https://hl7.org/fhir/R4/search.html#chaining"""

from typing import Any

import httpx
import pytest

from app.fhir.search.criteria import DEEPEST
from tests.api.records import SYSTEM, TYPES, bundle, entry, example, fresh, links, places, record_ids

Register = dict[str, str]


@pytest.fixture(scope="session")
async def register(shared: tuple[object, httpx.AsyncClient]) -> Register:
    """Two people with visits, doses and cards at two stations, of which one is part of a centre; ids by name."""
    stem = fresh("link")
    names = ("an", "binh", "visit1", "visit2", "visit3", "dose", "card", "centre", "station", "doctor", "room", "part")
    ids = {name: f"{stem}-{name}" for name in names}

    def held(kind: str, name: str, /, **elements: Any) -> dict:
        return entry("PUT", f"{kind}/{ids[name]}", {**example(kind), "id": ids[name], **elements})

    def to(kind: str, name: str) -> dict[str, str]:
        return {"reference": f"{kind}/{ids[name]}"}

    code = {"identifier": [{"system": SYSTEM, "value": ids["an"]}]}
    entries = [
        held("Organization", "centre", name=f"Trung tâm {stem}"),
        held("Organization", "station", name=f"Trạm {stem}", partOf=to("Organization", "centre")),
        held("Practitioner", "doctor", name=[{"text": "Bác sĩ Mẫu", "family": f"Mẫu{stem}"}]),
        held("Location", "room", name="Phòng", managingOrganization=to("Organization", "station")),
        held(
            "Patient",
            "an",
            **code,
            name=[{"text": f"{stem} An"}],
            gender="male",
            managingOrganization=to("Organization", "station"),
        ),
        held("Patient", "binh", name=[{"text": f"{stem} Bình"}], gender="female"),
        held(
            "Encounter",
            "visit1",
            subject=to("Patient", "an"),
            serviceProvider=to("Organization", "station"),
            participant=[{"individual": to("Practitioner", "doctor")}],
            location=[{"location": to("Location", "room")}],
        ),
        held("Encounter", "visit2", subject=to("Patient", "an"), status="planned", partOf=to("Encounter", "visit1")),
        held(
            "Encounter",
            "visit3",
            subject=to("Patient", "binh"),
            serviceProvider={"reference": f"Organization/{ids['centre']}/_history/1"},
        ),
        held("Encounter", "part", subject=to("Patient", "binh"), status="planned", partOf=to("Encounter", "visit2")),
        held("Immunization", "dose", patient=to("Patient", "an"), location=to("Location", "room")),
        held("Coverage", "card", beneficiary=to("Patient", "binh"), payor=[to("Organization", "centre")]),
    ]
    answer = await shared[1].post("", json=bundle(*entries))
    assert answer.status_code == 200, answer.text
    return {**ids, "stem": stem}


async def names_of(client: httpx.AsyncClient, address: str, register: Register) -> set[str]:
    found = record_ids(await client.get(address))
    return {record.removeprefix(f"{register['stem']}-") for record in found}


CHAINS = {
    "Encounter?subject:Patient.identifier={an}": {"visit1", "visit2"},
    "Encounter?subject.identifier={an}": {"visit1", "visit2"},
    "Encounter?patient.identifier={system}|{an}": {"visit1", "visit2"},
    "Encounter?patient.name={stem}": {"visit1", "visit2", "visit3", "part"},
    "Encounter?patient.name={stem} binh": {"visit3", "part"},
    "Encounter?patient.name={stem}&patient.gender=male": {"visit1", "visit2"},
    "Encounter?patient.name={stem}&patient.gender:not=male": {"visit3", "part"},
    "Encounter?service-provider.name=tram {stem}": {"visit1"},
    "Encounter?service-provider.name:contains={stem}": {"visit1", "visit3"},
    "Encounter?service-provider.partof.name=trung tam {stem}": {"visit1"},
    "Encounter?patient.organization.partof.name=trung tam {stem}": {"visit1", "visit2"},
    "Encounter?part-of.patient.name={stem} an": {"visit2", "part"},
    "Encounter?participant:Practitioner.family=mau{stem}": {"visit1"},
    "Encounter?participant.family=mau{stem}": {"visit1"},
    "Encounter?location.organization.name=tram {stem}": {"visit1"},
    "Immunization?patient._has:Encounter:patient:status=planned&patient.identifier={an}": {"dose"},
    "Immunization?patient._has:Coverage:beneficiary:_id={card}&patient.identifier={an}": set(),
    "Coverage?payor:Organization.name=trung tam {stem}": {"card"},
    "Patient?organization.partof=Organization/{centre}": {"an"},
    "Patient?name={stem}&_has:Encounter:patient:status=planned": {"an", "binh"},
    "Patient?name={stem}&_has:Encounter:subject:service-provider.name=tram {stem}": {"an"},
    "Patient?name={stem}&_has:Coverage:beneficiary:payor.name=trung tam {stem}": {"binh"},
    "Patient?name={stem}&_has:Immunization:patient:location.organization._id={station}": {"an"},
    "Patient?name={stem}&_has:Encounter:patient:_has:Encounter:part-of:_id={part}": {"an"},
    "Patient?name={stem}&_has:Encounter:patient:_id={visit3},{dose}": {"binh"},
    "Organization?_has:Encounter:service-provider:_id={visit1}": {"station"},
    "Organization?_has:Encounter:service-provider:_id={visit3}": {"centre"},
    "Organization?_has:Organization:partof:_has:Encounter:service-provider:patient.identifier={an}": {"centre"},
    "Practitioner?_has:Encounter:practitioner:patient.identifier={an}": {"doctor"},
    "Location?_has:Immunization:location:patient.identifier={an}": {"room"},
    "Encounter?part-of:below={visit1}": {"visit1", "visit2", "part"} - {"visit1"},
    "Encounter?part-of:below=Encounter/{visit2}": {"part"},
    "Encounter?part-of:above=Encounter/{part}": {"visit2", "part"},
    "Encounter?service-provider:below=Organization/{centre}": {"visit1", "visit3"},
    "Encounter?service-provider:below=Organization/{station}": {"visit1"},
    "Encounter?service-provider:above={station}": {"visit1", "visit3"},
    "Encounter?service-provider:above={centre}": {"visit3"},
}


@pytest.mark.parametrize("query", list(CHAINS))
async def test_a_search_through_other_records_finds(client: httpx.AsyncClient, register: Register, query: str) -> None:
    assert await names_of(client, "/" + query.format(**register, system=SYSTEM), register) == CHAINS[query]


@pytest.mark.parametrize("query", [name for name in CHAINS if CHAINS[name]])
async def test_a_total_through_other_records_is_exact(
    client: httpx.AsyncClient, register: Register, query: str
) -> None:
    answer = await client.get("/" + query.format(**register, system=SYSTEM) + "&_summary=count")
    assert answer.json()["total"] == len(CHAINS[query])
    assert "entry" not in answer.json()


@pytest.mark.parametrize(
    "query",
    [
        "Encounter?subject.nickname=a",
        "Encounter?status.name=a",
        "Encounter?subject:Group.name=a",
        "Encounter?subject:Device.name=a",
        "Encounter?account.name=a",
        "Encounter?subject:missing.name=a",
        "Encounter?nothing.name=a",
        "Encounter?patient.birthdate=yesterday",
        "Patient?_has:Encounter:patient=a",
        "Patient?_has:Encounter:status:date=2026",
        "Patient?_has:Device:patient:status=a",
        "Patient?_has:Encounter:service-provider:status=finished",
        "Patient?_has:Encounter:patient:nickname=a",
        "Patient?_has:Encounter:patient:status=",
        "Encounter?location:below=Organization/1",
        "Encounter?subject:below=Patient/1",
        "Encounter?participant:above=1",
        "Organization?" + "partof." * (DEEPEST + 1) + "name=a",
        "Organization?" + "_has:Organization:partof:" * (DEEPEST + 1) + "name=a",
    ],
)
async def test_a_chain_that_is_not_understood_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/{query}")
    assert answer.status_code == 400
    assert places(answer)


async def test_a_chain_may_be_deep(client: httpx.AsyncClient) -> None:
    stem = fresh("deep")
    for number in range(DEEPEST + 1):
        above = {"partOf": {"reference": f"Organization/{stem}-{number - 1}"}} if number else {}
        made = {**example("Organization"), "id": f"{stem}-{number}", "name": f"{stem} {number}", **above}
        assert (await client.put(f"/Organization/{stem}-{number}", json=made)).status_code == 201
    chain = "partof." * DEEPEST
    assert record_ids(await client.get(f"/Organization?{chain}name={stem} 0")) == [f"{stem}-{DEEPEST}"]
    reverse = "_has:Organization:partof:" * DEEPEST
    assert record_ids(await client.get(f"/Organization?{reverse}_id={stem}-{DEEPEST}")) == [f"{stem}-0"]


def along(answer: httpx.Response) -> list[tuple[str, str]]:
    """Return (mode, Type/id) of each entry."""
    assert answer.status_code == 200, answer.text
    return [
        (item["search"]["mode"], f"{item['resource']['resourceType']}/{item['resource'].get('id', '')}")
        for item in answer.json().get("entry", [])
    ]


INCLUDES: dict[str, set[str]] = {
    "Encounter?_id={visit1}&_include=Encounter:subject": {"Patient/an"},
    "Encounter?_id={visit1}&_include=Encounter:patient:Patient": {"Patient/an"},
    "Encounter?_id={visit1}&_include=Encounter:subject:Group": set(),
    "Encounter?_id={visit1}&_include=Encounter:service-provider&_include=Encounter:participant": {
        "Organization/station",
        "Practitioner/doctor",
    },
    "Encounter?_id={visit3}&_include=Encounter:service-provider": {"Organization/centre"},
    "Encounter?_id={visit1}&_include=Encounter:service-provider&_include=Organization:partof": {"Organization/station"},
    "Encounter?_id={visit1}&_include=Encounter:service-provider&_include:iterate=Organization:partof": {
        "Organization/station",
        "Organization/centre",
    },
    "Encounter?_id={part}&_include:iterate=Encounter:part-of": {"Encounter/visit2", "Encounter/visit1"},
    "Encounter?_id={part}&_include=Encounter:part-of": {"Encounter/visit2"},
    "Encounter?_id={visit1}&_include=Encounter:*": {
        "Patient/an",
        "Organization/station",
        "Practitioner/doctor",
        "Location/room",
    },
    "Encounter?_id={visit1}&_include=*": {
        "Patient/an",
        "Organization/station",
        "Practitioner/doctor",
        "Location/room",
    },
    "Patient?_id={an}&_revinclude=Encounter:patient": {"Encounter/visit1", "Encounter/visit2"},
    "Patient?_id={an}&_revinclude=Encounter:subject:Patient&_revinclude=Immunization:patient": {
        "Encounter/visit1",
        "Encounter/visit2",
        "Immunization/dose",
    },
    "Patient?_id={an}&_revinclude=Encounter:patient&_include:iterate=Encounter:location&_include:iterate=Location:*": {
        "Encounter/visit1",
        "Encounter/visit2",
        "Location/room",
        "Organization/station",
    },
    "Organization?_id={centre}&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization": {
        "Organization/station",
        "Patient/an",
    },
    "Organization?_id={centre}&_revinclude=Encounter:service-provider": {"Encounter/visit3"},
    "Patient?_id={an},{binh}&_include=Patient:organization&_revinclude=Coverage:beneficiary": {
        "Organization/station",
        "Coverage/card",
    },
    "Patient?_id={binh}&_revinclude=*": {"Encounter/visit3", "Encounter/part", "Coverage/card"},
}


@pytest.mark.parametrize("query", list(INCLUDES))
async def test_what_comes_along_is_there_once_and_marked(
    client: httpx.AsyncClient, register: Register, query: str
) -> None:
    found = along(await client.get("/" + query.format(**register)))
    brought = [name for mode, name in found if mode == "include"]
    assert {name.replace(f"{register['stem']}-", "") for name in brought} == INCLUDES[query]
    assert len(set(brought)) == len(brought)
    modes = [mode for mode, _ in found]
    assert modes == sorted(modes, key=("match", "include").index)


async def test_a_total_counts_matches_only(client: httpx.AsyncClient, register: Register) -> None:
    answer = await client.get(f"/Patient?_id={register['an']}&_revinclude=Encounter:patient")
    assert answer.json()["total"] == 1
    shown = links(answer)["self"]
    assert "_revinclude=Encounter%3Apatient" in shown


async def test_what_comes_along_is_capped_with_a_notice(client: httpx.AsyncClient) -> None:
    stem = fresh("many")
    patients = [entry("PUT", f"Patient/{stem}", {"resourceType": "Patient", "id": stem})]
    visits = [
        entry("POST", "Encounter", {**example("Encounter"), "subject": {"reference": f"Patient/{stem}"}})
        for _ in range(1001)
    ]
    assert (await client.post("", json=bundle(*patients, *visits))).status_code == 200
    found = along(await client.get(f"/Patient?_id={stem}&_revinclude=Encounter:patient"))
    assert [mode for mode, _ in found].count("include") == 1000
    assert found[-1][0] == "outcome"


@pytest.mark.parametrize(
    "asked",
    [
        "_include=Encounter",
        "_include=Encounter:nothing",
        "_include=Encounter:status",
        "_include=Device:patient",
        "_include=Encounter:patient:Device",
        "_include:below=Encounter:patient",
        "_revinclude=patient",
        "_include=",
    ],
)
async def test_an_include_that_is_not_understood_is_refused(client: httpx.AsyncClient, asked: str) -> None:
    assert (await client.get(f"/Encounter?{asked}")).status_code == 400
    lenient = await client.get(f"/Encounter?_id=none&{asked}", headers={"prefer": "handling=lenient"})
    assert [mode for mode, _ in along(lenient)] == ["outcome"]
    assert asked not in links(lenient)["self"]


@pytest.mark.parametrize("kind", TYPES)
async def test_every_reference_of_a_type_can_be_included(client: httpx.AsyncClient, kind: str) -> None:
    assert (await client.get(f"/{kind}?_include={kind}:*&_revinclude=*&_count=1")).status_code == 200
