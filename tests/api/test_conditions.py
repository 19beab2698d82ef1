"""Conditional creates and references: none, one or several matches, alone and in a transaction.

https://hl7.org/fhir/R4/http.html#ccreate
"""

import httpx
import pytest

from tests.api.records import (
    SYSTEM,
    bundle,
    count,
    entry,
    example,
    fresh,
    identified,
    national_number,
    patient,
    places,
    statuses,
    urn,
    visit,
)


@pytest.mark.parametrize("held", [0, 1, 2])
async def test_a_conditional_create_makes_one_or_finds_one(client: httpx.AsyncClient, held: int) -> None:
    value = fresh("criterion")
    for _ in range(held):
        await client.post("/Organization", json=identified(value))
    condition = f"identifier={SYSTEM}|{value}"
    alone = await client.post("/Organization", json=identified(value), headers={"if-none-exist": condition})
    assert alone.status_code == [201, 200, 412][held]
    for given in (condition, f"?{condition}", f"Organization?{condition}"):
        sent = bundle(
            entry("POST", "Organization", identified(value), full_url=urn(1), ifNoneExist=given),
            entry("POST", "Location", example("Location", managingOrganization={"reference": urn(1)})),
        )
        answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
        if held == 2:
            assert answer.status_code == 412
            assert places(answer) == ["Bundle.entry[0]"]
        else:
            assert statuses(answer) == ["200", "201"]
            station, room = (item["resource"] for item in answer.json()["entry"])
            assert room["managingOrganization"]["reference"] == f"Organization/{station['id']}"
    assert await count(client, f"Organization?{condition}") == max(held, 1)


async def test_the_same_condition_twice_in_a_bundle_makes_one(client: httpx.AsyncClient) -> None:
    value = fresh("twice")
    condition = f"identifier={SYSTEM}|{value}"
    sent = bundle(
        entry("POST", "Location", example("Location", managingOrganization={"reference": urn(2)})),
        entry("POST", "Organization", identified(value), full_url=urn(1), ifNoneExist=condition),
        entry("POST", "Organization", identified(value), full_url=urn(2), ifNoneExist=condition),
        entry("POST", "Location", example("Location", managingOrganization={"reference": f"Organization?{condition}"})),
    )
    answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
    assert statuses(answer) == ["201", "201", "200", "201"]
    first, made, found, last = (item["resource"] for item in answer.json()["entry"])
    assert made == found
    assert {room["managingOrganization"]["reference"] for room in (first, last)} == {f"Organization/{made['id']}"}
    assert await count(client, f"Organization?{condition}") == 1


@pytest.mark.parametrize("held", [0, 1, 2])
async def test_a_conditional_reference_names_the_one_that_matches(client: httpx.AsyncClient, held: int) -> None:
    value = fresh("referred")
    ids = [(await client.post("/Organization", json=identified(value))).json()["id"] for _ in range(held)]
    reference = {"reference": f"Organization?identifier={SYSTEM}|{value}"}
    room = example("Location", managingOrganization=reference)
    answer = await client.post(
        "/", json=bundle(entry("POST", "Location", room)), headers={"prefer": "return=representation"}
    )
    if held == 1:
        kept = answer.json()["entry"][0]["resource"]
        assert kept["managingOrganization"]["reference"] == f"Organization/{ids[0]}"
    else:
        assert answer.status_code == 412
        assert places(answer)[0].startswith("Bundle.entry[0]")


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_conditional_reference_finds_what_the_bundle_itself_writes(
    client: httpx.AsyncClient, method: str
) -> None:
    number, record = national_number(), fresh("within")
    reference = f"Patient?identifier=http://fhir.ehealth.gov.vn/core/sid/national_id|{number}"
    address = "Patient" if method == "POST" else f"Patient/{record}"
    sent = bundle(
        entry("POST", "Encounter", visit("", reference)), entry(method, address, patient(record, number=number))
    )
    answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
    assert answer.status_code == 200, answer.text
    care, someone = (item["resource"] for item in answer.json()["entry"])
    assert care["subject"]["reference"] == f"Patient/{someone['id']}"
