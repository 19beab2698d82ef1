"""Formats, methods and addresses: what is taken, what is refused, and with which status."""

import json

import httpx
import pytest
from starlette.requests import Request

from app.api.negotiation import wanted
from app.config import Settings
from tests.api.records import bundle, entry, example, fresh, patient

FHIR_JSON = "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("", 200),
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("APPLICATION/FHIR+JSON", 200),
        ("application/*;q=0.1", 200),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200),
        ("application/fhir+xml, application/fhir+json;q=0.5", 200),
        ("application/fhir+xml", 406),
        ("text/html", 406),
        ("application/fhir+json; q=0", 406),
        ("application/fhir+json;q=0.000", 406),
        ("application/fhir+json/x", 406),
    ],
)
async def test_an_answer_is_json_or_refused(client: httpx.AsyncClient, accept: str, status: int) -> None:
    answer = await client.get("/Patient/mau-1", headers={"accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"] == FHIR_JSON


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("json", 200),
        ("application/fhir+json", 200),
        ("application%2Ffhir%2Bjson", 200),
        ("application/json", 200),
        ("xml", 406),
        ("application/fhir+xml", 406),
        ("ttl", 406),
        ("html", 406),
    ],
)
async def test_format_in_the_address_goes_before_accept(client: httpx.AsyncClient, form: str, status: int) -> None:
    accept = {"accept": "application/fhir+xml" if status == 200 else "application/fhir+json"}
    for address in ("/Patient/mau-1?", "/Patient?_id=mau-1&", "/Patient/mau-1/_history?"):
        assert (await client.get(f"{address}_format={form}", headers=accept)).status_code == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("application/fhir+json", 201),
        ("application/fhir+json;charset=UTF-8", 201),
        ('application/json; charset="utf-8"', 201),
        ("application/fhir+json; fhirVersion=4.0", 201),
        ("text/json", 201),
        ("application/fhir+json; charset=iso-8859-1", 415),
        ("application/fhir+json; charset=utf-16", 415),
        ("application/fhir+xml", 415),
        ("application/json-patch+json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("json", 415),
        ("", 415),
    ],
)
async def test_a_body_is_json_in_utf8_or_refused(client: httpx.AsyncClient, sent: str, status: int) -> None:
    raw = json.dumps(example("Patient"), ensure_ascii=False).encode()
    for address in ("/Patient",):
        answer = await client.post(address, content=raw, headers={"content-type": sent})
        assert answer.status_code == status, answer.text
    record = fresh("media")
    body = json.dumps(patient(record)).encode()
    assert (await client.put(f"/Patient/{record}", content=body, headers={"content-type": sent})).status_code == status
    empty = b'{"resourceType":"Bundle","type":"batch"}'
    bundled = await client.post("/", content=empty, headers={"content-type": sent})
    assert bundled.status_code == (200 if status == 201 else 415)


@pytest.mark.parametrize(
    ("method", "address", "status", "allow"),
    [
        ("POST", "/Patient/mau-1", 405, "DELETE, GET, HEAD, PATCH, PUT"),
        ("OPTIONS", "/Patient", 405, "DELETE, GET, HEAD, PATCH, POST, PUT"),
        ("OPTIONS", "/Patient/mau-1", 405, "DELETE, GET, HEAD, PATCH, PUT"),
        ("TRACE", "/Patient/mau-1", 405, "DELETE, GET, HEAD, PATCH, PUT"),
        ("DELETE", "/Patient/mau-1/_history", 405, "GET, HEAD"),
        ("PUT", "/Patient/mau-1/_history/1", 405, "GET, HEAD"),
        ("POST", "/Patient/_history", 405, "GET, HEAD"),
        ("DELETE", "/_history", 405, "GET, HEAD"),
        ("GET", "/Patient/_search", 405, "POST"),
        ("GET", "/_search", 405, "POST"),
        ("PUT", "/", 405, "GET, HEAD, POST"),
        ("POST", "/metadata", 405, "GET, HEAD"),
        ("GET", "/Observation", 404, None),
        ("GET", "/patient", 404, None),
        ("GET", "/patient/mau-1", 404, None),
        ("PATCH", "/Observation/1", 404, None),
        ("GET", "/Patient/mau-1/$nothing", 404, None),
        ("GET", "/Patient/mau-1/whatever", 404, None),
        ("GET", "/Patient/mau-1/_history/1/2", 404, None),
        ("GET", "/$nothing", 404, None),
    ],
)
async def test_an_address_has_its_methods(
    client: httpx.AsyncClient, method: str, address: str, status: int, allow: str | None
) -> None:
    answer = await client.request(method, address)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow), answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.headers["content-type"] == FHIR_JSON


async def test_a_method_in_a_header_is_ignored(client: httpx.AsyncClient) -> None:
    record = fresh("override")
    await client.put(f"/Patient/{record}", json=patient(record))
    headers = {"x-http-method-override": "DELETE", "x-http-method": "DELETE", "x-method-override": "DELETE"}
    assert (await client.get(f"/Patient/{record}?_format=json", headers=headers)).status_code == 200
    assert (await client.post(f"/Patient/{record}", headers=headers)).status_code == 405
    assert (await client.get(f"/Patient/{record}")).status_code == 200


@pytest.mark.parametrize(
    "record",
    [
        "%2e%2e",
        "%2e",
        "..%2f..%2fetc%2fpasswd",
        "a%2fb",
        "a%2Fb",
        "%2561",
        "a%00b",
        "a%0d%0aSet-Cookie:%20x=1",
        "a%20b",
        "a_b",
        "a;b",
        "a'--",
        "%F0%9F%98%80",
        "%ff%fe",
        "ng%E1%BB%8Dc",
        "x" * 65,
        "%",
        "%zz",
        "*",
        "{id}",
    ],
)
async def test_what_is_no_id_names_nothing(client: httpx.AsyncClient, record: str) -> None:
    for address in (f"/Patient/{record}", f"/Patient/{record}/_history", f"/Patient/{record}/_history/1"):
        answer = await client.get(address)
        assert answer.status_code == 404, address
    written = await client.put(f"/Patient/{record}", json=patient("x"))
    assert written.status_code == 404
    assert "location" not in written.headers
    assert "Set-Cookie" not in str(written.headers)


@pytest.mark.parametrize("record", ["a", "x" * 64, "1.2.3", "-", "...", "metadata", "A-b.9", "%61-%62"])
async def test_every_id_that_fhir_allows_is_taken(client: httpx.AsyncClient, record: str) -> None:
    meant = record.replace("%61", "a").replace("%62", "b")
    answer = await client.put(f"/Practitioner/{record}", json=example("Practitioner", id=meant))
    assert answer.status_code == 201, answer.text
    assert (await client.get(answer.headers["location"])).json()["id"] == meant


@pytest.mark.parametrize("query", ["_summary=true", "_elements=name", "foo=1", "_count=1", "identifier=1"])
async def test_a_parameter_that_an_interaction_does_not_know_is_refused(client: httpx.AsyncClient, query: str) -> None:
    record = fresh("query")
    # A read may be told to leave something out.
    shaped = query.startswith(("_summary", "_elements"))
    reads = [] if shaped else [("GET", "/Patient/mau-1", None), ("GET", "/Patient/mau-1/_history/1", None)]
    table = [
        *reads,
        ("POST", "/Patient", example("Patient")),
        ("PUT", f"/Patient/{record}", patient(record)),
        ("DELETE", "/Patient/mau-1", None),
        ("POST", "/", {"resourceType": "Bundle", "type": "batch"}),
    ]
    for method, address, body in table:
        answer = await client.request(method, f"{address}?{query}", json=body)
        assert answer.status_code == 400, (method, address, answer.text)
    assert (await client.get(f"/Patient/{record}")).status_code == 404
    assert (await client.get("/Patient/mau-1")).status_code == 200


@pytest.mark.parametrize("host", ["[", "a b", 'x"y', "tramy.test:port", "a\\b", "tramy.test/evil?", "a@b"])
async def test_a_host_that_is_none_is_refused_before_anything_is_written(client: httpx.AsyncClient, host: str) -> None:
    record = fresh("host")
    answer = await client.put(f"/Patient/{record}", json=patient(record), headers={"host": host})
    assert answer.status_code == 400
    assert (await client.get(f"/Patient/{record}")).status_code == 404
    assert (await client.get("/Patient?_id=x", headers={"host": host})).status_code == 400


EMPTY, RECORD, OUTCOME = None, "Patient", "OperationOutcome"


@pytest.mark.parametrize(
    ("prefer", "given", "applied"),
    [
        (["return=minimal"], EMPTY, "return=minimal"),
        (["return=representation"], RECORD, "return=representation"),
        (["return=OperationOutcome"], OUTCOME, "return=OperationOutcome"),
        (['RETURN = "Minimal"'], EMPTY, "return=minimal"),
        (["Return=operationoutcome"], OUTCOME, "return=OperationOutcome"),
        (["respond-async", 'handling=strict, Return="Minimal"'], EMPTY, "return=minimal"),
        (["wait=10; return=minimal"], EMPTY, "return=minimal"),
        (["return=minimal", "return=representation"], EMPTY, "return=minimal"),
        (['note="a, return=minimal; return=minimal"'], RECORD, None),
        (['note="a", return=minimal'], EMPTY, "return=minimal"),
        (['note="a, return=minimal'], RECORD, None),
        (["return=something"], RECORD, None),
        (["handling=lenient"], RECORD, None),
        (["return"], RECORD, None),
        ([",;=,"], RECORD, None),
        ([""], RECORD, None),
        ([], RECORD, None),
    ],
)
async def test_a_write_gives_back_what_is_preferred_and_says_so(
    client: httpx.AsyncClient, prefer: list[str], given: str | None, applied: str | None
) -> None:
    record = fresh("prefer")
    headers = [("prefer", value) for value in prefer]
    raw = json.dumps(patient(record)).encode()
    for answer in (
        await client.put(f"/Patient/{record}", content=raw, headers=headers),
        await client.put(f"/Patient/{record}", content=raw, headers=headers),
        await client.post("/Patient", content=json.dumps(example("Patient")).encode(), headers=headers),
    ):
        assert answer.is_success
        assert (answer.json()["resourceType"] if answer.content else None) == given
        assert answer.headers.get("preference-applied") == applied


async def test_what_was_not_followed_is_not_claimed(client: httpx.AsyncClient) -> None:
    headers = {"prefer": "return=representation, handling=lenient, respond-async"}
    record = fresh("prefer")
    await client.put(f"/Patient/{record}", json=patient(record))
    for answer in (
        await client.get(f"/Patient/{record}", headers=headers),
        await client.delete(f"/Patient/{record}", headers=headers),
        await client.get(f"/Patient/{record}", headers=headers),
        await client.post("/Patient", content=b"{}", headers=headers),
    ):
        assert "preference-applied" not in answer.headers, answer.text
    kept = await client.get("/Patient/mau-1", headers={"prefer": "return=minimal"})
    assert kept.json()["id"] == "mau-1"


async def test_a_batch_says_what_it_gives_back(client: httpx.AsyncClient) -> None:
    for prefer, resources in (("return=minimal", 0), ("return=representation", 1)):
        sent = bundle(entry("POST", "Patient", example("Patient")), kind="batch")
        answer = await client.post("/", json=sent, headers={"prefer": prefer})
        assert sum("resource" in item for item in answer.json()["entry"]) == resources
        assert answer.headers["preference-applied"] == prefer


@pytest.mark.parametrize("prefer", ["handling=lenient", 'Handling="LENIENT"', "wait=5, handling=lenient"])
async def test_a_lenient_search_leaves_out_what_it_does_not_know(client: httpx.AsyncClient, prefer: str) -> None:
    for query in ("/Patient?_id=mau-1", "/Patient?_id=mau-1&nothing=1"):
        answer = await client.get(query, headers={"prefer": prefer})
        assert answer.status_code == 200, answer.text
        matches = [item for item in answer.json()["entry"] if item["search"]["mode"] == "match"]
        assert [item["resource"]["id"] for item in matches] == ["mau-1"]
        assert answer.headers["preference-applied"] == "handling=lenient"
        assert "Prefer" in answer.headers["vary"]


@pytest.mark.parametrize("prefer", ["handling=strict", "handling=strict, handling=lenient", "lenient", "handling", ""])
async def test_any_other_search_is_strict(client: httpx.AsyncClient, prefer: str) -> None:
    answer = await client.get("/Patient?_id=mau-1&nothing=1", headers={"prefer": prefer})
    assert answer.status_code == 400
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize(
    ("prefer", "asynchronous"),
    [("respond-async", True), ("Respond-Async; wait=5", True), ('x="respond-async"', False), ("return=minimal", False)],
)
def test_an_answer_is_wanted_later_only_where_that_is_said(prefer: str, *, asynchronous: bool) -> None:
    pairs = [(b"prefer", prefer.encode())]
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": pairs})
    assert wanted(request).asynchronous is asynchronous


def test_the_default_limits_take_a_days_work_of_a_station() -> None:
    assert Settings().bundle_limit >= 3000
