"""The compartment of a person: which parameters of which types tie a record to them.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

import json
from functools import cache

from app.fhir.definitions import SCHEMAS
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.criterion import Within
from app.fhir.search.parameter import Parameter


@cache
def _published() -> dict[str, tuple[str, ...]]:
    text = SCHEMAS.joinpath("fhir", "compartmentdefinition-patient.json").read_text(encoding="utf-8")
    return {item["code"]: tuple(item.get("param", ())) for item in json.loads(text)["resource"]}


def ties(kind: ResourceType, person: ResourceType) -> tuple[Parameter, ...]:
    """Return the parameters by which a record of a type belongs to the compartment of a person."""
    named = (kind.parameters.get(name) for name in _published().get(kind.name, ()))
    found = [parameter for parameter in named if parameter and person.name in parameter.targets]
    # `patient` and `subject` say the same of a type; what is read from the key is enough.
    owned = [parameter for parameter in found if parameter.owner]
    return (*owned[:1], *(parameter for parameter in found if not parameter.owner))


def kinds(registry: Registry) -> list[ResourceType]:
    """Return the types that have a place in the compartment of a person, the person's own type left out."""
    return [kind for kind in registry if not kind.is_person and ties(kind, registry.person)]


def within(kind: ResourceType, person: ResourceType, record_id: str) -> Within | None:
    """Return the condition of belonging to a person's compartment, None for a type that has no place in it."""
    found = ties(kind, person)
    return Within(found, person.name, record_id) if found else None
