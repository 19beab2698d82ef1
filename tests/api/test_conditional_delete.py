"""Deletions of what criteria find, for every type. https://hl7.org/fhir/R4/http.html#3.1.0.7.1"""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.resources.registry import registry
from tests.api.records import TYPES, count, example, fresh, patient, visit
from tests.conftest import opened

every_type = pytest.mark.parametrize("name", TYPES)


async def make(client: httpx.AsyncClient, name: str, tag: str, number: int = 1) -> list[str]:
    """Make records with a tag and return their ids."""
    sent = example(name, meta={"tag": [{"code": tag}]})
    return [(await client.post(f"/{name}", json=sent)).json()["id"] for _ in range(number)]


@every_type
async def test_the_one_match_is_deleted_and_no_match_is_no_fault(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("gone")
    (record,) = await make(client, name, tag)
    first = await client.delete(f"/{name}?_tag={tag}")
    assert (first.status_code, first.content, first.headers["etag"]) == (204, b"", 'W/"2"')
    assert (await client.get(f"/{name}/{record}")).status_code == 410
    second = await client.delete(f"/{name}?_tag={tag}")
    assert (second.status_code, second.content, second.headers.get("etag")) == (204, b"", None)
    assert (await client.get(f"/{name}/{record}/_history")).json()["total"] == 2


@every_type
async def test_several_matches_stay_where_the_type_deletes_one(client: httpx.AsyncClient, name: str) -> None:
    if registry()[name].deletes_many:
        pytest.fail("this type deletes many; the test needs one that does not")
    tag = fresh("stay")
    await make(client, name, tag, 2)
    answer = await client.delete(f"/{name}?_tag={tag}")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (412, "multiple-matches")
    assert await count(client, f"{name}?_tag={tag}") == 2


@every_type
async def test_if_match_is_of_the_version_that_was_found(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("version")
    address = f"/{name}?_tag={tag}"
    assert (await client.delete(address, headers={"if-match": 'W/"1"'})).status_code == 412
    assert (await client.delete(address, headers={"if-match": "*"})).status_code == 412
    await make(client, name, tag)
    for if_match, status in (('W/"2"', 412), ("one", 400), ('W/"1"', 204)):
        assert (await client.delete(address, headers={"if-match": if_match})).status_code == status, if_match
    await make(client, name, tag)
    assert (await client.delete(address, headers={"if-match": "*"})).status_code == 204


@pytest.fixture
async def many(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """An application whose types delete many, at most three at once."""
    async with opened(database, Settings(page_limit=3)) as (app, client):
        for kind in app.state.service.registry:
            monkeypatch.setitem(vars(kind), "deletes_many", True)
        await client.put("/Patient/mau-1", json=patient("mau-1"))
        yield app, client


async def test_many_are_deleted_at_once_up_to_the_limit(many: tuple[FastAPI, httpx.AsyncClient]) -> None:
    _, client = many
    for name in TYPES:
        tag = fresh("many")
        await make(client, name, tag, 4)
        refused = await client.delete(f"/{name}?_tag={tag}")
        assert (refused.status_code, "3" in refused.json()["issue"][0]["diagnostics"]) == (412, True)
        assert await count(client, f"{name}?_tag={tag}") == 4
        found = (await client.get(f"/{name}?_tag={tag}&_count=1")).json()["entry"][0]["resource"]["id"]
        await client.delete(f"/{name}/{found}")
        assert (await client.delete(f"/{name}?_tag={tag}", headers={"if-match": "*"})).status_code == 412
        done = await client.delete(f"/{name}?_tag={tag}", headers={"prefer": "return=OperationOutcome"})
        assert (done.status_code, done.headers.get("etag")) == (200, None)
        issue = done.json()["issue"][0]
        assert (issue["diagnostics"], issue["details"]["text"]) == ("Records deleted: 3.", "Số hồ sơ đã xóa: 3.")
        assert await count(client, f"{name}?_tag={tag}") == 0
        none = await client.delete(f"/{name}?_tag={tag}", headers={"prefer": "return=OperationOutcome"})
        assert none.json()["issue"][0]["diagnostics"] == "Records deleted: 0."


async def test_many_are_deleted_all_or_none(many: tuple[FastAPI, httpx.AsyncClient]) -> None:
    _, client = many
    tag = fresh("bare")
    people = await make(client, "Patient", tag, 3)
    await client.put("/Encounter/v", json=visit("v", f"Patient/{people[1]}"))
    assert (await client.delete(f"/Patient?_tag={tag}")).status_code == 409
    assert await count(client, f"Patient?_tag={tag}") == 3
    await client.delete("/Encounter/v")
    assert (await client.delete(f"/Patient?_tag={tag}")).status_code == 204
    assert await count(client, f"Patient?_tag={tag}") == 0
