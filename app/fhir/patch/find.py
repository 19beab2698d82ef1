"""The elements that a path leads to in a resource. https://hl7.org/fhir/R4/fhirpatch.html"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.fhir.exact import Number
from app.fhir.patch.effort import Effort
from app.fhir.patch.failure import CannotApply
from app.fhir.patch.fhirpath import Child, Extension, Index, Literal, OfType, Path, Step, Where
from app.fhir.patch.spot import Spot, parts_named

_GENERAL = ("Resource", "DomainResource")


def find(root: Spot, path: Path, effort: Effort) -> list[Spot]:
    """Return the elements a path leads to from the resource.

    Raises CannotApply for a path that begins with another type or names an element that FHIR does not have.
    """
    if path.root and path.root != root.kind and path.root not in _GENERAL:
        raise CannotApply(f"The path must begin with {root.kind}.", f"Đường dẫn phải bắt đầu bằng {root.kind}.", "path")
    return _follow([root], path.steps, effort)


def find_one(root: Spot, path: Path, effort: Effort) -> Spot:
    """Return the one element a path leads to. Raises CannotApply for none and for several."""
    found = find(root, path, effort)
    if not found:
        raise CannotApply("The path leads to no element.", "Đường dẫn không tới phần tử nào.", "path")
    if len(found) > 1:
        raise several()
    return found[0]


def several() -> CannotApply:
    """Return the error for a path that leads to more than one element."""
    return CannotApply(
        "The path leads to several elements; choose one, as with [0] or where().",
        "Đường dẫn tới nhiều phần tử; hãy chọn một, ví dụ bằng [0] hoặc where().",
        "path",
    )


def _follow(spots: list[Spot], steps: Sequence[Step], effort: Effort) -> list[Spot]:
    for step in steps:
        spots = _step(spots, step, effort)
        effort.spend(0, elements=len(spots))
    return spots


def _step(spots: list[Spot], step: Step, effort: Effort) -> list[Spot]:
    match step:
        case Child(name):
            return [part for spot in spots for part in parts_named(spot, name, "path")]
        case Index(index):
            return spots[-1:] if index == -1 else spots[index : index + 1]
        case OfType(name):
            return [spot for spot in spots if spot.name == name]
        case Extension(url):
            extensions = [part for spot in spots for part in parts_named(spot, "extension", "path")]
            effort.spend(0, elements=len(extensions))
            return [part for part in extensions if isinstance(part.value, dict) and part.value.get("url") == url]
        case Where(conditions):
            return [spot for spot in spots if all(_holds(spot, *condition, effort) for condition in conditions)]


def _holds(spot: Spot, path: Path, literal: Literal, effort: Effort) -> bool:
    found = _follow([spot], path.steps, effort)
    return len(found) == 1 and _is(found[0].value, literal)


def _is(value: Any, literal: Literal) -> bool:
    if isinstance(value, Number):
        return isinstance(literal, Decimal) and Decimal(value) == literal
    return type(value) is type(literal) and value == literal
