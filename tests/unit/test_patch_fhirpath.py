"""FHIRPath Patch on resources: each operation, its paths and values. https://hl7.org/fhir/R4/fhirpatch.html"""

import json
from typing import Any

import pytest

from app.errors import Malformed, Unprocessable
from app.fhir.exact import read, write
from app.fhir.patch import fhirpath_patch, parameters
from app.fhir.patch.effort import Effort
from app.fhir.patch.fhirpath import read_path
from app.fhir.patch.find import find
from app.fhir.patch.spot import root_of

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Trạm"}],
    "extension": [
        {"url": "http://hs.example/a", "valueString": "x"},
        {"url": "http://hs.example/b", "valueInteger": 2},
    ],
    "identifier": [
        {"use": "official", "system": "s", "value": "1"},
        {"use": "old", "system": "s", "value": "2"},
        {"use": "old", "system": "t", "value": "3", "period": {"end": "2020-01-31"}},
    ],
    "name": [{"family": "Lý", "given": ["A", "B", None], "_given": [None, {"id": "g"}, {"id": "h"}]}],
    "birthDate": "1990-05-17",
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "contact": [{"gender": "female"}],
}


def part(name: str, **value: Any) -> dict[str, Any]:
    """Return a part."""
    return {"name": name, **value}


def operation(kind: str, path: str, *parts: dict[str, Any], **numbers: int) -> dict[str, Any]:
    """Return an operation, its indexes as numbers."""
    indexes = [part(name, valueInteger=value) for name, value in numbers.items()]
    head = [part("type", valueCode=kind), part("path", valueString=path)]
    return part("operation", part=[*head, *parts, *indexes])


def add(path: str, name: str, **value: Any) -> dict[str, Any]:
    """Return an operation that adds."""
    return operation("add", path, part("name", valueString=name), part("value", **value))


def replace(path: str, **value: Any) -> dict[str, Any]:
    """Return an operation that replaces."""
    return operation("replace", path, part("value", **value))


def patched(*operations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Apply operations to the patient, changed; what they leave of the patient as it was is left out."""
    before = {**PATIENT, **changes}
    document = read(json.dumps({"resourceType": "Parameters", "parameter": list(operations)}))
    after = json.loads(write(fhirpath_patch.apply(read(json.dumps(before)), parameters.read_operations(document))))
    gone = dict.fromkeys(before.keys() - after.keys())
    return {**gone, **{name: value for name, value in after.items() if value != before.get(name)}}


def refused(*operations: dict[str, Any], **changes: Any) -> str:
    """Return the place of the operation that cannot be applied."""
    with pytest.raises(Unprocessable) as caught:
        patched(*operations, **changes)
    return caught.value.faults[0].expression


def malformed(*operations: Any) -> list[str]:
    """Return the places of what is no operation."""
    with pytest.raises(Malformed) as caught:
        patched(*operations)
    return [fault.expression for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient.identifier[1].value", "2"),
        ("identifier[1].value", "2"),
        ("Resource.identifier[1].value", "2"),
        ("Patient . identifier [ 1 ] . `value`", "2"),
        ("Patient.identifier.value[2]", "3"),
        ("Patient.identifier.first().value", "1"),
        ("Patient.identifier.last().value", "3"),
        ("Patient.identifier.where(use = 'official').value", "1"),
        ("Patient.identifier.where(use='old' and system='t').value", "3"),
        ("Patient.identifier.where(use='old').last().value", "3"),
        ("Patient.identifier.where(period.end = '2020-01-31').value", "3"),
        ("Patient.identifier.where(period.end = @2020-01-31).value", "3"),
        ("Patient.identifier.value.where($this = '2')", "2"),
        ("Patient.extension('http://hs.example/a').value", "x"),
        ("Patient.extension.where(url = 'http://hs.example/b').value", 2),
        ("Patient.extension.where(value = 2).url", "http://hs.example/b"),
        ("Patient.extension.where(value = 2.0).url", "http://hs.example/b"),
        ("Patient.extension.value.ofType(string)", "x"),
        ("Patient.extension.value.ofType(FHIR.integer)", 2),
        ("Patient.name.given[1]", "B"),
        ("Patient.deceased", False),
        ("Patient.where(deceased = false).birthDate", "1990-05-17"),
        ("Patient.contained[0].name", "Trạm"),
        ("Patient.contained.ofType(Organization).name", "Trạm"),
        ("Patient.contact.gender.ofType(code)", "female"),
        ("Patient.name.given[1].id", "g"),
        ("Patient.name.given[2].id", "h"),
        ("Patient.name.given[2]", None),
    ],
)
def test_a_path_leads_to_one_element(path: str, found: Any) -> None:
    root = root_of(read(json.dumps(PATIENT)), "Patient")
    (spot,) = find(root, read_path(path), Effort())
    assert json.loads(write(spot.value)) == found


@pytest.mark.parametrize(
    "path",
    [
        "Patient.identifier",
        "Patient.identifier.where(use = 'old')",
        "Patient.identifier.value",
        "Patient.extension.value",
        "Patient",
        "Organization.name",
        "Patient.nothing",
        "Patient.deceasedBoolean",
        "Patient._birthDate",
        "Patient.identifier.resourceType",
        "Patient.where(nothing = 1).birthDate",
    ],
)
def test_a_path_to_several_elements_or_to_none_of_fhir_is_refused(path: str) -> None:
    assert refused(operation("delete", path)) == "operation[0].path"
    assert refused(replace(path, valueString="x")) == "operation[0].path"


@pytest.mark.parametrize(
    "path",
    [
        "Patient.identifier[3]",
        "Patient.maritalStatus",
        "Patient.maritalStatus.coding[0].code",
        "Patient.identifier.where(use = 'usual')",
        "Patient.identifier.where(use = 'old' and system = 'u')",
        "Patient.identifier.where(period.end = '2020')",
        "Patient.extension.where(value = '2')",
        "Patient.extension.where(value = true)",
        "Patient.deceased.ofType(dateTime)",
        "Patient.extension('http://hs.example/c').value",
        "Patient.birthDate.extension('http://hs.example/a')",
        "Patient.where(name.given = 'A')",
    ],
)
def test_what_is_not_there_cannot_be_replaced_and_its_deletion_does_nothing(path: str) -> None:
    assert patched(operation("delete", path)) == {}
    assert refused(replace(path, valueString="x")) == "operation[0].path"


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "Patient.",
        "Patient..name",
        ".name",
        "Patient.name[",
        "Patient.name[-1]",
        "Patient.name[1.0]",
        "Patient.name['0']",
        "Patient.name[0]]",
        "Patient.name.given.exists()",
        "Patient.managingOrganization.resolve().name",
        "Patient.name.where(use)",
        "Patient.name.where(use != 'old')",
        "Patient.name.where(use = 'old' or use = 'temp')",
        "Patient.name.where(use = %x)",
        "Patient.name.where(use = period)",
        "Patient.name.where(Patient.birthDate = '1')",
        "Patient.name.where(use = 'old)",
        "Patient.name.first(1)",
        "Patient.extension(url)",
        "Patient.deceased.ofType(datetime)",
        "Patient.name | Patient.contact.name",
        "Patient.name = 'x'",
        "Patient.name; drop table patient",
        "Patient.name.where(" * 6 + "use = 'x'" + ")" * 6,
        "Patient" + ".name" * 65,
        f"Patient.name.where(use = '{'x' * 2000}')",
        "Pátient.name",
    ],
)
def test_a_path_beyond_the_subset_is_refused_naming_the_operation(path: str) -> None:
    assert malformed(operation("delete", "Patient.name"), operation("delete", path)) == ["operation[1].path"]


def test_quotes_and_letters_in_a_condition_may_be_escaped() -> None:
    held = [{"value": "a'b\\c\nđ"}, {"value": "other"}]
    path = r"Patient.identifier.where(value = 'a\'b\\c\n\u0111')"
    assert patched(operation("delete", path), identifier=held) == {"identifier": held[1:]}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (add("Patient", "gender", valueCode="male"), {"gender": "male"}),
        (add("Patient", "maritalStatus", valueCodeableConcept={"text": "m"}), {"maritalStatus": {"text": "m"}}),
        (add("Patient", "telecom", valueContactPoint={"value": "1"}), {"telecom": [{"value": "1"}]}),
        (add("Patient", "name", valueHumanName={"text": "n"}), {"name": [*PATIENT["name"], {"text": "n"}]}),
        (
            add("Patient.name[0]", "given", valueString="C"),
            {
                "name": [
                    {
                        "family": "Lý",
                        "given": ["A", "B", None, "C"],
                        "_given": [None, {"id": "g"}, {"id": "h"}, None],
                    }
                ]
            },
        ),
        (
            add("Patient.birthDate", "extension", part=[part("url", valueUri="u"), part("value", valueCode="c")]),
            {"_birthDate": {"extension": [{"url": "u", "valueCode": "c"}]}},
        ),
        (
            add("Patient.name.given[0]", "id", valueString="i"),
            {"name": [{**PATIENT["name"][0], "_given": [{"id": "i"}, {"id": "g"}, {"id": "h"}]}]},
        ),
        (
            add("Patient", "gender", valueCode="male", _valueCode={"id": "x"}),
            {"gender": "male", "_gender": {"id": "x"}},
        ),
        (add("Patient", "gender", _valueCode={"extension": []}), {"_gender": {"extension": []}}),
        (
            add(
                "Patient",
                "contact",
                part=[
                    part("name", valueHumanName={"text": "n"}),
                    part("telecom", valueContactPoint={"value": "1"}),
                    part("telecom", valueContactPoint={"value": "2"}),
                    part("period", part=[part("start", valueDateTime="2020")]),
                    part("extension", part=[part("url", valueUri="u"), part("value", valueBoolean=True)]),
                ],
            ),
            {
                "contact": [
                    {"gender": "female"},
                    {
                        "name": {"text": "n"},
                        "telecom": [{"value": "1"}, {"value": "2"}],
                        "period": {"start": "2020"},
                        "extension": [{"url": "u", "valueBoolean": True}],
                    },
                ]
            },
        ),
        (
            add("Patient", "contained", resource={"resourceType": "Location", "id": "l"}),
            {"contained": [*PATIENT["contained"], {"resourceType": "Location", "id": "l"}]},
        ),
        (
            operation("insert", "Patient.identifier", part("value", valueIdentifier={"value": "0"}), index=1),
            {"identifier": [PATIENT["identifier"][0], {"value": "0"}, *PATIENT["identifier"][1:]]},
        ),
        (
            operation("insert", "Patient.identifier", part("value", valueIdentifier={"value": "0"}), index=3),
            {"identifier": [*PATIENT["identifier"], {"value": "0"}]},
        ),
        (
            operation("insert", "Patient.telecom", part("value", valueContactPoint={"value": "1"}), index=0),
            {"telecom": [{"value": "1"}]},
        ),
        (
            operation("insert", "Patient.name.given", part("value", valueString="0"), index=0),
            {
                "name": [
                    {
                        "family": "Lý",
                        "given": ["0", "A", "B", None],
                        "_given": [None, None, {"id": "g"}, {"id": "h"}],
                    }
                ]
            },
        ),
        (operation("delete", "Patient.birthDate"), {"birthDate": None}),
        (operation("delete", "Patient.deceased"), {"deceasedBoolean": None}),
        (
            operation("delete", "Patient.name.given[0]"),
            {"name": [{"family": "Lý", "given": ["B", None], "_given": [{"id": "g"}, {"id": "h"}]}]},
        ),
        (replace("Patient.birthDate", valueDate="1990-05-18"), {"birthDate": "1990-05-18"}),
        (replace("Patient.deceased", valueBoolean=True), {"deceasedBoolean": True}),
        (
            replace("Patient.deceased", valueDateTime="2020"),
            {"deceasedBoolean": None, "deceasedDateTime": "2020"},
        ),
        (
            replace("Patient.name.given[1]", valueString="C"),
            {"name": [{"family": "Lý", "given": ["A", "C", None], "_given": [None, None, {"id": "h"}]}]},
        ),
        (replace("Patient.contact[0]", part=[part("gender", valueCode="male")]), {"contact": [{"gender": "male"}]}),
        (
            operation("move", "Patient.identifier", source=0, destination=2),
            {"identifier": [*PATIENT["identifier"][1:], PATIENT["identifier"][0]]},
        ),
        (
            operation("move", "Patient.identifier", source=2, destination=0),
            {"identifier": [PATIENT["identifier"][2], *PATIENT["identifier"][:2]]},
        ),
        (
            operation("move", "Patient.name.given", source=1, destination=0),
            {"name": [{"family": "Lý", "given": ["B", "A", None], "_given": [{"id": "g"}, None, {"id": "h"}]}]},
        ),
        (operation("move", "Patient.identifier", source=1, destination=1), {}),
    ],
)
def test_an_operation_changes_what_it_names_and_nothing_else(operation: dict, expected: dict) -> None:
    assert patched(operation) == expected


@pytest.mark.parametrize(
    ("operation", "part"),
    [
        (add("Patient.maritalStatus", "text", valueString="x"), "path"),
        (add("Patient.identifier", "value", valueString="x"), "path"),
        (add("Patient", "birthDate", valueDate="2000-01-01"), "name"),
        (add("Patient", "deceased", valueDateTime="2020"), "name"),
        (add("Patient", "nothing", valueString="x"), "name"),
        (add("Patient", "deceasedBoolean", valueBoolean=True), "name"),
        (add("Patient.birthDate", "value", valueString="x"), "name"),
        (add("Patient.extension[0]", "value", valueString="x"), "name"),
        (add("Patient", "contact", part=[part("nothing", valueString="x")]), "value"),
        (add("Patient", "contact", part=[part("gender", valueCode="x"), part("gender", valueCode="y")]), "value"),
        (add("Patient", "gender", part=[part("value", valueString="x")]), "value"),
        (add("Patient", "contained", part=[part("name", valueString="x")]), "value"),
        (replace("Patient.deceased", valueString="x"), "value"),
        (replace("Patient.deceased", part=[part("x", valueString="x")]), "value"),
        (operation("insert", "Patient.identifier", part("value", valueIdentifier={}), index=4), "index"),
        (operation("insert", "Patient.birthDate", part("value", valueDate="2000"), index=0), "path"),
        (operation("insert", "Patient.identifier[0]", part("value", valueIdentifier={}), index=0), "path"),
        (operation("insert", "Patient", part("value", valueIdentifier={}), index=0), "path"),
        (
            operation("insert", "Patient.contact.telecom.period.extension", part("value", valueCode="x"), index=0),
            "path",
        ),
        (operation("move", "Patient.identifier", source=3, destination=0), "source"),
        (operation("move", "Patient.identifier", source=0, destination=3), "destination"),
        (operation("move", "Patient.telecom", source=0, destination=0), "source"),
    ],
)
def test_what_cannot_be_applied_is_named_by_operation_and_part(operation: dict, part: str) -> None:
    assert refused(replace("Patient.birthDate", valueDate="2000-01-01"), operation) == f"operation[1].{part}"


def test_operations_see_what_the_ones_before_have_done() -> None:
    operations = [
        operation("delete", "Patient.identifier[0]"),
        operation("delete", "Patient.identifier[0]"),
        add("Patient.identifier[0]", "use", valueCode="usual"),
    ]
    assert refused(*operations) == "operation[2].name"
    assert patched(*operations[:2]) == {"identifier": PATIENT["identifier"][2:]}
    assert patched(add("Patient", "telecom", valueContactPoint={}), add("Patient.telecom[0]", "value", valueString="1"))


def test_a_value_of_the_wrong_form_does_not_lead_astray() -> None:
    broken = replace("Patient.name[0]", valueHumanName={"given": "A", "period": "x"})
    assert refused(broken, operation("delete", "Patient.name.given[0]")) == "operation[1].path"
    assert refused(broken, operation("delete", "Patient.name.period.start")) == "operation[1].path"
    assert refused(broken, add("Patient.name[0]", "given", valueString="x")) == "operation[1].path"


def test_a_number_keeps_its_digits() -> None:
    text = write(
        fhirpath_patch.apply(
            read('{"resourceType":"Patient","extension":[{"url":"b"},{"url":"a","valueDecimal":1.50}]}'),
            parameters.read_operations(
                read(
                    '{"resourceType":"Parameters","parameter":[{"name":"operation","part":['
                    '{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient.extension[0]"},'
                    '{"name":"name","valueString":"value"},{"name":"value","valueDecimal":0.10}]}]}'
                )
            ),
        )
    )
    assert '"valueDecimal":1.50' in text
    assert '"valueDecimal":0.10' in text


def test_a_member_keeps_its_place_when_its_type_changes() -> None:
    tree = read('{"resourceType":"Patient","deceasedBoolean":true,"_deceasedBoolean":{"id":"x"},"language":"vi"}')
    document = {"resourceType": "Parameters", "parameter": [replace("Patient.deceased", valueDateTime="2020")]}
    result = fhirpath_patch.apply(tree, parameters.read_operations(read(json.dumps(document))))
    assert list(result) == ["resourceType", "deceasedDateTime", "language"]


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        (7, "operation[0]"),
        ({"name": "operation"}, "operation[0]"),
        ({"name": "operation", "part": []}, "operation[0]"),
        ({"name": "operation", "part": {}}, "operation[0]"),
        ({"name": "other", "part": [part("type", valueCode="add")]}, "operation[0]"),
        ({**operation("delete", "Patient.name"), "valueString": "x"}, "operation[0]"),
        (part("operation", part=[part("path", valueString="Patient")]), "operation[0].type"),
        (operation("remove", "Patient.name"), "operation[0].type"),
        (part("operation", part=[part("type", valueCode="delete")]), "operation[0].path"),
        (operation("add", "Patient", part("value", valueCode="male")), "operation[0].name"),
        (operation("add", "Patient", part("name", valueString="gender")), "operation[0].value"),
        (operation("add", "Patient", part("name", valueString="gender"), part("value")), "operation[0].value"),
        (operation("replace", "Patient.gender"), "operation[0].value"),
        (operation("insert", "Patient.name", part("value", valueHumanName={})), "operation[0].index"),
        (operation("move", "Patient.name", source=0), "operation[0].destination"),
        (operation("move", "Patient.name", source=-1, destination=0), "operation[0].source"),
        (
            operation("move", "Patient.name", part("source", valueString="0"), destination=0),
            "operation[0].source",
        ),
        (operation("delete", "Patient.name", part("value", valueString="x")), "operation[0]"),
        (operation("delete", "Patient.name", part("personal", valueString="x")), "operation[0]"),
        (operation("delete", "Patient.name", part("path", valueString="Patient.name")), "operation[0].path"),
        (part("operation", part=[part("type", valueCode="delete"), part("path", valueUri="x")]), "operation[0].path"),
        (replace("Patient.name", valueString="x", valueCode="y"), "operation[0].value"),
        (replace("Patient.name", valueNothing="x"), "operation[0].value"),
        (replace("Patient.name", valueString=None), "operation[0].value"),
        (replace("Patient.name", part=[]), "operation[0].value"),
        (replace("Patient.name", part=[{"valueString": "x"}]), "operation[0].value"),
        (replace("Patient.name", part=[part("given")]), "operation[0].value"),
    ],
)
def test_what_is_no_operation_is_refused_before_anything_is_applied(sent: Any, place: str) -> None:
    assert malformed(sent) == [place]


@pytest.mark.parametrize(
    "document",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "operation": []},
    ],
)
def test_a_patch_is_a_parameters_resource(document: dict) -> None:
    with pytest.raises(Malformed):
        parameters.read_operations(document)


def test_work_on_long_lists_is_bounded() -> None:
    many = [{"value": str(number)} for number in range(10_000)]
    asking = [operation("delete", f"Patient.identifier.where(value = 'x{number}')") for number in range(1000)]
    with pytest.raises(Unprocessable) as caught:
        patched(*asking, identifier=many)
    assert caught.value.faults[0].code == "too-costly"
