"""/metadata says what the service does, and the service does what it says. https://hl7.org/fhir/R4/capabilitystatement.html"""

import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from app.config import Settings
from app.fhir.asked import ROUTES
from app.fhir.interactions.capabilities import VERSION, statement
from app.fhir.search.described import modifiers
from app.fhir.search.query import COMMON
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
    assert "up to 77." in text


def test_the_interactions_of_a_type_are_those_of_its_routes(stated: dict[str, Any]) -> None:
    codes = {item["code"] for item in resource(stated, "Patient")["interaction"]}
    assert codes == {"read", "vread", "update", "delete", "history-instance", "create", "search-type"}
    assert len({name for shape, names in ROUTES.items() if shape[:1] == ("type",) for name in names.values()}) == 7
    assert {item["code"] for item in stated["rest"][0]["interaction"]} == {"transaction", "batch"}


async def test_conditional_update_and_delete_are_stated_as_they_are(
    client: httpx.AsyncClient, stated: dict[str, Any]
) -> None:
    said = resource(stated, "Patient")
    assert (said["conditionalUpdate"], said["conditionalDelete"], said["conditionalCreate"]) == (
        False,
        "not-supported",
        True,
    )
    for method in ("PUT", "DELETE"):
        answer = await client.request(method, "/Patient?gender=male", json={"resourceType": "Patient"})
        assert answer.status_code == 405


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
            assert f"`:{modifier}`" in item["documentation"] or not modifier
            query = {f"{item['name']}:{modifier}": "true" if modifier == "missing" else value}
            query = query if modifier else {item["name"]: value}
            answer = await client.get(f"/{name}", params={**query, "_count": "0"})
            assert answer.status_code == 200, (query, answer.text)


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
