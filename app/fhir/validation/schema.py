"""The official JSON schema, one compiled gate per resource type, and its refusals put into words.

https://hl7.org/fhir/R4/json.html#schema
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from jsonschema_rs import Draft6Validator, ValidationError, ValidationErrorKind

from app.fhir import definitions
from app.fhir.validation.finding import Finding
from app.fhir.validation.primitives import PRIMITIVES

_MOST_UNKNOWN = 10
_LONGEST_NAME = 40
_NESTED = {"type": "object", "minProperties": 1}


class Gate:
    """Says yes or no to a resource in microseconds; contained resources pass here and have gates of their own."""

    def __init__(self, type_name: str) -> None:
        """Compile the definitions reached from one of the 146 types."""
        self._type = type_name
        names = definitions.reachable(type_name)
        parts = {name: _strict(name) for name in names}
        nullable = {f"{name}.null": _nullable(name) for name in names if PRIMITIVES.get(name) or name == "Element"}
        self._validator = Draft6Validator(
            {"$ref": f"#/definitions/{type_name}", "definitions": {**parts, **nullable, "ResourceList": _NESTED}}
        )

    def admits(self, tree: dict[str, Any]) -> bool:
        """Say whether the schema has nothing against `tree`."""
        return self._validator.is_valid(tree)

    def findings(self, tree: dict[str, Any], most: int) -> list[Finding]:
        """List what the schema has against `tree`, at least one and about `most`, without any submitted value."""
        found: list[Finding] = []
        for error in self._validator.iter_errors(tree):
            found += _explain(self._type, error)
            if len(found) > most:
                break
        return found


def _strict(name: str) -> dict[str, Any]:
    """Take a definition as published, with its primitives sharpened and emptiness refused (ele-1)."""
    if name in PRIMITIVES:
        return PRIMITIVES[name].schema
    published = definitions.definition(name)
    properties = {member: _property(schema) for member, schema in published.get("properties", {}).items()}
    kept = {key: published[key] for key in ("required", "additionalProperties") if key in published}
    return {"type": "object", "minProperties": 1, "properties": properties, "additionalProperties": False, **kept}


def _nullable(name: str) -> dict[str, Any]:
    """Let null stand in a list of primitives, where the other list has something; the walk looks at both lists."""
    schema = _strict(name)
    return {**schema, "type": [schema["type"], "null"]}


def _property(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") != "array":
        return {key: value for key, value in schema.items() if key != "description"}
    items = schema["items"]
    if "enum" in items:
        items = {"enum": [*items["enum"], None]}
    elif items["$ref"].rpartition("/")[2] in (*PRIMITIVES, "Element"):
        items = {"$ref": items["$ref"] + ".null"}
    return {"type": "array", "minItems": 1, "items": items}


def _explain(type_name: str, error: ValidationError) -> Iterator[Finding]:
    place, kind = definitions.locate(type_name, error.instance_path)
    match error.kind:
        case ValidationErrorKind.AdditionalProperties(unexpected=names):
            yield from (_unknown(place, kind, name) for name in names[:_MOST_UNKNOWN])
        case ValidationErrorKind.Required(property=name):
            yield required(f"{place}.{name}")
        case ValidationErrorKind.Enum(options=options):
            listed = ", ".join(str(o) for o in options if o is not None)
            yield Finding("code", "code-invalid", f"One of {listed} was expected.", f"Cần một trong {listed}.", place)
        case ValidationErrorKind.MinProperties() | ValidationErrorKind.MinItems():
            yield empty(place)
        case _ if kind in PRIMITIVES:
            yield _primitive(place, kind)
        case _:
            yield _shape(place)


def required(place: str) -> Finding:
    """Say that a required element is missing; `place` ends with its name."""
    return Finding("required", "required", "This element is required.", "Phần tử này là bắt buộc.", place)


def empty(place: str) -> Finding:
    """Say that an element has neither a value nor children (ele-1)."""
    return Finding(
        "ele-1",
        "invariant",
        "An element must have a value or children: leave it out instead.",
        "Phần tử phải có giá trị hoặc phần tử con: nếu không thì bỏ hẳn.",
        place,
    )


def _primitive(place: str, kind: str) -> Finding:
    expected = PRIMITIVES[kind]
    return Finding("value", "value", f"Expected {expected.en}.", f"Cần {expected.vi}.", place)


def _shape(place: str) -> Finding:
    return Finding(
        "value",
        "structure",
        "This element does not have the JSON form FHIR gives it (a list, an object or one value).",
        "Phần tử này không đúng dạng JSON mà FHIR quy định (danh sách, đối tượng hoặc một giá trị).",
        place,
    )


def _unknown(place: str, kind: str, name: str) -> Finding:
    """Point at a member R4 does not have; its name is repeated only when it is a name FHIR uses somewhere."""
    own = [member for member in definitions.elements(kind) if not member.startswith("_")] if kind else []
    bare = name.removeprefix("_")
    near = get_close_matches(bare, own, n=1) if len(bare) <= _LONGEST_NAME else []
    if bare in definitions.element_names():
        en, vi, rule = f"There is no element {bare} here.", f"Ở đây không có phần tử {bare}.", f"unknown {bare}"
    else:
        en, vi, rule = (
            "There is an element here that FHIR R4 does not have.",
            "Có phần tử mà FHIR R4 không có.",
            "unknown",
        )
    if near and near[0] != bare:
        en, vi, rule = f"{en} Was {near[0]} meant?", f"{vi} Có phải ý là {near[0]}?", f"{rule} {near[0]}"
    elif own:
        en, vi = f"{en} Elements here: {', '.join(own)}.", f"{vi} Các phần tử ở đây: {', '.join(own)}."
    return Finding(rule, "structure", en, vi, place)
