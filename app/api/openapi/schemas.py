"""The schemas of resources, from the FHIR definitions. https://spec.openapis.org/oas/v3.1.1.html#schema-object"""

from collections.abc import Iterable
from typing import Any

from app.fhir.definitions import Facts, definition, facts, is_primitive, reachable
from app.fhir.validation.primitives import PRIMITIVES

Schema = dict[str, Any]
_ANY_RESOURCE: Schema = {
    "type": "object",
    "description": "Any FHIR resource; its schema is the one of its `resourceType`.",
    "properties": {"resourceType": {"type": "string"}},
    "required": ["resourceType"],
}


def ref(name: str) -> Schema:
    """Return the reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def resource_schemas(names: Iterable[str]) -> dict[str, Schema]:
    """Return the schemas of these resource types and of everything they are made of, by name."""
    found = {part: None for name in names for part in reachable(name)}
    return {**{part: _schema(part) for part in found}, "ResourceList": _ANY_RESOURCE}


def _schema(name: str) -> Schema:
    published = definition(name)
    about = {"description": published["description"]} if "description" in published else {}
    if is_primitive(name):
        return {**about, **PRIMITIVES[name].schema}
    added = facts(name)
    members = published.get("properties", {})
    return {
        "type": "object",
        **about,
        "properties": {member: _property(member, schema, added) for member, schema in members.items()},
        **_required(published, added),
        "additionalProperties": False,
    }


def _property(member: str, schema: Schema, added: Facts) -> Schema:
    """Return a member's schema with references into this document, and what a Reference may name."""
    changed = {key: _moved(value) if key in ("$ref", "items") else value for key, value in schema.items()}
    targets = added.targets.get(member)
    if targets:
        changed["description"] = f"{changed.get('description', '')} May name: {', '.join(sorted(targets))}.".strip()
    return changed


def _moved(value: str | Schema) -> str | Schema:
    if isinstance(value, str):
        return value.replace("#/definitions/", "#/components/schemas/")
    return {key: _moved(item) if key == "$ref" else item for key, item in value.items()}


def _required(published: Schema, added: Facts) -> Schema:
    """Return what must be there; a required choice is one of its members, and several choices all hold."""
    plain = {*published.get("required", ()), *(name for name in added.required if name not in added.choices)}
    choices = [
        {"oneOf": [{"required": [member]} for member in added.choices[name]]}
        for name in added.required
        if name in added.choices
    ]
    found: Schema = {"required": sorted(plain)} if plain else {}
    return {**found, **(choices[0] if len(choices) == 1 else {"allOf": choices} if choices else {})}
