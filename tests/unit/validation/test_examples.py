"""What HL7 publishes as valid is valid here, and the definitions are those of R4."""

from pathlib import Path

import pytest

from app.fhir import definitions
from app.fhir.json import parse

EXAMPLES = sorted((Path(__file__).parents[2] / "data" / "examples").glob("*.json"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 33


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_official_example_is_taken(validator, path: Path) -> None:
    tree = parse(path.read_bytes(), depth_limit=40)
    assert validator.faults(tree["resourceType"], tree) == []


def test_the_definitions_are_those_of_r4_alone() -> None:
    assert len(definitions.type_names()) == 146
    assert "resource" not in definitions.elements("Reference")
    with pytest.raises(KeyError):
        definitions.definition("Project")


def test_every_definition_refers_to_one_that_exists() -> None:
    for name in definitions.type_names():
        for reached in definitions.reachable(name):
            assert definitions.definition(reached)["description"] or reached


def test_a_path_is_turned_into_an_expression() -> None:
    path = ("contact", 0, "telecom", 1, "rank")
    assert definitions.locate("Patient", path) == ("Patient.contact[0].telecom[1].rank", "positiveInt")
    assert definitions.locate("Patient", ("deceasedDateTime",)) == ("Patient.deceased", "dateTime")
    assert definitions.locate("Patient", ("nothing", 0)) == ("Patient", "")
