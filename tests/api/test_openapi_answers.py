"""The service does what its OpenAPI document says: examples work, and errors are answered as shown."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.api.openapi.called_examples import OTHER, values
from app.api.openapi.examples import chain, criteria, reverse, searched
from app.api.openapi.places import places
from app.config import Settings
from app.fhir.asked import PUBLISHED, ROUTES
from app.resources.registry import registry
from tests.api.documented import Tree, operations, read, resolved, validator

HOST = "http://tramy.test"
TYPES = [kind.name for kind in registry()]


@pytest.fixture(scope="module")
def document() -> Tree:
    return read()


async def seed(client: httpx.AsyncClient, *names: str) -> None:
    for name in names:
        answer = await client.put(f"/{name}/mau-1", json={**registry()[name].example, "id": "mau-1"})
        assert answer.status_code in (200, 201), answer.text


ORDER = ("create", "update", "conditionalUpdate", "patch", "conditionalPatch", "", "delete", "conditionalDelete")
PLACES = {place.path: place for shape in ROUTES for place in places(registry(), shape)}


@pytest.mark.parametrize("name", TYPES)
async def test_the_example_of_every_operation_on_a_type_does_what_is_documented(
    fhir: httpx.AsyncClient, document: Tree, name: str
) -> None:
    kind = registry()[name]
    if not kind.is_person:
        await seed(fhir, registry().person.name)
    person = {"resourceType": registry().person.name, "id": OTHER}
    assert (await fhir.put(f"/{registry().person.name}/{OTHER}", json=person)).status_code == 201
    found = [item for item in operations(document) if item[0].startswith("/fhir/") and item[2]["tags"] == [name]]
    assert len(found) > 20
    for path, method, operation in sorted(found, key=lambda item: _turn(item[2])):
        answer = await send(fhir, document, path, method, operation)
        assert answer.is_success, (path, method, answer.text)
        assert_documented(document, operation, answer)
        if operation["operationId"] == f"create{name}":
            # The example holds a number that one record alone may hold; the update to come needs it.
            await fhir.delete(f"/{name}/{answer.json()['id']}")


def _turn(operation: Tree) -> int:
    named = (turn for turn, name in enumerate(ORDER) if name and operation["operationId"].startswith(name))
    return next(named, ORDER.index(""))


@pytest.mark.parametrize("name", ["System", *PUBLISHED])
async def test_the_example_of_every_operation_on_no_served_type_does_what_is_documented(
    fhir: httpx.AsyncClient, document: Tree, name: str
) -> None:
    await seed(fhir, *TYPES)
    found = [item for item in operations(document) if item[0].startswith("/fhir") and item[2]["tags"] == [name]]
    for path, method, operation in found:
        if "_jobs" not in path:
            answer = await send(fhir, document, path, method, operation)
            assert answer.is_success, (path, method, answer.text)
            assert_documented(document, operation, answer)
    assert len(found) >= 3


async def send(
    client: httpx.AsyncClient,
    document: Tree,
    path: str,
    method: str,
    operation: Tree,
    example: str = "",
    **headers: str,
) -> httpx.Response:
    """Send the request that the examples of an operation make."""
    content = resolved(document, operation.get("requestBody", {})).get("content", {})
    media = next(iter(content), "application/fhir+json")
    form = content.get("application/x-www-form-urlencoded", {}).get("example")
    bodies = content.get(media, {}).get("examples", {})
    body = bodies[example or next(iter(bodies))]["value"] if bodies else None
    return await client.request(
        method,
        f"{HOST}{_filled(document, path, operation)}",
        params=_query(path, method, operation),
        json=body,
        data=form,
        headers={"content-type": media, **headers},
    )


def _filled(document: Tree, path: str, operation: Tree) -> str:
    """Return a path with the examples of its parameters."""
    for item in (resolved(document, one) for one in operation["parameters"]):
        if item["in"] == "path":
            path = path.replace(f"{{{item['name']}}}", item["example"])
    return path


def _query(path: str, method: str, operation: Tree) -> Mapping[str, Any]:
    """Return the criteria of a conditional write, and the parameters of an operation that is asked for by GET."""
    place = PLACES.get(path)
    if place and place.operation and method == "get":
        return values(registry(), place)
    if place and operation["operationId"].startswith("conditional"):
        return dict([criteria(place.typed).split("=", 1)])
    return {}


def assert_documented(document: Tree, operation: Tree, answer: httpx.Response) -> None:
    """Assert that status, headers, content type and body of an answer are documented."""
    assert str(answer.status_code) in operation["responses"]
    said = resolved(document, operation["responses"][str(answer.status_code)])
    headers = {name.lower(): resolved(document, item) for name, item in said.get("headers", {}).items()}
    assert {name for name, item in headers.items() if item.get("required")} <= answer.headers.keys()
    if "content" not in said:
        assert answer.content == b""
        return
    media = said["content"][answer.headers["content-type"].partition(";")[0]]
    errors = validator(document, media["schema"]).iter_errors(answer.json())
    assert [(error.instance_path, str(error)[:200]) for error in errors] == []


async def test_both_kinds_of_patch_do_what_is_documented(fhir: httpx.AsyncClient, document: Tree) -> None:
    await seed(fhir, "Patient")
    operation = document["paths"]["/fhir/Patient/{id}"]["patch"]
    content = resolved(document, operation["requestBody"])["content"]
    assert list(content) == ["application/json-patch+json", "application/fhir+json"]
    for media, said in content.items():
        body = said["examples"]["example"]["value"]
        answer = await fhir.patch("/Patient/mau-1", json=body, headers={"content-type": media})
        assert_documented(document, operation, answer)
        assert answer.json().get("language") == ("vi" if "json-patch" in media else None)


async def test_a_preference_for_little_and_for_an_outcome_is_followed_as_documented(
    fhir: httpx.AsyncClient, document: Tree
) -> None:
    record = document["paths"]["/fhir/Patient/{id}"]
    for method in ("put", "patch", "delete"):
        answer = await send(
            fhir, document, "/fhir/Patient/{id}", method, record[method], prefer="return=OperationOutcome"
        )
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.headers["preference-applied"] == "return=OperationOutcome"
        assert_documented(document, record[method], answer)


@pytest.mark.parametrize("header", [{"if-none-match": 'W/"1"'}, {"if-modified-since": "Fri, 22 Nov 2999 01:00:00 GMT"}])
async def test_what_the_client_has_is_answered_as_documented(
    running: tuple[FastAPI, httpx.AsyncClient], document: Tree, header: dict[str, str]
) -> None:
    app, client = running
    await seed(client, "Patient")
    app.state.service = replace(app.state.service, clock=lambda: datetime(3000, 1, 1, tzinfo=UTC))
    operation = document["paths"]["/fhir/Patient/{id}"]["get"]
    answer = await client.get("/Patient/mau-1", headers=header)
    assert answer.status_code == 304
    assert_documented(document, operation, answer)


@pytest.mark.parametrize("name", TYPES)
async def test_chains_and_reverse_chains_of_the_descriptions_are_taken(
    fhir: httpx.AsyncClient, document: Tree, name: str
) -> None:
    kind = registry()[name]
    shown = [made for made in (chain(registry(), kind), reverse(registry(), kind)) if made]
    said = document["paths"][f"/fhir/{name}"]["get"]["description"]
    for condition in shown:
        assert f"`{condition}`" in said
        answer = await fhir.get(f"/{name}?{condition}")
        assert answer.status_code == 200, answer.text
    assert shown


async def test_the_example_of_every_parameter_that_shapes_an_answer_is_taken(
    fhir: httpx.AsyncClient, document: Tree
) -> None:
    await seed(fhir, *TYPES)
    taken = set()
    for path, operation in ((path, item) for path, method, item in operations(document) if method == "get"):
        place = PLACES.get(path)
        searched = operation["operationId"].startswith("search") and "System" not in operation["tags"]
        if place is None or place.operation or "_jobs" in path or (searched and place.kind):
            continue
        for item in (resolved(document, one) for one in operation["parameters"]):
            for value in item["schema"].get("examples", ()) if item["in"] == "query" else ():
                text = json.dumps(value) if isinstance(value, bool) else value
                answer = await fhir.get(f"{HOST}{_filled(document, path, operation)}", params={item["name"]: text})
                assert answer.status_code == 200, (path, item["name"], answer.text)
                taken.add(item["name"])
    assert {"_since", "_at", "_total", "_summary", "_elements", "_type", "url", "code", "_include"} <= taken


async def test_a_request_that_is_answered_later_is_answered_as_documented(
    fhir: httpx.AsyncClient, document: Tree
) -> None:
    search, jobs = document["paths"]["/fhir/Patient"]["get"], document["paths"]["/fhir/_jobs/{id}"]
    taken = await send(fhir, document, "/fhir/Patient", "get", search, prefer="respond-async")
    assert taken.status_code == 202
    assert_documented(document, search, taken)
    answer = await fhir.get(taken.headers["content-location"])
    for _ in range(100):
        assert_documented(document, jobs["get"], answer)
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.1)
        answer = await fhir.get(taken.headers["content-location"])
    assert answer.json()["type"] == "batch-response"
    for status in (202, 404):
        gone = await fhir.delete(taken.headers["content-location"])
        assert gone.status_code == status
        assert_documented(document, jobs["delete"], gone)


async def test_a_request_may_wait_exactly_where_that_is_documented(fhir: httpx.AsyncClient, document: Tree) -> None:
    await seed(fhir, *TYPES)
    for path, method, operation in operations(document):
        if path.startswith("/fhir") and method in ("get", "post") and "_jobs" not in path:
            answer = await send(fhir, document, path, method, operation, prefer="respond-async")
            assert (answer.status_code == 202) == ("202" in operation["responses"]), (path, method, answer.text)


@pytest.mark.parametrize("example", ["register", "repeatable", "batch"])
async def test_the_example_bundles_do_what_is_documented(fhir: httpx.AsyncClient, document: Tree, example: str) -> None:
    operation = {"parameters": [], **document["paths"]["/fhir"]["post"]}
    for again in ("201", "200"):
        answer = await send(fhir, document, "/fhir", "post", operation, example)
        assert answer.status_code == 200, answer.text
        assert_documented(document, operation, answer)
        statuses = [entry["response"]["status"] for entry in answer.json()["entry"]]
        assert statuses[0] == ("200" if example == "batch" else again)
        assert set(statuses) <= {"200", "201"}


async def test_the_metadata_are_as_documented(client: httpx.AsyncClient, document: Tree) -> None:
    operation = {"parameters": [], **document["paths"]["/fhir/metadata"]["get"]}
    assert_documented(document, operation, await send(client, document, "/fhir/metadata", "get", operation))


@pytest.mark.parametrize("name", TYPES)
async def test_the_example_of_every_search_parameter_is_taken_and_finds_the_example(
    fhir: httpx.AsyncClient, document: Tree, name: str
) -> None:
    await seed(fhir, *dict.fromkeys([registry().person.name, name]))
    search = document["paths"][f"/fhir/{name}"]["get"]
    found = set()
    for item in (resolved(document, one) for one in search["parameters"]):
        for value in item["schema"].get("examples", ()) if item["in"] == "query" else ():
            text = json.dumps(value) if isinstance(value, bool) else value
            answer = await fhir.get(f"/{name}", params={item["name"]: text})
            assert answer.status_code == 200, (item["name"], answer.text)
            found |= {item["name"]} if answer.json()["total"] else set()
    kind, zone = registry()[name], Settings().time_zone
    meant = {item.name for item in kind.search if item.kind != "date" and item.read(dict(kind.example), zone)}
    assert meant <= found
    assert all(searched(kind, item, zone) for item in kind.search)


PERSON = {"resourceType": "Patient", "id": "mau-1"}
NUMBER = dict(registry()["Patient"].example)
ERRORS: list[tuple[str, str, str, str, Tree]] = [
    ("BadParameter", "unknownParameter", "GET", "/Patient?nickname=a", {}),
    ("BadParameter", "wrongDate", "GET", "/Patient?_lastUpdated=02/03/2026", {}),
    ("BadParameter", "wrongIfMatch", "DELETE", "/Patient/mau-1", {"headers": {"if-match": "3"}}),
    ("BadBody", "wrongIfMatch", "PUT", "/Patient/mau-1", {"headers": {"if-match": "3"}, "json": PERSON}),
    ("BadBody", "notJson", "POST", "/Patient", {"content": b'{"resourceType": }'}),
    ("NotFound", "noSuchRecord", "GET", "/Patient/none", {}),
    ("NotFound", "noSuchRecord", "GET", "/Patient/mau-1/_history/9", {}),
    ("NotFound", "noSuchAddress", "GET", "/Patient/mau-1/nothing/here/at/all", {}),
    ("Gone", "deleted", "GET", "/Patient/gone", {}),
    ("NotAllowed", "noSuchMethod", "POST", "/Patient/1", {}),
    ("NotAcceptable", "otherFormat", "GET", "/Patient/mau-1", {"headers": {"accept": "application/fhir+xml"}}),
    ("Conflict", "numberTaken", "POST", "/Patient", {"json": NUMBER}),
    ("Conflict", "recordsLeft", "DELETE", "/Patient/mau-1", {}),
    ("Stale", "notCurrent", "PUT", "/Patient/mau-1", {"headers": {"if-match": 'W/"9"'}, "json": PERSON}),
    ("Stale", "severalMatches", "POST", "/Patient", {"headers": {"if-none-exist": "name=M"}, "json": NUMBER}),
    ("TooLarge", "tooManyBytes", "POST", "/Patient", {"headers": {"content-length": str(10**9)}, "content": b"{}"}),
    ("UnsupportedMedia", "otherFormat", "POST", "/Patient", {"headers": {"content-type": "text/xml"}, "content": b"<"}),
    (
        "UnsupportedPatch",
        "otherFormat",
        "PATCH",
        "/Patient/mau-1",
        {"headers": {"content-type": "text/xml"}, "content": b"<"},
    ),
]


@pytest.fixture
async def filled(fhir: httpx.AsyncClient) -> httpx.AsyncClient:
    await seed(fhir, "Patient", registry().owned[0].name)
    for record in ("gone", "other"):
        person = {"resourceType": "Patient", "id": record, "name": [{"text": "Mai Văn Mẫu"}]}
        assert (await fhir.put(f"/Patient/{record}", json=person)).status_code == 201
    assert (await fhir.delete("/Patient/gone")).status_code == 204
    return fhir


async def test_every_error_is_answered_as_its_example_shows(filled: httpx.AsyncClient, document: Tree) -> None:
    for name, example, method, path, request in ERRORS:
        answer = await filled.request(method, path, **request)
        said = document["components"]["responses"][name]
        assert answer.json() == said["content"]["application/fhir+json"]["examples"][example]["value"], (name, example)
        assert {header.lower() for header in said.get("headers", ())} <= answer.headers.keys()
        assert str(answer.status_code) in _statuses(document, name)


def _statuses(document: Tree, name: str) -> set[str]:
    """Return the statuses under which operations answer with a response of this name; 405 is nobody's own."""
    ref = {"$ref": f"#/components/responses/{name}"}
    own = {
        status for _, _, item in operations(document) for status, answer in item["responses"].items() if answer == ref
    }
    return own or {"405"}


@pytest.mark.parametrize("name", [kind.name for kind in registry().owned if not kind.owner_optional])
async def test_a_record_without_its_patient_is_refused_as_documented(
    client: httpx.AsyncClient, document: Tree, name: str
) -> None:
    kind = registry()[name]
    answer = await client.post(f"/{name}", json={**kind.example, kind.owner: {"display": "Lý Thị Mẫu"}})
    assert answer.status_code == 422
    example = document["components"]["responses"]["Unprocessable"]["content"]["application/fhir+json"]["examples"]
    assert answer.json()["issue"][0]["diagnostics"] == example["noPatient"]["value"]["issue"][0]["diagnostics"]


async def test_a_missing_required_element_is_refused_as_documented(client: httpx.AsyncClient, document: Tree) -> None:
    examples = document["components"]["responses"]["BadBody"]["content"]["application/fhir+json"]["examples"]
    outcome = examples["requiredElement"]["value"]
    name, element = outcome["issue"][0]["expression"][0].split(".")
    rest = {key: value for key, value in registry()[name].example.items() if key != element}
    answer = await client.post(f"/{name}", json=rest)
    assert (answer.status_code, answer.json()) == (400, outcome)


@pytest.mark.parametrize(("method", "path"), [("POST", "/Patient"), ("GET", "/Patient/mau-1"), ("GET", "/Patient")])
async def test_a_database_that_is_away_is_answered_as_documented(
    running: tuple[FastAPI, httpx.AsyncClient], document: Tree, method: str, path: str
) -> None:
    app, client = running
    app.state.service.pool.terminate()
    app.state.service.writing.terminate()
    answer = await client.request(method, path, json=NUMBER if method == "POST" else None)
    said = document["components"]["responses"]["Unavailable"]
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    shown = said["content"]["application/fhir+json"]["examples"]
    assert answer.json() == shown["busy"]["value"]
    # What cannot be recorded is not answered.
    app.state.recorder._pool.terminate()
    answer = await client.request(method, path, json=NUMBER if method == "POST" else None)
    assert (answer.status_code, answer.json()) == (503, shown["unrecorded"]["value"])
