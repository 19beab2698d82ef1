"""What the addresses and conditions of a transaction stand for. https://hl7.org/fhir/R4/http.html#trules"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from app.errors import Fault, Invalid, Stale, TramyError
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.made import made_here
from app.fhir.bundle.references import conditional_references
from app.fhir.conditional import criteria_text, only_match, read_criteria
from app.fhir.interactions.create import new_id
from app.fhir.search.query import Query
from app.fhir.service import Service
from app.store.database import Connection


@dataclass(frozen=True)
class Plan:
    """The entries, the ids of what they create, their conditions by text, and what each was found to name.

    A match is `Type/id`, or None for nothing. `made` are the conditions that match what the entries write.
    """

    entries: Sequence[Entry]
    ids: Mapping[int, str]
    queries: Mapping[str, Query]
    made: Mapping[str, str] = field(default_factory=dict)
    matches: Mapping[str, str | None] = field(default_factory=dict)

    @cached_property
    def targets(self) -> dict[str, str]:
        """What each fullUrl and each condition stands for, as `Type/id`."""
        found: dict[str, str] = dict(self.made)
        for entry in self.entries:
            name = self.address(entry)
            if name:
                found |= {text: name for text in (entry.full_url, condition_of(entry)) if text}
        return found | {text: match for text, match in self.matches.items() if match}

    @cached_property
    def repeats(self) -> frozenset[int]:
        """Entries that create under the condition of an earlier one: they find what that one made."""
        first: dict[str, int] = {}
        return frozenset(i for i, record_id in self.ids.items() if first.setdefault(record_id, i) != i)

    def match(self, entry: Entry) -> str | None:
        """Return the record, as `Type/id`, that makes a conditional create needless."""
        return self.matches.get(condition_of(entry))

    def address(self, entry: Entry) -> str:
        """Return the record an entry is about as `Type/id`, "" where it is about none."""
        record_id = entry.asked.id or self.ids.get(entry.index, "")
        return self.match(entry) or (f"{entry.asked.kind.name}/{record_id}" if entry.asked.kind and record_id else "")


def condition_of(entry: Entry) -> str:
    """Return the condition of a conditional create as `Type?criteria`, "" for any other entry."""
    if entry.if_none_exist is None or entry.asked.interaction != "create" or entry.asked.kind is None:
        return ""
    return f"{entry.asked.kind.name}?{criteria_text(entry.if_none_exist)}"


def new_plan(service: Service, entries: Sequence[Entry]) -> Plan:
    """Read every condition and give an id to all that is to be created.

    Raises Invalid for a fullUrl that stands twice, BadParameter for a condition that is not understood, each at
    its entry.
    """
    _require_own_addresses(entries)
    ids: dict[int, str] = {}
    by_condition: dict[str, str] = {}
    for entry in entries:
        if entry.asked.interaction == "create":
            condition = condition_of(entry)
            ids[entry.index] = by_condition.setdefault(condition, new_id()) if condition else new_id()
    queries = _queries(service, entries)
    return Plan(entries, ids, queries, made_here(service, entries, ids, _referred(entries, queries)))


def _require_own_addresses(entries: Sequence[Entry]) -> None:
    seen: set[str] = set()
    faults = []
    for entry in entries:
        if entry.full_url and entry.full_url in seen:
            en, vi = "Two entries have the same fullUrl.", "Hai mục có cùng fullUrl."
            faults.append(Fault("invariant", en, vi, f"{entry.place}.fullUrl"))
        seen.add(entry.full_url)
    if faults:
        raise Invalid(faults)


def _queries(service: Service, entries: Sequence[Entry]) -> dict[str, Query]:
    found: dict[str, Query] = {}
    for entry in entries:
        for text in _conditions(entry) - found.keys():
            name, _, criteria = text.partition("?")
            try:
                found[text] = read_criteria(service, service.registry[name], criteria)
            except TramyError as error:
                raise at_entry(error, entry) from error
    return found


def _conditions(entry: Entry) -> set[str]:
    return conditional_references(entry.raw) | ({condition_of(entry)} - {""})


def _referred(entries: Sequence[Entry], queries: Mapping[str, Query]) -> dict[str, Query]:
    """Return the conditions that are references only: what creates under one is found through that."""
    own = {condition_of(entry) for entry in entries}
    return {text: query for text, query in queries.items() if text not in own}


async def look_up(service: Service, connection: Connection, plan: Plan) -> Plan:
    """Return the plan with what its conditions match now. Raises Stale, at its entry, for several matches.

    Deletions come first: what the bundle deletes matches nothing.
    """
    deleted = {
        (e.asked.kind.name, e.asked.id) for e in plan.entries if e.asked.interaction == "delete" and e.asked.kind
    }
    matches: dict[str, str | None] = {}
    for text, query in plan.queries.items():
        without = {record_id for name, record_id in deleted if name == query.kind.name}
        try:
            found = await only_match(service, connection, query, without)
        except Stale as error:
            raise at_entry(error, next(entry for entry in plan.entries if text in _conditions(entry))) from error
        matches[text] = f"{query.kind.name}/{found}" if found else None
    return replace(plan, matches=matches)


def at_entry(error: TramyError, entry: Entry) -> TramyError:
    """Return the error with its faults placed at the entry."""
    return type(error)(fault._replace(expression=_place(fault.expression, entry)) for fault in error.faults)


def _place(expression: str, entry: Entry) -> str:
    kind = entry.asked.kind
    if kind and (expression == kind.name or expression.startswith((f"{kind.name}.", f"{kind.name}["))):
        return f"{entry.place}.resource{expression.removeprefix(kind.name)}"
    return entry.place
