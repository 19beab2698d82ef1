"""Searches of the whole system and of a person's compartment. https://hl7.org/fhir/R4/http.html#vsearch"""

import httpx
import pytest

from tests.api.records import PATIENT_TYPES, TYPES, example, fresh, links, record_ids

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="session")
async def tag(shared: tuple[object, httpx.AsyncClient]) -> str:
    """Store two records of every type under one tag, those of people under two people, and return it."""
    client, tag = shared[1], fresh("all")
    for kind in TYPES:
        for number in range(2):
            owner = {"reference": f"Patient/{tag}-Patient-{number}"}
            owned = {name: owner for name in ("subject", "patient", "beneficiary") if name in example(kind)}
            record = f"{tag}-{kind}-{number}"
            made = {**example(kind), **owned, "id": record, "meta": {"tag": [{"code": tag}]}}
            answer = await client.put(f"/{kind}/{record}", json=made)
            assert answer.status_code == 201, answer.text
    return tag


async def walk(client: httpx.AsyncClient, address: str) -> list[str]:
    met = []
    while address:
        answer = await client.get(address)
        met += record_ids(answer)
        address = links(answer).get("next", "")
    return met


async def test_the_system_is_searched_over_all_types(client: httpx.AsyncClient, tag: str) -> None:
    answer = await client.get(f"?_tag={tag}&_sort=_lastUpdated")
    assert answer.json()["total"] == 2 * len(TYPES)
    assert record_ids(answer) == [f"{tag}-{kind}-{number}" for kind in TYPES for number in range(2)]
    assert (await client.post("/_search", content=f"_tag={tag}&_count=0", headers=FORM)).json()["total"] == 2 * len(
        TYPES
    )


@pytest.mark.parametrize("size", [1, 3, 14])
@pytest.mark.parametrize("order", ["", "_lastUpdated", "-_lastUpdated", "_id", "-_id"])
async def test_pages_of_the_system_hold_each_record_once(
    client: httpx.AsyncClient, tag: str, size: int, order: str
) -> None:
    sort = f"&_sort={order}" if order else ""
    met = await walk(client, f"?_tag={tag}&_count={size}{sort}")
    assert sorted(met) == sorted(f"{tag}-{kind}-{number}" for kind in TYPES for number in range(2))
    if order.endswith("_id"):
        assert met == sorted(met, reverse=order.startswith("-"))


@pytest.mark.parametrize("chosen", [["Patient"], ["Encounter", "Coverage"], TYPES])
async def test_types_are_chosen_by_type(client: httpx.AsyncClient, tag: str, chosen: list[str]) -> None:
    answer = await client.get(f"?_type={','.join(chosen)}&_tag={tag}&_count=3")
    assert answer.json()["total"] == 2 * len(chosen)
    met = await walk(client, f"?_type={','.join(chosen)}&_tag={tag}&_count=3")
    assert {record.split("-")[-2] for record in met} == set(chosen)
    if len(chosen) < len(TYPES):
        assert "_type=" in links(answer)["self"]


async def test_a_parameter_must_be_known_to_every_type_that_is_searched(client: httpx.AsyncClient, tag: str) -> None:
    assert (await client.get(f"?_type=Encounter,Immunization&_tag={tag}&patient={tag}-Patient-0")).json()["total"] == 2
    assert (await client.get(f"?_type=Encounter,Immunization&_tag={tag}&date=2026&_sort=-date")).status_code == 200
    assert (await client.get("?_type=Encounter,Organization&patient=1")).status_code == 400
    assert (await client.get("?name=a")).status_code == 400
    assert (await client.get("?_type=Device")).status_code == 400
    assert (await client.get("?_type=Patient&_type=Encounter")).status_code == 400
    assert (await client.get("?_type=Patient,Location&_sort=birthdate")).status_code == 400


@pytest.mark.parametrize("kind", PATIENT_TYPES)
async def test_a_compartment_holds_the_records_of_one_person(client: httpx.AsyncClient, tag: str, kind: str) -> None:
    for number in range(2):
        address = f"/Patient/{tag}-Patient-{number}/{kind}"
        assert record_ids(await client.get(address)) == [f"{tag}-{kind}-{number}"]
        assert record_ids(await client.get(f"{address}?_tag={tag}&_sort=-_lastUpdated")) == [f"{tag}-{kind}-{number}"]
        assert record_ids(await client.post(f"{address}/_search", content="_count=5", headers=FORM)) == [
            f"{tag}-{kind}-{number}"
        ]
        assert (await client.get(f"{address}?_tag=other")).json()["total"] == 0
        assert (await client.get(f"{address}?nothing=1")).status_code == 400
    assert (await client.get(f"/Patient/nobody/{kind}")).json()["total"] == 0


async def test_a_compartment_holds_every_type_that_has_a_place_in_it(client: httpx.AsyncClient, tag: str) -> None:
    whole = await client.get(f"/Patient/{tag}-Patient-0/*")
    assert sorted(record_ids(whole)) == sorted(f"{tag}-{kind}-0" for kind in PATIENT_TYPES)
    some = await client.get(f"/Patient/{tag}-Patient-0/*?_type=Encounter")
    assert record_ids(some) == [f"{tag}-Encounter-0"]
    assert await walk(client, f"/Patient/{tag}-Patient-0/*?_count=1") == record_ids(whole)


async def test_a_card_that_a_person_pays_for_is_in_their_compartment(client: httpx.AsyncClient, tag: str) -> None:
    payer, card = f"{tag}-payer", f"{tag}-family"
    await client.put(f"/Patient/{payer}", json={"resourceType": "Patient", "id": payer})
    made = {**example("Coverage"), "id": card, "beneficiary": {"reference": f"Patient/{tag}-Patient-1"}}
    made["policyHolder"] = {"reference": f"Patient/{payer}"}
    assert (await client.put(f"/Coverage/{card}", json=made)).status_code == 201
    assert record_ids(await client.get(f"/Patient/{payer}/Coverage")) == [card]


@pytest.mark.parametrize(
    "address", ["/Patient/1/Organization", "/Patient/1/Device", "/Encounter/1/Patient", "/Patient/1/a/b"]
)
async def test_what_has_no_place_in_a_compartment_is_not_found(client: httpx.AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 404
