"""The OpenAPI document is sound, whole, and what the program makes. https://spec.openapis.org/oas/v3.1.1.html"""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI

from app.api import audit_asked
from app.api.openapi.interactions import DESCRIBED
from app.api.openapi.security import schemes
from app.errors import Misconfigured, TramyError
from app.fhir.asked import PUBLISHED, ROUTES
from app.fhir.links import PARAMETER
from app.fhir.operation import Operation
from app.fhir.operations import operations_at
from app.fhir.published.search import fields
from app.fhir.resource_type import ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.compartment import kinds
from app.fhir.search.result import RESULT
from app.resources.registry import registry
from tests.api.documented import FILE, Tree, every, made, operations, read, resolved, validator

HOST = "http://tramy.test"
TYPES = [kind.name for kind in registry()]


@pytest.fixture(scope="module")
def document() -> Tree:
    return read()


def test_the_file_is_what_the_program_makes() -> None:
    assert made() == FILE.read_bytes(), "schemas/openapi.json is out of date; run: make openapi"


def test_the_document_is_openapi_3_1_of_a_size_that_can_be_read(document: Tree) -> None:
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1.")
    assert len(gzip.compress(made())) < 150_000


def test_every_reference_of_the_document_leads_somewhere(document: Tree) -> None:
    refs = {ref for ref in every(document, "$ref") if isinstance(ref, str)}
    assert len(refs) > 200
    assert [ref for ref in refs if not isinstance(resolved(document, {"$ref": ref}), dict)] == []


def test_every_component_is_used_and_well_named(document: Tree) -> None:
    refs = {*every(document, "$ref")}
    listed = [f"#/components/{part}/{name}" for part, items in document["components"].items() for name in items]
    assert [name for name in listed if not re.fullmatch(r"#/components/\w+/[A-Za-z0-9._-]+", name)] == []
    # No operation answers 405: it is the answer of an address to the methods it does not have.
    unused = {"#/components/responses/NotAllowed", "#/components/headers/Allow"}
    # What signs in is named by the operations without a reference.
    listed = [name for name in listed if "/securitySchemes/" not in name]
    assert {name for name in listed if name not in refs} <= unused


def test_operations_have_unique_names_a_tag_that_is_listed_and_answers(document: Tree) -> None:
    tags = [tag["name"] for tag in document["tags"]]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(tags) == len(set(tags))
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert set(operation["tags"]) <= set(tags), (path, method)
        answers = {status: resolved(document, item) for status, item in operation["responses"].items()}
        assert min(answers)[0] in "23", (path, method)
        assert all(item["description"] for item in answers.values()), (path, method)


def test_parameters_are_unique_and_those_of_the_path_are_declared(document: Tree) -> None:
    for path, method, operation in operations(document):
        found = [resolved(document, item) for item in operation["parameters"]]
        keys = [(item["in"], item["name"]) for item in found]
        assert len(keys) == len(set(keys)), (path, method)
        assert set(re.findall(r"\{(\w+)\}", path)) == {name for place, name in keys if place == "path"}
        assert all(item["required"] for item in found if item["in"] == "path")


def test_every_schema_is_json_schema_2020_12(document: Tree) -> None:
    schemas = [*document["components"]["schemas"].values(), *every(document, "schema")]
    assert len(schemas) > 300
    assert [schema for schema in schemas if not jsonschema_rs.meta.is_valid(schema)] == []


def test_every_example_fits_its_schema(document: Tree) -> None:
    media = [
        item
        for content in every(document, "content")
        if isinstance(content, dict)
        for item in content.values()
        if isinstance(item, dict) and "schema" in item
    ]
    values = [
        (item["schema"], value)
        for item in media
        for value in [*(one["value"] for one in item.get("examples", {}).values()), *_single(item)]
    ]
    values += [(item["schema"], value) for item in _all_parameters(document) for value in _listed(item)]
    checks = {key: validator(document, json.loads(key)) for key in {json.dumps(schema) for schema, _ in values}}
    assert len(values) > 200
    assert [value for schema, value in values if not checks[json.dumps(schema)].is_valid(value)] == []


def _single(item: Tree) -> list[Any]:
    return [item["example"]] if "example" in item else []


def _all_parameters(document: Tree) -> list[Tree]:
    return list(document["components"]["parameters"].values())


def _listed(parameter: Tree) -> list[Any]:
    return [*parameter["schema"].get("examples", ()), *_single(parameter)]


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_refuses_what_is_no_such_resource(document: Tree, name: str) -> None:
    check = validator(document, {"$ref": f"#/components/schemas/{name}"})
    example = dict(registry()[name].example)
    assert check.is_valid(example)
    assert not check.is_valid({**example, "nickname": "a"})
    assert not check.is_valid({**example, "resourceType": "Basic"})


def test_a_required_choice_asks_for_one_of_its_members(document: Tree) -> None:
    check = validator(document, {"$ref": "#/components/schemas/Immunization"})
    example = dict(registry()["Immunization"].example)
    day = example.pop("occurrenceDateTime")
    assert not check.is_valid(example)
    assert not check.is_valid({**example, "occurrenceDateTime": day, "occurrenceString": "2026"})
    assert check.is_valid({**example, "occurrenceString": "2026"})


def test_every_interaction_is_described_and_no_other() -> None:
    assert {name for methods in ROUTES.values() for name in methods.values()} == DESCRIBED


def test_every_route_is_documented_and_no_other(document: Tree) -> None:
    expected = {
        (path, method.lower())
        for shape, methods in ROUTES.items()
        for path, operation in addresses(shape)
        for method in methods
        if operation is None or method == "POST" or asked_by_address(operation, path)
    }
    found = {(path, method) for path, method, _ in operations(document) if path.startswith("/fhir")}
    audited = {("/fhir/AuditEvent", "get"), ("/fhir/AuditEvent/{id}", "get")}
    assert found == expected | audited
    assert {"/indicators", "/health/live", "/health/ready"} <= document["paths"].keys()


def addresses(shape: tuple[str, ...]) -> list[tuple[str, Operation | None]]:
    """Return the addresses of a shape with every type, and the operation that stands there."""
    if "other" in shape:
        person = registry().person.name
        others = ["*", *(kind.name for kind in kinds(registry()))]
        return [(address(shape, {"type": person, "other": other}), None) for other in others]
    types: list[tuple[ResourceType | None, str]] = [(None, "")]
    types = [(kind, "") for kind in registry()] if "type" in shape else types
    types = [(None, name) for name in PUBLISHED] if "published" in shape else types
    named = [(kind, name, {"type": kind.name if kind else "", "published": name}) for kind, name in types]
    if "$operation" not in shape:
        return [(address(shape, words), None) for _, _, words in named]
    return [
        (address(shape, {**words, "$operation": f"${operation.name}"}), operation)
        for kind, name, words in named
        for operation in operations_at(kind, name, instance="id" in shape)
    ]


def address(shape: tuple[str, ...], words: dict[str, str]) -> str:
    return "/".join(["/fhir", *({"id": "{id}", "version": "{vid}", **words}.get(part, part) for part in shape)])


def asked_by_address(operation: Operation, path: str) -> bool:
    """Say whether GET can ask for an operation: it changes nothing, and what it is about need not be sent."""
    sent = any(item.use == "in" and item.type == "Resource" for item in operation.parameters)
    return not operation.changes and ("{id}" in path or not sent)


@pytest.mark.parametrize("name", TYPES)
def test_every_search_parameter_is_documented(document: Tree, name: str) -> None:
    known = {parameter.name for parameter in (*COMMON, *registry()[name].search)}
    search = document["paths"][f"/fhir/{name}"]["get"]
    assert {*known, *RESULT, PARAMETER} <= names(document, search)
    form = resolved(document, document["paths"][f"/fhir/{name}/_search"]["post"]["requestBody"])["content"]
    fields = form["application/x-www-form-urlencoded"]["schema"]["properties"].keys()
    assert {*known, *RESULT, PARAMETER} - {"_format", "_pretty"} <= fields


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_search_parameter_of_shipped_definitions_is_documented(document: Tree, name: str) -> None:
    assert fields(name).keys() <= names(document, document["paths"][f"/fhir/{name}"]["get"])


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("name", TYPES)
def test_a_conditional_write_takes_the_criteria_of_its_type(document: Tree, name: str, method: str) -> None:
    known = {parameter.name for parameter in (*COMMON, *registry()[name].search)}
    found = names(document, document["paths"][f"/fhir/{name}"][method])
    assert known | {"If-Match", "Prefer"} <= found
    assert found.isdisjoint({"_count", "_sort", "_include"})


def names(document: Tree, operation: Tree) -> set[str]:
    return {resolved(document, item)["name"] for item in operation["parameters"]}


def test_every_parameter_of_an_operation_is_documented(document: Tree) -> None:
    checked = 0
    for shape in ROUTES:
        for path, operation in addresses(shape):
            if operation is None:
                continue
            taken = {item.name: item.type for item in operation.parameters if item.use == "in"}
            text = document["paths"][path]["post"]["description"]
            assert [name for name in taken if f"- `{name}`" not in text] == [], path
            if "get" in document["paths"][path]:
                simple = {name for name, kind in taken.items() if kind[0].islower()}
                assert simple <= names(document, document["paths"][path]["get"]), path
            checked += 1
    assert checked > 30


def test_every_error_the_service_knows_is_documented(document: Tree) -> None:
    def below(error: type[TramyError]) -> Iterator[type[TramyError]]:
        yield error
        for inner in error.__subclasses__():
            yield from below(inner)

    # A service that is misconfigured does not start.
    statuses = {str(error.status) for error in below(TramyError) if error is not Misconfigured}
    table = set(re.findall(r"^\| (\d{3}) \|", document["info"]["description"], re.MULTILINE))
    assert table == statuses


def test_fastapis_own_errors_are_not_documented_for_they_never_come(document: Tree) -> None:
    assert "HTTPValidationError" not in made().decode()
    place = document["paths"]["/indicators/{code}"]["get"]["responses"]
    assert place["400"] == {"$ref": "#/components/responses/BadParameter"}
    assert place["404"] == {"$ref": "#/components/responses/NotFound"}


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_the_document_is_served_for_the_settings_in_force(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.get(f"{HOST}/openapi.json", headers={"accept-encoding": coding})
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding", "identity") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.json() == read()


def test_every_parameter_of_the_audit_is_documented_and_no_other(document: Tree) -> None:
    told = {path: names(document, document["paths"][path]["get"]) for path in ("/audit", "/fhir/AuditEvent")}
    assert told == {"/audit": set(audit_asked._PLAIN), "/fhir/AuditEvent": set(audit_asked._EVENT)}


def test_every_operation_says_how_to_sign_in_and_the_public_ones_that_nobody_must(document: Tree) -> None:
    said = {(path, method): operation["security"] for path, method, operation in operations(document)}
    public = {path for (path, _), ways in said.items() if ways == []}
    assert public == {
        "/fhir/metadata",
        "/.well-known/smart-configuration",
        "/auth/token",
        "/auth/login",
        "/health/live",
        "/health/ready",
    }
    assert {name for ways in said.values() for way in ways for name in way} == set(schemes())


async def test_an_operation_that_takes_a_token_is_refused_without_one(
    shared: tuple[FastAPI, httpx.AsyncClient],
) -> None:
    transport = httpx.ASGITransport(shared[0], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as nobody:
        for path, method, operation in operations(read()):
            if {"token": []} in operation["security"] and {} not in operation["security"]:
                answer = await nobody.request(method, path.replace("{", "").replace("}", ""))
                assert answer.status_code == 401, (path, method)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert "401" in operation["responses"]
