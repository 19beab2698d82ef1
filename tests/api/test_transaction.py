"""transaction: all or nothing, references resolved wherever they stand, in the specification's order.

https://hl7.org/fhir/R4/http.html#trules
"""

import json
import time

import httpx
import pytest

from app.resources.registry import registry
from tests.api.records import (
    PATIENT_TYPES,
    SYSTEM,
    TYPES,
    bundle,
    count,
    entry,
    example,
    fresh,
    identified,
    links,
    national_number,
    patient,
    places,
    statuses,
    urn,
    visit,
)


@pytest.mark.parametrize("kind", TYPES)
async def test_each_type_is_created_read_updated_and_deleted_in_one(client: httpx.AsyncClient, kind: str) -> None:
    old, new, gone = fresh("old"), fresh("new"), fresh("gone")
    for record in (old, gone):
        await client.put(f"/{kind}/{record}", json=example(kind, id=record))
    sent = bundle(
        entry("GET", f"{kind}/{old}"),
        entry("GET", f"{kind}?_id={old},{new},{gone}"),
        entry("PUT", f"{kind}/{old}", example(kind, id=old, language="vi")),
        entry("POST", kind, example(kind)),
        entry("PUT", f"{kind}/{new}", example(kind, id=new)),
        entry("DELETE", f"{kind}/{gone}"),
        entry("DELETE", f"{kind}/{fresh('never')}"),
        entry("HEAD", f"{kind}/{old}"),
        entry("GET", f"{kind}/{old}/_history/1"),
    )
    answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == "transaction-response"
    assert statuses(answer) == ["200", "200", "200", "201", "201", "204", "204", "200", "200"]
    read, found, updated, created, *_ = answer.json()["entry"]
    assert read["resource"]["language"] == "vi"
    assert [item["resource"]["id"] for item in found["resource"]["entry"]] == sorted([old, new])
    assert updated["response"]["etag"] == 'W/"2"'
    assert updated["response"]["location"] == f"{kind}/{old}/_history/2"
    assert created["response"]["lastModified"] == created["resource"]["meta"]["lastUpdated"]
    assert (await client.get("/" + created["response"]["location"])).json() == created["resource"]


async def test_a_transaction_of_nothing_is_done_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", json=bundle())
    assert (answer.status_code, answer.json()) == (200, {"resourceType": "Bundle", "type": "transaction-response"})


async def test_references_are_resolved_wherever_they_stand(client: httpx.AsyncClient) -> None:
    record = fresh("put")
    station, person = urn(1), urn(2)
    inner = f'<a href="{person}">Lý</a> <a href="{station}#p">x</a> {station}'
    text = f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    care = visit(
        "",
        person,
        text={"status": "generated", "div": text},
        serviceProvider={"reference": station},
        contained=[{"resourceType": "Location", "id": "room", "managingOrganization": {"reference": station}}],
        location=[{"location": {"reference": "#room"}}],
        extension=[
            {"url": "http://la.example/a", "valueReference": {"reference": station, "display": station}},
            {"url": "http://la.example/b", "valueUri": station},
            {"url": "http://la.example/c", "valueString": station},
            {"url": "http://la.example/d", "extension": [{"url": "e", "valueReference": {"reference": person}}]},
        ],
        partOf={"reference": "http://hs.example/fhir/Encounter/9"},
    )
    sent = bundle(
        entry("POST", "Encounter", care, full_url=urn(3)),
        entry("PUT", f"Organization/{record}", identified(record, id=record), full_url=station),
        entry("POST", "Patient", example("Patient", managingOrganization={"reference": station}), full_url=person),
    )
    answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
    assert answer.status_code == 200, answer.text
    kept, _, someone = (item["resource"] for item in answer.json()["entry"])
    here, organization = f"Patient/{someone['id']}", f"Organization/{record}"
    assert someone["managingOrganization"]["reference"] == organization
    assert kept["subject"]["reference"] == here
    assert kept["serviceProvider"]["reference"] == organization
    assert kept["contained"][0]["managingOrganization"]["reference"] == organization
    assert kept["location"][0]["location"]["reference"] == "#room"
    assert kept["partOf"]["reference"] == "http://hs.example/fhir/Encounter/9"
    assert f'href="{here}"' in kept["text"]["div"]
    assert f'href="{organization}#p"' in kept["text"]["div"]
    first, second, third, fourth = kept["extension"]
    assert first["valueReference"] == {"reference": organization, "display": station}
    assert second["valueUri"] == organization
    assert third["valueString"] == station
    assert fourth["extension"][0]["valueReference"]["reference"] == here
    assert await count(client, f"Encounter?service-provider={organization}&patient={here}") == 1


async def test_a_whole_address_as_full_url_is_resolved_too(client: httpx.AsyncClient) -> None:
    person = "http://hs.example/fhir/Patient/77"
    sent = bundle(
        entry("POST", "Encounter", visit("", person)),
        entry("POST", "Patient", example("Patient"), full_url=person),
    )
    answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
    care, someone = (item["resource"] for item in answer.json()["entry"])
    assert care["subject"]["reference"] == f"Patient/{someone['id']}"


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (entry("POST", "Patient", {"resourceType": "Patient", "gender": "x"}), "Bundle.entry[1].resource.gender"),
        (entry("POST", "Patient", {"resourceType": "Organization"}), "Bundle.entry[1].resource"),
        (entry("PUT", "Patient/a", patient("b")), "Bundle.entry[1].resource.id"),
        (entry("POST", "Encounter", visit("", "Patient/nobody")), "Bundle.entry[1].resource.subject.reference"),
        (entry("PUT", "Patient/mau-1", patient("mau-1"), ifMatch='W/"99"'), "Bundle.entry[1].resource"),
        (entry("DELETE", "Patient/mau-1", ifMatch='W/"99"'), "Bundle.entry[1]"),
        (entry("GET", "Patient/nobody"), "Bundle.entry[1]"),
        (entry("GET", "Patient?foo=1"), "Bundle.entry[1]"),
        (entry("GET", "Patient/mau-1/_history?foo=1"), "Bundle.entry[1]"),
        (entry("GET", "Patient/$everything"), "Bundle.entry[1]"),
        (entry("GET", "Observation/1"), "Bundle.entry[1].request"),
        (entry("POST", "Patient"), "Bundle.entry[1].resource"),
        (entry("PUT", "Patient?foo=1", patient("x")), "Bundle.entry[1]"),
        (entry("PUT", "Patient", patient("x")), "Bundle.entry[1]"),
        (entry("PUT", "Patient?_id=mau-1", patient("x")), "Bundle.entry[1].resource.id"),
        (entry("PUT", "Patient?_id=none-1", patient("mau-1")), "Bundle.entry[1].resource.id"),
        (entry("DELETE", "Patient?foo=1"), "Bundle.entry[1]"),
        (entry("DELETE", "Patient"), "Bundle.entry[1]"),
        (entry("PATCH", "Patient?_id=none-1", {"resourceType": "Parameters"}), "Bundle.entry[1]"),
        (entry("POST", "Patient?foo=1", patient("x")), "Bundle.entry[1].request"),
        (entry("PATCH", "Patient/mau-1", patient("x")), "Bundle.entry[1].resource"),
        (entry("POST", "", bundle()), "Bundle.entry[1]"),
        (entry("PUT", "Patient/..", patient("..")), "Bundle.entry[1].request"),
        (entry("PUT", "Patient/a", patient("a"), ifMatch="3"), "Bundle.entry[1].request"),
        (entry("PUT", "Patient/a", patient("a"), ifMatch="*"), "Bundle.entry[1]"),
        (entry("PUT", "Patient/a", patient("a"), ifNoneMatch='W/"1"'), "Bundle.entry[1].request"),
        (entry("PUT", "Patient/mau-1", patient("mau-1"), ifNoneMatch="*"), "Bundle.entry[1].resource"),
        (entry("PUT", "Patient/a", patient("a"), ifNoneExist="_id=a"), "Bundle.entry[1].request.ifNoneExist"),
        (entry("POST", "Patient", patient("a"), ifMatch='W/"1"'), "Bundle.entry[1].request.ifMatch"),
        (entry("DELETE", "Patient/a", ifNoneMatch="*"), "Bundle.entry[1].request.ifNoneMatch"),
        (entry("GET", "Patient/mau-1", ifModifiedSince="yesterday"), "Bundle.entry[1].request"),
        (entry("POST", "Patient", patient("a"), ifNoneExist=""), "Bundle.entry[1]"),
        (entry("POST", "Patient", patient("a"), ifNoneExist="foo=1"), "Bundle.entry[1]"),
        (entry("POST", "Patient", patient("a"), other="1"), "Bundle.entry[1].request"),
        (entry("PUT", "Patient/first", patient("first")), "Bundle.entry[1]"),
        (entry("DELETE", "Patient/first"), "Bundle.entry[1]"),
        (entry("POST", "Organization", example("Organization"), full_url=urn(1)), "Bundle.entry[1].fullUrl"),
        ({"resource": patient("x")}, "Bundle.entry[1].request"),
        ({"request": []}, "Bundle.entry[1].request"),
        ({**entry("POST", "Patient"), "resource": None}, "Bundle.entry[1]"),
        ({**entry("POST", "Patient", patient("x")), "fullUrl": 1}, "Bundle.entry[1]"),
        ({**entry("POST", "Patient", patient("x")), "ressource": {}}, "Bundle.entry[1]"),
        (
            entry("POST", "Encounter", example("Encounter", serviceProvider={"reference": "Organization?name=%00"})),
            "Bundle.entry[1]",
        ),
        (
            entry(
                "POST", "Encounter", example("Encounter", serviceProvider={"reference": "Organization?identifier=none"})
            ),
            "Bundle.entry[1].resource",
        ),
    ],
    ids=lambda value: json.dumps(value)[:90] if isinstance(value, dict) else None,
)
async def test_one_bad_entry_stores_nothing_and_is_named(client: httpx.AsyncClient, bad: dict, place: str) -> None:
    tag = fresh("nothing")
    good = entry("PUT", "Patient/first", patient("first", meta={"tag": [{"code": tag}]}), full_url=urn(1))
    answer = await client.post("/", json=bundle(good, bad))
    assert 400 <= answer.status_code < 500, answer.text
    assert place in places(answer), answer.text
    assert (await client.get("/Patient/first")).status_code == 404


async def test_every_bad_resource_is_named_at_once(client: httpx.AsyncClient) -> None:
    wrong = [entry("POST", "Patient", {"resourceType": "Patient", "gender": "x"}) for _ in range(3)]
    answer = await client.post("/", json=bundle(*wrong, entry("POST", "Encounter", visit("", "urn:uuid:unknown"))))
    assert answer.status_code in (400, 422)
    assert [f"Bundle.entry[{number}].resource.gender" for number in range(3)] == places(answer)[:3]
    assert places(answer)[3].startswith("Bundle.entry[3].resource.subject")


@pytest.mark.parametrize(
    "sent",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": ["batch"]},
        {"resourceType": "Bundle", "type": "transaction", "entry": []},
        {"resourceType": "Bundle", "type": "transaction", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction", "entry": None},
        {"resourceType": "Bundle", "type": "transaction", "entry": [None]},
        {"resourceType": "Bundle", "type": "transaction", "entry": [[]]},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{}]},
        {"resourceType": "Bundle", "type": "transaction", "entries": [entry("POST", "Patient", patient("x"))]},
    ],
    ids=json.dumps,
)
async def test_what_is_no_bundle_is_refused(client: httpx.AsyncClient, sent: dict) -> None:
    answer = await client.post("/", json=sent)
    assert answer.status_code == 400
    assert places(answer)[0].startswith("Bundle")


async def test_deletions_come_first(client: httpx.AsyncClient) -> None:
    value, number, old = fresh("first"), national_number(), fresh("old")
    await client.put(f"/Organization/{old}", json=identified(value, id=old))
    await client.put(f"/Patient/{old}", json=patient(old, number=number))
    sent = bundle(
        entry("POST", "Organization", identified(value), ifNoneExist=f"identifier={SYSTEM}|{value}"),
        entry("POST", "Patient", patient("x", number=number)),
        entry("DELETE", f"Patient/{old}"),
        entry("DELETE", f"Organization/{old}"),
    )
    answer = await client.post("/", json=sent)
    assert answer.status_code == 200, answer.text
    assert statuses(answer) == ["201", "201", "204", "204"]
    assert await count(client, f"Organization?identifier={SYSTEM}|{value}") == 1
    assert await count(client, f"Patient?identifier={number}") == 1


@pytest.mark.parametrize("kind", PATIENT_TYPES)
async def test_a_patient_and_their_records_come_and_go_together(client: httpx.AsyncClient, kind: str) -> None:
    person, record, owner = fresh("person"), fresh("record"), registry()[kind].owner
    owned = example(kind, id=record, **{owner: {"reference": f"Patient/{person}"}})
    refused = await client.put(f"/{kind}/{record}", json=owned)
    assert refused.status_code == 422
    assert places(refused) == [f"{kind}.{owner}.reference"]
    both = bundle(entry("PUT", f"{kind}/{record}", owned), entry("PUT", f"Patient/{person}", patient(person)))
    assert statuses(await client.post("/", json=both)) == ["201", "201"]
    alone = await client.delete(f"/Patient/{person}")
    assert alone.status_code == 409
    assert (await client.get(f"/Patient/{person}")).status_code == 200
    named = await client.post("/", json=bundle(entry("GET", "Patient/mau-1"), entry("DELETE", f"Patient/{person}")))
    assert (named.status_code, places(named)) == (409, ["Bundle.entry[1]"])
    together = bundle(entry("DELETE", f"Patient/{person}"), entry("DELETE", f"{kind}/{record}"))
    assert statuses(await client.post("/", json=together)) == ["204", "204"]
    assert (await client.put(f"/{kind}/{record}", json=owned)).status_code == 422


@pytest.mark.parametrize("kind", PATIENT_TYPES)
async def test_a_record_moves_from_one_patient_to_another(client: httpx.AsyncClient, kind: str) -> None:
    one, other, record, owner = fresh("one"), fresh("other"), fresh("moved"), registry()[kind].owner
    for person in (one, other):
        await client.put(f"/Patient/{person}", json=patient(person))
    for version, person in enumerate((one, other), 1):
        answer = await client.put(
            f"/{kind}/{record}", json=example(kind, id=record, **{owner: {"reference": f"Patient/{person}"}})
        )
        assert answer.headers["etag"] == f'W/"{version}"'
    assert await count(client, f"{kind}?patient={one}") == 0
    assert await count(client, f"{kind}?patient={other}") == 1
    assert (await client.get(f"/{kind}/{record}/_history")).json()["total"] == 2
    assert (await client.delete(f"/Patient/{one}")).status_code == 204
    assert (await client.delete(f"/Patient/{other}")).status_code == 409


@pytest.mark.parametrize("reference", ["Patient?identifier=1", "urn:uuid:00000000-0000-4000-8000-000000000001"])
async def test_what_only_a_transaction_understands_is_refused_elsewhere(
    client: httpx.AsyncClient, reference: str
) -> None:
    sent = visit("", reference)
    assert (await client.post("/Encounter", json=sent)).status_code in (400, 422)
    batch = await client.post("/", json=bundle(entry("POST", "Encounter", sent), kind="batch"))
    assert statuses(batch)[0] in ("400", "422")
    elsewhere = example("Encounter", serviceProvider={"reference": "Organization?identifier=1"})
    assert (await client.post("/Encounter", json=elsewhere)).status_code == 400


async def test_three_thousand_entries_are_one_transaction(client: httpx.AsyncClient) -> None:
    tag = fresh("many")
    label = {"tag": [{"code": tag}]}
    people = [entry("POST", "Patient", example("Patient", meta=label), full_url=urn(n)) for n in range(500)]
    visits = [
        entry("POST", "Encounter", {**visit("", urn(n % 500)), "meta": label}, full_url=urn(1000 + n))
        for n in range(2500)
    ]
    began = time.perf_counter()
    spoiled = await client.post("/", json=bundle(*visits, *people[:-1]))
    assert spoiled.status_code == 400
    assert await count(client, f"Patient?_tag={tag}") == 0
    answer = await client.post("/", json=bundle(*visits, *people))
    assert answer.status_code == 200
    assert set(statuses(answer)) == {"201"}
    kinds = [item["response"]["location"].partition("/")[0] for item in answer.json()["entry"]]
    assert kinds == ["Encounter"] * 2500 + ["Patient"] * 500
    assert time.perf_counter() - began < 30
    assert await count(client, f"Encounter?_tag={tag}") == 2500
    page = await client.get(f"/Encounter?_tag={tag}&_count=1000")
    assert page.json()["total"] == 2500
    assert "next" in links(page)
