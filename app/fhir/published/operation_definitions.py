"""OperationDefinitions made from the operations themselves. https://hl7.org/fhir/R4/operationdefinition.html"""

from collections.abc import Iterator
from typing import NamedTuple

from app.fhir.asked import PUBLISHED
from app.fhir.operation import Operation, Parameter
from app.fhir.operations import operations_at
from app.fhir.published.concepts import Tree
from app.fhir.published.lists import CANONICAL
from app.fhir.resource_type import Registry

_ANY = "Resource"
# What a parameter is sent as where it is searched with: the definition has no type of these names.
_SEARCHED = ("token", "reference", "composite", "quantity", "special")


class Standing(NamedTuple):
    """An operation and the types it stands at; none where it stands at the system alone."""

    operation: Operation
    types: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its id: the type it stands at, `Resource` for several, `system` for none, and its name."""
        place = self.types[0] if len(self.types) == 1 else _ANY if self.types else "system"
        return f"{place}-{self.operation.name}"

    @property
    def url(self) -> str:
        """The canonical address of the definition this service ships."""
        return f"{CANONICAL}/OperationDefinition/{self.id}"


def operation_definitions(registry: Registry) -> list[Tree]:
    """Return the definition of every operation, of served and of shipped types."""
    return [_definition(item) for item in standing(registry)]


def definition_address(registry: Registry, operation: Operation) -> str:
    """Return the address of an operation's definition: the published one, or the one shipped here."""
    return operation.definition or next(item.url for item in standing(registry) if item.operation is operation)


def standing(registry: Registry) -> list[Standing]:
    """Return every operation with the types it stands at, each once."""
    found: dict[int, tuple[Operation, list[str]]] = {}
    for operation, name in _places(registry):
        _, types = found.setdefault(id(operation), (operation, []))
        if name and name not in types:
            types.append(name)
    return [Standing(operation, tuple(types)) for operation, types in found.values()]


def _places(registry: Registry) -> Iterator[tuple[Operation, str]]:
    yield from ((operation, "") for operation in operations_at(None))
    for instance in (False, True):
        for kind in registry:
            yield from ((operation, kind.name) for operation in operations_at(kind, instance=instance))
        for name in PUBLISHED:
            yield from ((operation, name) for operation in operations_at(None, name, instance=instance))


def _definition(item: Standing) -> Tree:
    operation = item.operation
    parameters = [_parameter(parameter) for parameter in operation.parameters]
    return {
        "resourceType": "OperationDefinition",
        "id": item.id,
        "url": item.url,
        "version": "0.1.0",
        "name": "".join(part[:1].upper() + part[1:] for part in item.id.split("-")),
        "title": operation.title,
        "status": "active",
        "kind": "operation",
        "publisher": "Tramy",
        "description": f"{operation.title}.\n\n*Tiếng Việt:* {operation.title_vi}.",
        "affectsState": operation.changes,
        "code": operation.name,
        **({"base": operation.definition} if operation.definition else {}),
        **({"resource": list(item.types)} if item.types else {}),
        **{level: level in operation.levels for level in ("system", "type", "instance")},
        **({"parameter": parameters} if parameters else {}),
    }


def _parameter(parameter: Parameter) -> Tree:
    kind = "string" if parameter.type in _SEARCHED else parameter.type
    searched = {"searchType": parameter.type} if kind != parameter.type else {}
    return {
        "name": parameter.name,
        "use": parameter.use,
        "min": parameter.least,
        "max": parameter.most,
        "documentation": f"{parameter.en}\n\n*Tiếng Việt:* {parameter.vi}",
        **({"type": kind} if kind else {}),
        **searched,
    }
