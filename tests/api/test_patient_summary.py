"""Patient/$summary: a valid document of all that is held of a patient, which says what is not held."""

import json
from typing import Any

import httpx
import pytest

from app.fhir.validation import Validator
from tests.api.records import NATIONAL_ID, example, fresh, national_number, patient, places

IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition"
NAME = '<script>alert("x")</script> & Lê'


async def filled(client: httpx.AsyncClient, *, number: str) -> str:
    """Make a patient with a record of each type and what they refer to, and return the id."""
    person, station, hospital, doctor = (fresh(stem) for stem in ("p", "station", "hospital", "doctor"))
    mine = {"reference": f"Patient/{person}"}
    records = [
        example("Organization", id=hospital),
        example("Organization", id=station, partOf={"reference": f"Organization/{hospital}"}),
        example("Practitioner", id=doctor),
        patient(
            person,
            number=number,
            name=[{"family": NAME, "given": ["Mẫu"]}],
            birthDate="1990-02",
            managingOrganization={"reference": f"Organization/{station}"},
        ),
        example("Immunization", id=fresh("dose"), patient=mine, occurrenceDateTime="2025-03-01T20:00:00Z"),
        example("Immunization", id=fresh("dose"), patient=mine, occurrenceDateTime="2026-01"),
        example("Immunization", id=fresh("dose"), patient=mine, status="entered-in-error"),
        example(
            "Encounter",
            id=fresh("visit"),
            subject=mine,
            length={"value": 1, "system": "http://unitsofmeasure.org", "code": "h"},
            participant=[
                {"individual": {"reference": f"http://tramy.test/fhir/Practitioner/{doctor}"}},
                {"individual": {"reference": "Practitioner/elsewhere"}},
            ],
        ),
        example("Coverage", id=fresh("card"), beneficiary=mine),
    ]
    for record in records:
        answer = await client.put(f"/{record['resourceType']}/{record['id']}", json=record)
        assert answer.status_code == 201, answer.text
    return person


def resources(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return the resources of a document."""
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json()["entry"]]


def sections(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    """Return the sections of a document by their LOINC codes."""
    return {section["code"]["coding"][0]["code"]: section for section in resources(answer)[0]["section"]}


async def test_the_document_is_valid_and_holds_what_it_refers_to(client: httpx.AsyncClient) -> None:
    person = await filled(client, number=national_number())
    answer = await client.get(f"/Patient/{person}/$summary")
    tree = answer.json()
    assert [fault for fault in Validator(["Bundle"]).faults("Bundle", tree) if fault.severity == "error"] == []
    assert (tree["resourceType"], tree["type"]) == ("Bundle", "document")
    assert tree["identifier"]["value"].startswith("urn:uuid:")
    assert tree["timestamp"].endswith("Z")
    types = [resource["resourceType"] for resource in resources(answer)]
    assert types[:3] == ["Composition", "Device", "Patient"]
    assert sorted(types[3:]) == ["Coverage", "Encounter", *["Immunization"] * 2, *["Organization"] * 2, "Practitioner"]
    composition = resources(answer)[0]
    urls = {entry["fullUrl"] for entry in tree["entry"]}
    assert len(urls) == len(tree["entry"])
    named = [composition["subject"], composition["author"][0], composition["custodian"]]
    named += [item for section in composition["section"] for item in section.get("entry", [])]
    for item in named:
        target = item["reference"]
        assert (target if target.startswith("urn:") else f"http://tramy.test/fhir/{target}") in urls
    assert composition["type"]["coding"] == [{"system": "http://loinc.org", "code": "60591-5"}]


async def test_records_stand_in_it_as_they_are_held(client: httpx.AsyncClient) -> None:
    person = await filled(client, number=national_number())
    location = fresh("place")
    held = f'{{"resourceType":"Location","id":"{location}","position":{{"longitude": 1.50,"latitude":2.10e1}}}}'
    await client.put(f"/Location/{location}", content=held)
    visit = example(
        "Encounter",
        id=fresh("visit"),
        subject={"reference": f"Patient/{person}"},
        location=[{"location": {"reference": f"Location/{location}"}}],
    )
    await client.put(f"/Encounter/{visit['id']}", json=visit)
    text = (await client.get(f"/Patient/{person}/$summary")).text
    for address in (f"Location/{location}", f"Patient/{person}", f"Encounter/{visit['id']}"):
        assert (await client.get(f"/{address}")).text in text


async def test_what_is_not_held_is_said_and_not_invented(client: httpx.AsyncClient) -> None:
    person = await filled(client, number=national_number())
    found = sections(await client.get(f"/Patient/{person}/$summary"))
    assert list(found) == ["10160-0", "48765-2", "11450-4", "11369-6", "46240-8", "48768-6"]
    assert [code for code, section in found.items() if "emptyReason" in section] == ["10160-0", "48765-2", "11450-4"]
    for section in found.values():
        assert ("entry" in section) != ("emptyReason" in section)
        assert section["text"]["status"] == "generated"
    assert found["48765-2"]["emptyReason"]["coding"][0]["code"] == "unavailable"
    bare = fresh("p")
    await client.put(f"/Patient/{bare}", json=patient(bare))
    answer = await client.get(f"/Patient/{bare}/$summary")
    assert all("emptyReason" in section for section in sections(answer).values())
    assert [resource["resourceType"] for resource in resources(answer)] == ["Composition", "Device", "Patient"]
    assert [fault for fault in Validator(["Bundle"]).faults("Bundle", answer.json()) if fault.severity == "error"] == []


async def test_ips_is_claimed_only_of_a_patient_with_name_and_birth_date(client: httpx.AsyncClient) -> None:
    for elements, claimed in [
        ({}, False),
        ({"name": [{"family": "Lê"}]}, False),
        ({"name": [{"use": "official"}], "birthDate": "1990"}, False),
        ({"name": [{"text": "Lê Mẫu"}], "birthDate": "1990"}, True),
    ]:
        person = fresh("p")
        await client.put(f"/Patient/{person}", json=patient(person, **elements))
        answer = await client.get(f"/Patient/{person}/$summary")
        assert (answer.json().get("meta") == {"profile": [f"{IPS}/Bundle-uv-ips"]}) == claimed, elements
        assert ("meta" in resources(answer)[0]) == claimed


async def test_the_text_is_for_people_and_holds_no_markup_of_others(client: httpx.AsyncClient) -> None:
    person = await filled(client, number=national_number())
    answer = await client.get(f"/Patient/{person}/$summary")
    text = resources(answer)[0]["text"]["div"]
    assert "<script>" not in text
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; Lê Mẫu" in text
    doses = sections(answer)["11369-6"]
    assert doses["title"] == "Tiêm chủng / Immunizations"
    # The second dose was given in the evening by Greenwich, on the next day in Viet Nam; newest first.
    days = [cell for cell in doses["text"]["div"].split("<td>") if cell.startswith("20")]
    assert [day.partition("<")[0] for day in days] == ["2026-01", "2025-03-02"]
    assert "entered-in-error" not in json.dumps(sections(answer))


async def test_a_patient_can_be_named_by_an_identifier(client: httpx.AsyncClient) -> None:
    number = national_number()
    person = await filled(client, number=number)
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "identifier", "valueString": f"{NATIONAL_ID}|{number}"}],
    }
    for answer in (
        await client.get("/Patient/$summary", params={"identifier": f"{NATIONAL_ID}|{number}"}),
        await client.post("/Patient/$summary", json=body),
        await client.post(f"/Patient/{person}/$summary"),
        await client.get(f"/Patient/{person}/$summary", params={"profile": f"{IPS}/Bundle-uv-ips"}),
    ):
        assert resources(answer)[0]["subject"] == {"reference": f"Patient/{person}"}
    assert (await client.get("/Patient/$summary?identifier=http://hs.example/none|1")).status_code == 404
    shared = [{"system": "http://hs.example/shared", "value": fresh("s")}]
    for _ in range(2):
        await client.post("/Patient", json=example("Patient", identifier=shared))
    several = await client.get(f"/Patient/$summary?identifier={shared[0]['system']}|{shared[0]['value']}")
    assert several.status_code == 412


async def test_records_of_one_person_are_summed_up_together(client: httpx.AsyncClient) -> None:
    one, other = [await filled(client, number=national_number()) for _ in range(2)]
    merge = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "source-patient", "valueReference": {"reference": f"Patient/{other}"}},
            {"name": "target-patient", "valueReference": {"reference": f"Patient/{one}"}},
        ],
    }
    merged = await client.post("/Patient/$merge", json=merge)
    assert merged.status_code == 200, merged.text
    for asked in (one, other):
        answer = await client.get(f"/Patient/{asked}/$summary")
        assert len(sections(answer)["11369-6"]["entry"]) == 4
        found = [resource["id"] for resource in resources(answer) if resource["resourceType"] == "Patient"]
        assert (found[0], set(found)) == (asked, {one, other})


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/Patient/$summary", "identifier"),
        ("/Patient/$summary?identifier=", "identifier"),
        ("/Patient/mau-1/$summary?identifier=a|b", "identifier"),
        ("/Patient/mau-1/$summary?profile=x", "profile"),
        ("/Patient/mau-1/$summary?x=y", "x"),
    ],
)
async def test_what_is_not_understood_is_refused(client: httpx.AsyncClient, address: str, place: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 400
    assert places(answer) == [place]


async def test_there_is_no_summary_of_nobody(client: httpx.AsyncClient) -> None:
    person = fresh("p")
    assert (await client.get(f"/Patient/{person}/$summary")).status_code == 404
    await client.put(f"/Patient/{person}", json=patient(person))
    await client.delete(f"/Patient/{person}")
    assert (await client.get(f"/Patient/{person}/$summary")).status_code == 410
