"""FHIRPath Patch as it is sent: a Parameters resource, read into operations. https://hl7.org/fhir/R4/fhirpatch.html"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.errors import Fault, Malformed
from app.fhir import definitions
from app.fhir.exact import Number
from app.fhir.patch.failure import MOST_FAULTS, place
from app.fhir.patch.fhirpath import NotUnderstood, Path, read_path
from app.fhir.patch.value import NOTHING, Value

# The parts that each type of operation needs besides `type`; no others are known.
_NEEDED = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ROOT = frozenset(definitions.elements("Parameters")) | {"resourceType"}
_ABOUT = {"id", "extension", "modifierExtension"}


@dataclass(frozen=True)
class Operation:
    """One operation, with the parts that its type has."""

    type: str
    path: Path
    name: str = ""
    value: Value = NOTHING
    index: int = 0
    source: int = 0
    destination: int = 0


class _Unread(ValueError):
    """A part that is not what it should be: an issue code, the part, and what was expected."""

    def __init__(self, code: str, part: str, en: str, vi: str) -> None:
        super().__init__(en)
        self.code, self.part, self.en, self.vi = code, part, en, vi


def read_operations(tree: dict[str, Any]) -> tuple[Operation, ...]:
    """Read the operations of a Parameters resource. Raises Malformed with a fault for every one that is none."""
    items = tree.get("parameter", [])
    if tree.get("resourceType") != "Parameters" or not isinstance(items, list) or set(tree) - _ROOT:
        raise Malformed.of(
            "A FHIRPath Patch is a Parameters resource with a list of parameters.",
            "FHIRPath Patch là một tài nguyên Parameters có danh sách parameter.",
            "Parameters",
        )
    found, faults = [], []
    for index, item in enumerate(items):
        try:
            found.append(_operation(item))
        except _Unread as error:
            faults.append(Fault(error.code, error.en, error.vi, place(index, error.part)))
    if faults:
        raise Malformed(faults[:MOST_FAULTS])
    return tuple(found)


def _operation(item: Any) -> Operation:
    if not isinstance(item, dict) or item.get("name") != "operation" or set(item) - {"name", "part", *_ABOUT}:
        raise _Unread(
            "structure",
            "",
            "Each parameter must be named operation and have parts.",
            "Mỗi parameter phải có name là operation và có part.",
        )
    parts = dict(_distinct(_parts(item.get("part"), "")))
    kind = _text(parts.pop("type", None), "type")
    if kind not in _NEEDED:
        listed = ", ".join(_NEEDED)
        raise _Unread("value", "type", f"type must be one of {listed}.", f"type phải là một trong {listed}.")
    for name in _NEEDED[kind]:
        if name not in parts:
            raise _Unread("required", name, f"{kind} needs {name}.", f"{kind} cần có {name}.")
    if len(parts) > len(_NEEDED[kind]):
        listed = ", ".join(("type", *_NEEDED[kind]))
        raise _Unread("structure", "", f"{kind} has the parts {listed} only.", f"{kind} chỉ có các phần {listed}.")
    return Operation(kind, **{name: _READ[name](value, name) for name, value in parts.items()})


def _parts(items: Any, part: str) -> Iterator[tuple[str, Value]]:
    """Give the name and the value of each part of a list."""
    if not isinstance(items, list) or not items:
        raise _misshapen(part)
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            raise _misshapen(part)
        yield item["name"], _value(item, part or _known(item["name"]))


def _distinct(parts: Iterator[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    seen = set()
    for name, value in parts:
        if name in seen:
            raise _Unread("structure", _known(name), "A part is given twice.", "Một phần được gửi hai lần.")
        seen.add(name)
        yield name, value


def _value(item: dict[str, Any], part: str) -> Value:
    """Read `value[x]` with its extensions, a list of parts, or a resource; exactly one of them."""
    rest = {name: value for name, value in item.items() if name not in {"name", *_ABOUT}}
    named = {name.removeprefix("_") for name in rest}
    if len(named) != 1 or any(value is None for value in rest.values()):
        raise _misshapen(part)
    name = named.pop()
    if name == "part":
        return Value(parts=tuple(_parts(rest.get("part"), part)))
    if name == "resource" and "resource" in rest:
        return Value(value=rest["resource"])
    if name not in definitions.elements("Parameters_Parameter") or not name.startswith("value"):
        raise _misshapen(part)
    return Value(name.removeprefix("value"), rest.get(name), rest.get(f"_{name}"))


def _text(value: Value | None, part: str) -> str:
    if value is None:
        raise _Unread("required", part, f"An operation needs {part}.", f"Thao tác cần có {part}.")
    if value.type not in ("String", "Code") or not isinstance(value.value, str) or isinstance(value.value, Number):
        raise _Unread("value", part, "This must be a valueString or valueCode.", "Phải là valueString hoặc valueCode.")
    return value.value


def _path(value: Value, part: str) -> Path:
    try:
        return read_path(_text(value, part))
    except NotUnderstood:
        raise _Unread(
            "not-supported",
            part,
            "The path must be a path of elements, such as Patient.name[0].given; understood are [n], first(), last(),"
            " ofType(), extension() and where() with = and `and`.",
            "path phải là đường dẫn các phần tử, ví dụ Patient.name[0].given; hỗ trợ [n], first(), last(), ofType(),"
            " extension() và where() với = và `and`.",
        ) from None


def _index(value: Value, part: str) -> int:
    number = value.value
    if not isinstance(number, Number) or not _INDEX.fullmatch(number):
        raise _Unread("value", part, "This must be a valueInteger from 0 up.", "Phải là valueInteger từ 0 trở lên.")
    return int(number)


_READ = {
    "path": _path,
    "name": _text,
    "value": lambda value, _part: value,
    "index": _index,
    "source": _index,
    "destination": _index,
}


def _known(name: str) -> str:
    """Return the name of a part where it is one that operations have; another is not repeated."""
    return name if name == "type" or name in _READ else ""


def _misshapen(part: str) -> _Unread:
    return _Unread(
        "structure",
        part,
        "Each part needs a name and either one value[x] or parts.",
        "Mỗi part cần name và hoặc đúng một value[x] hoặc các part.",
    )
