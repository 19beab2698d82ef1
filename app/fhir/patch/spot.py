"""Where an element stands in the JSON of a resource: what holds it, under which name, at which index of a list.

A primitive element is two members, its value and, with an underscore, its extensions; lists of both run
side by side. https://hl7.org/fhir/R4/json.html#primitive
"""

from functools import cache
from typing import Any, NamedTuple

from app.fhir import definitions
from app.fhir.patch.failure import CannotApply

CONTAINED = "ResourceList"
"""The definition of resources inside a resource, each of its own type."""


class Spot(NamedTuple):
    """An element: `member` of `holder`, at the index `at` where it repeats.

    `kind` is its definition, "" for a code, and `within` that of the holder. The resource itself is held by an
    object that is not part of it, and has no member name.
    """

    holder: dict[str, Any]
    member: str
    at: int | None
    kind: str
    within: str

    @property
    def value(self) -> Any:
        """Its value, None for a primitive that has extensions only."""
        return _at(self.holder.get(self.member), self.at)

    @property
    def name(self) -> str:
        """The name of its type, that of the resource for a contained one."""
        if self.kind == CONTAINED and isinstance(self.value, dict):
            return str(self.value.get("resourceType", ""))
        return self.kind or "code"

    def inside(self) -> tuple[dict[str, Any], str]:
        """Return the object that holds the parts of this element and the definition of that object.

        For a primitive that is the object of its extensions, empty and held by nothing where there is none.
        Raises CannotApply for what is not formed as its definition says.
        """
        if definitions.is_primitive(self.kind):
            return _object(_at(self.holder.get(f"_{self.member}"), self.at) or {}), "Element"
        value, name = _object(self.value), self.name
        if self.kind == CONTAINED and name not in definitions.type_names():
            raise misshapen()
        return value, name


def root_of(tree: dict[str, Any], kind: str) -> Spot:
    """Return the resource itself."""
    return Spot({"": tree}, "", None, kind, "")


@cache
def members_of(kind: str) -> dict[str, dict[str, definitions.Element]]:
    """Return the JSON members of each element of a definition, by the FHIRPath name of the element."""
    found: dict[str, dict[str, definitions.Element]] = {}
    for member, element in definitions.elements(kind).items():
        if not element.sibling:
            found.setdefault(element.name, {})[member] = element
    return found


def elements_named(kind: str, name: str, part: str) -> dict[str, definitions.Element]:
    """Return the JSON members of an element. Raises CannotApply, naming a part, for one that FHIR does not have."""
    found = members_of(kind).get(name)
    if found is None:
        raise CannotApply(
            "There is no element of this name here; a choice is named without its type, as deceased.",
            "Ở đây không có phần tử tên này; phần tử lựa chọn viết không kèm kiểu, ví dụ deceased.",
            part,
        )
    return found


def parts_named(spot: Spot, name: str, part: str) -> list[Spot]:
    """Return the parts of an element that have a name, in their order."""
    holder, kind = spot.inside()
    found: list[Spot] = []
    for member, element in elements_named(kind, name, part).items():
        if element.repeats:
            found += [Spot(holder, member, index, element.kind, kind) for index in range(length(holder, member))]
        elif member in holder or f"_{member}" in holder:
            found.append(Spot(holder, member, None, element.kind, kind))
    return found


def length(holder: dict[str, Any], member: str) -> int:
    """Return how many items a repeating element has. Raises CannotApply when it is not a list."""
    lists = [holder.get(member, []), holder.get(f"_{member}", [])]
    if not all(isinstance(items, list) for items in lists):
        raise misshapen()
    return max(map(len, lists))


def misshapen() -> CannotApply:
    """Return the error for JSON that an earlier operation made other than FHIR has it."""
    return CannotApply(
        "The path leads through a value that is not formed as FHIR says.",
        "Đường dẫn đi qua một giá trị không đúng dạng của FHIR.",
        "path",
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise misshapen()
    return value


def _at(value: Any, index: int | None) -> Any:
    if index is None:
        return value
    return value[index] if isinstance(value, list) and index < len(value) else None
