"""What an entry of a batch may ask for, and how each is answered. https://hl7.org/fhir/R4/http.html#brules"""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.records import TYPES, bundle, entry, example, fresh, patient, statuses

DONE = {"severity": "information", "code": "informational", "details": {"text": "Đã xong."}, "diagnostics": "Done."}


@pytest.mark.parametrize("name", TYPES)
async def test_every_write_is_done_for_itself_in_the_order_sent(client: httpx.AsyncClient, name: str) -> None:
    tag, record = fresh("each"), fresh("each")
    body: dict[str, Any] = example(name, id=record, meta={"tag": [{"code": tag}]})
    bare = {key: value for key, value in body.items() if key != "id"}
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": name},
        {"name": "name", "valueString": "language"},
        {"name": "value", "valueCode": "vi"},
    ]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    table = [
        (entry("PUT", f"{name}/{record}", body, ifNoneMatch="*"), "201", 'W/"1"'),
        (entry("PUT", f"{name}/{record}", body, ifNoneMatch="*"), "412", None),
        (entry("POST", name, bare, ifNoneExist=f"_tag={tag}"), "200", 'W/"1"'),
        (entry("PATCH", f"{name}?_tag={tag}", patch), "200", 'W/"2"'),
        (entry("PUT", f"{name}?_tag={tag}", bare), "200", 'W/"3"'),
        (entry("PATCH", f"{name}/{record}", patch, ifMatch='W/"2"'), "412", None),
        (entry("PATCH", f"{name}/{record}", patch, ifMatch='W/"3"'), "200", 'W/"4"'),
        (entry("GET", f"{name}/{record}", ifNoneMatch='W/"4"'), "304", 'W/"4"'),
        (entry("DELETE", f"{name}?_tag={tag}"), "204", 'W/"5"'),
        (entry("PATCH", f"{name}?_tag={tag}", patch), "404", None),
        (entry("PATCH", f"{name}/{record}", patch), "410", None),
    ]
    answer = await client.post("/", json=bundle(*(item for item, _, _ in table), kind="batch"))
    got = [(item["response"]["status"], item["response"].get("etag")) for item in answer.json()["entry"]]
    assert got == [(status, version) for _, status, version in table], answer.text
    assert ["outcome" in item["response"] for item in answer.json()["entry"]] == [s >= "400" for s, _ in got]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_an_outcome_is_given_to_who_prefers_one(client: httpx.AsyncClient, kind: str) -> None:
    record = fresh("prefer")
    sent = bundle(entry("PUT", f"Patient/{record}", patient(record)), entry("GET", f"Patient/{record}"), kind=kind)
    answer = await client.post("/", json=sent, headers={"prefer": "return=OperationOutcome"})
    written, read = answer.json()["entry"]
    assert written["response"]["outcome"]["issue"] == [DONE]
    assert "resource" not in written
    assert ("outcome" in read["response"], read["resource"]["id"]) == (False, record)


@pytest.mark.parametrize(("language", "said"), [("vi", "Đã xong."), ("en", "Done.")])
async def test_what_was_done_is_told_in_the_language_that_is_asked_for(
    client: httpx.AsyncClient, language: str, said: str
) -> None:
    headers = {"prefer": "return=OperationOutcome", "accept-language": language}
    sent = bundle(entry("POST", "Patient", example("Patient")), kind="batch")
    whole = (await client.post("/", json=sent, headers=headers)).json()["entry"][0]["response"]["outcome"]
    for outcome in (whole, (await client.post("/Patient", json=example("Patient"), headers=headers)).json()):
        assert (outcome["language"], outcome["issue"][0]["diagnostics"]) == (language, said)


async def test_errors_of_entries_speak_the_language_that_is_asked_for(client: httpx.AsyncClient) -> None:
    sent = bundle(entry("GET", "Patient/nobody"), kind="batch")
    seen = {}
    for language in ("vi", "en"):
        answer = await client.post("/", json=sent, headers={"accept-language": language})
        seen[language] = answer.json()["entry"][0]["response"]["outcome"]
        assert seen[language]["language"] == language
    assert seen["vi"]["issue"][0]["details"] != seen["en"]["issue"][0]["details"]


async def test_a_fault_of_ours_in_one_entry_stops_no_other(
    shared: tuple[FastAPI, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, record = shared[1], fresh("fault")

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.fhir.bundle.batch.operate", broken)
    sent = bundle(
        entry("PUT", f"Patient/{record}", patient(record)),
        entry("GET", "Patient/$validate"),
        entry("GET", f"Patient/{record}"),
        kind="batch",
    )
    answer = await client.post("/", json=sent)
    assert statuses(answer) == ["201", "500", "200"]
    assert "ZeroDivisionError" not in answer.text


async def test_what_cannot_stand_in_a_batch_is_refused_alone(client: httpx.AsyncClient) -> None:
    table = [
        (entry("POST", "", bundle(kind="batch")), "400"),
        (entry("GET", "Nothing"), "404"),
        (entry("OPTIONS", "Patient"), "400"),
        (entry("GET", "Patient/mau-1", ifMatch='W/"1"'), "400"),
        (entry("PUT", "Patient/a", patient("a"), ifNoneMatch='W/"1"'), "400"),
        ({"request": {"method": "GET", "url": "Patient/mau-1", "ifNoneMatch": 1}}, "400"),
        ({"request": {"method": "GET", "url": "Patient/%ff"}}, "404"),
        (entry("GET", "Patient?name=%ff"), "400"),
        (entry("GET", "Patient/mau-1"), "200"),
    ]
    answer = await client.post("/", json=bundle(*(item for item, _ in table), kind="batch"))
    assert statuses(answer) == [status for _, status in table], answer.text
