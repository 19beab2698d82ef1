"""$validate says what a write would say, for every type, and stores nothing."""

import json
from typing import Any

import httpx
import pytest

from tests.api.records import NATIONAL_ID, PATIENT_TYPES, TYPES, count, example, fresh, national_number, patient, visit

BASE = "http://hl7.org/fhir/StructureDefinition"


def parameters(resource: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    """Return the Parameters of the operation."""
    spelled = {"mode": "valueCode", "profile": "valueUri"}
    items: list[dict[str, Any]] = [{"name": name, spelled[name]: value} for name, value in more.items()]
    if resource is not None:
        items.append({"name": "resource", "resource": resource})
    return {"resourceType": "Parameters", "parameter": items}


def issues(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return the issues of an OperationOutcome."""
    assert answer.json()["resourceType"] == "OperationOutcome"
    return answer.json()["issue"]


def assert_well(answer: httpx.Response) -> None:
    """Assert that the answer is that all is well."""
    assert answer.status_code == 200, answer.text
    assert [(issue["severity"], issue["code"]) for issue in issues(answer)] == [("information", "informational")]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("mode", ["", "create", "update", "profile"])
async def test_what_a_write_would_take_is_well_and_is_not_stored(
    client: httpx.AsyncClient, name: str, mode: str
) -> None:
    tag = fresh("validated")
    sent = example(name, id=fresh("v"), meta={"tag": [{"system": "http://hs.example", "code": tag}]})
    given = {"mode": mode} if mode else {}
    for body in (sent, parameters(sent)):
        assert_well(await client.post(f"/{name}/$validate", json=body, params=given))
    assert_well(await client.post(f"/{name}/$validate", json=parameters(sent, **given)))
    assert_well(await client.post(f"/{name}/{sent['id']}/$validate", json=sent, params=given))
    assert await count(client, f"{name}?_tag={tag}") == 0
    assert (await client.get(f"/{name}/{sent['id']}")).status_code == 404


@pytest.mark.parametrize("name", TYPES)
async def test_every_fault_of_a_write_is_listed_with_its_text_and_place(client: httpx.AsyncClient, name: str) -> None:
    wrong = example(name, id="x", language=["vi"], implicitRules=7, text={"status": "generated"})
    written = await client.put(f"/{name}/x", json=wrong)
    assert written.status_code == 400
    for body in (wrong, parameters(wrong)):
        answer = await client.post(f"/{name}/x/$validate", json=body)
        assert answer.status_code == 200
        assert issues(answer) == issues(written)
    assert len(issues(written)) >= 3


async def test_rules_of_the_type_are_listed_beside_those_of_fhir(client: httpx.AsyncClient) -> None:
    wrong = patient("x", number="123", gender="x")
    listed = issues(await client.post("/Patient/$validate", json=wrong))
    assert {place for issue in listed for place in issue["expression"]} == {
        "Patient.gender",
        "Patient.identifier[0].value",
    }
    assert not any("123" in json.dumps(issue) for issue in listed)


@pytest.mark.parametrize("name", TYPES)
async def test_bytes_are_checked_as_they_were_sent(client: httpx.AsyncClient, name: str) -> None:
    whole = json.dumps(example(name))
    twice = f'{whole[:-1]},"language":"vi","language":"vi"}}'
    wrong = f'{whole[:-1]},"implicitRules":1.50}}'
    for body in (wrong, f'{{"resourceType":"Parameters","parameter":[{{"name":"resource","resource":{wrong}}}]}}'):
        answer = await client.post(f"/{name}/$validate", content=body)
        assert issues(answer) == issues(await client.post(f"/{name}", content=wrong))
    assert (await client.post(f"/{name}/$validate", content=twice)).status_code == 400


@pytest.mark.parametrize("name", PATIENT_TYPES)
@pytest.mark.parametrize("mode", ["", "create", "update"])
async def test_a_record_of_nobody_who_is_held_is_a_fault(client: httpx.AsyncClient, name: str, mode: str) -> None:
    owner = {"Encounter": "subject", "Immunization": "patient", "Coverage": "beneficiary"}[name]
    stranger = example(name, id=fresh("v"), **{owner: {"reference": "Patient/nobody"}})
    answer = await client.post(f"/{name}/$validate", json=stranger, params={"mode": mode} if mode else {})
    assert answer.status_code == 200
    assert issues(answer) == issues(await client.put(f"/{name}/{stranger['id']}", json=stranger))
    assert [issue["code"] for issue in issues(answer)] == ["not-found"]


async def test_a_number_that_another_holds_is_a_fault_of_a_write(client: httpx.AsyncClient) -> None:
    number, holder = national_number(), fresh("p")
    held = patient(holder, number=number)
    assert (await client.put(f"/Patient/{holder}", json=held)).status_code == 201
    for mode, address, body, code in [
        ("create", "/Patient/$validate", held, "duplicate"),
        ("update", f"/Patient/{holder}/$validate", held, "informational"),
        ("update", "/Patient/another/$validate", {**held, "id": "another"}, "duplicate"),
        ("profile", "/Patient/$validate", held, "informational"),
    ]:
        answer = await client.post(address, json=parameters(body, mode=mode))
        assert answer.status_code == 200
        assert [issue["code"] for issue in issues(answer)] == [code], mode
    assert await count(client, f"Patient?identifier={NATIONAL_ID}|{number}") == 1


@pytest.mark.parametrize("name", TYPES)
async def test_an_update_must_name_the_record_it_is_for(client: httpx.AsyncClient, name: str) -> None:
    record = fresh("v")
    for sent in (example(name), example(name, id="other")):
        answer = await client.post(f"/{name}/{record}/$validate?mode=update", json=sent)
        assert [issue["expression"] for issue in issues(answer)] == [[f"{name}.id"]]
    answer = await client.post(f"/{name}/$validate?mode=update", json=example(name))
    assert [issue["expression"] for issue in issues(answer)] == [[f"{name}.id"]]


async def test_a_deletion_is_tried_and_undone(client: httpx.AsyncClient) -> None:
    person = fresh("p")
    assert (await client.get(f"/Patient/{person}/$validate?mode=delete")).status_code == 404
    await client.put(f"/Patient/{person}", json=patient(person))
    assert_well(await client.post(f"/Patient/{person}/$validate", json=parameters(mode="delete")))
    assert (await client.get(f"/Patient/{person}")).status_code == 200
    await client.post("/Encounter", json=visit("", f"Patient/{person}"))
    answer = await client.get(f"/Patient/{person}/$validate?mode=delete")
    assert [issue["code"] for issue in issues(answer)] == ["conflict"]
    assert issues(answer) == issues(await client.delete(f"/Patient/{person}"))
    assert (await client.post("/Patient/$validate?mode=delete")).status_code == 400


@pytest.mark.parametrize("name", TYPES)
async def test_what_is_held_can_be_checked_where_it_is(client: httpx.AsyncClient, name: str) -> None:
    record = (await client.post(f"/{name}", json=example(name))).json()["id"]
    assert_well(await client.get(f"/{name}/{record}/$validate"))
    assert_well(await client.post(f"/{name}/{record}/$validate?profile={BASE}/{name}"))
    ours = f"https://tramy.vn/fhir/StructureDefinition/tramy-{name.lower()}"
    assert_well(await client.post(f"/{name}/{record}/$validate?profile={ours}&profile={BASE}/DomainResource"))
    assert (await client.get(f"/{name}/nothing/$validate")).status_code == 404
    await client.delete(f"/{name}/{record}")
    assert (await client.get(f"/{name}/{record}/$validate")).status_code == 410


@pytest.mark.parametrize(
    ("query", "place"),
    [("mode=destroy", "mode"), (f"profile={BASE}/Observation", "profile"), ("profile=x", "profile"), ("x=y", "x")],
)
async def test_what_is_not_understood_is_refused(client: httpx.AsyncClient, query: str, place: str) -> None:
    answer = await client.post(f"/Patient/$validate?{query}", json=example("Patient"))
    assert answer.status_code == 400
    assert [issue["expression"] for issue in issues(answer)] == [[place]]


async def test_a_resource_must_be_sent_where_none_is_named(client: httpx.AsyncClient) -> None:
    for address, body in [
        ("/Patient/$validate", None),
        ("/Patient/$validate", parameters()),
        ("/Patient/$validate", {"resourceType": "Parameters", "parameter": [{"name": "resource"}]}),
        ("/Patient/mau-1/$validate?mode=update", None),
    ]:
        answer = await (client.post(address, json=body) if body else client.post(address))
        assert answer.status_code == 400
        assert [issue["expression"] for issue in issues(answer)] == [["resource"]]
    wrong = await client.post("/Patient/$validate", json=example("Encounter"))
    assert wrong.status_code == 200
    assert [issue["severity"] for issue in issues(wrong)] == ["error"]
