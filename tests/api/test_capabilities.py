"""/metadata says what the service does, and the service does what it says. https://hl7.org/fhir/R4/capabilitystatement.html"""

import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from app.config import Settings
from app.fhir.asked import PUBLISHED, ROUTES
from app.fhir.interactions import capabilities
from app.fhir.interactions.capabilities import VERSION, statement
from app.fhir.operations import operations_at
from app.fhir.search.common import COMMON
from app.fhir.search.modifiers import modifiers
from app.fhir.search.parameter import Parameter
from app.fhir.validation import Validator
from app.resources.registry import registry

TYPES = [kind.name for kind in registry()]
VALUES = {
    "token": "a",
    "string": "a",
    "date": "2026-03-02",
    "reference": "a",
    "quantity": "1",
    "special": "21|105",
    "uri": "urn:a",
}


OF_MODIFIERS = {
    "missing": "true",
    "in": "http://hl7.org/fhir/ValueSet/administrative-gender",
    "not-in": "http://hl7.org/fhir/ValueSet/administrative-gender",
    "of-type": "http://terminology.hl7.org/CodeSystem/v2-0203|MR|1",
    "above": "http://hl7.org/fhir/administrative-gender|male",
    "below": "http://hl7.org/fhir/administrative-gender|male",
}


def hierarchic(parameter: Parameter) -> list[str]:
    """Return the types a reference may name whose records stand above and below each other."""
    return [target for target in parameter.targets if target in registry() and registry()[target].hierarchy]


def given_with(parameter: Parameter, modifier: str, value: str) -> str:
    """Return a value for a parameter with a modifier, "" where the modifier can mean nothing."""
    if modifier in ("above", "below") and parameter.kind == "reference":
        return next((f"{name}/a" for name in hierarchic(parameter)), "")
    return OF_MODIFIERS.get(modifier, value) if parameter.kind == "token" or modifier == "missing" else value


@pytest.fixture
async def stated(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/metadata")
    assert answer.status_code == 200
    return answer.json()


def resource(stated: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in stated["rest"][0]["resource"] if item["type"] == name)


def test_the_statement_is_valid_fhir(stated: dict[str, Any]) -> None:
    assert Validator(["CapabilityStatement"]).faults("CapabilityStatement", stated) == []
    assert CapabilityStatement.model_validate(stated).fhirVersion == "4.0.1"


def test_the_statement_names_the_version_of_the_program_and_the_address_of_the_client(stated: dict[str, Any]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert stated["software"]["version"] == stated["version"] == VERSION == project["version"]
    assert stated["implementation"]["url"] == "http://tramy.test/fhir"
    assert (stated["kind"], stated["status"], stated["date"]) == ("instance", "active", "2026-11-22")


def test_the_limits_are_those_of_the_settings() -> None:
    settings = Settings(body_limit=1001, depth_limit=17, bundle_limit=33, page_size=7, page_limit=77)
    text = statement(registry(), settings, "http://a/fhir")["description"]
    assert all(f" {figure} " in text for figure in (1001, 17, 33, 7)), text
    assert "up to 77," in text


@pytest.mark.parametrize("name", TYPES)
def test_the_interactions_of_a_type_are_those_of_its_routes(stated: dict[str, Any], name: str) -> None:
    said = resource(stated, name)
    assert {item["code"] for item in said["interaction"]} == {
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    }
    assert stated["patchFormat"] == ["application/json-patch+json", "application/fhir+json"]
    deletes = "multiple" if registry()[name].deletes_many else "single"
    assert (said["conditionalRead"], said["conditionalDelete"]) == ("full-support", deletes)
    assert said["conditionalUpdate"] is said["conditionalCreate"] is said["updateCreate"] is said["readHistory"] is True


def test_the_interactions_of_the_system_are_those_of_its_routes(stated: dict[str, Any]) -> None:
    rest = stated["rest"][0]
    assert [item["code"] for item in rest["interaction"]] == [
        "search-system",
        "transaction",
        "batch",
        "history-system",
    ]
    assert rest["compartment"] == ["http://hl7.org/fhir/CompartmentDefinition/patient"]


def test_every_interaction_of_a_route_is_said_in_some_way(stated: dict[str, Any]) -> None:
    """A new interaction must be given a code, or a place among those that are said elsewhere."""
    elsewhere = {
        "capabilities",
        "operation",
        "job",
        "cancel-job",
        "search-compartment",
        "conditional-update",
        "conditional-patch",
        "conditional-delete",
    }
    known = {*capabilities._CODES, *capabilities._SYSTEM, *elsewhere}
    assert {name for names in ROUTES.values() for name in names.values()} <= known


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", [*TYPES, *PUBLISHED])
async def test_a_method_that_no_interaction_needs_is_refused(
    client: httpx.AsyncClient, stated: dict[str, Any], name: str, method: str
) -> None:
    needs = {"GET": {"read"}, "POST": set(), "PUT": {"update"}, "PATCH": {"patch"}, "DELETE": {"delete"}}
    said = {item["code"] for item in resource(stated, name)["interaction"]}
    answer = await client.request(method, f"/{name}/no-such-record", content=b"")
    assert (answer.status_code != 405) == bool(needs[method] & said)


@pytest.mark.parametrize("name", PUBLISHED)
def test_shipped_types_are_read_and_searched_alone(stated: dict[str, Any], name: str) -> None:
    said = resource(stated, name)
    assert {item["code"] for item in said["interaction"]} == {"read", "search-type"}
    assert {"_id", "url", "name"} <= {item["name"] for item in said["searchParam"]}
    assert "conditionalUpdate" not in said


async def test_the_statement_is_also_read_and_found_as_a_resource(
    client: httpx.AsyncClient, stated: dict[str, Any]
) -> None:
    assert (await client.get(f"/CapabilityStatement/{stated['id']}")).json() == stated
    found = (await client.get("/CapabilityStatement", params={"url": stated["url"]})).json()
    assert [item["resource"] for item in found["entry"]] == [stated]


@pytest.mark.parametrize("name", TYPES)
def test_what_comes_along_is_what_is_referred_to_and_refers(stated: dict[str, Any], name: str) -> None:
    said, kinds = resource(stated, name), registry()
    forward = {f"{name}:{item.name}" for item in kinds[name].search if any(target in kinds for target in item.targets)}
    back = {f"{kind.name}:{item.name}" for kind in kinds for item in kind.search if name in item.targets}
    assert set(said.get("searchInclude", ["*"])) == {"*", *forward}
    assert set(said.get("searchRevInclude", [])) == back


@pytest.mark.parametrize("name", TYPES)
async def test_every_include_stated_is_taken(client: httpx.AsyncClient, stated: dict[str, Any], name: str) -> None:
    said = resource(stated, name)
    pairs = [("_include", value) for value in said.get("searchInclude", [])]
    pairs += [("_revinclude", value) for value in said.get("searchRevInclude", [])]
    for parameter, value in pairs:
        answer = await client.get(f"/{name}", params={parameter: value, "_count": "0"})
        assert answer.status_code == 200, (parameter, value, answer.text)


@pytest.mark.parametrize("name", [*TYPES, *PUBLISHED])
def test_operations_are_stated_where_they_stand(stated: dict[str, Any], name: str) -> None:
    kind, published = (registry()[name], "") if name in TYPES else (None, name)
    here = {item.name for instance in (False, True) for item in operations_at(kind, published, instance=instance)}
    said = resource(stated, name).get("operation", [])
    assert {item["name"] for item in said} == here
    assert len(said) == len(here)
    assert {item.name for item in operations_at(None)} == {
        item["name"] for item in stated["rest"][0].get("operation", [])
    }


@pytest.mark.parametrize("name", TYPES)
async def test_every_search_parameter_and_modifier_stated_is_taken(
    client: httpx.AsyncClient, stated: dict[str, Any], name: str
) -> None:
    kind = registry()[name]
    said = resource(stated, name)["searchParam"]
    known = {parameter.name: parameter for parameter in (*COMMON, *kind.search)}
    assert [item["name"] for item in said] == list(known)
    for item in said:
        assert item["definition"].startswith("http://hl7.org/fhir/SearchParameter/")
        value = VALUES[item["type"]]
        for modifier in ("", *modifiers(known[item["name"]])):
            given = given_with(known[item["name"]], modifier, value)
            if not given:
                continue  # The next test says that such a modifier is not stated.
            assert f"`:{modifier}`" in item["documentation"] or not modifier
            query = {f"{item['name']}:{modifier}" if modifier else item["name"]: given}
            answer = await client.get(f"/{name}", params={**query, "_count": "0"})
            assert answer.status_code == 200, (query, answer.text)


@pytest.mark.parametrize("name", TYPES)
def test_a_modifier_that_asks_for_a_hierarchy_is_stated_where_there_is_one(stated: dict[str, Any], name: str) -> None:
    said = {item["name"]: item["documentation"] for item in resource(stated, name)["searchParam"]}
    for parameter in registry()[name].search:
        if parameter.kind == "reference":
            for modifier in ("above", "below"):
                assert (f"`:{modifier}`" in said[parameter.name]) == bool(hierarchic(parameter)), parameter.name


@pytest.mark.parametrize("query", ["nickname=a", "birthdate:exact=2026", "name:above=a", "gender:text=a"])
async def test_what_is_not_stated_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/Patient?{query}")).status_code == 400


@pytest.mark.parametrize(
    ("name", "policy", "says"),
    [
        ("Coverage", ["literal", "logical", "enforced"], "`Coverage.beneficiary` must name a patient held here."),
        ("Encounter", ["literal", "logical", "enforced"], "If given and a patient, `Encounter.subject` must name"),
        ("Location", ["literal", "logical"], "References may name what is not held here."),
    ],
)
def test_references_are_stated_to_be_enforced_for_the_patient_alone(
    stated: dict[str, Any], name: str, policy: list[str], says: str
) -> None:
    said = resource(stated, name)
    assert said["referencePolicy"] == policy
    assert says in said["documentation"]


async def test_it_says_where_to_sign_in_as_the_smart_configuration_does(
    client: httpx.AsyncClient, stated: dict[str, Any]
) -> None:
    security = stated["rest"][0]["security"]
    (addresses,) = security["extension"]
    smart = (await client.get("/.well-known/smart-configuration")).json()
    assert {item["url"]: item["valueUri"] for item in addresses["extension"]} == {
        "token": smart["token_endpoint"],
        "revoke": smart["revocation_endpoint"],
        "introspect": smart["introspection_endpoint"],
    }
    assert "SMART-on-FHIR" in [coding["code"] for coding in security["service"][0]["coding"]]
    assert security["cors"] is False
