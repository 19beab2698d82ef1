"""What no client should send: refused or taken literally, never a 5xx, nothing over a second."""

import json
import secrets
import time
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from tests.api.records import TYPES, entry, example, fresh, national_number, patient, record_ids
from tests.conftest import opened

HEAD = b'{"resourceType":"Patient",'


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"{", 400),
        (b"{}", 400),
        (HEAD + b'"gender":"male","gender":"female"}', 400),
        (HEAD + b'"multipleBirthInteger":NaN}', 400),
        (HEAD + b'"multipleBirthInteger":Infinity}', 400),
        (HEAD + b'"multipleBirthInteger":1e400000000}', 400),
        (HEAD + b'"multipleBirthInteger":' + b"9" * 5000 + b"}", 400),
        (HEAD + b'"id":"a\\u0000b"}', 400),
        (HEAD + b'"name":[{"text":"a\\u0000b"}]}', 400),
        (HEAD + b'"name":[{"text":"a\x00b"}]}', 400),
        (HEAD + b'"name":[{"text":"a\\u0007b"}]}', 400),
        (HEAD + b'"name":[{"text":"\\ud800"}]}', 400),
        (HEAD + b'"name":[{"text":"\xff"}]}', 400),
        (HEAD + b'"name":[{"text":"\xed\xa0\x80"}]}', 400),
        (b"\xef\xbb\xbf" + HEAD + b'"gender":"male"}', 400),
        ('{"resourceType":"Patient"}'.encode("utf-16"), 400),
        (HEAD + b'"name":[null]}', 400),
        (HEAD + b'"name":[]}', 400),
        (HEAD + b'"name":"x"}', 400),
        (HEAD + b'"meta":[]}', 400),
        (HEAD + b'"meta":null}', 400),
        (HEAD + b'"id":null}', 400),
        (HEAD + b'"id":1}', 400),
        (HEAD + b'"gender":["male"]}', 400),
        (HEAD + b'"x":1}', 400),
        (b'{"resourceType":["Patient"]}', 400),
        (b'{"resourceType":"Observation"}', 400),
        (b"[" * 100_000, 400),
        (HEAD + b'"extension":' + b'[{"url":"u","extension":' * 2000 + b"[]" + b"}]" * 2000 + b"}", 400),
        (HEAD + b",".join(b'"k%d":1' % number for number in range(100_000)) + b"}", 400),
        (
            HEAD
            + b'"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><script/></div>"}}',
            400,
        ),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else str(value),
)
async def test_a_body_that_is_no_resource_is_refused(client: httpx.AsyncClient, raw: bytes, status: int) -> None:
    began = time.perf_counter()
    for answer in (await client.post("/Patient", content=raw), await client.put("/Patient/x", content=raw)):
        assert answer.status_code == status, answer.text
        assert answer.json()["issue"][0]["severity"] == "error"
    assert (await client.post("/", content=raw)).status_code == 400
    wrapped = (
        b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"POST","url":"Patient"},"resource":'
    )
    assert (await client.post("/", content=wrapped + raw + b"}]}")).status_code in (200, 400)
    assert time.perf_counter() - began < 4


@pytest.mark.parametrize(
    "value", ["' or 1=1 --", "%", "_", "{}", "%s", "$1", "\\", "a\\", '"', ");drop table patient;--", "{0.__class__}"]
)
async def test_a_search_value_is_only_a_value(client: httpx.AsyncClient, value: str) -> None:
    tag = fresh("literal")
    await client.post("/Patient", json=example("Patient", meta={"tag": [{"code": tag}]}))
    for name in ("name", "name:contains", "name:exact", "address", "identifier", "_tag", "_id", "_profile", "email"):
        answer = await client.get(f"/Patient?_tag={tag}&{name}={quote(value)}")
        assert answer.status_code in (200, 400), (name, answer.text)
        if answer.status_code == 200:
            assert answer.json()["total"] == 0, name


async def test_wildcards_are_found_where_they_are_meant(client: httpx.AsyncClient) -> None:
    tag = fresh("wild")
    for text in ("100% An", "100x An"):
        sent = example("Patient", name=[{"text": text}], meta={"tag": [{"code": tag}]})
        assert (await client.post("/Patient", json=sent)).status_code == 201
    for query in ("name=100%25", "name:contains=%25", "name:exact=100%25 An"):
        found = await client.get(f"/Patient?_tag={tag}&{query}")
        assert [item["resource"]["name"][0]["text"] for item in found.json()["entry"]] == ["100% An"], query


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize(
    "query",
    [
        "_id=%00",
        "_id=%ff",
        "_id=%ed%a0%80",
        "_id=",
        "_id=,",
        "=x",
        "_count=-1",
        "_count=ten",
        "_count=1.5",
        "_count=٣",
        "_count=99999999999999999999",
        "_count=1&_count=2",
        "_page=x",
        "_page=%00",
        "_page=bnVsbA",
        "_page=W10",
        "_page=WzEsMl0",
        "_page=WzEsIlx1MDAwMCJd",
        "_page=WzEsIlx1ZDgwMCJd",
        "_sort=nothing",
        "_sort=-",
        "_sort=--_id",
        "_sort=,",
        "_sort=" + ",".join(["_id"] * 2000),
        "_total=most",
        "_include=Encounter",
        "_revinclude=Encounter:period",
        "_has:Encounter:patient",
        "_has:Device:patient:status=x",
        "_summary=all",
        "_elements=shoeSize",
        "_filter=id eq 1",
        "_query=x",
        "_text=x",
        "_content=x",
        "_contained=true",
        "_type=Patient",
        "_lastUpdated=yesterday",
        "_lastUpdated=xx2026",
        "_lastUpdated=2026-13",
        "_lastUpdated=2026-02-30",
        "_lastUpdated=2026-03-02T25:00:00Z",
        "_lastUpdated=２０２６",
        "_id:exact=1",
        "_id:missing=perhaps",
        "_lastUpdated:not=2026",
        "_tag:in=http://x",
        "_tag=a|b|c",
        "identifier:of-type=a|b",
        "_id:missing:not=true",
        "&".join(["_id=x"] * 2000),
        "&".join(["_id=x"] * 400),
        "_id=" + ",".join(["x"] * 5000),
    ],
    ids=lambda query: query[:40],
)
async def test_a_search_that_is_not_understood_is_refused(client: httpx.AsyncClient, name: str, query: str) -> None:
    for answer in (
        await client.get(f"/{name}?{query}"),
        await client.post(
            f"/{name}/_search", content=query, headers={"content-type": "application/x-www-form-urlencoded"}
        ),
    ):
        assert answer.status_code == 400, answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("prefix", ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
@pytest.mark.parametrize(
    "moment", ["0001", "0001-01-01", "0050", "9999", "9999-12-31", "9999-12-31T23:59:59.999Z", "2026-03-02T23:59:60Z"]
)
async def test_the_ends_of_the_calendar_are_dates_too(client: httpx.AsyncClient, prefix: str, moment: str) -> None:
    for name in ("birthdate", "death-date", "_lastUpdated"):
        answer = await client.get(f"/Patient?{name}={prefix}{moment}&_count=1")
        assert answer.status_code == 200, answer.text
    answer = await client.get(f"/Encounter?location-period={prefix}{moment}&date={prefix}{moment}")
    assert answer.status_code == 200, answer.text


async def test_a_search_with_all_that_is_allowed_stays_quick(client: httpx.AsyncClient) -> None:
    many = ",".join(f"a{number}" for number in range(500))
    queries = [
        f"name={many}",
        f"name:contains={many}",
        f"identifier={many}",
        f"identifier={many.replace(',', '|,')}|",
        f"birthdate={','.join(f'ne{1500 + number}' for number in range(500))}",
        "&".join(f"name=a{number}" for number in range(50)),
        "&".join(f"address:contains=a{number}" for number in range(50)),
        "name:contains=" + "a" * 5000,
        "_sort=name,family,given,-birthdate,gender,_lastUpdated,address,email,phone,-_id",
    ]
    for query in queries:
        began = time.perf_counter()
        answer = await client.get(f"/Patient?{query}")
        assert answer.status_code == 200, answer.text
        assert time.perf_counter() - began < 1, query[:40]


async def test_a_count_beyond_the_limit_is_capped_and_shown(client: httpx.AsyncClient) -> None:
    answer = await client.get("/Patient?_count=999999999&_id=mau-1")
    assert record_ids(answer) == ["mau-1"]
    assert answer.json()["link"][0]["url"].endswith("_count=1000")


async def test_texts_longer_than_an_index_takes_are_kept_and_found(client: httpx.AsyncClient) -> None:
    tag = fresh("long")
    letters = secrets.token_hex(20_000)
    sent = {
        "meta": {"tag": [{"code": tag}]},
        "name": [{"text": letters, "family": letters[::-1]}],
        "identifier": [{"system": f"http://hs.example/{letters[:3000]}", "value": letters}, {"value": letters[1:]}],
        "address": [{"text": letters}],
        "telecom": [{"system": "email", "value": letters}],
        "link": [{"other": {"reference": f"http://hs.example/{letters}/Patient/1"}, "type": "seealso"}],
    }
    created = await client.post("/Patient", json=example("Patient", **sent))
    assert created.status_code == 201, created.text
    record = created.json()["id"]
    table = [
        (f"identifier={letters}", True),
        (f"identifier=http://hs.example/{letters[:3000]}|{letters.upper()}", True),
        (f"identifier=|{letters[1:]}", True),
        (f"identifier={letters[:-1]}", False),
        (f"name={letters[:100]}", True),
        (f"name={letters[:4000]}", True),
        (f"name={letters[:4000]}-", False),
        (f"name={letters[::-1][:700]}", True),
        (f"email={letters}", True),
        (f"address:contains={letters[5000:9000]}", True),
    ]
    for query, found in table:
        answer = await client.post(
            "/Patient/_search",
            content=f"{query}&_tag={tag}",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert record_ids(answer) == ([record] if found else []), query[:30]
    changed = {**created.json(), "gender": "male"}
    assert (await client.put(f"/Patient/{record}", json=changed)).status_code == 200


async def test_a_place_beyond_the_poles_spoils_no_search(client: httpx.AsyncClient) -> None:
    record = fresh("pole")
    for number, latitude in enumerate((120, -100000, 89.99999)):
        position = {"latitude": latitude, "longitude": 105.8}
        sent = example("Location", id=f"{record}-{number}", position=position)
        assert (await client.put(f"/Location/{record}-{number}", json=sent)).status_code == 201
    found = await client.get(f"/Location?near=90|0|1|km&_id={record}-0,{record}-1,{record}-2")
    assert record_ids(found) == [f"{record}-2"]
    for value in ("91|0", "0|181", "nan|0", "0|0|-1", "0|0|1|mi", "x", "1", "", "1|2|3|km|4"):
        assert (await client.get(f"/Location?near={value}")).status_code == 400, value


async def test_a_period_whose_ends_lie_in_different_zones_is_taken(client: httpx.AsyncClient) -> None:
    period = {"start": "2026-03-02T23:00:00-10:00", "end": "2026-03-02"}
    sent = example("Encounter", period=period, location=[{"location": {"display": "Phòng 1"}, "period": period}])
    answer = await client.post("/Encounter", json=sent)
    assert answer.status_code == 201, answer.text


async def test_limits_of_bytes_and_entries_are_told_as_such(database: str) -> None:
    settings = Settings(body_limit=2000, bundle_limit=3)
    async with opened(database, settings) as (_app, client):
        large = json.dumps({"resourceType": "Patient", "name": [{"text": "a" * 2000}]}).encode()

        async def parts():
            for start in range(0, len(large), 100):
                yield large[start : start + 100]

        for body in (large, parts()):
            answer = await client.post("/Patient", content=body)
            assert answer.status_code == 413
        many = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [entry("DELETE", f"Patient/{number}") for number in range(4)],
        }
        answer = await client.post("/", json=many)
        assert answer.status_code == 413
        assert answer.json()["issue"][0]["code"] == "too-long"


async def test_no_fault_repeats_what_was_sent(shared: tuple[FastAPI, httpx.AsyncClient]) -> None:
    client, secret, number = shared[1], "Nguyen-Bi-Mat", national_number()
    await client.put(f"/Patient/{fresh('holder')}", json=patient("x"))
    holder = fresh("holder")
    await client.put(f"/Patient/{holder}", json=patient(holder, number=number))
    refused = [
        await client.post("/Patient", json={"resourceType": "Patient", "gender": secret}),
        await client.post("/Patient", json={"resourceType": "Patient", secret: secret}),
        await client.post("/Patient", json={"resourceType": secret}),
        await client.post("/Patient", json={"resourceType": "Patient", "birthDate": secret}),
        await client.post("/Patient", json=patient("x", number=number)),
        await client.post("/Encounter", json=example("Encounter", subject={"reference": f"Patient/{secret}"})),
        await client.post("/Encounter", json=example("Encounter", subject={"reference": secret})),
        await client.get(f"/Patient?birthdate={secret}"),
        await client.get(f"/Patient?{secret}*={secret}"),
        await client.get(f"/Patient/{secret}"),
        await client.post("/Patient", json=example("Patient"), headers={"if-none-exist": f"birthdate={secret}"}),
        await client.get(f"/Patient/mau-1/{secret}"),
    ]
    for answer in refused:
        assert 400 <= answer.status_code < 500
        assert secret not in answer.text
        assert number not in answer.text
        assert all(issue["details"]["text"] and issue["diagnostics"] for issue in answer.json()["issue"])
