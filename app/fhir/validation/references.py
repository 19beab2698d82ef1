"""References: their form, what they may point at, and the contained resources they need (ref-1).

https://hl7.org/fhir/R4/references.html
"""

import re
from dataclasses import dataclass, field
from typing import Any

from app.fhir.definitions import type_names
from app.fhir.validation.finding import Finding, Findings

_REST = re.compile(
    r"(?:https?://\S+/)?([A-Z][A-Za-z]{1,63})/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#\S*)?"
)
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,63})\?\S+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):\S+")
_ACTIVE = frozenset(("javascript", "data", "vbscript"))
_CORE = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True)
class Root:
    """The resource a reference stands in: its type, its contained resources by id, and whether it is one itself.

    A contained resource sees the contained resources beside it, and "#" is then the resource around it.
    """

    type_name: str
    contained: dict[str, str] = field(default_factory=dict)
    inside: bool = False


def findings(value: dict[str, Any], targets: frozenset[str], root: Root) -> Findings:
    """List what is wrong with a Reference that may point at `targets` (any type when empty)."""
    reference = value.get("reference")
    stated = value.get("type")
    found: Findings = ()
    actual = ""
    if isinstance(reference, str):
        actual, found = _target(reference, root)
    named = stated.removeprefix(_CORE) if isinstance(stated, str) else ""
    if named not in type_names():
        named = ""
    if named and actual and named != actual:
        found += (_MISMATCH,)
    if targets and any(kind and kind not in targets for kind in (actual, named)):
        found += (_wrong_target(targets),)
    return found


def _target(reference: str, root: Root) -> tuple[str, Findings]:
    """Name the type a reference points at, "" when its form does not tell."""
    if reference[:1] == "#":
        return _local(reference[1:], root)
    match = _REST.fullmatch(reference) or _CONDITIONAL.fullmatch(reference)
    if match and match[1] in type_names():
        return match[1], ()
    scheme = _SCHEME.fullmatch(reference)
    if scheme and scheme[1].lower() not in _ACTIVE:
        return "", ()
    return "", (_FORM,)


def _local(name: str, root: Root) -> tuple[str, Findings]:
    if name == "" and root.inside:
        return root.type_name, ()
    kind = root.contained.get(name)
    return ("", (_REF_1,)) if kind is None else (kind, ())


_FORM = Finding(
    "reference",
    "value",
    "Expected a reference: Type/id with a type of FHIR R4, an absolute address, urn:uuid: or #id.",
    "Cần một tham chiếu: Loại/id với loại tài nguyên của FHIR R4, địa chỉ tuyệt đối, urn:uuid: hoặc #id.",
    ".reference",
)
_REF_1 = Finding(
    "ref-1",
    "invariant",
    "A reference that begins with # must name a contained resource of this resource.",
    "Tham chiếu bắt đầu bằng # phải trỏ tới một tài nguyên chứa bên trong (contained).",
    ".reference",
)
_MISMATCH = Finding(
    "reference-type",
    "value",
    "The type must be the type the reference points at.",
    "type phải trùng với loại tài nguyên mà tham chiếu trỏ tới.",
    ".type",
)


def _wrong_target(targets: frozenset[str]) -> Finding:
    listed = ", ".join(sorted(targets))
    return Finding(
        "target", "value", f"The reference must point at one of: {listed}.", f"Tham chiếu phải trỏ tới: {listed}."
    )
