"""FHIRPath Patch: operations on a resource, all of them or none. https://hl7.org/fhir/R4/fhirpatch.html"""

from collections.abc import Iterable
from typing import Any

from app.fhir.definitions import elements
from app.fhir.patch.edit import insert, move, opened, remove, replace
from app.fhir.patch.effort import Effort
from app.fhir.patch.failure import CannotApply, run
from app.fhir.patch.fhirpath import Child, Path
from app.fhir.patch.find import find, find_one, several
from app.fhir.patch.parameters import Operation
from app.fhir.patch.spot import Spot, elements_named, length, root_of
from app.fhir.patch.tree import clone
from app.fhir.patch.value import built, member_for, place_in


def apply(tree: dict[str, Any], operations: Iterable[Operation]) -> dict[str, Any]:
    """Return what the operations make of a resource, which itself stays as it is.

    Raises Unprocessable, naming the operation, for the first that cannot be applied.
    """
    work = _Work(clone(tree))
    run(operations, work.act)
    return work.tree


class _Work:
    """The resource in work."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self._root = root_of(tree, tree["resourceType"])
        self._effort = Effort()

    def act(self, operation: Operation) -> None:
        match operation.type:
            case "add":
                self._add(operation)
            case "insert":
                self._insert(operation)
            case "delete":
                self._delete(operation)
            case "replace":
                self._replace(operation)
            case _:
                self._move(operation)

    def _add(self, operation: Operation) -> None:
        spot = find_one(self._root, operation.path, self._effort)
        holder, kind = opened(spot)
        self._effort.spend(0, sum(len(items) for items in holder.values() if isinstance(items, list)))
        place_in(holder, kind, operation.name, operation.value, "name")

    def _insert(self, operation: Operation) -> None:
        holder, member, kind, size = self._list(operation.path)
        if operation.index > size:
            raise _beyond("index")
        insert(holder, member, operation.index, *built(operation.value, kind))

    def _delete(self, operation: Operation) -> None:
        found = find(self._root, operation.path, self._effort)
        if len(found) > 1:
            raise several()
        for spot in found:
            remove(self._part(spot))

    def _replace(self, operation: Operation) -> None:
        spot = self._part(find_one(self._root, operation.path, self._effort))
        name = elements(spot.within)[spot.member].name
        member, element = member_for(spot.within, name, operation.value, "value")
        replace(spot, member, *built(operation.value, element.kind))

    def _move(self, operation: Operation) -> None:
        holder, member, _, size = self._list(operation.path)
        for part, index in (("source", operation.source), ("destination", operation.destination)):
            if index >= size:
                raise _beyond(part)
        move(holder, member, operation.source, operation.destination)

    def _list(self, path: Path) -> tuple[dict[str, Any], str, str, int]:
        """Return what holds a repeating element, its member and definition, and how many items it has."""
        last = path.steps[-1] if path.steps else None
        if not isinstance(last, Child):
            raise _no_list()
        spot = find_one(self._root, path._replace(steps=path.steps[:-1]), self._effort)
        holder, kind = opened(spot)
        member, element = next(iter(elements_named(kind, last.name, "path").items()))
        if not element.repeats:
            raise _no_list()
        size = length(holder, member)
        self._effort.spend(0, size)
        return holder, member, element.kind, size

    def _part(self, spot: Spot) -> Spot:
        """Return an element that is not the resource itself."""
        if not spot.member:
            raise CannotApply(
                "A patch changes parts of the resource; for the whole send PUT or DELETE.",
                "Bản vá chỉ thay đổi từng phần của tài nguyên; với cả tài nguyên hãy dùng PUT hoặc DELETE.",
                "path",
            )
        if spot.at is not None:
            self._effort.spend(0, length(spot.holder, spot.member))
        return spot


def _beyond(part: str) -> CannotApply:
    return CannotApply("The list has fewer items than that.", "Danh sách không có nhiều mục như vậy.", part)


def _no_list() -> CannotApply:
    return CannotApply(
        "The path must end in the name of an element that repeats, such as name.",
        "Đường dẫn phải kết thúc bằng tên một phần tử lặp, ví dụ name.",
        "path",
    )
