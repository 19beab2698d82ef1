"""The tables of docs/conformance.md, from the declarations; what a table needs and nobody has described is an error."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.api.openapi.headers import requested
from app.config import Settings
from app.fhir.asked import PUBLISHED, ROUTES
from app.fhir.interactions.capabilities import statement
from app.fhir.published.operation_definitions import standing
from app.fhir.published.search import fields
from app.fhir.resource_type import ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.criteria import DEEPEST, MOST_VALUES
from app.fhir.search.described import PREFIXES, official
from app.fhir.search.described import published as of_r4
from app.fhir.search.modifiers import MODIFIERS
from app.fhir.search.query import MOST_CRITERIA
from app.fhir.search.result import MOST_KEYS, RESULT
from app.resources.registry import registry

_R4 = "https://hl7.org/fhir/R4"


class Row(NamedTuple):
    """What is said of an interaction: R4's name, its page, and what is particular here."""

    name: str
    page: str
    says: str


INTERACTIONS: dict[str, Row] = {
    "read": Row(
        "read", "http.html#read", "Conditional with If-None-Match and If-Modified-Since; `_summary`, `_elements`."
    ),
    "vread": Row("vread", "http.html#vread", "The same; the version that is a deletion is 410."),
    "create": Row("create, conditional create", "http.html#create", "If-None-Exist; race-free for any condition."),
    "update": Row(
        "update, update as create",
        "http.html#update",
        "If-Match with a version or `*`, If-None-Match with `*`. The same content again makes no version.",
    ),
    "conditional-update": Row(
        "conditional update",
        "http.html#cond-update",
        "None matches: created, under the id of the body if it has one. Race-free.",
    ),
    "patch": Row("patch", "http.html#patch", "JSON Patch and FHIRPath Patch; no XML Patch. If-Match as for update."),
    "conditional-patch": Row("conditional patch", "http.html#patch", "None matches: 404."),
    "delete": Row(
        "delete", "http.html#delete", "A deletion is a version. A person with records left is refused with 409."
    ),
    "conditional-delete": Row(
        "conditional delete", "http.html#3.1.0.7.1", "One match, or many where the type says so (below)."
    ),
    "search": Row("search-type", "http.html#search", "By address and by form."),
    "search-system": Row("search-system", "http.html#search", "`_type` chooses among the types."),
    "search-compartment": Row(
        "search of a compartment", "http.html#vsearch", "Of one person: one type, or `*` for all that belong to it."
    ),
    "history": Row("history-instance", "http.html#history", "Deletions included."),
    "history-type": Row("history-type", "http.html#history", "`_since` makes it a feed of changes."),
    "history-system": Row("history-system", "http.html#history", "The same over all types."),
    "bundle": Row("transaction, batch", "http.html#transaction", "See [bundles](#bundles)."),
    "capabilities": Row(
        "capabilities", "http.html#capabilities", "Also read and searched as CapabilityStatement/tramy."
    ),
    "operation": Row("operation", "operations.html", "See [operations](#operations)."),
    "read-published": Row("read of a shipped definition", "http.html#read", "Without versions."),
    "search-published": Row(
        "search of shipped definitions", "http.html#search", "See [definitions](#shipped-definitions)."
    ),
    "job": Row("asynchronous answer", "async.html", "After `Prefer: respond-async`; see [headers](#headers)."),
    "cancel-job": Row(
        "asynchronous answer: give up", "async.html", "Or delete an answer before its 24 hours are over."
    ),
}
"""A line for each interaction that is routed."""

_VALUES = {
    "token": "`code`, `system\\|code`, `\\|code`, `system\\|`",
    "string": "the beginning of a text or of one of its words, without case, accents, đ/Đ",
    "date": "a year, month, day or time, as a range",
    "reference": "`Type/id`, an id, an absolute address",
    "quantity": "`number`, `number\\|system\\|code`, `number\\|\\|code`; units as stated, not converted",
    "special": "`near`: `latitude\\|longitude\\|distance\\|unit`",
    "uri": "the whole address",
}
_PREFIXED = ("date", "quantity")
RESULTS = {
    "_count": "A whole number; 0 is the total alone. Beyond the limit it is the limit, and the link `self` says so.",
    "_sort": "Any parameter but `near`, `-` for the greatest first; missing values last.",
    "_total": "`accurate` (the default), `estimate` (as exact), `none`.",
    "_format": "`application/fhir+json`, `application/json`, `json`.",
    "_pretty": "`true` or `false`.",
    "_summary": "`true`, `text`, `data`, `count`, `false`.",
    "_elements": "Elements at the root, `Type.element` for one type; what is required stays.",
    "_include": "`Type:reference`, `Type:reference:Target`, `*`, `Type:*`; `:iterate` and `:recurse`.",
    "_revinclude": "The same forms.",
}
"""A line for each parameter that says how a result is wanted."""


def tables() -> str:
    """Return every table with its heading."""
    parts = [
        ("Interactions", _interactions()),
        ("Headers", _headers()),
        ("Search: types of parameters", _kinds()),
        ("Search: results", _results()),
        ("Limits", _limits(Settings())),
        ("Types", _types()),
        ("Operations", _operations()),
        ("Shipped definitions", _definitions()),
    ]
    return "\n\n".join(f"## {title}\n\n{table}" for title, table in parts) + "\n"


def _table(heads: str, rows: Iterable[Iterable[str]]) -> str:
    columns = heads.count("|") + 1
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {heads} |", f"|{'---|' * columns}", *lines])


def _interactions() -> str:
    return _table("Request | Interaction of R4 | Here", _routed())


def _routed() -> Iterator[tuple[str, str, str]]:
    found: dict[str, list[str]] = {}
    for shape, methods in ROUTES.items():
        for name in dict.fromkeys(methods.values()):
            asked = ", ".join(method for method, other in methods.items() if other == name)
            found.setdefault(name, []).append(f"`{asked} {_address(shape)}`")
    for name, requests in found.items():
        row = INTERACTIONS[name]
        yield "<br>".join(requests), f"[{row.name}]({_R4}/{row.page})", row.says


def _address(shape: tuple[str, ...]) -> str:
    words = {
        "type": "[type]",
        "published": "[definition]",
        "id": "[id]",
        "version": "[vid]",
        "other": "[type or *]",
        "$operation": "$[operation]",
    }
    return "/".join(["[base]", *(words.get(part, part) for part in shape)])


def _headers() -> str:
    said = [(item.name, item.says.en) for item in requested(registry().person).values()]
    # What one place takes of a header may be part of what another takes.
    whole = [(name, text) for name, text in said if not any(text != more and text in more for _, more in said)]
    return _table("Request header | What it does", ((f"`{name}`", text) for name, text in whole))


def _kinds() -> str:
    rows = (
        (
            kind,
            _VALUES[kind],
            " ".join(f"`{prefix}`" for prefix in PREFIXES) if kind in _PREFIXED else "",
            " ".join(f"`:{name}`" for name in modifiers) + (" and `:[type]`" if kind == "reference" else ""),
        )
        for kind, modifiers in MODIFIERS.items()
    )
    return _table("Type | Values | Prefixes | Modifiers, where they mean something", rows)


def _results() -> str:
    return _table("Parameter | Values", ((f"`{name}`", RESULTS[name]) for name in RESULT))


def _limits(settings: Settings) -> str:
    most = settings.page_limit
    rows = [
        ("Conditions in one search", str(MOST_CRITERIA), "400"),
        ("Alternatives in one condition", str(MOST_VALUES), "400"),
        ("Links of a chain or of `_has`", str(DEEPEST), "400"),
        ("Keys of `_sort`", str(MOST_KEYS), "400"),
        ("Parameters of a request", "500", "400"),
        ("Matches on a page (`TRAMY_PAGE_LIMIT`)", str(most), "the page is smaller"),
        ("Records that come along with a page", str(most), "a warning in the Bundle"),
        ("Entries of a Bundle (`TRAMY_BUNDLE_LIMIT`)", str(settings.bundle_limit), "413"),
        ("Bytes of a body, uncompressed (`TRAMY_BODY_LIMIT`)", str(settings.body_limit), "413"),
        ("Depth of a body (`TRAMY_DEPTH_LIMIT`)", str(settings.depth_limit), "400"),
    ]
    return _table("What | Most | Beyond", rows)


def _types() -> str:
    stated = {item["type"]: item for item in statement(registry(), Settings(), "")["rest"][0]["resource"]}
    return "\n\n".join(_type(kind, stated[kind.name]) for kind in registry())


def _type(kind: ResourceType, stated: dict) -> str:
    own = [item for item in kind.search if official(kind, item) is None]
    missing = sorted(code for base, code in of_r4() if base == kind.name and code not in kind.parameters)
    rows = [
        ("Search parameters of R4", _listed(item.name for item in kind.search if item not in own)),
        ("Those of R4 that are missing", _listed(missing)),
        ("Search parameters of its own", _listed(item.name for item in own)),
        ("`_include`", _listed(stated.get("searchInclude", ()))),
        ("`_revinclude`", _listed(stated.get("searchRevInclude", ()))),
        ("Conditional delete", "all that match" if kind.deletes_many else "one match"),
        ("Belongs to a person", f"`{kind.owner}`{', where it is given' * kind.owner_optional}" if kind.owner else ""),
        ("Profiles", _listed(url.rpartition("/fhir/")[2] for url in stated.get("supportedProfile", ()))),
    ]
    filled = [(name, says) for name, says in rows if says]
    return f"### {kind.name}\n\n{kind.title} · {kind.title_vi}.\n\n{_table(f'{kind.name} | ', filled)}"


def _listed(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _operations() -> str:
    return _table("Operation | Stands at | Parameters | What it does | Definition", _standing())


def _standing() -> Iterator[tuple[str, ...]]:
    for item in standing(registry()):
        operation = item.operation
        types = "every type" if len(item.types) == len(list(registry())) else ", ".join(item.types)
        levels = {"system": "the base", "type": types, "instance": f"a record of {types}"}
        given = _listed(parameter.name for parameter in operation.parameters if parameter.use == "in")
        yield (
            f"`${operation.name}`",
            "; ".join(levels[level] for level in operation.levels),
            given,
            f"{operation.title}.{' POST only.' if operation.changes else ''}",
            f"`{operation.definition}`" if operation.definition else "this service's own",
        )


def _definitions() -> str:
    rows = ((f"`{name}`", _listed(fields(name))) for name in PUBLISHED)
    common = _listed(parameter.name for parameter in COMMON)
    table = _table("Type | Search parameters", rows)
    return f"{table}\n\nServed types have these for all: {common}."
