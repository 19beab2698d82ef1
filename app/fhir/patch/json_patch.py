"""JSON Patch: operations on a tree, all of them or none. https://www.rfc-editor.org/rfc/rfc6902"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from app.errors import Fault, Malformed
from app.fhir.patch.effort import Effort
from app.fhir.patch.failure import MOST_FAULTS, CannotApply, place, run
from app.fhir.patch.pointer import AFTER_LAST, Pointer, follow, index_of, key_of, nothing, read_pointer
from app.fhir.patch.tree import clone, equal

# The members that each operation needs besides `op`; others are ignored, as the RFC asks.
_NEEDED = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("from", "path"),
    "copy": ("from", "path"),
    "test": ("path", "value"),
}


class Operation(NamedTuple):
    """One operation; `source` is its `from`."""

    op: str
    path: Pointer
    source: Pointer = ()
    value: Any = None


def read_operations(items: Sequence[Any]) -> tuple[Operation, ...]:
    """Read the operations of a patch. Raises Malformed with the faults of every one that is none."""
    faults = [fault for index, item in enumerate(items) for fault in _faults(item, index)]
    if faults:
        raise Malformed(faults[:MOST_FAULTS])
    return tuple(_operation(item) for item in items)


def apply(tree: Any, operations: Iterable[Operation]) -> Any:
    """Return what the operations make of a tree, which itself stays as it is.

    Raises Unprocessable, naming the operation, for the first that cannot be applied.
    """
    work = _Work(clone(tree))
    run(operations, work.act)
    return work.tree


class _Work:
    """The tree in work."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self._effort = Effort()

    def act(self, operation: Operation) -> None:
        match operation.op:
            case "add":
                self._add(operation.path, operation.value)
            case "remove":
                self._remove(operation.path, "path")
            case "replace":
                self._replace(operation.path, operation.value)
            case "move":
                self._move(operation.source, operation.path)
            case "copy":
                self._add(operation.path, follow(self.tree, operation.source, "from"))
            case _:
                self._test(operation.path, operation.value)

    def _add(self, path: Pointer, value: Any) -> None:
        self._effort.measure(value, len(path))
        self._put(path, clone(value))

    def _put(self, path: Pointer, value: Any) -> None:
        if not path:
            self.tree = value
            return
        holder = follow(self.tree, path[:-1], "path")
        if isinstance(holder, dict):
            holder[path[-1]] = value
        elif isinstance(holder, list):
            holder.insert(_position(holder, path[-1]), value)
        else:
            raise nothing("path")

    def _remove(self, path: Pointer, part: str) -> Any:
        if not path:
            raise CannotApply(
                "The whole resource cannot be removed; send DELETE.",
                "Không thể xóa cả tài nguyên bằng bản vá; hãy dùng DELETE.",
                part,
            )
        holder = follow(self.tree, path[:-1], part)
        key = key_of(holder, path[-1], part)
        return holder.pop(key)

    def _replace(self, path: Pointer, value: Any) -> None:
        self._effort.measure(value, len(path))
        if not path:
            self.tree = clone(value)
            return
        holder = follow(self.tree, path[:-1], "path")
        holder[key_of(holder, path[-1], "path")] = clone(value)

    def _move(self, source: Pointer, path: Pointer) -> None:
        value = follow(self.tree, source, "from")
        if source == path:
            return
        if path[: len(source)] == source:
            raise CannotApply(
                "A value cannot be moved into itself.", "Không thể chuyển một giá trị vào trong chính nó.", "path"
            )
        self._effort.measure(value, len(path))
        self._put(path, self._remove(source, "from"))

    def _test(self, path: Pointer, value: Any) -> None:
        if not equal(follow(self.tree, path, "path"), value):
            raise CannotApply("The test does not hold.", "Phép kiểm tra (test) không đúng.", "value")


def _position(items: list[Any], token: str) -> int:
    position = len(items) if token == AFTER_LAST else index_of(token, "path")
    if position > len(items):
        raise nothing("path")
    return position


def _operation(item: dict[str, Any]) -> Operation:
    source = item["from"] if "from" in _NEEDED[item["op"]] else ""
    return Operation(item["op"], read_pointer(item["path"]) or (), read_pointer(source) or (), item.get("value"))


def _faults(item: Any, index: int) -> Iterator[Fault]:
    if not isinstance(item, dict):
        yield Fault("structure", "An operation must be an object.", "Thao tác phải là một đối tượng.", place(index))
        return
    op = item.get("op")
    needed = _NEEDED.get(op) if isinstance(op, str) else None
    if needed is None:
        listed = ", ".join(_NEEDED)
        yield Fault("value", f"op must be one of {listed}.", f"op phải là một trong {listed}.", place(index, "op"))
        return
    for name in needed:
        if name not in item:
            yield Fault("required", f"{op} needs {name}.", f"{op} cần có {name}.", place(index, name))
        elif name != "value" and (not isinstance(item[name], str) or read_pointer(item[name]) is None):
            yield Fault(
                "value",
                "This must be a JSON Pointer, such as /name/0/family.",
                "Phần này phải là JSON Pointer, ví dụ /name/0/family.",
                place(index, name),
            )
