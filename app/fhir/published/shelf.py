"""What is shipped, by type of definition. https://hl7.org/fhir/R4/conformance-module.html"""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from app.fhir.asking import Asking
from app.fhir.definitions import SCHEMAS
from app.fhir.published.concepts import Tree
from app.fhir.published.files import read_folder, read_json
from app.fhir.published.operation_definitions import operation_definitions
from app.fhir.published.search_parameters import search_parameters
from app.fhir.published.terminology import code_system_trees, value_set_trees
from app.fhir.resource_type import Registry
from app.fhir.service import Service


class Shipped(NamedTuple):
    """A shipped definition: as a tree, to be searched, and as JSON, to be sent."""

    tree: Tree
    body: str


def shipped(service: Service, asking: Asking, name: str) -> tuple[Shipped, ...]:
    """Return the shipped definitions of a type, in the order of their ids."""
    if name == "CapabilityStatement":
        # The statement names the address it is asked at, so it is made anew.
        from app.fhir.interactions.capabilities import statement

        return (_ready(statement(service.registry, service.settings, asking.base)),)
    return _shelf(service.registry, name)


@lru_cache(maxsize=64)
def _shelf(registry: Registry, name: str) -> tuple[Shipped, ...]:
    return tuple(_ready(tree) for tree in sorted(_MADE[name](registry), key=lambda tree: tree["id"]))


def _ready(tree: Tree) -> Shipped:
    return Shipped(tree, json.dumps(tree, ensure_ascii=False, separators=(",", ":")))


def profiles() -> list[Tree]:
    """Return the profiles and extensions of this project."""
    return read_folder("profiles")


def _structures(registry: Registry) -> list[Tree]:
    """Return what R4 says of the served types, where it is here, and the profiles."""
    names = [kind.name for kind in registry]
    here = [name for name in names if SCHEMAS.joinpath("fhir", "profiles", f"{name}.json").exists()]
    return [*(read_json("fhir", "profiles", f"{name}.json") for name in here), *profiles()]


def _compartments(registry: Registry) -> list[Tree]:
    return [read_json("fhir", f"compartmentdefinition-{registry.person.name.lower()}.json")]


_MADE: Mapping[str, Callable[[Registry], list[Tree]]] = {
    "CodeSystem": lambda _registry: list(code_system_trees()),
    "CompartmentDefinition": _compartments,
    "OperationDefinition": operation_definitions,
    "SearchParameter": search_parameters,
    "StructureDefinition": _structures,
    "ValueSet": lambda _registry: list(value_set_trees()),
}
