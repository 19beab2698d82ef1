"""What a search asks of a record, as values: a test of one parameter, a chain, its reverse, a place in a hierarchy.

https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from app.fhir.resource_type import ResourceType
from app.fhir.search.parameter import Parameter


class Criterion(NamedTuple):
    """One condition: a parameter, its modifier, and values of which one must match (split, not yet unescaped)."""

    parameter: Parameter
    modifier: str
    values: tuple[str, ...]


class Chain(NamedTuple):
    """A reference to a record that fulfils a condition; one of the types it may name must."""

    parameter: Parameter
    targets: tuple[tuple[ResourceType, "Condition"], ...]


class Reverse(NamedTuple):
    """A record of a type refers here and fulfils a condition (`_has`)."""

    kind: ResourceType
    parameter: Parameter
    inner: "Condition"


class Hierarchy(NamedTuple):
    """A reference to a record of a type, or to one `below` (part of it) or `above` it (it is part of that)."""

    parameter: Parameter
    direction: Literal["above", "below"]
    kind: ResourceType
    ids: tuple[str, ...]


class Within(NamedTuple):
    """A record belongs to a compartment: one of the parameters names the record that the compartment is of."""

    parameters: tuple[Parameter, ...]
    owner: str
    id: str


Condition = Criterion | Chain | Reverse | Hierarchy | Within


def tests(condition: Condition) -> Iterator[Criterion]:
    """Yield the tests of single parameters inside a condition."""
    match condition:
        case Criterion():
            yield condition
        case Chain():
            for _, inner in condition.targets:
                yield from tests(inner)
        case Reverse():
            yield from tests(condition.inner)


def links(condition: Condition) -> int:
    """Return how many searches of other records stand inside a condition, those of every type it may lead to."""
    match condition:
        case Chain():
            return sum(1 + links(inner) for _, inner in condition.targets)
        case Reverse():
            return 1 + links(condition.inner)
        case Hierarchy():
            return 1
    return 0


def is_rare(condition: Condition) -> bool:
    """Say whether few records can match, and an index finds them: an identifier, an id, a person's records."""
    match condition:
        case Criterion():
            found = condition.parameter
            plain = not condition.modifier or condition.modifier in (*found.targets, "of-type", "identifier")
            return plain and (found.name == "_id" or (found.indexed and found.kind == "token") or bool(found.owner))
        case Chain():
            return all(is_rare(inner) for _, inner in condition.targets)
        case Reverse():
            return is_rare(condition.inner)
        case Within():
            return any(parameter.owner for parameter in condition.parameters)
    return False
