"""What FHIR R4 (4.0.1) says of every type, read from schemas/fhir on first use. https://hl7.org/fhir/R4/definitions.html"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@dataclass(frozen=True)
class Facts:
    """What the JSON schema leaves out of a definition: required elements, choices, reference targets, bindings."""

    required: tuple[str, ...] = ()
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    targets: dict[str, frozenset[str]] = field(default_factory=dict)
    simple: frozenset[str] = frozenset()
    concepts: dict[str, str] = field(default_factory=dict)


class Element(NamedTuple):
    """One JSON member of a definition: its FHIRPath name, the definition of its values, and whether it repeats.

    `kind` is "" where the values are an enumeration; a `sibling` holds the extensions of a primitive.
    """

    name: str
    kind: str
    repeats: bool
    sibling: bool
    codes: tuple[str, ...] = ()


def _read(*parts: str) -> Any:
    return json.loads(SCHEMAS.joinpath("fhir", *parts).read_text(encoding="utf-8"))


@cache
def _names() -> dict[str, frozenset[str]]:
    return {key: frozenset(value) for key, value in _read("names.json").items()}


def type_names() -> frozenset[str]:
    """Name the 146 resource types of R4."""
    return _names()["types"]


def element_names() -> frozenset[str]:
    """Name every element any R4 type or data type has, as written in JSON: names safe to repeat in a message."""
    return _names()["elements"]


@cache
def _file(stem: str) -> dict[str, dict[str, Any]]:
    return _read("definitions", f"{stem}.json")


def definition(name: str) -> dict[str, Any]:
    """Give the JSON schema definition, with its descriptions, of a type, backbone element or data type.

    Raises KeyError for a name R4 does not have. The value is shared: copy it before changing it.
    """
    stem = name.partition("_")[0]
    if stem not in type_names():
        return _file("datatypes")[name]
    return _file(stem)[name]


@cache
def _all_facts() -> dict[str, dict[str, Any]]:
    return _read("elements.json")


@cache
def facts(name: str) -> Facts:
    """Give what the resource definitions add to the JSON schema of `name`; empty when they add nothing."""
    row = _all_facts().get(name, {})
    return Facts(
        required=tuple(row.get("required", ())),
        choices={key: tuple(value) for key, value in row.get("choices", {}).items()},
        targets={key: frozenset(value) for key, value in row.get("targets", {}).items()},
        simple=frozenset(row.get("simple", ())),
        concepts=row.get("concepts", {}),
    )


@cache
def codes(value_set: str) -> frozenset[tuple[str, str]]:
    """Give the (system, code) pairs of a value set that a required binding names."""
    return frozenset((row["system"], row["code"]) for row in _read("required-bindings.json")[value_set])


@cache
def elements(name: str) -> dict[str, Element]:
    """Give the JSON members of a definition, in its order, without resourceType.

    A choice has one member per type and one FHIRPath name: `deceasedBoolean` is `deceased`.
    """
    chosen = {spelled: choice for choice, names in facts(name).choices.items() for spelled in names}
    found: dict[str, Element] = {}
    properties: dict[str, Any] = definition(name).get("properties", {})
    for member, schema in properties.items():
        if member == "resourceType":
            continue
        value = schema.get("items", schema)
        bare = member.removeprefix("_")
        kind = value["$ref"].rpartition("/")[2] if "$ref" in value else ""
        repeats = schema.get("type") == "array"
        allowed = tuple(value.get("enum", ()))
        found[member] = Element(chosen.get(bare, bare), kind, repeats, member.startswith("_"), allowed)
    return found


def reachable(name: str) -> list[str]:
    """Name every definition reached from `name`, itself first; other resources (contained) are not followed."""
    seen: dict[str, None] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in seen or current in ("", "ResourceList"):
            continue
        seen[current] = None
        waiting += [element.kind for element in elements(current).values()]
    return list(seen)


def is_primitive(name: str) -> bool:
    """Say whether a definition is of a primitive type; primitives alone begin with a small letter."""
    return name == "" or name[0].islower()


def locate(name: str, path: Iterable[str | int]) -> tuple[str, str]:
    """Turn a JSON path below a type into its FHIRPath expression and the name of the definition found there.

    A member that R4 does not have ends the expression: what a client calls it is not repeated.
    """
    expression, kind = name, name
    for step in path:
        if isinstance(step, int):
            expression += f"[{step}]"
            continue
        known = elements(kind).get(step) if kind and not is_primitive(kind) and kind != "ResourceList" else None
        if known is None:
            return expression, ""
        expression, kind = f"{expression}.{known.name}", known.kind
    return expression, kind
