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

# Types of definitions that are shipped with the program: read and searched, never written.
PUBLISHED = (
    "CapabilityStatement",
    "CodeSystem",
    "CompartmentDefinition",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
)
_OPERATION = {"GET": "operation", "POST": "operation"}
# For each shape of an address the interactions by method; a word that stands in _PLACES or begins with $ varies.
ROUTES: dict[tuple[str, ...], dict[str, str]] = {
    (): {"GET": "search-system", "POST": "bundle"},
    ("_search",): {"POST": "search-system"},
    ("_history",): {"GET": "history-system"},
    ("metadata",): {"GET": "capabilities"},
    ("_jobs", "id"): {"GET": "job", "DELETE": "cancel-job"},
    ("$operation",): _OPERATION,
    ("published",): {"GET": "search-published"},
    ("published", "_search"): {"POST": "search-published"},
    ("published", "$operation"): _OPERATION,
    ("published", "id"): {"GET": "read-published"},
    ("published", "id", "$operation"): _OPERATION,
    ("type",): {
        "GET": "search",
        "POST": "create",
        "PUT": "conditional-update",
        "PATCH": "conditional-patch",
        "DELETE": "conditional-delete",
    },
    ("type", "_search"): {"POST": "search"},
    ("type", "_history"): {"GET": "history-type"},
    ("type", "$operation"): _OPERATION,
    ("type", "id"): {"GET": "read", "PUT": "update", "PATCH": "patch", "DELETE": "delete"},
    ("type", "id", "_history"): {"GET": "history"},
    ("type", "id", "_history", "version"): {"GET": "vread"},
    ("type", "id", "$operation"): _OPERATION,
    ("type", "id", "other"): {"GET": "search-compartment"},
    ("type", "id", "other", "_search"): {"POST": "search-compartment"},
}
# What stands at each place of an address: its fixed words, and the name for anything else.
_PLACES = (
    ({"metadata", "_search", "_history", "_jobs"}, "type"),
    ({"_search", "_history"}, "id"),
    ({"_history"}, "other"),
    ({"_search"}, "version"),
)
# Parameters of the answer's form, which every interaction takes; only those that list or choose records take others.
_FORM = ("_format", "_pretty")
_SHAPE = ("_summary", "_elements")
_SHAPED = ("read", "vread")
_PLAIN = ("create", "update", "patch", "delete", "bundle", "job", "cancel-job")


class Asked(NamedTuple):
    """An interaction with what its address names.

    `operation` is the code of an operation, `other` the type (or `*`) within a compartment, `published` the type of
    a shipped definition.
    """

    interaction: str
    kind: ResourceType | None
    id: str
    version: str
    pairs: Pairs
    operation: str = ""
    other: str = ""
    published: str = ""

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
    found = ROUTES.get(shape)
    if found is None and shape[:1] == ("type",):
        _ = registry[segments[0]]
    if found is None or ("id" in shape and not ID.fullmatch(segments[1])):
        raise _nothing()
    named = dict(zip(shape, segments, strict=True))
    kind = registry[named["type"]] if "type" in named else None
    if "other" in named and kind and not kind.is_person:
        raise _nothing()
    interaction = found.get("GET" if method == "HEAD" else method)
    if interaction is None:
        allowed = ", ".join(methods(path))
        raise NotAllowed.of(
            f"This method is not supported at this address; supported: {allowed}.",
            f"Địa chỉ này không hỗ trợ phương thức đó; hỗ trợ: {allowed}.",
        )
    pairs = read_pairs(query) if query else []
    if interaction in (*_PLAIN, *_SHAPED, "capabilities"):
        _require_only(pairs, (*_FORM, *_SHAPE) if interaction in _SHAPED else _FORM)
    return Asked(
        interaction,
        kind,
        named.get("id", ""),
        named.get("version", ""),
        pairs,
        named.get("$operation", "").removeprefix("$"),
        named.get("other", ""),
        named.get("published", ""),
    )


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


def _require_only(pairs: Pairs, names: tuple[str, ...]) -> None:
    if any(name not in names for name, _ in pairs):
        raise BadParameter.of(
            f"This interaction takes no parameters but {', '.join(names)}.",
            f"Thao tác này không nhận tham số nào ngoài {', '.join(names)}.",
        )


def _segments(path: str) -> list[str]:
    bare = path.strip("/")
    return [unquote(part) for part in bare.split("/")] if bare else []


def _shape(segments: list[str]) -> tuple[str, ...]:
    """Name what stands at each place; a longer address has no known shape."""
    if len(segments) > len(_PLACES):
        return ("?",)
    shape = [_place(part, *place) for part, place in zip(segments, _PLACES, strict=False)]
    if segments and segments[0] in PUBLISHED:
        shape[0] = "published"
    return tuple(shape)


def _place(part: str, fixed: set[str], name: str) -> str:
    if part in fixed:
        return part
    return "$operation" if part.startswith("$") else name


def _nothing() -> NotFound:
    return NotFound.of("There is nothing at this address.", "Không có gì tại địa chỉ này.")
