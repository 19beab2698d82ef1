"""Examples of operations that work as they stand, after the examples of the types. https://hl7.org/fhir/R4/parameters.html"""

from collections.abc import Callable, Mapping
from typing import Any

from app.api.openapi import examples
from app.api.openapi.parts import Item, Place
from app.fhir.operation import Operation
from app.fhir.published.terminology import code_system_trees, value_set_trees
from app.fhir.resource_type import Registry

OTHER = "mau-2"
"""The id of a second record of a person, for what is done with two."""
Values = Mapping[str, Any]


def values(registry: Registry, place: Place) -> Values:
    """Return the parameters of an example by name; an operation without one here is asked for without any."""
    name = place.operation.name if place.operation else ""
    made = _VALUES.get(name) or _VALUES.get(f"{place.tag}.{name}") or (lambda _registry, _place: {})
    return made(registry, place)


def sample(registry: Registry, place: Place) -> Item:
    """Return what is sent by POST: the parameters, or the resource alone where it is the only one."""
    given = values(registry, place)
    if list(given) == ["resource"]:
        return given["resource"]
    items = [_parameter(place.operation, name, value) for name, value in given.items()]
    return {"resourceType": "Parameters", **({"parameter": items} if items else {})}


def _parameter(operation: Operation | None, name: str, value: Any) -> Item:
    kinds = {item.name: item.type for item in operation.parameters if item.use == "in"} if operation else {}
    kind = kinds.get(name, "string")
    return {"name": name, "resource" if kind == "Resource" else f"value{kind[0].upper()}{kind[1:]}": value}


def _resource(_registry: Registry, place: Place) -> Values:
    return {"resource": examples.sent_with_id(place.typed) if place.instance else examples.sent(place.typed)}


def _label(_registry: Registry, _place: Place) -> Values:
    return {"meta": {"tag": [{"system": "https://tramy.example/tags", "code": "mau"}]}}


def _two(registry: Registry, _place: Place) -> Values:
    name = registry.person.name
    source, target = ({"reference": f"{name}/{record}"} for record in (OTHER, examples.ID))
    return {"source-patient": source, "target-patient": target, "preview": True}


def _one(registry: Registry, place: Place) -> Values:
    if place.instance:
        return {}
    return {"identifier": examples.criteria(registry.person).removeprefix("identifier=")}


def _code(_registry: Registry, _place: Place) -> Values:
    system = code_system_trees()[0]
    return {"system": system["url"], "code": _first(system)}


def _two_codes(_registry: Registry, place: Place) -> Values:
    system = code_system_trees()[0]
    named = {} if place.instance else {"system": system["url"]}
    return {"codeA": _first(system), "codeB": _first(system), **named}


def _in_system(_registry: Registry, place: Place) -> Values:
    system = code_system_trees()[0]
    return {**({} if place.instance else {"url": system["url"]}), "code": _first(system)}


def _in_set(registry: Registry, place: Place) -> Values:
    return {**_set(registry, place), **_code(registry, place)}


def _codes(registry: Registry, place: Place) -> Values:
    return {**_set(registry, place), "displayLanguage": "vi"}


def _set(_registry: Registry, place: Place) -> Values:
    return {} if place.instance else {"url": value_set_trees()[0]["url"]}


def _first(system: Item) -> str:
    return system["concept"][0]["code"]


_VALUES: dict[str, Callable[[Registry, Place], Values]] = {
    "validate": _resource,
    "match": _resource,
    "meta-add": _label,
    "meta-delete": _label,
    "merge": _two,
    "unmerge": _two,
    "summary": _one,
    "lookup": _code,
    "subsumes": _two_codes,
    "CodeSystem.validate-code": _in_system,
    "ValueSet.validate-code": _in_set,
    "expand": _codes,
}
