"""A resource read from bytes once: parsed, checked, its owner and columns taken out. After this it is trusted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import Fault, Invalid, Unprocessable
from app.fhir.json import members, parse
from app.fhir.resource_type import Claim, Reading, ResourceType
from app.fhir.search.common import META
from app.fhir.service import Service
from app.fhir.shape import SUBSETTED, SUBSETTED_SYSTEM
from app.fhir.write.owner import owner_of


@dataclass(frozen=True)
class Prepared:
    """A checked resource.

    `parts` are its members as sent; `owner` is the id of the patient it belongs to, '' for none; `columns`
    are the values taken out of it.
    """

    kind: ResourceType
    parts: dict[str, bytes]
    tree: dict
    owner: str
    columns: dict[str, Any]
    claims: tuple[Claim, ...]

    @property
    def id(self) -> str | None:
        """The id it was sent with."""
        return self.tree.get("id")


def prepare(service: Service, kind: ResourceType, raw: bytes, received: datetime, tree: dict | None = None) -> Prepared:
    """Read and check a resource; `tree` is what its bytes say, where they were parsed before.

    Raises Malformed for bytes that are not strict JSON, Invalid with every fault of the FHIR rules, and
    Unprocessable with every fault of the service's own rules.
    """
    if tree is None:
        tree = parse(raw, depth_limit=service.settings.depth_limit)
    parts = members(raw)
    faults = service.validator.faults(kind.name, tree, parts)
    if any(fault.severity == "error" for fault in faults):
        raise Invalid(faults)
    owner, own = owner_of(kind, tree, service.base)
    own += [*_cut(tree), *(fault for rule in kind.rules for fault in rule(tree))]
    if any(fault.severity == "error" for fault in own):
        raise Unprocessable(own)
    columns = {**_meta(tree, service), **kind.columns(tree, Reading(service.settings.time_zone, received))}
    return Prepared(kind, parts, tree, owner, columns, tuple(kind.claims(tree)))


def _cut(tree: dict) -> list[Fault]:
    """Return a fault for a resource that was given as a summary: stored, it would lose what was left out of it."""
    tags = tree.get("meta", {}).get("tag", ())
    if not any(tag.get("code") == SUBSETTED and tag.get("system") in (None, SUBSETTED_SYSTEM) for tag in tags):
        return []
    return [
        Fault(
            "business-rule",
            "This is a part of a resource (SUBSETTED, from _summary or _elements); read the whole one and send that.",
            "Đây chỉ là một phần của tài nguyên (SUBSETTED, do _summary hoặc _elements); hãy đọc bản đầy đủ rồi gửi.",
            f"{tree['resourceType']}.meta.tag",
        )
    ]


def _meta(tree: dict, service: Service) -> dict[str, Any]:
    """Return the columns that every type has, from meta."""
    if "meta" not in tree:
        return {}
    found: dict[str, Any] = {}
    for parameter in META:
        found.update(parameter.read(tree, service.settings.time_zone))
    return found
