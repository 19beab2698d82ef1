"""Paths into a resource: the part of FHIRPath that search parameters of R4 need.

`name.given`, `deceasedDateTime`, `telecom[system=phone]`: lists are flattened, what is absent gives nothing.
https://hl7.org/fhir/R4/searchparameter-registry.html
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<key>\w+)=(?P<value>[\w-]+)\])?")

Walk = Callable[[dict], list]


def walk(path: str) -> Walk:
    """Compile `path` into a function from a resource to the list of values found there."""
    steps = [_step(part) for part in path.split(".")]
    if len(steps) == 1 and steps[0][1] is None:
        return _member(steps[0][0])

    def follow(tree: dict) -> list:
        found: list = [tree]
        for name, condition in steps:
            found = [value for node in found for value in _values(node, name) if condition is None or condition(value)]
            if not found:
                return found
        return found

    return follow


def _step(part: str) -> tuple[str, Callable[[Any], bool] | None]:
    form = _STEP.fullmatch(part)
    if form is None:
        raise ValueError(f"not a path: {part}")
    key, wanted = form["key"], form["value"]
    if key is None:
        return form["name"], None
    return form["name"], lambda value: isinstance(value, dict) and value.get(key) == wanted


def _member(name: str) -> Walk:
    def member(tree: dict) -> list:
        value = tree.get(name)
        if value is None:
            return []
        return [item for item in value if item is not None] if isinstance(value, list) else [value]

    return member


def _values(node: Any, name: str) -> Iterator[Any]:
    value = node.get(name) if isinstance(node, dict) else None
    if isinstance(value, list):
        yield from (item for item in value if item is not None)
    elif value is not None:
        yield value
