"""The resource that a patch leaves: members it does not touch keep their bytes. https://hl7.org/fhir/R4/http.html#patch"""

from typing import Any

from app.errors import Fault, TooLarge, Unprocessable
from app.fhir.bundle.references import require_resolved
from app.fhir.exact import read, write
from app.fhir.json import members
from app.fhir.patch.document import Document
from app.fhir.patch.tree import without_emptied
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service


def patched(service: Service, kind: ResourceType, body: str, document: Document) -> bytes:
    """Return the bytes that a patch makes of a record's current body; whether they are FHIR is not yet looked at.

    Raises Unprocessable for a patch that cannot be applied or changes what is the server's, TooLarge for a
    result beyond the limit of a body, Invalid for a conditional reference.
    """
    before = read(body)
    after = without_emptied(document.apply(before))
    faults = _faults(kind, before, after)
    if faults:
        raise Unprocessable(faults)
    raw = _bytes(body, before, after)
    limit = service.settings.body_limit
    if len(raw) > limit:
        raise TooLarge.of(
            f"The resource would have more than {limit} bytes.", f"Tài nguyên sẽ lớn hơn {limit} byte.", kind.name
        )
    require_resolved(raw, kind.name)
    return raw


def _faults(kind: ResourceType, before: dict[str, Any], after: Any) -> list[Fault]:
    """Name what a patch may not change. What it removes of meta the server gives again."""
    if not isinstance(after, dict):
        return [Fault("structure", "A resource must remain.", "Kết quả phải là một tài nguyên.", kind.name)]
    names = [name for name in ("resourceType", "id") if after.get(name) != before.get(name)]
    meta = after.get("meta")
    if isinstance(meta, dict):
        held = before["meta"]
        names += [f"meta.{name}" for name in ("versionId", "lastUpdated") if meta.get(name, held[name]) != held[name]]
    return [
        Fault(
            "business-rule",
            "A patch may not change this.",
            "Bản vá không được thay đổi phần này.",
            f"{kind.name}.{name}",
        )
        for name in names
    ]


def _bytes(body: str, before: dict[str, Any], after: dict[str, Any]) -> bytes:
    sent = members(body.encode())
    parts = []
    for name, value in after.items():
        written = write(value)
        kept = name in before and write(before[name]) == written
        parts.append(write(name).encode() + b":" + (sent[name] if kept else written.encode()))
    return b"{" + b",".join(parts) + b"}"
