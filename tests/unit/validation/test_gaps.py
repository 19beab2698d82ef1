"""Nothing that fhir.resources or the published JSON schema alone would let through gets through."""

from decimal import Decimal
from typing import Any

import pytest

PATIENT = {"resourceType": "Patient"}
EMPTY = "invariant"


@pytest.mark.parametrize(
    ("gap", "part", "expected"),
    [
        ("a code outside a required binding", {"gender": "M"}, ("Patient.gender", "code-invalid")),
        ("a text for a boolean", {"active": "true"}, ("Patient.active", "value")),
        ("a number for a boolean", {"active": 1}, ("Patient.active", "value")),
        ("a text for a number", {"multipleBirthInteger": "1"}, ("Patient.multipleBirth", "value")),
        ("a boolean for a number", {"telecom": [{"rank": True}]}, ("Patient.telecom[0].rank", "value")),
        (
            "a fraction for a whole number",
            {"telecom": [{"rank": Decimal("1.5")}]},
            ("Patient.telecom[0].rank", "value"),
        ),
        ("1.0 for a whole number", {"telecom": [{"rank": Decimal("1.0")}]}, ("Patient.telecom[0].rank", "value")),
        ("zero for a positive number", {"telecom": [{"rank": 0}]}, ("Patient.telecom[0].rank", "value")),
        ("more than 32 bits", {"multipleBirthInteger": 2**31}, ("Patient.multipleBirth", "value")),
        ("seconds since 1970 for a date", {"birthDate": 1_700_000_000}, ("Patient.birthDate", "value")),
        ("seconds since 1970 for a moment", {"deceasedDateTime": 0}, ("Patient.deceased", "value")),
        ("an id of 65 characters", {"id": "a" * 65}, ("Patient.id", "value")),
        ("an id with a line end", {"id": "a\n"}, ("Patient.id", "value")),
        ("an id with a slash", {"id": "../a"}, ("Patient.id", "value")),
        ("a null", {"gender": None}, ("Patient.gender", "code-invalid")),
        ("a null in a list", {"name": [None]}, ("Patient.name[0]", "structure")),
        ("a null among given names", {"name": [{"given": ["An", None]}]}, ("Patient.name[0].given[1]", EMPTY)),
        ("an empty list", {"name": []}, ("Patient.name", EMPTY)),
        ("an empty object", {"maritalStatus": {}}, ("Patient.maritalStatus", EMPTY)),
        ("an element of an id only", {"maritalStatus": {"id": "x"}}, ("Patient.maritalStatus", EMPTY)),
        ("a primitive of an id only", {"_birthDate": {"id": "x"}}, ("Patient.birthDate", EMPTY)),
        ("an empty text", {"name": [{"text": ""}]}, ("Patient.name[0].text", "value")),
        ("a blank text", {"name": [{"text": " \n"}]}, ("Patient.name[0].text", "value")),
        ("a text of unseen characters", {"name": [{"text": "\u00a0\u200b"}]}, ("Patient.name[0].text", "value")),
        ("a control character", {"name": [{"text": "An\x07"}]}, ("Patient.name[0].text", "value")),
        ("a NUL", {"name": [{"text": "An\x00"}]}, ("Patient.name[0].text", "value")),
        ("a wrong reference target", {"managingOrganization": {"reference": "Patient/1"}}, None),
        ("30 February", {"birthDate": "2026-02-30"}, ("Patient.birthDate", "value")),
        ("29 February of a common year", {"birthDate": "2100-02-29"}, ("Patient.birthDate", "value")),
        ("31 April", {"deceasedDateTime": "2026-04-31T00:00:00Z"}, ("Patient.deceased", "value")),
        ("month 13", {"birthDate": "2026-13"}, ("Patient.birthDate", "value")),
        ("a date with a line end", {"birthDate": "2026-01-01\n"}, ("Patient.birthDate", "value")),
        ("a time without a zone", {"deceasedDateTime": "2026-01-01T00:00:00"}, ("Patient.deceased", "value")),
        ("a date in other digits", {"birthDate": "\u0662\u0660\u0662\u0666"}, ("Patient.birthDate", "value")),
        ("a moment without seconds", {"meta": {"lastUpdated": "2026-01-01"}}, ("Patient.meta.lastUpdated", "value")),
        ("a missing required element", {"link": [{"type": "refer"}]}, ("Patient.link[0].other", "required")),
        ("two of a choice", {"deceasedBoolean": True, "deceasedDateTime": "2026"}, ("Patient.deceased", "structure")),
        ("an extension without url", {"extension": [{"valueCode": "a"}]}, ("Patient.extension[0].url", "required")),
        (
            "base64 of a wrong length",
            {"photo": [{"contentType": "a/b", "data": "QUJ"}]},
            ("Patient.photo[0].data", "value"),
        ),
        ("a space in a URI", {"identifier": [{"system": "a b"}]}, ("Patient.identifier[0].system", "value")),
        ("a double space in a code", {"language": "v  i"}, ("Patient.language", "value")),
        ("an element of another release", {"actualPeriod": {}}, ("Patient", "structure")),
        ("a misspelt element", {"birthdate": "2026"}, ("Patient", "structure")),
        ("comments of an old release", {"fhir_comments": ["x"]}, ("Patient", "structure")),
        ("an unknown modifier extension", {"modifierExtension": [{"url": "http://a", "valueCode": "b"}]}, None),
        ("a modifier extension below", {"contact": [{"gender": "male", "modifierExtension": [{"url": "a"}]}]}, None),
    ],
)
def test_gap_is_closed(faults, gap: str, part: dict[str, Any], expected: tuple[str, str] | None) -> None:
    found = faults({**PATIENT, **part})
    assert found, gap
    assert expected is None or expected in found, gap


def test_a_misspelt_element_is_recognised(validator) -> None:
    [fault] = validator.faults("Patient", {**PATIENT, "birthdate": "2026"})
    assert "birthDate" in fault.en
    assert "birthDate" in fault.vi


@pytest.mark.parametrize(
    "tree", [{}, {"resourceType": None}, {"resourceType": "Encounter"}, {"resourceType": ["Patient"]}]
)
def test_the_resource_type_must_be_the_one_asked_for(validator, tree: dict[str, Any]) -> None:
    [fault] = validator.faults("Patient", tree)
    assert fault.expression == "Patient"


@pytest.mark.parametrize(
    "part",
    [
        {"birthDate": "2024-02-29"},
        {"birthDate": "2000-02-29"},
        {"birthDate": "1958"},
        {"_birthDate": {"extension": [{"url": "http://example.org/unknown", "valueCode": "x"}]}},
        {"birthDate": "1958", "_birthDate": {"id": "b"}},
        {"name": [{"given": [None, "An"], "_given": [{"extension": [{"url": "a", "valueCode": "b"}]}, None]}]},
        {"name": [{"text": " Nguy\u1ec5n V\u0103n An\n"}]},
        {"extension": [{"url": "http://example.org/unknown", "valueDecimal": Decimal("1.50")}]},
        {"extension": [{"url": "http://example.org/a", "extension": [{"url": "b", "valueString": "c"}]}]},
        {"photo": [{"contentType": "image/png", "data": "QUI="}]},
        {"photo": [{"contentType": "image/png", "data": "QUJD\nQUI="}]},
        {"multipleBirthInteger": 2},
    ],
)
def test_what_is_valid_is_taken(faults, part: dict[str, Any]) -> None:
    assert faults({**PATIENT, **part}) == []


def test_all_faults_are_listed_once_without_what_was_sent(validator) -> None:
    secret = "Tran Bi Mat 012345678901"
    tree = {
        "resourceType": "Patient",
        "gender": secret,
        "birthDate": secret,
        secret: secret,
        "name": [{"use": secret, "period": {"start": "2026", "end": "2025"}}],
        "link": [{"type": secret}],
        "managingOrganization": {"reference": secret},
        "telecom": [{"value": secret}],
        "contained": [{"resourceType": secret}],
    }
    listed = validator.faults("Patient", tree)
    assert secret not in repr(listed)
    assert {f.expression for f in listed} >= {
        "Patient",
        "Patient.gender",
        "Patient.birthDate",
        "Patient.name[0].use",
        "Patient.name[0].period",
        "Patient.link[0].type",
        "Patient.link[0].other",
        "Patient.managingOrganization.reference",
        "Patient.telecom[0]",
        "Patient.contained[0]",
    }
    assert len({(f.expression, f.code, f.en) for f in listed}) == len(listed)


@pytest.mark.parametrize("depth", [300, 5_000])
def test_a_tree_too_deep_for_the_walk_is_refused(validator, depth: int) -> None:
    extension: dict[str, Any] = {"url": "a", "valueCode": "b"}
    for _ in range(depth):
        extension = {"url": "a", "extension": [extension]}
    [fault] = validator.faults("Patient", {**PATIENT, "extension": [extension]})
    assert fault.code == "too-long"


def test_a_long_list_of_faults_is_cut(validator) -> None:
    listed = validator.faults("Patient", {"resourceType": "Patient", "name": [{}] * 5_000})
    assert len(listed) == 101
    assert listed[-1].code == "too-long"
