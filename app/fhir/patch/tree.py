"""Trees of JSON as `exact.read` gives them: copied, compared, and without what a patch has emptied."""

from decimal import Decimal
from typing import Any

from app.fhir.exact import Number


def clone(tree: Any) -> Any:
    """Return a tree that shares no object and no list with this one."""
    if isinstance(tree, dict):
        return {name: clone(value) for name, value in tree.items()}
    return [clone(value) for value in tree] if isinstance(tree, list) else tree


def equal(one: Any, other: Any) -> bool:
    """Return whether two trees are equal as JSON: the order of members and how a number is written do not count.

    https://www.rfc-editor.org/rfc/rfc6902#section-4.6
    """
    if type(one) is not type(other):
        return False
    match one:
        case dict():
            return one.keys() == other.keys() and all(equal(value, other[name]) for name, value in one.items())
        case list():
            return len(one) == len(other) and all(map(equal, one, other))
        case Number():
            return Decimal(one) == Decimal(other)
    return one == other


def without_emptied(tree: Any) -> Any:
    """Return the tree without members that are empty objects or lists, which FHIR has not.

    They are what removing the last part of an element leaves. An empty item of a list stays, to be refused: to
    leave it out would move the items after it. https://hl7.org/fhir/R4/json.html
    """
    if isinstance(tree, list):
        return [without_emptied(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    kept = ((name, without_emptied(value)) for name, value in tree.items())
    return {name: value for name, value in kept if value not in ({}, [])}
