"""Patient.link of merged records: `replaces` in the one that stays, `replaced-by` in the one merged into it.

https://hl7.org/fhir/R4/valueset-link-type.html
"""

from typing import Any

from app.fhir.exact import read, write
from app.fhir.json import members
from app.fhir.resource_type import ResourceType
from app.resources.persons.named import read_reference

REPLACES = "replaces"
REPLACED_BY = "replaced-by"


def with_link(kind: ResourceType, body: str, other: str, link_type: str, base: str) -> bytes:
    """Return the resource with a link to the other record; as it is when it has that link."""
    links = _links(body)
    if any(_is(kind, link, other, link_type, base) for link in links):
        return body.encode()
    return _written(body, [*links, {"other": {"reference": f"{kind.name}/{other}"}, "type": link_type}])


def without_link(kind: ResourceType, body: str, other: str, link_type: str, base: str) -> bytes:
    """Return the resource without links of that type to the other record."""
    links = _links(body)
    kept = [link for link in links if not _is(kind, link, other, link_type, base)]
    return body.encode() if len(kept) == len(links) else _written(body, kept)


def _links(body: str) -> list[dict[str, Any]]:
    parts = members(body.encode())
    return read(parts["link"]) if "link" in parts else []


def _is(kind: ResourceType, link: dict[str, Any], other: str, link_type: str, base: str) -> bool:
    return link.get("type") == link_type and read_reference(kind, link.get("other"), (base,)) == other


def _written(body: str, links: list[dict[str, Any]]) -> bytes:
    """Return the resource with these links; every other member keeps its bytes."""
    parts = {name: value for name, value in members(body.encode()).items() if name != "link"}
    if links:
        parts["link"] = write(links).encode()
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), value) for name, value in parts.items()) + b"}"
