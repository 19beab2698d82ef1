"""From `name:modifier=value` to a condition, chains and `_has` included. https://hl7.org/fhir/R4/search.html#chaining"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.errors import BadParameter, Fault
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.common import find, names
from app.fhir.search.criterion import Chain, Condition, Criterion, Hierarchy, Reverse
from app.fhir.search.modifiers import modifiers
from app.fhir.search.parameter import Parameter
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain, split

MOST_VALUES = 500
DEEPEST = 16
"""Links of a chain: each is a search of its own inside the one before."""


@dataclass
class Grammar:
    """The types that chains may name, and what lenient handling has left out so far."""

    registry: Registry
    lenient: bool = False
    ignored: list[Fault] = field(default_factory=list)

    @contextmanager
    def leniently(self) -> Iterator[None]:
        """Go on after a refusal where that is asked for, and remember it as a warning."""
        try:
            yield
        except BadParameter as error:
            if not self.lenient:
                raise
            self.ignored += [fault._replace(severity="warning", code="not-supported") for fault in error.faults]


def read_condition(grammar: Grammar, kind: ResourceType, given: str, value: str, depth: int = 0) -> Condition:
    """Return the condition that a parameter of a type sets. Raises BadParameter naming what is not understood."""
    if not value:
        raise refuse(given, "has no value", "không có giá trị")
    if depth > DEEPEST:
        raise refuse("?", f"may be chained {DEEPEST} times at most", f"chuỗi tham số có tối đa {DEEPEST} cấp")
    if given.startswith("_has:"):
        return _reverse(grammar, kind, given, value, depth)
    head, dot, rest = given.partition(".")
    if dot:
        return _chain(grammar, kind, head, rest, value, depth)
    return _test(grammar, kind, given, value)


def _test(grammar: Grammar, kind: ResourceType, given: str, value: str) -> Condition:
    parameter, modifier = _named(kind, given)
    pieces = tuple(split(value, ","))
    if len(pieces) > MOST_VALUES or not all(pieces):
        raise refuse(
            given,
            f"must have 1 to {MOST_VALUES} values, none empty",
            f"phải có từ 1 đến {MOST_VALUES} giá trị, không để trống",
        )
    if parameter.kind == "reference" and modifier in ("above", "below"):
        return _hierarchy(grammar, parameter, modifier, pieces)
    return Criterion(parameter, modifier, pieces)


def _named(kind: ResourceType, given: str) -> tuple[Parameter, str]:
    name, _, modifier = given.partition(":")
    parameter = find(kind, name)
    if parameter is None:
        known = names(kind)
        raise refuse(given, f"is not known for {kind.name}; known are {known}", f"không có ở {kind.name}; có: {known}")
    allowed = modifiers(parameter)
    if modifier and modifier not in allowed:
        listed = ", ".join(allowed)
        raise refuse(
            given,
            f"has a modifier that is not supported; supported are {listed}",
            f"hậu tố không được hỗ trợ; có: {listed}",
        )
    return parameter, modifier


def _chain(grammar: Grammar, kind: ResourceType, head: str, rest: str, value: str, depth: int) -> Chain:
    """Read `subject:Patient.name`: without a type every served type that knows what follows is meant."""
    parameter, modifier = _named(kind, head)
    wanted = (modifier,) if modifier else parameter.targets
    kinds = [grammar.registry[name] for name in wanted if name in grammar.registry]
    if parameter.kind != "reference" or modifier not in ("", *parameter.targets) or not kinds:
        raise refuse(
            head,
            "cannot be chained: it names no type that is served here",
            "không thể nối tiếp: không trỏ tới loại tài nguyên nào ở đây",
        )
    found, refused = [], None
    for target in kinds:
        try:
            found.append((target, read_condition(grammar, target, rest, value, depth + 1)))
        except BadParameter as error:
            refused = error
    if not found and refused:
        raise refused
    return Chain(parameter, tuple(found))


def _reverse(grammar: Grammar, kind: ResourceType, given: str, value: str, depth: int) -> Reverse:
    """Read `_has:Encounter:patient:status`."""
    parts = given.split(":", 3)
    known = len(parts) == 4 and parts[1] in grammar.registry
    other = grammar.registry[parts[1]] if known else kind
    parameter = find(other, parts[2]) if known else None
    if parameter is None or kind.name not in parameter.targets:
        raise refuse(
            given,
            "must be _has:Type:reference:parameter, with a reference of that type to this one",
            "phải có dạng _has:Loại:tham-chiếu:tham-số, trong đó tham chiếu trỏ tới loại này",
        )
    return Reverse(other, parameter, read_condition(grammar, other, parts[3], value, depth + 1))


def _hierarchy(grammar: Grammar, parameter: Parameter, modifier: str, pieces: tuple[str, ...]) -> Hierarchy:
    """Read `location:below=Location/1`. https://hl7.org/fhir/R4/search.html#recursive"""
    values = [piece.rpartition("/") for piece in plain(pieces)]
    named = {name or (parameter.targets[0] if len(parameter.targets) == 1 else "") for name, _, _ in values}
    kind = grammar.registry[named.pop()] if len(named) == 1 and named <= set(_served(grammar, parameter)) else None
    if kind is None or kind.hierarchy is None:
        served = ", ".join(name for name in _served(grammar, parameter) if grammar.registry[name].hierarchy)
        raise refuse(
            f"{parameter.name}:{modifier}",
            f"must name records of one type that has a hierarchy, as Type/id: {served or 'there is none here'}",
            f"phải là hồ sơ của một loại có phân cấp, dạng Loại/mã: {served or 'không có'}",
        )
    return Hierarchy(parameter, "above" if modifier == "above" else "below", kind, tuple(item[2] for item in values))


def _served(grammar: Grammar, parameter: Parameter) -> list[str]:
    return [name for name in parameter.targets if name in grammar.registry]
