"""What a method and an address ask for; the same for a request and for an entry of a bundle.

https://hl7.org/fhir/R4/http.html#summary
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from app.errors import BadParameter, NotAllowed, NotFound
from app.fhir.resource_type import Registry, ResourceType

Pairs = list[tuple[str, str]]
# "." and ".." are ids by the letter of FHIR, but no address can name them.
ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9.-]{1,64}")

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
# What stands at each place of an address: its fixed words, and the name for anything else.
_PLACES = (({"metadata"}, "type"), ({"_search", "_history"}, "id"), ({"_history"}, "?"), (set(), "version"))
# Parameters of the answer's form, which every interaction takes; only those that list records take others.
_FORM = ("_format", "_pretty")
_LISTS = ("search", "history", "capabilities")


class Asked(NamedTuple):
    """An interaction with what its address names."""

    interaction: str
    kind: ResourceType | None
    id: str
    version: str
    pairs: Pairs

    @property
    def typed(self) -> ResourceType:
        """The type that the address names. Raises NotFound where it names none."""
        if self.kind is None:
            raise _nothing()
        return self.kind


def asked(registry: Registry, method: str, path: str, query: str) -> Asked:
    """Read a method and an address below the base.

    `path` is percent-encoded, so that an encoded slash stays within its part. Raises NotFound for an address of
    no known shape or type, NotAllowed for a method it has not, BadParameter for a query that is not UTF-8 or has
    a parameter where none is known.
    """
    segments = _segments(path)
    shape = _shape(segments)
    kind = registry[segments[0]] if shape[:1] == ("type",) else None
    found = ROUTES.get(shape)
    if found is None or ("id" in shape and not ID.fullmatch(segments[1])):
        raise _nothing()
    interaction = found.get("GET" if method == "HEAD" else method)
    if interaction is None:
        allowed = ", ".join(methods(path))
        raise NotAllowed.of(
            f"This method is not supported at this address; supported: {allowed}.",
            f"Địa chỉ này không hỗ trợ phương thức đó; hỗ trợ: {allowed}.",
        )
    version = segments[3] if "version" in shape else ""
    pairs = read_pairs(query) if query else []
    if interaction not in _LISTS:
        _require_form_only(pairs)
    return Asked(interaction, kind, segments[1] if "id" in shape else "", version, pairs)


def methods(path: str) -> list[str]:
    """Return the methods of an address."""
    found = ROUTES.get(_shape(_segments(path)), {})
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


def _require_form_only(pairs: Pairs) -> None:
    if any(name not in _FORM for name, _ in pairs):
        raise BadParameter.of(
            f"This interaction takes no parameters but {' and '.join(_FORM)}.",
            f"Thao tác này không nhận tham số nào ngoài {' và '.join(_FORM)}.",
        )


def _segments(path: str) -> list[str]:
    bare = path.strip("/")
    return [unquote(part) for part in bare.split("/")] if bare else []


def _shape(segments: list[str]) -> tuple[str, ...]:
    """Name what stands at each place; a longer address has no known shape."""
    if len(segments) > len(_PLACES):
        return ("?",)
    return tuple(part if part in fixed else name for part, (fixed, name) in zip(segments, _PLACES, strict=False))


def _nothing() -> NotFound:
    return NotFound.of("There is nothing at this address.", "Không có gì tại địa chỉ này.")
