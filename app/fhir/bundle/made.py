"""Conditional references to what the same bundle writes, which no search in the database finds.

They are resolved after everything is written (https://hl7.org/fhir/R4/http.html#trules, step 5); here they are
compared with the resources beforehand, so that references are whole when resources are checked.

ASSUMPTION: this is done for conditions of tokens without modifiers, such as `Patient?identifier=system|value`,
by which clients refer; a condition of another kind matches what was there before the bundle.
"""

from collections.abc import Mapping, Sequence

from app.errors import TramyError
from app.fhir.bundle.entries import Entry
from app.fhir.json import parse
from app.fhir.search.criterion import Condition, Criterion
from app.fhir.search.kinds.token import token_forms
from app.fhir.search.query import Query
from app.fhir.service import Service


def made_here(
    service: Service, entries: Sequence[Entry], ids: Mapping[int, str], queries: Mapping[str, Query]
) -> dict[str, str]:
    """Return the conditions that exactly one resource to be written matches, with its `Type/id`."""
    wanted = {text: simple for text, query in queries.items() if (simple := _simple(query.criteria))}
    found: dict[str, set[str]] = {text: set() for text in wanted}
    for entry in entries if wanted else ():
        kind = entry.asked.kind
        asked = {text: criteria for text, criteria in wanted.items() if queries[text].kind is kind}
        if not asked or not kind or entry.asked.interaction not in ("create", "update"):
            continue
        tree = _tree(service, entry)
        for text, criteria in asked.items():
            if all(_matches(service, criterion, tree) for criterion in criteria):
                found[text].add(f"{kind.name}/{entry.asked.id or ids[entry.index]}")
    return {text: min(names) for text, names in found.items() if len(names) == 1}


def _simple(conditions: Sequence[Condition]) -> list[Criterion]:
    """Return the conditions where all are tokens read from the resource, else none."""
    found = [item for item in conditions if isinstance(item, Criterion) and _is_simple(item)]
    return found if len(found) == len(conditions) else []


def _is_simple(criterion: Criterion) -> bool:
    return criterion.parameter.kind == "token" and not criterion.modifier and bool(criterion.parameter.paths)


def _tree(service: Service, entry: Entry) -> dict:
    """Read the resource; one that cannot be read is refused later, with the reason."""
    try:
        return parse(entry.raw, depth_limit=service.settings.depth_limit)
    except TramyError:
        return {}


def _matches(service: Service, criterion: Criterion, tree: dict) -> bool:
    try:
        kept = criterion.parameter.read(tree, service.settings.time_zone).get(criterion.parameter.column, ())
    except (KeyError, TypeError, ValueError, AttributeError):
        return False  # It is not the FHIR it should be; the check of the resource says so.
    forms, beginnings = token_forms(criterion.parameter, criterion.values)
    return not set(forms).isdisjoint(kept) or any(form.startswith(tuple(beginnings)) for form in kept)
