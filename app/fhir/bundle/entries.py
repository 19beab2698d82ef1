"""The entries of a bundle, read from its bytes. https://hl7.org/fhir/R4/bundle.html"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from app.errors import Fault, Invalid, TooLarge, TramyError
from app.fhir import definitions
from app.fhir.asked import Asked, asked
from app.fhir.bundle.document import Media, PatchDocument, patch_document
from app.fhir.bundle.references import conditional_references
from app.fhir.bundle.request import Conditions, misplaced, read_conditions
from app.fhir.json import members, parse
from app.fhir.service import Service

_ENTRIES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_DEPTH = 3
"""Levels of a bundle around a resource: the bundle, its entries, the entry."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_BUNDLE = frozenset(definitions.elements("Bundle")) | {"resourceType"}
_ENTRY = frozenset(definitions.elements("Bundle_Entry"))
_REQUEST = frozenset(definitions.elements("Bundle_Request"))
_PATCHING = ("patch", "conditional-patch")
_SENDING = ("create", "update", "conditional-update", *_PATCHING)
"""Interactions that need a resource."""


@dataclass(frozen=True)
class Entry:
    """One entry: what it asks for, its resource as sent, and its conditions.

    For a patch `raw` is the document of the patch, in the language that `media` says. `address` is its url as sent.
    """

    index: int
    method: str
    asked: Asked
    full_url: str
    raw: bytes
    tree: dict | None
    conditions: Conditions
    media: Media = "fhirpath"
    address: str = ""

    @property
    def place(self) -> str:
        """Where it stands, as FHIRPath."""
        return f"Bundle.entry[{self.index}]"

    @cached_property
    def referred(self) -> frozenset[str]:
        """The references in it that are search conditions."""
        return frozenset(conditional_references(self.raw))


@dataclass(frozen=True)
class ReadBundle:
    """A bundle's type and entries; in a batch an entry that cannot be read stands as its error."""

    type: str
    entries: list[Entry | TramyError]


def read_bundle(service: Service, raw: bytes, base: str = "") -> ReadBundle:
    """Read a transaction or batch; `base` is this interface's address, which may stand before each url.

    Raises Malformed for bytes that are not strict JSON, TooLarge for too many entries, Invalid for a bundle
    that cannot be processed, naming every entry at fault (in a batch such entries are answered one by one).
    """
    tree = parse(raw, depth_limit=service.settings.depth_limit + _DEPTH)
    faults = list(_faults(tree))
    if faults:
        raise Invalid(faults)
    entries = tree.get("entry", [])
    if len(entries) > service.settings.bundle_limit:
        raise TooLarge.of(
            f"A bundle may have at most {service.settings.bundle_limit} entries; send several.",
            f"Một bundle có tối đa {service.settings.bundle_limit} mục; hãy chia thành nhiều bundle.",
            "Bundle.entry",
        )
    raws = _ENTRIES.decode(members(raw)["entry"]) if entries else []
    bases = [f"{item}/" for item in (service.base, base) if item]
    read = [_entry(service, bases, index, entry, raws[index]) for index, entry in enumerate(entries)]
    wrong = [item for item in read if isinstance(item, TramyError)]
    if wrong and tree["type"] == "transaction":
        raise Invalid(fault for item in wrong for fault in item.faults)
    return ReadBundle(tree["type"], read)


def _faults(tree: dict) -> Iterator[Fault]:
    if tree.get("resourceType") != "Bundle":
        yield Fault("invalid", "A Bundle is expected here.", "Ở đây cần một Bundle.", "Bundle.resourceType")
    if tree.get("type") not in ("transaction", "batch"):
        yield Fault(
            "value", "The type must be transaction or batch.", "type phải là transaction hoặc batch.", "Bundle.type"
        )
    if set(tree) - _BUNDLE:
        yield _unknown("Bundle")
    entries = tree.get("entry", [])
    if (
        not isinstance(entries, list)
        or not all(isinstance(entry, dict) for entry in entries)
        or (entries == [] and "entry" in tree)
    ):
        yield Fault(
            "structure",
            "The entries must be a list of objects, not empty.",
            "entry phải là danh sách, không rỗng.",
            "Bundle.entry",
        )


def _entry(
    service: Service, bases: list[str], index: int, entry: dict, raw: dict[str, msgspec.Raw]
) -> Entry | TramyError:
    place = f"Bundle.entry[{index}]"
    faults = list(_entry_faults(entry, place))
    if faults:
        return Invalid(faults)
    request: dict[str, Any] = entry["request"]
    address, _, query = _relative(request["url"], bases).partition("?")
    try:
        meaning = asked(service.registry, request["method"], address, query)
        conditions = read_conditions(request, service.settings.time_zone)
    except TramyError as error:
        return _placed(error, f"{place}.request")
    if meaning.interaction in _SENDING and "resource" not in entry:
        return Invalid(
            [Fault("required", "This request needs a resource.", "Yêu cầu này cần có resource.", f"{place}.resource")]
        )
    body, tree = bytes(raw["resource"]) if "resource" in raw else b"", entry.get("resource")
    document = PatchDocument(body, "fhirpath")
    if meaning.interaction in _PATCHING:
        try:
            document, tree = patch_document(tree or {}, body, f"{place}.resource"), None
        except Invalid as error:
            return error
    full_url = entry.get("fullUrl", "")
    method, url = request["method"], request["url"]
    return Entry(index, method, meaning, full_url, document.raw, tree, conditions, document.media, url)


def _entry_faults(entry: dict, place: str) -> Iterator[Fault]:
    request = entry.get("request")
    if (
        not isinstance(request, dict)
        or request.get("method") not in _METHODS
        or not isinstance(request.get("url"), str)
    ):
        yield Fault(
            "required",
            f"Each entry needs a request with a method ({', '.join(_METHODS)}) and a url.",
            f"Mỗi mục cần request với method ({', '.join(_METHODS)}) và url.",
            f"{place}.request",
        )
        return
    if not isinstance(entry.get("fullUrl", ""), str) or not isinstance(entry.get("resource", {}), dict):
        yield Fault(
            "structure", "A member of this entry has the wrong type.", "Một thành phần của mục này sai kiểu.", place
        )
    if set(entry) - _ENTRY:
        yield _unknown(place)
    if set(request) - _REQUEST:
        yield _unknown(f"{place}.request")
    yield from misplaced(request, f"{place}.request")


def _unknown(place: str) -> Fault:
    return Fault(
        "structure", "There is an element here that FHIR R4 does not have.", "Có phần tử mà FHIR R4 không có.", place
    )


def _placed(error: TramyError, place: str) -> TramyError:
    return type(error)(fault._replace(expression=place) for fault in error.faults)


def _relative(url: str, bases: list[str]) -> str:
    return next((url.removeprefix(base) for base in bases if url.startswith(base)), url)
