"""`_include` and `_revinclude` read: which references of which records bring what along.

https://hl7.org/fhir/R4/search.html#revinclude
"""

from typing import NamedTuple

from app.errors import BadParameter
from app.fhir.resource_type import ResourceType
from app.fhir.search.common import find
from app.fhir.search.criteria import Grammar
from app.fhir.search.parameter import Parameter
from app.fhir.search.refusal import refuse

_ANY = "*"


class Include(NamedTuple):
    """A reference parameter of a source type, the served types it leads to, its direction, and whether it goes on.

    `written` is the parameter as it was given.
    """

    source: ResourceType
    parameter: Parameter
    targets: tuple[ResourceType, ...]
    reverse: bool
    iterate: bool
    written: tuple[str, str]


def read_include(grammar: Grammar, kind: ResourceType, name: str, value: str) -> list[Include]:
    """Return what one parameter asks for: several with a wildcard. Raises BadParameter for what is not understood."""
    found: list[Include] = []
    with grammar.leniently():
        found = _read(grammar, kind, name, value)
    return found


def _read(grammar: Grammar, kind: ResourceType, name: str, value: str) -> list[Include]:
    base, _, modifier = name.partition(":")
    if modifier not in ("", "iterate", "recurse"):
        raise refuse(name, "takes only the modifier iterate", "chỉ nhận hậu tố iterate")
    source, _, rest = value.partition(":")
    searched, _, target = rest.partition(":")
    if source == _ANY and not rest:
        sources, searched = list(grammar.registry) if base == "_revinclude" else [kind], _ANY
    elif source in grammar.registry and searched:
        sources = [grammar.registry[source]]
    else:
        raise _misread(name)
    reverse, iterate = base == "_revinclude", bool(modifier)
    return [
        Include(item, parameter, _targets(grammar, parameter, target, name), reverse, iterate, (name, value))
        for item in sources
        for parameter in _parameters(item, searched, name)
    ]


def _parameters(source: ResourceType, searched: str, name: str) -> list[Parameter]:
    if searched == _ANY:
        return [parameter for parameter in source.search if parameter.kind == "reference"]
    parameter = find(source, searched)
    if parameter is None or parameter.kind != "reference":
        raise _misread(name)
    return [parameter]


def _targets(grammar: Grammar, parameter: Parameter, target: str, name: str) -> tuple[ResourceType, ...]:
    """Return the served types that a reference leads to: none of a type that is not served here."""
    if target and target not in parameter.targets:
        raise _misread(name)
    wanted = (target,) if target else parameter.targets
    return tuple(grammar.registry[item] for item in wanted if item in grammar.registry)


def _misread(name: str) -> BadParameter:
    return refuse(
        name,
        "must be Type:reference or Type:reference:TargetType, of types that are served here, or *",
        "phải có dạng Loại:tham-chiếu hoặc Loại:tham-chiếu:LoạiĐích, thuộc các loại có ở đây, hoặc *",
    )
