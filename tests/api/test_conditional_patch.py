"""PATCH over HTTP: its media types, its conditions, and patches of what criteria find, for every type.

https://hl7.org/fhir/R4/http.html#patch
"""

import json
from typing import Any

import httpx
import pytest

from tests.api.records import TYPES, example, fresh

JSON_PATCH = {"content-type": "application/json-patch+json"}
every_type = pytest.mark.parametrize("name", TYPES)


def language(value: str) -> bytes:
    """Return a JSON Patch that says in which language a record is."""
    return json.dumps([{"op": "add", "path": "/language", "value": value}]).encode()


def as_fhirpath(name: str, value: str) -> dict[str, Any]:
    """Return a FHIRPath Patch that says in which language a record is."""
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": name},
        {"name": "name", "valueString": "language"},
        {"name": "value", "valueCode": value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


async def make(client: httpx.AsyncClient, name: str, tag: str) -> str:
    """Make a record with a tag and return its id."""
    return (await client.post(f"/{name}", json=example(name, meta={"tag": [{"code": tag}]}))).json()["id"]


@every_type
async def test_a_record_is_patched_by_its_id_or_by_criteria(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("patched")
    record = await make(client, name, tag)
    for number, address in enumerate((f"/{name}/{record}", f"/{name}?_tag={tag}")):
        for version, sent in ((2, language("vi")), (2, language("vi")), (3, language("en"))):
            answer = await client.patch(address, content=sent, headers=JSON_PATCH)
            assert (answer.status_code, answer.headers["etag"]) == (200, f'W/"{version + 2 * number}"'), answer.text
            assert answer.json()["id"] == record
        assert answer.headers["location"] == f"http://tramy.test/fhir/{name}/{record}/_history/{3 + 2 * number}"
    assert (await client.get(f"/{name}/{record}")).json()["language"] == "en"


@every_type
async def test_a_fhirpath_patch_is_a_parameters_resource(client: httpx.AsyncClient, name: str) -> None:
    for media in ("application/fhir+json", "application/json; charset=utf-8"):
        tag = fresh("path")
        record = await make(client, name, tag)
        address = f"/{name}?_tag={tag}" if media == "application/fhir+json" else f"/{name}/{record}"
        answer = await client.patch(address, json=as_fhirpath(name, "vi"), headers={"content-type": media})
        assert (answer.status_code, answer.json()["language"]) == (200, "vi"), answer.text


@every_type
async def test_criteria_must_find_one(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("number")
    address = f"/{name}?_tag={tag}"
    for status in (404, 200, 412, 412):
        answer = await client.patch(address, content=language(f"x-{status}"), headers=JSON_PATCH)
        assert answer.status_code == status, answer.text
        await make(client, name, tag)
    listed = (await client.get(f"{address}&_count=10")).json()["entry"]
    assert sorted(item["resource"].get("language", "") for item in listed) == ["", "", "", "x-200"]


@every_type
@pytest.mark.parametrize("by_criteria", [False, True])
async def test_if_match_is_of_the_version_that_is_patched(
    client: httpx.AsyncClient, name: str, by_criteria: bool
) -> None:
    tag = fresh("match")
    record = await make(client, name, tag)
    address = f"/{name}?_tag={tag}" if by_criteria else f"/{name}/{record}"
    # The patch of the stale version could not even be applied: that its version is stale is said all the same.
    cannot = b'[{"op":"test","path":"/id","value":"no"}]'
    table = [
        ('W/"2"', language("a"), 412),
        ('W/"2"', cannot, 412),
        ("two", language("a"), 400),
        ('W/"1"', language("b"), 200),
        ('W/"1"', language("b"), 412),
        ("*", language("c"), 200),
    ]
    for if_match, sent, status in table:
        answer = await client.patch(address, content=sent, headers={**JSON_PATCH, "if-match": if_match})
        assert answer.status_code == status, (if_match, answer.text)
    assert (await client.get(f"/{name}/{record}")).headers["etag"] == 'W/"3"'


async def test_what_is_gone_or_was_never_here_cannot_be_patched(client: httpx.AsyncClient) -> None:
    tag = fresh("gone")
    record = await make(client, "Location", tag)
    await client.delete(f"/Location/{record}")
    for target, status in ((f"/{record}", 410), (f"/{fresh('none')}", 404), (f"?_tag={tag}", 404)):
        for headers in (JSON_PATCH, {**JSON_PATCH, "if-match": "*"}):
            answer = await client.patch(f"/Location{target}", content=language("vi"), headers=headers)
            assert answer.status_code == status, target


@pytest.mark.parametrize(
    "media", ["application/xml", "application/merge-patch+json", "application/json; charset=latin-1", "text/plain", ""]
)
async def test_another_kind_of_patch_is_refused_with_those_that_are_taken(
    client: httpx.AsyncClient, media: str
) -> None:
    for address in ("/Patient/mau-1", "/Patient?_id=mau-1"):
        answer = await client.patch(address, content=b"{}", headers={"content-type": media})
        assert answer.status_code == 415
        assert answer.headers["accept-patch"] == "application/json-patch+json, application/fhir+json"
        assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("prefer", ["minimal", "representation", "OperationOutcome"])
async def test_what_a_patch_gives_back_is_the_clients_to_say(client: httpx.AsyncClient, prefer: str) -> None:
    tag = fresh("prefer")
    record = await make(client, "Organization", tag)
    kept = {"minimal": None, "representation": "Organization", "OperationOutcome": "OperationOutcome"}[prefer]
    for number, target in enumerate((f"/{record}", f"?_tag={tag}")):
        answer = await client.patch(
            f"/Organization{target}",
            content=language(f"x-{number}"),
            headers={**JSON_PATCH, "prefer": f"return={prefer}"},
        )
        assert answer.status_code == 200, answer.text
        assert (answer.json()["resourceType"] if answer.content else None) == kept
        assert answer.headers["etag"] == f'W/"{number + 2}"'
