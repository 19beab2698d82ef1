"""References point at what they may, and contained resources are whole, known and used."""

from typing import Any

import pytest

ENCOUNTER = {
    "resourceType": "Encounter",
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
}


def encounter(**subject: Any) -> dict[str, Any]:
    return {**ENCOUNTER, "subject": subject}


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/a"},
        {"reference": "Group/a"},
        {"reference": "Patient/a/_history/2"},
        {"reference": "https://example.org/fhir/Patient/a"},
        {"reference": "http://example.org/some/where/else"},
        {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
        {"reference": "urn:oid:1.2.3"},
        {"reference": "Patient/a", "type": "Patient"},
        {"reference": "Patient/a", "type": "http://hl7.org/fhir/StructureDefinition/Patient"},
        {"type": "http://example.org/a-logical-model"},
        {"display": "some person"},
        {"identifier": {"value": "1"}, "type": "Patient"},
    ],
)
def test_allowed_targets_are_taken(faults, subject: dict[str, Any]) -> None:
    assert faults(encounter(**subject)) == []


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({"reference": "Practitioner/a"}, ("Encounter.subject", "value")),
        ({"reference": "https://example.org/fhir/Location/a"}, ("Encounter.subject", "value")),
        ({"reference": "Location/a/_history/1"}, ("Encounter.subject", "value")),
        ({"type": "Practitioner", "display": "x"}, ("Encounter.subject", "value")),
        ({"reference": "Patient/a", "type": "Group"}, ("Encounter.subject.type", "value")),
        ({"reference": "Patinet/a"}, ("Encounter.subject.reference", "value")),
        ({"reference": "patient/a"}, ("Encounter.subject.reference", "value")),
        ({"reference": "a"}, ("Encounter.subject.reference", "value")),
        ({"reference": "Patient/a\n"}, ("Encounter.subject.reference", "value")),
        ({"reference": "Patient/"}, ("Encounter.subject.reference", "value")),
        ({"reference": "../Patient/a/b/c"}, ("Encounter.subject.reference", "value")),
        ({"reference": "javascript:a()"}, ("Encounter.subject.reference", "value")),
        ({"reference": "#a"}, ("Encounter.subject.reference", "invariant")),
        ({"reference": "#"}, ("Encounter.subject.reference", "invariant")),
    ],
)
def test_other_targets_are_refused(faults, subject: dict[str, Any], expected: tuple[str, str]) -> None:
    assert expected in faults(encounter(**subject))


def test_targets_hold_in_lists_and_data_types(faults) -> None:
    tree = {
        "resourceType": "Patient",
        "generalPractitioner": [{"reference": "Organization/a"}, {"reference": "Patient/a"}],
        "identifier": [{"value": "1", "assigner": {"reference": "Patient/a"}}],
    }
    assert faults(tree) == [("Patient.generalPractitioner[1]", "value"), ("Patient.identifier[0].assigner", "value")]


PRACTITIONER = {"resourceType": "Practitioner", "id": "p", "name": [{"text": "An"}]}


def containing(*contained: Any, reference: str = "#p") -> dict[str, Any]:
    return {**ENCOUNTER, "contained": list(contained), "participant": [{"individual": {"reference": reference}}]}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (containing(PRACTITIONER), None),
        (containing({**PRACTITIONER, "gender": "M"}), ("Encounter.contained[0].gender", "code-invalid")),
        (containing({**PRACTITIONER, "brithDate": "1"}), ("Encounter.contained[0]", "structure")),
        (containing({**PRACTITIONER, "contained": [PRACTITIONER]}), ("Encounter.contained[0].contained", "invariant")),
        (containing(PRACTITIONER, {**PRACTITIONER, "id": "q"}), ("Encounter.contained[1]", "invariant")),
        (containing(PRACTITIONER, PRACTITIONER), ("Encounter.contained[0].id", "invariant")),
        (containing({**PRACTITIONER, "meta": {"versionId": "1"}}), ("Encounter.contained[0].meta", "invariant")),
        (
            containing({**PRACTITIONER, "meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}),
            ("Encounter.contained[0].meta", "invariant"),
        ),
        (
            containing({**PRACTITIONER, "meta": {"security": [{"code": "R"}]}}),
            ("Encounter.contained[0].meta.security", "invariant"),
        ),
        (
            containing({"resourceType": "Practitioner", "name": [{"text": "#p"}]}),
            ("Encounter.contained[0]", "invariant"),
        ),
        (containing({"resourceType": "Nothing", "id": "p"}), ("Encounter.contained[0]", "structure")),
        (containing({"id": "p"}), ("Encounter.contained[0]", "structure")),
        (containing("p"), ("Encounter.contained[0]", "structure")),
        (containing({"resourceType": "Project", "id": "p"}), ("Encounter.contained[0]", "structure")),
        (containing({"resourceType": "Location", "id": "p"}), ("Encounter.participant[0].individual", "value")),
        (
            containing({"resourceType": "Observation", "id": "p", "status": "final"}),
            ("Encounter.contained[0].code", "required"),
        ),
        (
            containing({"resourceType": "Condition", "id": "p", "subject": {"reference": "#"}}),
            ("Encounter.contained[0].subject", "value"),
        ),
        (
            containing({**PRACTITIONER, "modifierExtension": [{"url": "a", "valueCode": "b"}]}),
            ("Encounter.contained[0].modifierExtension", "extension"),
        ),
    ],
)
def test_contained_resources(faults, tree: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = faults(tree)
    assert (found == []) if expected is None else (expected in found)


def test_a_contained_resource_may_point_at_the_one_around_it(faults) -> None:
    tree = {
        "resourceType": "Patient",
        "contained": [
            {"resourceType": "Observation", "status": "final", "code": {"text": "a"}, "subject": {"reference": "#"}}
        ],
    }
    assert faults(tree) == []


@pytest.mark.parametrize("kind", ["MedicinalProduct", "Evidence", "Bundle", "Parameters", "Binary", "DomainResource"])
def test_any_contained_type_is_answered(faults, kind: str) -> None:
    nested = {"resourceType": kind, "id": "p", "entry": [{"resource": {"resourceType": "Nothing"}}]}
    assert faults(containing(nested))
