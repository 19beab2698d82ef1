"""The declared search parameters are those R4 publishes. https://hl7.org/fhir/R4/searchparameter-registry.html"""

import re

import pytest

from app.config import Settings
from app.fhir.definitions import elements
from app.fhir.resource_type import ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.described import codes, described, in_vietnamese, official, published
from app.fhir.search.modifiers import MODIFIERS, modifiers
from app.fhir.search.parameter import Parameter
from app.resources.registry import registry

TYPES = registry()
DECLARED = [(kind, parameter) for kind in TYPES for parameter in kind.search]
NAMES = [f"{kind.name}-{parameter.name}" for kind, parameter in DECLARED]
# https://hl7.org/fhir/R4/search.html#modifiers; a reference also takes the types it may name.
PUBLISHED_MODIFIERS = {
    "token": {"missing", "not", "text", "in", "not-in", "above", "below", "of-type"},
    "string": {"missing", "exact", "contains"},
    "date": {"missing"},
    "reference": {"missing", "identifier", "above", "below"},
    "quantity": {"missing"},
    "special": {"missing"},
    "uri": {"missing", "above", "below"},
}


@pytest.mark.parametrize(("kind", "parameter"), DECLARED, ids=NAMES)
def test_a_declared_parameter_has_the_published_type_and_targets(kind: ResourceType, parameter: Parameter) -> None:
    found = official(kind, parameter)
    assert found is not None
    assert (found["code"], found["type"]) == (parameter.name, parameter.kind)
    assert set(found.get("target", ())) == set(parameter.targets)


@pytest.mark.parametrize(("kind", "parameter"), DECLARED, ids=NAMES)
def test_a_declared_parameter_looks_where_the_published_expression_does(
    kind: ResourceType, parameter: Parameter
) -> None:
    found = official(kind, parameter)
    assert found is not None
    text = re.sub(r"\.where\(system='(\w+)'\)", r"[system=\1]", found["expression"])
    text = re.sub(r"\.where\(resolve\(\) is \w+\)|\.exists\(\)", "", text)
    expressions = set(re.findall(rf"\b{kind.name}\.([\w.\[\]=]+)", text))
    assert {_expression(kind, path) for path in parameter.paths} == expressions


def _expression(kind: ResourceType, path: str) -> str:
    """Return a path with the FHIRPath names of its elements: `deceasedBoolean` is `deceased`."""
    name, steps = kind.name, []
    for step in path.split("."):
        member, _, rest = step.partition("[")
        element = elements(name)[member]
        steps.append(element.name + (f"[{rest}" if rest else ""))
        name = element.kind
    return ".".join(steps)


@pytest.mark.parametrize("kind", list(TYPES), ids=lambda kind: kind.name)
def test_every_published_parameter_of_a_type_is_declared(kind: ResourceType) -> None:
    missing = {name for base, name in published() if base == kind.name} - {item.name for item in kind.search}
    assert missing == set()


def test_the_parameters_of_every_type_are_declared_but_for_those_of_full_text() -> None:
    names = {name for base, name in published() if base in ("Resource", "DomainResource")}
    assert names - {parameter.name for parameter in COMMON} == {"_content", "_query", "_text"}
    assert {parameter.name: parameter.kind for parameter in COMMON} == {
        parameter.name: published()["Resource", parameter.name]["type"] for parameter in COMMON
    }


@pytest.mark.parametrize("kind", list(MODIFIERS))
def test_modifiers_are_those_of_the_parameter_type(kind: str) -> None:
    assert set(MODIFIERS[kind]) <= PUBLISHED_MODIFIERS[kind]


def test_a_parameter_that_names_the_owner_alone_has_no_identifier_modifier() -> None:
    found = {"identifier" in modifiers(item) for _, item in DECLARED if item.owner and len(item.targets) == 1}
    assert found == {False}


def test_a_description_has_the_line_of_its_type_the_codes_and_both_languages() -> None:
    encounter = TYPES["Encounter"]
    says = described(encounter, encounter.parameters["date"], Settings())
    assert says.en.startswith("A date within the period the Encounter lasted. ")
    assert "Asia/Ho_Chi_Minh" in says.en
    assert "Asia/Ho_Chi_Minh" in says.vi
    assert codes(encounter, encounter.parameters["status"])[:2] == ("planned", "arrived")
    assert codes(encounter, encounter.parameters["type"]) == ()
    assert "`finished`" in described(encounter, encounter.parameters["status"], Settings()).vi


def test_every_parameter_is_described_in_vietnamese_and_no_other_is() -> None:
    names = {item.name for _, item in DECLARED} | {item.name for item in COMMON}
    exact = {f"{kind.name}.{item.name}" for kind, item in DECLARED}
    assert names <= in_vietnamese().keys() <= names | exact


def test_a_description_leaves_out_the_advice_to_servers() -> None:
    location = TYPES["Location"]
    says = described(location, location.parameters["near"], Settings())
    assert "\n" not in says.en
    assert "near-distance" not in says.en


def test_a_name_by_sound_is_described_as_such() -> None:
    patient = TYPES["Patient"]
    assert "sound" in described(patient, patient.parameters["phonetic"], Settings()).en
    assert "Hoà" in described(patient, patient.parameters["name"], Settings()).en
