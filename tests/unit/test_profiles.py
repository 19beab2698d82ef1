"""The profiles say what is enforced and what is read. https://hl7.org/fhir/R4/profiling.html"""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.fhir.validation import Validator
from app.resources import identity, systems
from app.resources.registry import registry

FOLDER = Path(__file__).parents[2] / "schemas" / "profiles"
PROFILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
OF_TYPES = [name for name, tree in PROFILES.items() if tree["kind"] == "resource"]
SHAPED = [kind.name for kind in registry() if identity.shapes in kind.rules]


def slices(tree: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [item for item in tree["differential"]["element"] if "patternIdentifier" in item]
    return {item["patternIdentifier"]["system"]: item for item in found}


def test_the_files_are_what_derive_writes() -> None:
    spec = importlib.util.spec_from_file_location("derive_profiles", FOLDER / "derive.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert {tree["id"]: tree for tree in module.structures()} == PROFILES


def test_the_records_that_stations_send_each_have_one_profile() -> None:
    types = [PROFILES[name]["type"] for name in OF_TYPES]
    assert len(types) == len(set(types))
    stations = {"Patient", "Encounter", "Immunization", "Coverage", "Organization", "Location", "Practitioner"}
    assert stations <= set(types) <= {kind.name for kind in registry()}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_valid_fhir_at_its_own_address(name: str) -> None:
    tree = PROFILES[name]
    assert Validator(["StructureDefinition"]).faults("StructureDefinition", tree) == []
    assert (tree["id"], tree["url"]) == (name, f"https://tramy.vn/fhir/StructureDefinition/{name}")


@pytest.mark.parametrize("name", OF_TYPES)
def test_a_snapshot_is_the_base_with_what_the_profile_adds(name: str) -> None:
    tree = PROFILES[name]
    path = FOLDER.parent / "fhir" / "profiles" / f"{tree['type']}.json"
    base = [item["id"] for item in json.loads(path.read_text(encoding="utf-8"))["snapshot"]["element"]]
    made = [item["id"] for item in tree["snapshot"]["element"]]
    assert [item for item in made if ":" not in item] == base
    changed = [item["id"] for item in tree["differential"]["element"]]
    assert changed == sorted(changed, key=made.index)
    for change in tree["differential"]["element"]:
        whole = tree["snapshot"]["element"][made.index(change["id"])]
        assert {key: whole[key] for key in change if key != "constraint"} == {
            key: value for key, value in change.items() if key != "constraint"
        }


@pytest.mark.parametrize("name", SHAPED)
def test_the_shapes_of_identifiers_are_those_that_are_enforced(name: str) -> None:
    said = slices(PROFILES[f"tramy-{name.lower()}"])
    assert said.keys() >= identity._SHAPES.keys()
    values = ["010190000123", "123456789", "GD4010123456789", "0123456789", "XX9", "01019000012", "gd40101234567891"]
    for system, (pattern, *_) in identity._SHAPES.items():
        shape = re.search(r"matches\('(.*)'\)", said[system]["constraint"][0]["expression"])
        assert shape
        for value in values:
            assert bool(re.search(shape[1], value)) == bool(pattern.fullmatch(value)), (system, value)


def test_types_without_the_rule_state_no_shapes() -> None:
    for name in OF_TYPES:
        if PROFILES[name]["type"] not in SHAPED:
            assert slices(PROFILES[name]) == {}


def test_the_book_and_the_commune_are_those_that_are_read() -> None:
    assert systems.E_BOOK in slices(PROFILES["tramy-patient"])
    assert PROFILES["commune"]["url"] == systems.COMMUNE
    address = next(
        item for item in PROFILES["tramy-patient"]["differential"]["element"] if item["path"][8:] == "address"
    )
    assert systems.COMMUNE in address["comment"]
    assert systems.ADMINISTRATIVE_ADDRESS in address["comment"]
