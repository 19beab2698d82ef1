"""What is asked of contained resources beyond their own rules (dom-2 to dom-5). https://hl7.org/fhir/R4/domainresource.html"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.fhir import definitions
from app.fhir.validation.finding import Finding, Findings

_LINKS = frozenset(("uri", "url", "canonical"))


def contained_types(tree: dict[str, Any]) -> dict[str, str]:
    """Map the ids of the contained resources to their types; what has no proper id or type is left out."""
    rows = tree.get("contained")
    pairs = [(r.get("id"), r.get("resourceType")) for r in rows if type(r) is dict] if type(rows) is list else []
    return {name: kind for name, kind in pairs if isinstance(name, str) and isinstance(kind, str)}


def findings(tree: dict[str, Any]) -> Findings:
    """List what is wrong with how `tree` contains resources; places are relative to it."""
    rows = tree.get("contained")
    if type(rows) is not list:
        return ()
    used = {text[1:] for text in _links(tree) if text[:1] == "#"}
    counts = Counter(r["id"] for r in rows if type(r) is dict and isinstance(r.get("id"), str))
    found: list[Finding] = []
    for index, row in enumerate(rows):
        if type(row) is dict:
            name = row.get("id") if isinstance(row.get("id"), str) else ""
            rules = _one(row, linked=name in used, repeated=counts[name] > 1)
            found += [rule._replace(place=f".contained[{index}]{rule.place}") for rule in rules]
    return tuple(found)


def _one(row: dict[str, Any], *, linked: bool, repeated: bool) -> Iterator[Finding]:
    meta = row.get("meta")
    names = meta if isinstance(meta, dict) else {}
    if "contained" in row:
        yield _DOM_2
    if not linked and "#" not in _links(row):
        yield _DOM_3
    if "versionId" in names or "lastUpdated" in names:
        yield _DOM_4
    if "security" in names:
        yield _DOM_5
    if repeated:
        yield _SAME_ID


def _links(tree: dict[str, Any]) -> Iterator[str]:
    """Give every text that may point at a contained resource: Reference.reference, and uri, url and canonical."""
    waiting: list[tuple[str, Any]] = [(str(tree.get("resourceType")), tree)]
    while waiting:
        kind, value = waiting.pop()
        if type(value) is list:
            waiting += [(kind, item) for item in value]
        elif type(value) is dict:
            waiting += _below(kind, value)
        elif isinstance(value, str) and kind in _LINKS:
            yield value


def _below(kind: str, value: dict[str, Any]) -> list[tuple[str, Any]]:
    if kind == "ResourceList":
        kind = str(value.get("resourceType"))
    if kind == "Reference":
        value = {**value, "_link": value.get("reference")}
    try:
        known = definitions.elements(kind)
    except KeyError:
        return []
    below = [(known[member].kind, item) for member, item in value.items() if member in known]
    return [*below, ("uri", value["_link"])] if "_link" in value else below


def _rule(key: str, en: str, vi: str, place: str = "") -> Finding:
    return Finding(key, "invariant", en, vi, place)


_DOM_2 = _rule(
    "dom-2",
    "A contained resource must not contain resources.",
    "Tài nguyên contained không được chứa tài nguyên khác.",
    ".contained",
)
_DOM_3 = _rule(
    "dom-3",
    "A contained resource must be referred to from the resource, or refer to it.",
    "Tài nguyên contained phải được tài nguyên chứa nó tham chiếu tới, hoặc tham chiếu tới tài nguyên đó.",
)
_DOM_4 = _rule(
    "dom-4",
    "A contained resource must not have meta.versionId or meta.lastUpdated.",
    "Tài nguyên contained không được có meta.versionId hoặc meta.lastUpdated.",
    ".meta",
)
_DOM_5 = _rule(
    "dom-5",
    "A contained resource must not have a security label.",
    "Tài nguyên contained không được có nhãn bảo mật.",
    ".meta.security",
)
_SAME_ID = _rule(
    "contained-id",
    "Two contained resources must not have one id.",
    "Hai tài nguyên contained không được có cùng id.",
    ".id",
)
