"""The service does what its OpenAPI document says: examples work, and errors are answered as shown."""

import json

import httpx
import pytest
from fastapi import FastAPI

from app.api.openapi.examples import searched
from app.config import Settings
from app.fhir.asked import ROUTES
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


ORDER = ("create", "update", "read", "vread", "history", "search", "delete")


@pytest.mark.parametrize("name", TYPES)
async def test_the_example_of_every_operation_on_a_type_does_what_is_documented(
    fhir: httpx.AsyncClient, document: Tree, name: str
) -> None:
    if not registry()[name].is_person:
        await seed(fhir, registry().person.name)
    found = [
        item for item in operations(document) if item[0] == f"/fhir/{name}" or item[0].startswith(f"/fhir/{name}/")
    ]
    assert len(found) == sum(len(methods) for shape, methods in ROUTES.items() if "type" in shape)
    for path, method, operation in sorted(found, key=lambda item: _turn(item[2])):
        answer = await send(fhir, document, path, method, operation)
        assert answer.is_success, (path, method, answer.text)
        assert_documented(document, operation, answer)
        if operation["operationId"].startswith("create"):
            # The example holds a number that one record alone may hold; the update to come needs it.
            await fhir.delete(f"/{name}/{answer.json()['id']}")


def _turn(operation: Tree) -> int:
    return next(turn for turn, name in enumerate(ORDER) if operation["operationId"].startswith(name))


async def send(
    client: httpx.AsyncClient, document: Tree, path: str, method: str, operation: Tree, example: str = ""
) -> httpx.Response:
    """Send the request that the examples of an operation make."""
    for item in (resolved(document, one) for one in operation["parameters"]):
        if item["in"] == "path":
            path = path.replace(f"{{{item['name']}}}", item["example"])
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("application/x-www-form-urlencoded", {}).get("example")
    bodies = content.get("application/fhir+json", {}).get("examples", {})
    body = bodies[example or next(iter(bodies))]["value"] if bodies else None
    headers = {"content-type": next(iter(content), "application/fhir+json")}
    return await client.request(method, f"{HOST}{path}", json=body, data=form, headers=headers)


def assert_documented(document: Tree, operation: Tree, answer: httpx.Response) -> None:
    """Assert that status, headers, content type and body of an answer are documented."""
    assert str(answer.status_code) in operation["responses"]
    said = resolved(document, operation["responses"][str(answer.status_code)])
    assert {name.lower() for name in said.get("headers", ())} <= answer.headers.keys()
    if "content" not in said:
        assert answer.content == b""
        return
    media = said["content"][answer.headers["content-type"].partition(";")[0]]
    errors = validator(document, media["schema"]).iter_errors(answer.json())
    assert [(error.instance_path, str(error)[:200]) for error in errors] == []


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
        for value in item["schema"].get("examples", ()):
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
    ("NotAllowed", "noSuchMethod", "PATCH", "/Patient/1", {}),
    ("NotAcceptable", "otherFormat", "GET", "/Patient/mau-1", {"headers": {"accept": "application/fhir+xml"}}),
    ("Conflict", "numberTaken", "POST", "/Patient", {"json": NUMBER}),
    ("Conflict", "recordsLeft", "DELETE", "/Patient/mau-1", {}),
    ("Stale", "notCurrent", "PUT", "/Patient/mau-1", {"headers": {"if-match": 'W/"9"'}, "json": PERSON}),
    ("Stale", "severalMatches", "POST", "/Patient", {"headers": {"if-none-exist": "name=M"}, "json": NUMBER}),
    ("TooLarge", "tooManyBytes", "POST", "/Patient", {"headers": {"content-length": str(10**9)}, "content": b"{}"}),
    ("UnsupportedMedia", "otherFormat", "POST", "/Patient", {"headers": {"content-type": "text/xml"}, "content": b"<"}),
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
    assert answer.json() == said["content"]["application/fhir+json"]["examples"]["busy"]["value"]
