"""The values of FHIRPath Patch: `value[x]`, or parts that make up an element which has no type of its own.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from typing import Any, NamedTuple

from app.fhir.definitions import Element, is_primitive
from app.fhir.patch.edit import insert, set_one
from app.fhir.patch.failure import CannotApply
from app.fhir.patch.spot import CONTAINED, elements_named, length
from app.fhir.patch.tree import clone


class Value(NamedTuple):
    """A value: its type as value[x] names it (`CodeableConcept`, `Boolean`), its JSON and its extensions.

    With `parts`, each a name and a value, it has no type.
    """

    type: str = ""
    value: Any = None
    extensions: Any = None
    parts: tuple["tuple[str, Value]", ...] = ()


NOTHING = Value()


def member_for(kind: str, name: str, value: Value, part: str) -> tuple[str, Element]:
    """Return the JSON member that an element with this value has, and what it is.

    Raises CannotApply for an element that FHIR does not have, and for a choice that has no such type.
    """
    found = elements_named(kind, name, part)
    if name in found:
        return name, found[name]
    member = f"{name}{value.type}"
    if not value.type or member not in found:
        raise CannotApply(
            "The value must be of a type that this element may have.",
            "Giá trị phải thuộc một kiểu mà phần tử này cho phép.",
            "value",
        )
    return member, found[member]


def built(value: Value, kind: str) -> tuple[Any, Any]:
    """Return the JSON of a value for an element of a definition, and of its extensions; fresh at each call."""
    if not value.parts:
        return clone(value.value), clone(value.extensions)
    if is_primitive(kind) or kind == CONTAINED:
        raise CannotApply(
            "This element is a plain value or a resource; it is not made of parts.",
            "Phần tử này là một giá trị đơn hoặc một tài nguyên, không gồm các part.",
            "value",
        )
    made: dict[str, Any] = {}
    for name, item in value.parts:
        place_in(made, kind, name, item, "value")
    return made, None


def place_in(holder: dict[str, Any], kind: str, name: str, value: Value, part: str) -> None:
    """Set an element of an object of a definition, after the last where it repeats.

    Raises CannotApply, naming a part, for an element that FHIR does not have, and for one that does not repeat
    and is there already.
    """
    member, element = member_for(kind, name, value, part)
    made = built(value, element.kind)
    if element.repeats:
        insert(holder, member, length(holder, member), *made)
    elif any(held in holder or f"_{held}" in holder for held in elements_named(kind, name, part)):
        raise CannotApply(
            "This element does not repeat and is there already; replace it.",
            "Phần tử này không lặp và đã có; hãy dùng replace.",
            part,
        )
    else:
        set_one(holder, member, *made)
