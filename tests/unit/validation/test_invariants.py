"""Every error invariant of the types taken here and of their data types has a rule, and the rule holds."""

import json
from decimal import Decimal
from typing import Any

import pytest

from app.fhir import definitions
from app.fhir.definitions import SCHEMAS
from app.fhir.validation.moments import reversed_for_certain

TYPES = ("Patient", "Immunization", "Encounter", "Coverage", "Organization", "Location", "Practitioner")
# The data types have no StructureDefinition among the schemas; these are their invariants of severity error.
DATA_TYPES = {
    "Age": ["age-1", "qty-3"],
    "Attachment": ["att-1"],
    "ContactPoint": ["cpt-2"],
    "Count": ["cnt-3"],
    "DataRequirement_CodeFilter": ["drq-1"],
    "DataRequirement_DateFilter": ["drq-2"],
    "Distance": ["dis-1"],
    "Duration": ["drt-1"],
    "Expression": ["exp-1"],
    "Extension": ["ext-1"],
    "Narrative": ["txt-1", "txt-2"],
    "Period": ["per-1"],
    "Quantity": ["qty-3", "sqty-1"],
    "Range": ["rng-2"],
    "Ratio": ["rat-1"],
    "Reference": ["ref-1"],
    "Timing_Repeat": ["tim-1", "tim-2", "tim-4", "tim-5", "tim-6", "tim-7", "tim-8", "tim-9", "tim-10"],
    "TriggerDefinition": ["trd-1", "trd-2", "trd-3"],
}
UCUM = "http://unitsofmeasure.org"
NS = 'xmlns="http://www.w3.org/1999/xhtml"'
PRACTITIONER = {"resourceType": "Practitioner", "id": "p", "name": [{"text": "An"}]}


def patient(**part: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **part}


def valued(name: str, value: Any) -> dict[str, Any]:
    """Hang any data type on a patient, as the value of an extension."""
    return patient(extension=[{"url": "http://example.org/x", f"value{name}": value}])


def timing(**repeat: Any) -> dict[str, Any]:
    return valued("Timing", {"repeat": repeat})


def immunization(**part: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"text": "a"},
        "patient": {"reference": "Patient/a"},
        "occurrenceDateTime": "2026",
        **part,
    }


def containing(**part: Any) -> dict[str, Any]:
    return patient(contained=[{**PRACTITIONER, **part}], generalPractitioner=[{"reference": "#p"}])


def organization(**part: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "name": "Tr\u1ea1m y t\u1ebf", **part}


VALUE = "Patient.extension[0].value"
CODE = {"system": UCUM, "code": "a"}
# Per key: what breaks it and where, and the nearest thing that does not.
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("age-1", VALUE, valued("Age", {"value": 0, **CODE}), valued("Age", {"value": 1, **CODE})),
    ("age-1", VALUE, valued("Age", {"value": 1}), valued("Age", {"unit": "year"})),
    ("age-1", VALUE, valued("Age", {"value": 1, "system": "http://a", "code": "a"}), valued("Age", CODE)),
    ("att-1", "Patient.photo[0]", patient(photo=[{"data": "QUI="}]), patient(photo=[{"url": "http://a.example/b"}])),
    (
        "cnt-3",
        VALUE,
        valued("Count", {"value": Decimal("1.0"), "system": UCUM, "code": "1"}),
        valued("Count", {"value": 1, "system": UCUM, "code": "1"}),
    ),
    ("cnt-3", VALUE, valued("Count", {"value": 1, **CODE}), valued("Count", {"unit": "x"})),
    (
        "cpt-2",
        "Patient.telecom[0]",
        patient(telecom=[{"value": "1"}]),
        patient(telecom=[{"system": "phone", "value": "1"}]),
    ),
    ("dis-1", VALUE, valued("Distance", {"value": 1}), valued("Distance", {"value": 1, **CODE})),
    ("dom-2", "Patient.contained[0].contained", containing(contained=[PRACTITIONER]), containing()),
    ("dom-3", "Patient.contained[0]", patient(contained=[PRACTITIONER]), containing()),
    (
        "dom-4",
        "Patient.contained[0].meta",
        containing(meta={"versionId": "1"}),
        containing(meta={"source": "http://a"}),
    ),
    (
        "dom-5",
        "Patient.contained[0].meta.security",
        containing(meta={"security": [{"code": "R"}]}),
        containing(meta={"tag": [{"code": "R"}]}),
    ),
    (
        "drq-1",
        f"{VALUE}.codeFilter[0]",
        valued("DataRequirement", {"type": "Patient", "codeFilter": [{"path": "a", "searchParam": "b"}]}),
        valued("DataRequirement", {"type": "Patient", "codeFilter": [{"path": "a"}]}),
    ),
    (
        "drq-2",
        f"{VALUE}.dateFilter[0]",
        valued("DataRequirement", {"type": "Patient", "dateFilter": [{"valueDateTime": "2026"}]}),
        valued("DataRequirement", {"type": "Patient", "dateFilter": [{"searchParam": "a"}]}),
    ),
    ("drt-1", VALUE, valued("Duration", CODE), valued("Duration", {"value": 1, **CODE})),
    (
        "drt-1",
        VALUE,
        valued("Duration", {"value": 1, "code": "a", "system": "http://a"}),
        valued("Duration", {"value": 1, "unit": "day"}),
    ),
    (
        "ele-1",
        "Patient.maritalStatus",
        patient(maritalStatus={"id": "a"}),
        patient(maritalStatus={"id": "a", "text": "b"}),
    ),
    (
        "exp-1",
        VALUE,
        valued("Expression", {"language": "text/cql"}),
        valued("Expression", {"language": "text/cql", "expression": "a"}),
    ),
    (
        "ext-1",
        "Patient.extension[0]",
        patient(extension=[{"url": "a"}]),
        patient(extension=[{"url": "a", "valueBoolean": False}]),
    ),
    (
        "ext-1",
        "Patient.extension[0]",
        patient(extension=[{"url": "a", "valueCode": "b", "extension": [{"url": "c", "valueCode": "d"}]}]),
        patient(extension=[{"url": "a", "extension": [{"url": "c", "valueCode": "d"}]}]),
    ),
    (
        "imm-1",
        "Immunization.education[0]",
        immunization(education=[{"publicationDate": "2026"}]),
        immunization(education=[{"reference": "http://a.example/b"}]),
    ),
    (
        "org-1",
        "Organization",
        {"resourceType": "Organization", "active": True},
        {"resourceType": "Organization", "identifier": [{"value": "1"}]},
    ),
    (
        "org-2",
        "Organization.address",
        organization(address=[{"use": "work", "text": "a"}, {"use": "home", "text": "a"}]),
        organization(address=[{"use": "work", "text": "a"}]),
    ),
    (
        "org-3",
        "Organization.telecom",
        organization(telecom=[{"use": "home", "system": "phone"}]),
        organization(telecom=[{"use": "work", "system": "phone"}]),
    ),
    (
        "pat-1",
        "Patient.contact[0]",
        patient(contact=[{"gender": "male"}]),
        patient(contact=[{"organization": {"display": "a"}}]),
    ),
    (
        "per-1",
        "Patient.name[0].period",
        patient(name=[{"text": "a", "period": {"start": "2026-02-02", "end": "2026-02-01"}}]),
        patient(name=[{"text": "a", "period": {"start": "2026-02-02", "end": "2026"}}]),
    ),
    ("qty-3", VALUE, valued("Quantity", {"value": 1, "code": "mg"}), valued("Quantity", {"value": 1, "unit": "mg"})),
    (
        "rat-1",
        VALUE,
        valued("Ratio", {"numerator": {"value": 1}}),
        valued("Ratio", {"numerator": {"value": 1}, "denominator": {"value": 2}}),
    ),
    (
        "ref-1",
        "Patient.managingOrganization.reference",
        patient(managingOrganization={"reference": "#a"}),
        containing(),
    ),
    (
        "rng-2",
        VALUE,
        valued("Range", {"low": {"value": 2}, "high": {"value": Decimal("1.5")}}),
        valued("Range", {"low": {"value": 2, "unit": "g"}, "high": {"value": 1, "unit": "kg"}}),
    ),
    (
        "sqty-1",
        "Immunization.doseQuantity.comparator",
        immunization(doseQuantity={"value": 1, "comparator": "<"}),
        immunization(doseQuantity={"value": 1}),
    ),
    (
        "sqty-1",
        f"{VALUE}.low.comparator",
        valued("Range", {"low": {"value": 1, "comparator": "<"}}),
        valued("Quantity", {"value": 1, "comparator": "<"}),
    ),
    ("tim-1", f"{VALUE}.repeat", timing(duration=1), timing(duration=1, durationUnit="h")),
    ("tim-2", f"{VALUE}.repeat", timing(period=1), timing(period=1, periodUnit="d")),
    ("tim-4", f"{VALUE}.repeat", timing(duration=-1, durationUnit="h"), timing(duration=0, durationUnit="h")),
    ("tim-5", f"{VALUE}.repeat", timing(period=Decimal("-0.5"), periodUnit="h"), timing(period=0, periodUnit="h")),
    ("tim-6", f"{VALUE}.repeat", timing(periodMax=1), timing(periodMax=2, period=1, periodUnit="d")),
    ("tim-7", f"{VALUE}.repeat", timing(durationMax=1), timing(durationMax=2, duration=1, durationUnit="d")),
    ("tim-8", f"{VALUE}.repeat", timing(countMax=1), timing(countMax=2, count=1)),
    ("tim-9", f"{VALUE}.repeat", timing(offset=1), timing(offset=1, when=["AC"])),
    ("tim-9", f"{VALUE}.repeat", timing(offset=1, when=["C"]), timing(when=["C"])),
    ("tim-10", f"{VALUE}.repeat", timing(timeOfDay=["08:00:00"], when=["AC"]), timing(timeOfDay=["08:00:00"])),
    (
        "trd-1",
        VALUE,
        valued("TriggerDefinition", {"type": "data-added", "timingDate": "2026", "data": [{"type": "Patient"}]}),
        valued("TriggerDefinition", {"type": "periodic", "timingDate": "2026"}),
    ),
    (
        "trd-2",
        VALUE,
        valued(
            "TriggerDefinition",
            {"type": "named-event", "name": "a", "condition": {"language": "text/cql", "expression": "a"}},
        ),
        valued("TriggerDefinition", {"type": "named-event", "name": "a"}),
    ),
    (
        "trd-3",
        VALUE,
        valued("TriggerDefinition", {"type": "data-added"}),
        valued("TriggerDefinition", {"type": "data-added", "data": [{"type": "Patient"}]}),
    ),
    (
        "txt-1",
        "Patient.text.div",
        patient(text={"status": "generated", "div": f"<div {NS}><script/>a</div>"}),
        patient(text={"status": "generated", "div": f"<div {NS}>a</div>"}),
    ),
    (
        "txt-2",
        "Patient.text.div",
        patient(text={"status": "generated", "div": f"<div {NS}> </div>"}),
        patient(text={"status": "empty", "div": f"<div {NS}>-</div>"}),
    ),
]


def required_keys() -> set[str]:
    keys = {key for name in TYPES for part in definitions.reachable(name) for key in DATA_TYPES.get(part, [])}
    for name in TYPES:
        profile = json.loads((SCHEMAS / "fhir" / "profiles" / f"{name}.json").read_text(encoding="utf-8"))
        rows = [c for element in profile["snapshot"]["element"] for c in element.get("constraint", [])]
        keys |= {row["key"] for row in rows if row["severity"] == "error"}
    return keys


def test_every_error_invariant_has_a_case() -> None:
    assert required_keys() == {key for key, *_ in CASES}


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES)
def test_invariant_holds(faults, key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]) -> None:
    assert place in [expression for expression, _ in faults(broken)], key
    assert faults(kept) == [], key


def test_every_required_binding_of_a_code_is_enforced() -> None:
    for name in definitions.type_names():
        path = SCHEMAS / "fhir" / "profiles" / f"{name}.json"
        if not path.exists():
            continue
        for row in json.loads(path.read_text(encoding="utf-8"))["snapshot"]["element"]:
            binding = row.get("binding", {})
            value_set = binding.get("valueSet", "").partition("|")[0]
            if binding.get("strength") != "required" or row["type"][0]["code"] != "code" or "mimetypes" in value_set:
                continue
            kind, *steps = row["path"].split(".")
            for step in steps[:-1]:
                kind = definitions.elements(kind)[step].kind
            allowed = {code for _, code in definitions.codes(value_set)}
            element = definitions.elements(kind)[steps[-1]]
            assert set(element.codes) == allowed, row["path"]


@pytest.mark.parametrize(
    ("kind", "verification", "expected"),
    [
        ("http://terminology.hl7.org/CodeSystem/condition-clinical", "confirmed", True),
        ("http://example.org/other", "confirmed", False),
    ],
)
def test_a_required_binding_of_a_concept_is_enforced(faults, kind: str, verification: str, expected: bool) -> None:
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "clinicalStatus": {"coding": [{"system": kind, "code": "active"}]},
        "subject": {"reference": "Patient/a"},
    }
    tree = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "contained": [condition],
        "reasonReference": [{"reference": "#c"}],
    }
    assert faults(tree) == ([] if expected else [("Encounter.contained[0].clinicalStatus", "code-invalid")])


@pytest.mark.parametrize(
    ("start", "end", "reversed_"),
    [
        ("2026", "2026-01", False),
        ("2026-03", "2026-02", True),
        ("2026-03-31", "2026-03", False),
        ("2026-03-31", "2026-03-31", False),
        ("2026-04-01", "2026-03-31", True),
        ("2026-04-01", "2026-03", True),
        ("2026-03-31T10:00:00+07:00", "2026-03-31", False),
        ("2026-03-31T10:00:00+07:00", "2026-03-31T09:59:59+07:00", True),
        ("2026-03-31T10:00:00+07:00", "2026-03-31T03:00:00Z", False),
        ("2026-03-31T10:00:00+07:00", "2026-03-31T02:59:59.999Z", True),
        ("2026-03-31T10:00:00.5Z", "2026-03-31T10:00:00Z", False),
        ("2026-03-31T10:00:00Z", "2026-03-29", True),
        ("2026-03-31", "2026-03-29T10:00:00Z", True),
        ("2026-03-31", "2026-03-30T23:30:00Z", False),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-12:00", False),
        ("9999-12-31T23:59:60Z", "9999", False),
        ("2028-02-29T00:00:00Z", "2027", True),
        ("2026-02-30T00:00:00Z", "2025", False),
    ],
)
def test_periods_are_reversed_only_for_certain(start: str, end: str, reversed_: bool) -> None:
    assert reversed_for_certain(start, end) is reversed_
