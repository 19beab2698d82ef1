"""References between the entries of a bundle, however they are written. https://hl7.org/fhir/R4/bundle.html#references"""

import base64
import json
import time
from typing import Any

import httpx
import pytest

from tests.api.records import bundle, count, entry, example, fresh, patient, places, statuses, urn, visit

SHOWN = {"prefer": "return=representation"}
ELSEWHERE = "http://x.example/fhir"


async def resources(client: httpx.AsyncClient, *entries: dict) -> list[dict[str, Any]]:
    """Send a transaction that must succeed and return the resources of its answer."""
    answer = await client.post("/", json=bundle(*entries), headers=SHOWN)
    assert answer.status_code == 200, answer.text
    return [item["resource"] for item in answer.json()["entry"]]


@pytest.mark.parametrize(
    ("own", "other", "reference"),
    [
        ("", "urn:uuid:7f1b4a8e-0000-4000-8000-000000000001", "urn:uuid:7f1b4a8e-0000-4000-8000-000000000001"),
        ("", "urn:oid:1.2.840.113619.1", "urn:oid:1.2.840.113619.1"),
        ("", f"{ELSEWHERE}/Patient/1", f"{ELSEWHERE}/Patient/1"),
        (f"{ELSEWHERE}/Encounter/9", f"{ELSEWHERE}/Patient/1", "Patient/1"),
        (f"{ELSEWHERE}/Encounter/9", f"{ELSEWHERE}/Patient/1", f"{ELSEWHERE}/Patient/1"),
        ("https://y.example/a/b/Encounter/9", "https://y.example/a/b/Patient/1", "Patient/1"),
        ("Encounter/9", "Patient/1", "Patient/1"),
        ("", "Patient/1", "Patient/1"),
        (urn(9), "Patient/1", "Patient/1"),
        (f"{ELSEWHERE}/Encounter/9", f"{ELSEWHERE}/Patient/1", "Patient/1/_history/4"),
        (f"{ELSEWHERE}/Encounter/9", f"{ELSEWHERE}/Patient/1", f"{ELSEWHERE}/Patient/1/_history/4"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
async def test_a_reference_to_an_entry_becomes_that_record(
    client: httpx.AsyncClient, own: str, other: str, reference: str, turned: bool
) -> None:
    person = entry("POST", "Patient", example("Patient", id="1", meta={"versionId": "4"}), full_url=other)
    entries = [person, entry("POST", "Encounter", visit("9", reference), full_url=own)]
    found = {item["resourceType"]: item for item in await resources(client, *(entries[::-1] if turned else entries))}
    assert found["Encounter"]["subject"]["reference"] == f"Patient/{found['Patient']['id']}"


@pytest.mark.parametrize(
    ("own", "other", "reference"),
    [
        # Without a base of its own, or below another one, a relative reference is to what is held here.
        ("", f"{ELSEWHERE}/Patient/1", "Patient/mau-1"),
        (urn(1), f"{ELSEWHERE}/Patient/mau-1", "Patient/mau-1"),
        ("http://other.example/fhir/Encounter/9", f"{ELSEWHERE}/Patient/mau-1", "Patient/mau-1"),
    ],
)
async def test_a_relative_reference_is_read_below_the_base_of_its_own_entry_only(
    client: httpx.AsyncClient, own: str, other: str, reference: str
) -> None:
    sent = [
        entry("POST", "Patient", example("Patient"), full_url=other),
        entry("POST", "Encounter", visit("", reference), full_url=own),
    ]
    _, care = await resources(client, *sent)
    assert care["subject"]["reference"] == "Patient/mau-1"


async def test_another_version_than_the_one_sent_is_not_that_entry(client: httpx.AsyncClient) -> None:
    station = f"{ELSEWHERE}/Organization/1"
    sent = [
        entry("POST", "Organization", example("Organization", meta={"versionId": "4"}), full_url=station),
        entry("POST", "Encounter", example("Encounter", serviceProvider={"reference": f"{station}/_history/3"})),
    ]
    _, care = await resources(client, *sent)
    assert care["serviceProvider"]["reference"] == f"{station}/_history/3"


async def test_addresses_of_attachments_follow_and_canonical_ones_stay(client: httpx.AsyncClient) -> None:
    station = f"{ELSEWHERE}/Organization/1"
    person = example(
        "Patient",
        photo=[{"url": station, "title": station}],
        extension=[{"url": "http://la.example/a", "valueCanonical": station}],
    )
    organization, kept = await resources(
        client,
        entry("POST", "Organization", example("Organization"), full_url=station),
        entry("POST", "Patient", person),
    )
    assert kept["photo"] == [{"url": f"Organization/{organization['id']}", "title": station}]
    assert kept["extension"][0]["valueCanonical"] == station


@pytest.mark.parametrize("kind", ["transaction", "batch"])
@pytest.mark.parametrize("stray", ["urn:uuid:7f1b4a8e-0000-4000-8000-00000000dead", "urn:oid:1.2.3", "urn:uuid:1#part"])
async def test_a_local_address_that_no_entry_has_is_named_and_never_stored(
    client: httpx.AsyncClient, stray: str, kind: str
) -> None:
    record = fresh("stray")
    care = visit(
        record,
        "Patient/mau-1",
        serviceProvider={"reference": stray},
        participant=[{"individual": {"reference": "Practitioner/1"}}, {"individual": {"reference": stray}}],
        contained=[{"resourceType": "Location", "id": "room", "managingOrganization": {"reference": stray}}],
        location=[{"location": {"reference": "#room"}}],
    )
    answer = await client.post("/", json=bundle(entry("PUT", f"Encounter/{record}", care), kind=kind))
    outcome = answer.json() if kind == "transaction" else answer.json()["entry"][0]["response"]["outcome"]
    assert statuses(answer) == ["400"] if kind == "batch" else answer.status_code == 400
    whole = "Bundle.entry[0].resource"
    assert sorted(issue["expression"][0] for issue in outcome["issue"]) == [
        f"{whole}.contained[0].managingOrganization.reference",
        f"{whole}.participant[1].individual.reference",
        f"{whole}.serviceProvider.reference",
    ]
    assert (await client.get(f"/Encounter/{record}")).status_code == 404


async def test_addresses_that_are_no_references_may_be_urns(client: httpx.AsyncClient) -> None:
    oid = "urn:oid:1.2.36.146.595.217.0.1"
    person = example(
        "Patient",
        identifier=[{"system": oid, "value": "urn:uuid:1"}],
        extension=[{"url": "http://la.example/a", "valueUri": "urn:uuid:1"}],
    )
    (kept,) = await resources(client, entry("POST", "Patient", person))
    assert kept["identifier"] == person["identifier"]
    assert kept["extension"] == person["extension"]


async def test_entries_of_a_batch_do_not_see_each_other(client: httpx.AsyncClient) -> None:
    sent = bundle(
        entry("POST", "Patient", example("Patient"), full_url=urn(1)),
        entry("POST", "Encounter", visit("", urn(1)), full_url=urn(2)),
        entry("POST", "Encounter", visit("", "Patient/mau-1", partOf={"reference": urn(3)}), full_url=urn(3)),
        kind="batch",
    )
    answer = await client.post("/", json=sent, headers=SHOWN)
    assert statuses(answer) == ["201", "400", "201"]
    itself = answer.json()["entry"][2]["resource"]
    assert itself["partOf"]["reference"] == f"Encounter/{itself['id']}"


def _patch(path: str, value: dict[str, Any]) -> dict[str, Any]:
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": path},
        {"name": "value", **value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def _json_patch(*operations: dict[str, Any]) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


async def test_a_patch_refers_to_entries_too(client: httpx.AsyncClient) -> None:
    one, two, station = fresh("patched"), fresh("patched"), {"reference": urn(1)}
    replacing = {"op": "replace", "path": "/serviceProvider", "value": station}
    for record in (one, two):
        before = {"serviceProvider": {"reference": "Organization/1"}}
        await client.put(f"/Encounter/{record}", json=visit(record, "Patient/mau-1", **before))
    organization, first, second = await resources(
        client,
        entry("POST", "Organization", example("Organization"), full_url=urn(1)),
        entry("PATCH", f"Encounter/{one}", _patch("Encounter.serviceProvider", {"valueReference": station})),
        entry("PATCH", f"Encounter/{two}", _json_patch(replacing)),
    )
    expected = {"reference": f"Organization/{organization['id']}"}
    assert (first["serviceProvider"], second["serviceProvider"]) == (expected, expected)


@pytest.mark.parametrize(
    "document",
    [
        _patch("Encounter.serviceProvider", {"valueReference": {"reference": urn(404)}}),
        _json_patch({"op": "replace", "path": "/serviceProvider/reference", "value": urn(404)}),
    ],
)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_a_patch_leaves_no_local_address_behind(client: httpx.AsyncClient, document: dict, kind: str) -> None:
    record = fresh("behind")
    before = visit(record, "Patient/mau-1", serviceProvider={"reference": "Organization/1"})
    await client.put(f"/Encounter/{record}", json=before)
    answer = await client.post("/", json=bundle(entry("PATCH", f"Encounter/{record}", document), kind=kind))
    assert (answer.status_code if kind == "transaction" else int(statuses(answer)[0])) == 400, answer.text
    assert (await client.get(f"/Encounter/{record}")).headers["etag"] == 'W/"1"'


async def test_what_is_updated_keeps_its_id_under_any_full_url(client: httpx.AsyncClient) -> None:
    person, care = fresh("kept"), fresh("kept")
    sent = [
        entry("PUT", f"Patient/{person}", patient(person), full_url=f"{ELSEWHERE}/Patient/{person}"),
        entry("PUT", f"Encounter/{care}", visit(care, f"Patient/{person}"), full_url=f"{ELSEWHERE}/Encounter/{care}"),
    ]
    _, kept = await resources(client, *sent)
    assert kept["subject"]["reference"] == f"Patient/{person}"
    answer = await client.post(
        "/", json=bundle(*sent, entry("POST", "Patient", patient("x"), full_url=sent[0]["fullUrl"]))
    )
    assert (answer.status_code, places(answer)) == (400, ["Bundle.entry[2].fullUrl"])


async def test_three_thousand_whole_addresses_are_resolved_in_time(client: httpx.AsyncClient) -> None:
    """Each below a base of its own, which must cost no more than one base for all."""
    tag, roots = fresh("roots"), [f"http://h{number}.example/fhir/" for number in range(1500)]
    people = [entry("POST", "Patient", example("Patient"), full_url=f"{root}Patient/1") for root in roots]
    label = {"tag": [{"code": tag}]}
    cards = [
        entry("POST", "Encounter", visit("", "Patient/1", meta=label), full_url=f"{root}Encounter/1") for root in roots
    ]
    began = time.perf_counter()
    answer = await client.post("/", json=bundle(*people, *cards))
    assert answer.status_code == 200, answer.text[:500]
    assert time.perf_counter() - began < 30
    assert await count(client, f"Encounter?_tag={tag}&subject:missing=false") == 1500
