"""Whose record it is: the patient that the owner element of a type names."""

import re

from app.errors import Fault
from app.fhir.resource_type import ResourceType

_LOCAL = re.compile(r"(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")


def owner_of(kind: ResourceType, tree: dict, base: str) -> tuple[str, list[Fault]]:
    """Return the id of the patient a resource belongs to ('' for none), and a fault where it must name one.

    The reference may be relative (`Patient/1`) or carry this server's own address.
    """
    if not kind.owner:
        return "", []
    value = tree.get(kind.owner)
    if value is None and kind.owner_optional:
        return "", []
    reference = (value or {}).get("reference", "")
    form = _LOCAL.fullmatch(reference.removeprefix(f"{base}/") if base else reference)
    if form is not None and form["type"] == "Patient":
        return form["id"], []
    if form is not None and kind.owner_optional:
        return "", []
    return "", [_unowned(f"{kind.name}.{kind.owner}")]


def _unowned(place: str) -> Fault:
    return Fault(
        "value",
        "This must refer to a patient held here, as Patient/<id> (in a transaction also by the fullUrl of its entry).",
        "Phần này phải tham chiếu tới một người dân có trong hệ thống, dạng Patient/<id>"
        " (trong transaction có thể dùng fullUrl của mục tương ứng).",
        f"{place}.reference",
    )
