"""A patch as it is sent: its form and its operations, parsed and checked once. https://hl7.org/fhir/R4/http.html#patch"""

from dataclasses import dataclass
from typing import Any, Literal

from app.errors import Malformed, TooLarge
from app.fhir.exact import read
from app.fhir.json import parse
from app.fhir.patch import fhirpath_patch, json_patch, parameters
from app.fhir.patch.effort import OPERATIONS
from app.fhir.service import Service

Media = Literal["json", "fhirpath"]
"""`json` is JSON Patch (application/json-patch+json), `fhirpath` a Parameters resource (application/fhir+json)."""
_AROUND = 12
"""Levels that a patch may have around the values it brings: its list, its operations, parts within parts."""


@dataclass(frozen=True)
class JsonPatch:
    """A JSON Patch."""

    operations: tuple[json_patch.Operation, ...]

    def apply(self, tree: dict[str, Any]) -> Any:
        """Return what the patch makes of a tree. Raises Unprocessable, naming the operation that cannot be applied."""
        return json_patch.apply(tree, self.operations)


@dataclass(frozen=True)
class FhirPathPatch:
    """A FHIRPath Patch."""

    operations: tuple[parameters.Operation, ...]

    def apply(self, tree: dict[str, Any]) -> Any:
        """Return what the patch makes of a tree. Raises Unprocessable, naming the operation that cannot be applied."""
        return fhirpath_patch.apply(tree, self.operations)


Document = JsonPatch | FhirPathPatch


def read_patch(service: Service, raw: bytes, media: Media) -> Document:
    """Read a patch. Raises Malformed for bytes that are no patch of its form, TooLarge for too many operations.

    Places of faults are `operation[3].path`: the index of the operation and its part.
    """
    depth = service.settings.depth_limit + _AROUND
    if media == "json":
        items = _list(raw, depth)
        _require_few(items)
        return JsonPatch(json_patch.read_operations(items))
    parse(raw, depth_limit=depth)
    tree = read(raw)
    _require_few(tree.get("parameter"))
    return FhirPathPatch(parameters.read_operations(tree))


def _list(raw: bytes, depth: int) -> list[Any]:
    """Read a list strictly: as the only member of an object, and by itself where that fails, to name the place."""
    try:
        wrapped = parse(b'{"operation":' + raw + b"}", depth_limit=depth)
    except Malformed:
        wrapped = {}
    if list(wrapped) != ["operation"]:
        parse(raw, depth_limit=depth)
    if not isinstance(wrapped.get("operation"), list):
        raise Malformed.of(
            "A JSON Patch is a list of operations.", "JSON Patch là một danh sách thao tác.", "operation"
        )
    return read(raw)


def _require_few(items: Any) -> None:
    if isinstance(items, list) and len(items) > OPERATIONS:
        raise TooLarge.of(
            f"A patch may have at most {OPERATIONS} operations; send several.",
            f"Một bản vá có tối đa {OPERATIONS} thao tác; hãy chia thành nhiều bản vá.",
            "operation",
        )
