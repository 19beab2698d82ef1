"""Changes to one element in the JSON of a resource; a primitive's value and its extensions go together.

https://hl7.org/fhir/R4/json.html#primitive
"""

from typing import Any

from app.fhir.definitions import is_primitive
from app.fhir.patch.spot import Spot, length

Sides = tuple[list[Any], list[Any]]


def opened(spot: Spot) -> tuple[dict[str, Any], str]:
    """Return what `Spot.inside` returns; a primitive without extensions is given an object for them."""
    inside, kind = spot.inside()
    if is_primitive(spot.kind) and not inside:
        if spot.at is None:
            spot.holder[f"_{spot.member}"] = inside
        else:
            values, others = _sides(spot.holder, spot.member)
            others[spot.at] = inside
            _store(spot.holder, spot.member, (values, others))
    return inside, kind


def insert(holder: dict[str, Any], member: str, index: int, value: Any, extensions: Any) -> None:
    """Put an item before the one at an index of a repeating element."""
    values, others = _sides(holder, member)
    values.insert(index, value)
    others.insert(index, extensions)
    _store(holder, member, (values, others))


def move(holder: dict[str, Any], member: str, source: int, destination: int) -> None:
    """Take an item out of a repeating element, and put it back at an index of what is left."""
    values, others = _sides(holder, member)
    values.insert(destination, values.pop(source))
    others.insert(destination, others.pop(source))
    _store(holder, member, (values, others))


def remove(spot: Spot) -> None:
    """Take an element away; the items after it move up."""
    if spot.at is None:
        set_one(spot.holder, spot.member, None, None)
        return
    values, others = _sides(spot.holder, spot.member)
    del values[spot.at], others[spot.at]
    _store(spot.holder, spot.member, (values, others))


def replace(spot: Spot, member: str, value: Any, extensions: Any) -> None:
    """Put another value in the place of an element, under another member name where its type changes."""
    if spot.at is not None:
        values, others = _sides(spot.holder, spot.member)
        values[spot.at], others[spot.at] = value, extensions
        _store(spot.holder, spot.member, (values, others))
        return
    if member != spot.member:
        _rename(spot.holder, {spot.member: member, f"_{spot.member}": f"_{member}"})
    set_one(spot.holder, member, value, extensions)


def set_one(holder: dict[str, Any], member: str, value: Any, extensions: Any) -> None:
    """Set an element that does not repeat; None leaves out its value, its extensions or both."""
    for name, item in ((member, value), (f"_{member}", extensions)):
        if item is None:
            holder.pop(name, None)
        else:
            holder[name] = item


def _rename(holder: dict[str, Any], names: dict[str, str]) -> None:
    """Give members other names in the places where they stand."""
    renamed = [(names.get(name, name), value) for name, value in holder.items()]
    holder.clear()
    holder.update(renamed)


def _sides(holder: dict[str, Any], member: str) -> Sides:
    """Return the values and the extensions of a repeating element, in lists of one length."""
    wanted = length(holder, member)
    values, others = ([*holder.get(name, [])] for name in (member, f"_{member}"))
    return values + [None] * (wanted - len(values)), others + [None] * (wanted - len(others))


def _store(holder: dict[str, Any], member: str, sides: Sides) -> None:
    for name, items in zip((member, f"_{member}"), sides, strict=True):
        if any(item is not None for item in items):
            holder[name] = items
        else:
            holder.pop(name, None)
