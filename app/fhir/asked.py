"""What a method and an address ask for; the same for a request and for an entry of a bundle.

https://hl7.org/fhir/R4/http.html#summary
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from app.errors import BadParameter, NotAllowed, NotFound
from app.fhir.resource_type import Registry, ResourceType

Pairs = list[tuple[str, str]]
ID = re.compile(r"[A-Za-z0-9.-]{1,64}")

# For each shape of an address the interactions by method; `type`, `id` and `version` stand for what varies.
ROUTES: dict[tuple[str, ...], dict[str, str]] = {
    (): {"POST": "bundle"},
    ("metadata",): {"GET": "capabilities"},
    ("type",): {"GET": "search", "POST": "create"},
    ("type", "_search"): {"POST": "search"},
    ("type", "id"): {"GET": "read", "PUT": "update", "DELETE": "delete"},
    ("type", "id", "_history"): {"GET": "history"},
    ("type", "id", "_history", "version"): {"GET": "vread"},
}
_FIXED = {"metadata", "_search", "_history"}


class Asked(NamedTuple):
    """An interaction with what its address names."""

    interaction: str
    kind: ResourceType | None
    id: str
    version: str
    pairs: Pairs


def asked(registry: Registry, method: str, path: str, query: str) -> Asked:
    """Read a method and an address below the base.

    Raises NotFound for an address of no known shape or type, NotAllowed for a method it has not, BadParameter
    for a query that is not UTF-8.
    """
    segments = [unquote(part) for part in path.strip("/").split("/")] if path.strip("/") else []
    shape = _shape(segments)
    kind = registry[segments[0]] if shape[:1] == ("type",) else None
    found = ROUTES.get(shape)
    if found is None or ("id" in shape and not ID.fullmatch(segments[1])):
        raise NotFound.of("There is nothing at this address.", "Không có gì tại địa chỉ này.")
    interaction = found.get("GET" if method == "HEAD" else method)
    if interaction is None:
        allowed = ", ".join(methods(path))
        raise NotAllowed.of(
            f"This method is not supported at this address; supported: {allowed}.",
            f"Địa chỉ này không hỗ trợ phương thức đó; hỗ trợ: {allowed}.",
        )
    version = segments[3] if "version" in shape else ""
    return Asked(interaction, kind, segments[1] if "id" in shape else "", version, read_pairs(query))


def methods(path: str) -> list[str]:
    """Return the methods of an address."""
    segments = path.strip("/").split("/") if path.strip("/") else []
    found = ROUTES.get(_shape(segments), {})
    return sorted({*found, *(["HEAD"] if "GET" in found else [])})


def read_pairs(query: str) -> Pairs:
    """Read a query or a form into names and values, in order. Raises BadParameter when it is not UTF-8."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=500)
    except (UnicodeDecodeError, ValueError):
        raise _not_text() from None
    if any("\x00" in part for pair in pairs for part in pair):
        raise _not_text()
    return pairs


def _not_text() -> BadParameter:
    return BadParameter.of(
        "The parameters must be UTF-8 text without NUL, at most 500 of them.",
        "Các tham số phải là văn bản UTF-8, không có ký tự NUL, tối đa 500 tham số.",
    )


def _shape(segments: list[str]) -> tuple[str, ...]:
    names = ("type", "id", "_history", "version", "?")
    return tuple(part if part in _FIXED else names[min(index, 4)] for index, part in enumerate(segments))
