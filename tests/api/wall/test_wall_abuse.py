"""What no client should send, through every route that takes a body or an address: bounded, refused, and quick."""

import asyncio
import json
import socket
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.config import Settings
from tests.api.records import bundle, entry, example, fresh, patient, statuses
from tests.conftest import opened

JSON_PATCH = "application/json-patch+json"
TAKING = [
    ("POST", "/Patient", "application/fhir+json"),
    ("PUT", "/Patient/abused", "application/fhir+json"),
    ("PUT", "/Patient?identifier=abused", "application/fhir+json"),
    ("PATCH", "/Patient/mau-1", JSON_PATCH),
    ("PATCH", "/Patient/mau-1", "application/fhir+json"),
    ("POST", "/", "application/fhir+json"),
    ("POST", "/Patient/$validate", "application/fhir+json"),
    ("POST", "/Patient/$match", "application/fhir+json"),
    ("POST", "/Patient/mau-1/$everything", "application/fhir+json"),
]
HOSTILE = {
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep resource": b'{"resourceType":"Patient","contained":' + b"[{" * 20_000,
    "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(100_000)) + b"}",
    "one long key": b'{"' + b"k" * 5_000_000 + b'":1}',
    "one long number": b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 1_000_000 + b"}",
    "many small parts": b"[" + b",".join([b"0"] * 500_000) + b"]",
    "XML with entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Patient>&b;</Patient>',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("method", "path", "kind"), TAKING)
async def test_a_hostile_body_is_refused_by_every_route_and_soon(client, method, path, kind, name):
    began = time.perf_counter()
    answer = await client.request(method, path, content=HOSTILE[name], headers={"content-type": kind})
    # To validate is to answer with what is wrong.
    assert 400 <= answer.status_code < 500 or "validate" in path, answer.text[:200]
    assert len(answer.content) < 100_000
    assert "root:" not in answer.text
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    "kind", ["application/fhir+xml", "application/xml", "text/xml", "text/html", "multipart/form-data"]
)
async def test_what_is_no_json_is_not_opened(client, kind):
    answer = await client.post("/Patient", content=HOSTILE["XML with entities"], headers={"content-type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        "/Patient/%252e%252e%252fetc",
        "/Patient/..%2f..%2fetc%2fpasswd",
        "/Patient/a%00b",
        "/Patient/a%2Fb",
        "/Patient/a;b",
        "/Patient/" + "a" * 65,
        "/Patient/" + "a" * 20_000,
        "/Patient/%c0%ae%c0%ae",
        "/Patient/%ff",
        "/%2e%2e/metadata",
        "/Patient/mau-1/_history/1%0d%0aX-Evil: 1",
        "/" + "/".join(["Patient"] * 1000),
    ],
)
async def test_an_address_that_is_none_is_not_found(client, path):
    for method in ("GET", "PUT", "DELETE"):
        answer = await client.request(method, path, content=b'{"resourceType":"Patient"}')
        assert 400 <= answer.status_code < 500, (method, answer.status_code)
        assert "x-evil" not in answer.headers
        assert "location" not in answer.headers


CHAIN = "Encounter?subject:Patient." + "general-practitioner:Organization.partof:Organization." * 40 + "name=a"


@pytest.mark.parametrize(
    "query",
    [
        CHAIN,
        "Patient?" + "_has:Encounter:patient:" * 40 + "status=finished",
        "Patient?_include=*&_include:iterate=*&_revinclude:iterate=*&_revinclude=*",
        "Patient?" + "&".join(["_include=Patient:link"] * 400),
        "Patient?_sort=" + ",".join(f"-{name}" for name in ("name", "family", "given") * 200),
        "Patient?_elements=" + ",".join(["name"] * 5000),
        "Patient?_type=" + ",".join(["Patient"] * 5000),
        "Patient?name=" + quote("(a+)+" * 500 + "!"),
        "Patient?name=" + quote("%" * 5000),
        "Patient?name:contains=" + quote("\u0301" * 3000),
        "Patient?_count=1&_page=" + "A" * 20_000,
        "Patient?birthdate=" + quote("≥" * 2000),
        "Patient/mau-1/_history?_count=999999999999",
        "Patient/mau-1/$everything?_type=" + ",".join(["Encounter"] * 3000),
        "?_type=" + ",".join(["Patient"] * 2000),
    ],
    ids=lambda query: query[:40],
)
async def test_a_search_made_to_be_long_is_answered_or_refused_within_a_second(client, query):
    began = time.perf_counter()
    answer = await client.get(f"/{query}")
    assert answer.status_code < 500, answer.text[:200]
    assert time.perf_counter() - began < 2


def person(record: str) -> dict[str, Any]:
    return entry("PUT", f"Patient/{record}", patient(record))


async def test_bundles_made_to_harm_are_refused_whole(client):
    nested: dict = bundle(person(fresh("nested")))
    for _ in range(20):
        nested = bundle(entry("POST", "Bundle", nested))
    same = fresh("same")
    table = {
        "nested": nested,
        "one record twice": bundle(person(same), person(same)),
        "too many": bundle(*(entry("DELETE", f"Patient/n{number}") for number in range(5001))),
        "no request": {"resourceType": "Bundle", "type": "transaction", "entry": [{}] * 1000},
        "an address of another host": bundle(entry("GET", "https://evil.example/fhir/Patient")),
        "a bundle within": bundle(entry("POST", "", bundle(person(fresh("within"))))),
    }
    for name, sent in table.items():
        began = time.perf_counter()
        answer = await client.post("/", json=sent)
        assert 400 <= answer.status_code < 500, (name, answer.text[:200])
        assert time.perf_counter() - began < 3, name
    assert (await client.get(f"/Patient/{same}")).status_code == 404


async def test_a_batch_is_not_harmed_by_its_worst_entry(client):
    good = fresh("good")
    worst = [
        entry("GET", "Patient?" + "&".join(["_id=x"] * 400)),
        entry("GET", "https://evil.example/fhir/Patient"),
        entry("GET", "../../etc/passwd"),
        entry("BREW", "Patient"),
        entry("POST", "Bundle", bundle(person(fresh("inner")), kind="batch")),
        person(good),
    ]
    answer = await client.post("/", json=bundle(*worst, kind="batch"))
    if answer.status_code == 200:
        assert [status[:1] for status in statuses(answer)] == ["4"] * 5 + ["2"]
    else:
        assert answer.status_code == 400


async def test_nothing_that_a_record_names_is_asked_for(client, monkeypatch):
    asked: list[object] = []
    ask, look = asyncio.get_running_loop().create_connection, socket.getaddrinfo

    async def connected(protocol: Any, host: Any = None, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        return await ask(protocol, host, *rest, **named)

    def looked(host: Any, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        return look(host, *rest, **named)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", connected)
    monkeypatch.setattr(socket, "getaddrinfo", looked)
    evil = "http://169.254.169.254/latest/meta-data"
    sent = {
        "meta": {"profile": [f"{evil}/profile"]},
        "implicitRules": f"{evil}/rules",
        "generalPractitioner": [{"reference": f"{evil}/Practitioner/1"}],
        "photo": [{"contentType": "image/png", "url": f"{evil}/photo"}],
        "extension": [{"url": f"{evil}/extension", "valueUrl": f"{evil}/value"}],
        "link": [{"other": {"reference": f"{evil}/Patient/1"}, "type": "seealso"}],
    }
    await client.post("/Patient", json=example("Patient", **sent))
    await client.post("/Patient/$validate", json=example("Patient", **sent))
    await client.get(f"/Patient?_profile={quote(evil)}&general-practitioner={quote(evil)}/Practitioner/1")
    await client.get(f"/ValueSet/$expand?url={quote(evil)}")
    await client.get(f"/CodeSystem/$lookup?system={quote(evil)}&code=a")
    await client.get("/Patient", headers={"host": "169.254.169.254", "referer": evil, "x-forwarded-host": evil})
    assert asked == []


async def test_depth_is_counted_in_what_is_taken(new_database):
    def nested(levels: int) -> bytes:
        inner: dict = {"url": "http://hs.example/x", "valueString": "a"}
        for _ in range(levels):
            inner = {"url": "http://hs.example/x", "extension": [inner]}
        return json.dumps({"resourceType": "Patient", "extension": [inner]}).encode()

    async with opened(await new_database(), Settings(depth_limit=16)) as (_app, inner):
        assert (await inner.post("/Patient", content=nested(4))).status_code == 201
        answer: httpx.Response = await inner.post("/Patient", content=nested(12))
        assert answer.status_code == 400
        assert answer.json()["issue"][0]["code"] in ("too-long", "structure")
