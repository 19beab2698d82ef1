"""$meta, $meta-add and $meta-delete: over every type, with versions made only by what changes something."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.records import TYPES, count, example, fresh, patient, places

ONE = {"system": "http://hs.example/tags", "code": "one"}
TWO = {"system": "http://hs.example/tags", "code": "Two", "display": "Hai"}


def asks(**meta: Any) -> dict[str, Any]:
    """Return the Parameters with a Meta."""
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def given(answer: httpx.Response) -> dict[str, Any]:
    """Return the Meta of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.json()["resourceType"] == "Parameters"
    return {item["name"]: item["valueMeta"] for item in answer.json()["parameter"]}["return"]


@pytest.mark.parametrize("name", TYPES)
async def test_labels_are_added_once_and_taken_away(client: httpx.AsyncClient, name: str) -> None:
    record = fresh("m")
    address = f"/{name}/{record}"
    sent = example(name, id=record, meta={"tag": [ONE], "source": "http://hs.example/source"})
    created = (await client.put(address, json=sent)).json()
    assert given(await client.get(f"{address}/$meta")) == created["meta"]
    more = asks(tag=[TWO, ONE, TWO], security=[{"code": "R"}], profile=["http://hs.example/p"])
    added = given(await client.post(f"{address}/$meta-add", json=more))
    assert (added["versionId"], added["tag"]) == ("2", [ONE, TWO])
    assert (added["security"], added["profile"]) == ([{"code": "R"}], ["http://hs.example/p"])
    assert added["source"] == sent["meta"]["source"]
    assert given(await client.post(f"{address}/$meta-add", json=more)) == added
    read = await client.get(address)
    assert read.json() == {**created, "meta": added}
    assert await count(client, f"{name}?_tag={TWO['system']}|two&_id={record}") == 1
    less = asks(
        tag=[{**ONE, "display": "x"}, {"system": "http://hs.example/tags", "code": "three"}], security=[{"code": "R"}]
    )
    left = given(await client.post(f"{address}/$meta-delete", json=less))
    assert (left["versionId"], left["tag"], "security" in left) == ("3", [TWO], False)
    assert given(await client.post(f"{address}/$meta-delete", json=less)) == left
    assert (await client.get(address)).headers["etag"] == 'W/"3"'


async def test_all_else_stays_byte_by_byte(client: httpx.AsyncClient) -> None:
    record = fresh("m")
    body = f'{{"resourceType":"Location","id":"{record}","position":{{"longitude": 1.50,"latitude":2.10e1}}}}'
    await client.put(f"/Location/{record}", content=body)
    given(await client.post(f"/Location/{record}/$meta-add", json=asks(tag=[ONE])))
    assert '"position":{"longitude": 1.50,"latitude":2.10e1}' in (await client.get(f"/Location/{record}")).text


async def test_labels_added_at_once_are_all_there(client: httpx.AsyncClient) -> None:
    record = fresh("m")
    address = f"/Patient/{record}"
    await client.put(address, json=patient(record))
    codes = [f"c{number}" for number in range(12)]
    sent = [client.post(f"{address}/$meta-add", json=asks(tag=[{"code": code}])) for code in codes]
    others = [client.put(address, json=patient(record, active=bool(number % 2))) for number in range(3)]
    answers = await asyncio.gather(*sent)
    assert [answer.status_code for answer in answers] == [200] * len(codes)
    held = given(await client.get(f"{address}/$meta"))
    assert {tag["code"] for tag in held["tag"]} == set(codes)
    assert held["versionId"] == str(1 + len(codes))
    mixed = await asyncio.gather(client.post(f"{address}/$meta-add", json=asks(tag=[ONE])), *others)
    assert {answer.status_code for answer in mixed} == {200}


async def test_types_and_the_system_list_what_is_in_use(fhir: httpx.AsyncClient) -> None:
    nothing = await fhir.get("/$meta")
    assert nothing.json() == {"resourceType": "Parameters"}
    for name in TYPES:
        if name not in ("Patient", "Organization"):
            continue
        for code in ("one", "Two"):
            meta = {
                "tag": [{"system": f"http://hs.example/{name}", "code": code}],
                "profile": [f"http://hs.example/{name}"],
            }
            assert (await fhir.post(f"/{name}", json=example(name, meta=meta))).status_code == 201
    gone = (await fhir.post("/Patient", json=example("Patient", meta={"tag": [{"code": "gone"}]}))).json()["id"]
    await fhir.delete(f"/Patient/{gone}")
    held = given(await fhir.get("/Patient/$meta"))
    assert held["tag"] == [{"system": "http://hs.example/Patient", "code": code} for code in ("Two", "one")]
    assert held["profile"] == ["http://hs.example/Patient"]
    everything = given(await fhir.get("/$meta"))
    assert everything["profile"] == ["http://hs.example/Organization", "http://hs.example/Patient"]
    assert len(everything["tag"]) == 4


async def test_what_cannot_be_done_is_said(client: httpx.AsyncClient) -> None:
    record = fresh("m")
    for operation in ("$meta-add", "$meta-delete"):
        address = f"/Patient/{record}/{operation}"
        assert (await client.post(address, json=asks(tag=[ONE]))).status_code == 404
        assert (await client.get(address)).status_code == 405
        assert (await client.post(f"/Patient/{operation}", json=asks(tag=[ONE]))).status_code == 404
        for body in ({"resourceType": "Parameters"}, {"resourceType": "Parameters", "parameter": [{"name": "meta"}]}):
            assert (await client.post(f"/Patient/mau-1/{operation}", json=body)).status_code == 400
        wrong = await client.post(f"/Patient/mau-1/{operation}", json=asks(tag="x"))
        assert (wrong.status_code, places(wrong)[0]) == (400, "Parameters.parameter[0].value.tag")
        assert (await client.post(f"{address}?meta=x")).status_code == 400
    assert (await client.get(f"/Patient/{record}/$meta")).status_code == 404
    assert (await client.get("/Patient/mau-1/$meta?x=y")).status_code == 400
