"""A Bundle that lists records, as text: bodies are put in as they are stored. https://hl7.org/fhir/R4/bundle.html"""

import json
from collections.abc import Iterable


def bundle_text(kind: str, links: list[tuple[str, str]], entries: Iterable[str], total: int | None) -> str:
    """Return a Bundle of this type with links (relation, address), entries as JSON, and a total unless it is None."""
    parts = ['"resourceType":"Bundle"', f'"type":"{kind}"']
    if total is not None:
        parts.append(f'"total":{total}')
    if links:
        parts.append(f'"link":{json.dumps([{"relation": relation, "url": url} for relation, url in links])}')
    listed = ",".join(entries)
    if listed:
        parts.append(f'"entry":[{listed}]')
    return object_text(parts)


def object_text(members: list[str]) -> str:
    """Return an object of members that are JSON already."""
    return "{" + ",".join(members) + "}"
