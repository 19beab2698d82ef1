"""Errors as answers: in the language asked for, with nothing of what was sent and nothing of the inside."""

import asyncio
import json
import logging
import re
from typing import Any

import httpx
import pytest
from asyncpg.exceptions import ConnectionDoesNotExistError
from fastapi import FastAPI

from app.api import fhir as interface
from app.api.language import preferred
from tests.api.records import TYPES, bundle, entry, fresh, patient

HOST = "http://tramy.test"
VIETNAMESE = re.compile("[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE)


def spoken(outcome: dict[str, Any]) -> tuple[str | None, bool, bool]:
    """Return the language an outcome states, and whether its two texts are Vietnamese."""
    issue = outcome["issue"][0]
    texts = (issue["details"]["text"], issue["diagnostics"])
    return outcome.get("language"), *(bool(VIETNAMESE.search(text)) for text in texts)


IN_VIETNAMESE, IN_ENGLISH, IN_BOTH = ("vi", True, True), ("en", False, False), (None, True, False)


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("vi", "vi"),
        ("en", "en"),
        ("vi-VN", "vi"),
        ("VI-vn", "vi"),
        ("en-US,en;q=0.9,vi;q=0.8", "en"),
        ("en-US;q=0.4, vi-VN;q=0.8", "vi"),
        ("vi-VN,vi;q=0.9,fr-FR;q=0.8,fr;q=0.7,en-US;q=0.6,en;q=0.5", "vi"),
        ("fr, en;q=0.1", "en"),
        ("en, vi", "en"),
        ("vi, en", "vi"),
        ("*, vi;q=0", "en"),
        ("*;q=0.5, en;q=0.8", "en"),
        ("*, en;q=0.5", "vi"),
        ("*, en", "en"),
        ("fr, vi;q=0", None),
        ("vi;q=0, en;q=0", None),
        ("*", None),
        ("fr-FR, fr;q=0.9", None),
        ("english", None),
        ("", None),
        (";;,,q=1;", None),
    ],
)
async def test_an_error_is_told_in_the_language_asked_for(
    client: httpx.AsyncClient, accept: str, language: str | None
) -> None:
    assert preferred(accept) == language
    answer = await client.get("/Patient?birthdate=x", headers={"accept-language": accept})
    assert spoken(answer.json()) == {"vi": IN_VIETNAMESE, "en": IN_ENGLISH, None: IN_BOTH}[language]
    assert answer.headers.get("content-language") == language
    assert "Accept-Language" in answer.headers["vary"]
    assert answer.json()["issue"][0]["expression"] == ["birthdate"]


@pytest.mark.parametrize("name", TYPES)
async def test_every_fault_of_a_record_is_told_in_that_language(client: httpx.AsyncClient, name: str) -> None:
    sent = {"resourceType": name, "nothing": 1, "language": 1, "id": "_"}
    english = await client.post(f"/{name}", json=sent, headers={"accept-language": "en"})
    assert len(english.json()["issue"]) >= 3
    both = (await client.post(f"/{name}", json=sent)).json()
    for told, issue in zip(english.json()["issue"], both["issue"], strict=True):
        assert told["details"]["text"] == told["diagnostics"] == issue["diagnostics"]
        assert told.get("expression") == issue.get("expression")


async def test_what_is_wrong_with_the_request_itself_is_told_in_that_language(client: httpx.AsyncClient) -> None:
    headers = {"accept-language": "vi"}
    refused = [
        await client.get("/Patient/mau-1", headers={**headers, "accept": "text/html"}),
        await client.put("/Patient/a%2fb", headers=headers),
        await client.request("TRACE", "/Patient", headers=headers),
        await client.post("/Patient", content=b"x", headers={**headers, "content-encoding": "br"}),
        await client.post("/Patient", content=b"x", headers={**headers, "content-encoding": "gzip"}),
    ]
    assert [answer.status_code for answer in refused] == [406, 404, 405, 415, 400]
    assert {spoken(answer.json()) for answer in refused} == {IN_VIETNAMESE}


async def test_each_client_hears_its_own_language_also_within_batches(client: httpx.AsyncClient) -> None:
    sent = bundle(*(entry("GET", f"Patient/{fresh('none')}") for _ in range(5)), kind="batch")

    async def told(accept: str) -> set[tuple]:
        headers = {"accept-language": accept} if accept else {}
        answer = await client.post("/", json=sent, headers=headers)
        return {spoken(item["response"]["outcome"]) for item in answer.json()["entry"]}

    asked = ["vi", "en", ""] * 12
    heard = await asyncio.gather(*(told(accept) for accept in asked))
    meant = {"vi": {IN_VIETNAMESE}, "en": {IN_ENGLISH}, "": {IN_BOTH}}
    assert [meant[accept] for accept in asked] == heard


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/indicators/none", 404),
        ("GET", "/indicators/managed?place=99999", 404),
        ("GET", "/indicators/managed?on=tomorrow", 400),
        ("GET", "/indicators/managed?nothing=1", 400),
        ("GET", "/indicators/managed/missing?_count=x", 400),
        ("POST", "/indicators", 405),
        ("GET", "/nowhere", 404),
    ],
)
async def test_the_other_routes_tell_errors_in_that_language_too(
    client: httpx.AsyncClient, method: str, address: str, status: int
) -> None:
    for accept, meant in (("vi", IN_VIETNAMESE), ("en", IN_ENGLISH), ("fr", IN_BOTH)):
        answer = await client.request(method, HOST + address, headers={"accept-language": accept})
        assert answer.status_code in (status, 400), answer.text
        assert spoken(answer.json()) == meant, answer.text
        assert answer.headers.get("content-language") == meant[0]
        assert "Accept-Language" in answer.headers["vary"]
        assert ("allow" in answer.headers) is (status == 405)


async def test_examples_in_the_documentation_have_both_languages_whoever_asks_first(
    running: tuple[FastAPI, httpx.AsyncClient],
) -> None:
    client = running[1]
    await client.get("/Patient/none", headers={"accept-language": "en"})
    document = await client.get(f"{HOST}/openapi.json", headers={"accept-language": "en"})
    examples = document.json()["components"]["responses"]["NotFound"]["content"]["application/fhir+json"]["examples"]
    assert {spoken(item["value"]) for item in examples.values()} == {IN_BOTH}


SECRET = "Nguyễn Bí Mật 001199000042"


async def fails(*_: object, **__: object) -> None:
    raise RuntimeError(f"select * from patient where name = '{SECRET}'")


def assert_only_a_number(answer: httpx.Response, log: pytest.LogCaptureFixture) -> None:
    """Assert that neither the answer nor the log says more than a number, and the log where it was."""
    assert answer.status_code == 500
    issue = answer.json()["issue"][0]
    number = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", issue["diagnostics"])
    assert number
    assert number[0] in issue["details"]["text"]
    for text in (answer.text, log.text):
        assert not re.search(f"{SECRET}|select|Traceback|patient where", text)
    assert not re.search(r"RuntimeError|\.py", answer.text)
    assert [record for record in log.records if number[0] in record.getMessage() and ".py:" in record.getMessage()]
    assert all(record.exc_info is None for record in log.records if record.levelno >= logging.ERROR)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_fault_of_ours_says_a_number_and_nothing_else(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    for interaction in ("read", "update"):
        monkeypatch.setitem(interface.HANDLERS, interaction, fails)
    answer = await client.request(method, "/Patient/x?_pretty=true", json=patient("x", name=[{"text": SECRET}]))
    assert_only_a_number(answer, caplog)
    told = await client.get("/Patient/x", headers={"accept-language": "en"})
    assert told.json()["language"] == "en"


async def test_a_fault_of_ours_in_the_other_routes_is_as_silent(
    shared: tuple[FastAPI, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, signed = shared
    monkeypatch.setattr("app.api.indicators.value", fails)
    # What is raised beyond the application is what a server would log with all its text.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST, headers=signed.headers) as client:
        assert_only_a_number(await client.get("/indicators/managed"), caplog)


async def test_a_database_that_is_away_is_told_as_such_on_every_route(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ConnectionDoesNotExistError("connection was closed")

    monkeypatch.setattr("app.api.indicators.value", away)
    monkeypatch.setitem(interface.HANDLERS, "read", away)
    for address in (f"{HOST}/indicators/managed", "/Patient/mau-1"):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["issue"][0]["code"] == "transient"


async def test_no_refusal_shows_the_inside(client: httpx.AsyncClient) -> None:
    inside = re.compile(r"select |insert |asyncpg|Traceback|File \"|\.py|psycopg|pydantic|Exception|constraint")
    sent = json.dumps({"resourceType": "Patient", "birthDate": "' or 1=1", "x": {"y": []}})
    refused = [
        await client.get("/Patient?_sort='"),
        await client.get("/Patient?name=%ff"),
        await client.get("/Patient/x/_history/99999999999999999999"),
        await client.post("/Patient", content=sent),
        await client.post("/", content=sent),
        await client.post("/Patient", content=b"\x1f\x8b\x08\xff", headers={"content-encoding": "gzip"}),
        await client.get(f"{HOST}/indicators/managed?known-at=99999999999999-99999999999999999999"),
        await client.get(f"{HOST}/indicators/managed?place='%00"),
        await client.get(f"{HOST}/indicators/managed/missing?after=%00"),
        await client.get(f"{HOST}/indicators/managed/missing?after=%ff"),
    ]
    for answer in refused:
        assert 400 <= answer.status_code < 500, (answer.request.url, answer.text)
        assert not inside.search(answer.text), answer.text


async def test_an_interaction_that_has_no_handler_is_refused_and_no_fault(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(interface.HANDLERS, "read")
    answer = await client.get("/Patient/mau-1")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (405, "not-supported")
