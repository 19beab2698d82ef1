"""What the addresses and conditions of a transaction stand for. https://hl7.org/fhir/R4/http.html#trules"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import urlencode

from app.errors import Fault, Invalid, TramyError
from app.fhir.asked import read_pairs
from app.fhir.bundle.entries import Entry
from app.fhir.bundle.made import made_here
from app.fhir.bundle.placing import at_entry
from app.fhir.bundle.references import split_address
from app.fhir.conditional import Match, criteria_of, criteria_text
from app.fhir.etag import ANY
from app.fhir.interactions.create import new_id
from app.fhir.search.criterion import tests
from app.fhir.search.query import Query
from app.fhir.service import Service

_BY_ADDRESS = ("update", "patch", "delete")
CHANGING = ("conditional-update", "conditional-patch")
"""Interactions with the one record that a condition finds."""
_CREATING = ("create", "conditional-update")
Matches = tuple[Match, ...]


@dataclass(frozen=True)
class Plan:
    """The entries, the ids of what they create, their conditions, and what each was found to name.

    `own` are the conditions on which entries act, by entry, and `referred` those that stand for a reference, each
    as a key of `queries`. `made` are the references that match what the entries write. `matches` has the record of
    a condition, and `going` what the conditional deletions delete, by entry.
    """

    entries: Sequence[Entry]
    ids: Mapping[int, str]
    own: Mapping[int, str]
    referred: Mapping[str, str]
    queries: Mapping[str, Query]
    made: Mapping[str, str] = field(default_factory=dict)
    matches: Mapping[str, Match] = field(default_factory=dict)
    going: Mapping[int, Matches] = field(default_factory=dict)

    @cached_property
    def targets(self) -> dict[str, str]:
        """What each fullUrl and each conditional reference stands for, as `Type/id`."""
        found: dict[str, str] = {}
        by_key: dict[str, str] = {}
        for entry in self.entries:
            name = self.address(entry)
            if name:
                found |= dict.fromkeys(_addresses(entry), name)
            if name and entry.index in self.own and entry.asked.interaction != "conditional-delete":
                by_key[self.own[entry.index]] = name
        by_key |= {key: f"{self.queries[key].kind.name}/{match.id}" for key, match in self.matches.items()}
        named = {text: by_key[key] for text, key in self.referred.items() if key in by_key}
        return {**self.made, **found, **named}

    @cached_property
    def _below(self) -> dict[str, dict[str, str]]:
        """What relative references stand for, by the base of the fullUrl they are relative to."""
        relative: dict[str, dict[str, str]] = {}
        for entry in self.entries:
            root, _ = split_address(entry.full_url)
            name = self.address(entry) if root else ""
            if name:
                relative.setdefault(root, {}).update((text.removeprefix(root), name) for text in _addresses(entry))
        return relative

    def targets_in(self, entry: Entry) -> Mapping[str, str]:
        """Return what the references of an entry stand for: a relative one is read below the base of its fullUrl."""
        relative = self._below.get(split_address(entry.full_url)[0])
        return ChainMap(relative, self.targets) if relative else self.targets

    @cached_property
    def repeats(self) -> frozenset[int]:
        """Entries that create under the condition of an earlier one: they find what that one made."""
        first: dict[str, int] = {}
        creating = (entry.index for entry in self.entries if entry.asked.interaction == "create")
        return frozenset(i for i in creating if first.setdefault(self.ids[i], i) != i)

    def match(self, entry: Entry) -> Match | None:
        """Return the record that the condition of an entry found."""
        return self.matches.get(self.own.get(entry.index, ""))

    def address(self, entry: Entry) -> str:
        """Return the record an entry is about as `Type/id`, "" where it is about none, or about several."""
        if entry.asked.kind is None:
            return ""
        going, match = self.going.get(entry.index, ()), self.match(entry)
        found = going[0] if len(going) == 1 else match
        record_id = entry.asked.id or (found.id if found else self.ids.get(entry.index, ""))
        return f"{entry.asked.kind.name}/{record_id}" if record_id else ""

    def written(self, entry: Entry) -> list[str]:
        """Return the records that an entry writes, as `Type/id`."""
        what = entry.asked
        if what.interaction in (*_BY_ADDRESS, *CHANGING):
            return [self.address(entry)] if self.address(entry) else []
        if what.interaction == "create" and not self.match(entry) and entry.index not in self.repeats:
            return [self.address(entry)]
        return [f"{what.typed.name}/{match.id}" for match in self.going.get(entry.index, ())]

    def finds_as(self, other: "Plan") -> bool:
        """Say whether the conditions name the same records, in the same versions, as in the other plan."""
        return self.matches == other.matches and self.going == other.going


def new_plan(service: Service, entries: Sequence[Entry]) -> Plan:
    """Read every condition and give an id to all that is to be created.

    Raises Invalid for a fullUrl that stands twice, BadParameter for a condition that is not understood, each at
    its entry.
    """
    _require_own_addresses(entries)
    queries: dict[str, Query] = {}
    own = {entry.index: _key(service, queries, entry, text) for entry in entries if (text := _condition(entry))}
    referred = {text: _key(service, queries, entry, text) for entry in entries for text in entry.referred}
    _require_apart(entries, own, queries)
    ids: dict[int, str] = {}
    by_key: dict[str, str] = {}
    for entry in entries:
        if entry.asked.interaction in _CREATING:
            key = own.get(entry.index)
            ids[entry.index] = _given(entry) or (by_key.setdefault(key, new_id()) if key else new_id())
    plan = Plan(entries, ids, own, referred, queries)
    acted = {own[entry.index] for entry in entries if entry.index in own and entry.asked.interaction in _CREATING}
    loose = {text: queries[key] for text, key in referred.items() if key not in acted}
    return replace(plan, made=made_here(service, entries, ids, loose))


def _addresses(entry: Entry) -> list[str]:
    """Return the fullUrl of an entry, also with the version that its resource says it has."""
    if not entry.full_url:
        return []
    meta = (entry.tree or {}).get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return [entry.full_url, *([f"{entry.full_url}/_history/{version}"] if isinstance(version, str) else [])]


def _condition(entry: Entry) -> str:
    """Return the condition on which an entry acts as `Type?criteria`, "" for none."""
    what = entry.asked
    if what.interaction == "create" and entry.conditions.if_none_exist is not None:
        return f"{what.typed.name}?{criteria_text(entry.conditions.if_none_exist)}"
    if what.interaction.startswith("conditional-"):
        return f"{what.typed.name}?{urlencode(what.pairs)}"
    if what.interaction in ("update", "delete") and entry.conditions.if_match == ANY:
        return f"{what.typed.name}?_id={what.id}"
    return ""


def _given(entry: Entry) -> str:
    """Return the id under which a conditional update creates, "" where the server makes one."""
    given = (entry.tree or {}).get("id") if entry.asked.interaction == "conditional-update" else None
    return given if isinstance(given, str) else ""


def _key(service: Service, queries: dict[str, Query], entry: Entry, text: str) -> str:
    """Read a condition into `queries` and return its key there, the same however it is encoded."""
    name, _, criteria = text.partition("?")
    try:
        kind, pairs = service.registry[name], read_pairs(criteria)
        key = f"{name}?{urlencode(pairs)}"
        if key not in queries:
            queries[key] = criteria_of(service, kind, pairs)
    except TramyError as error:
        raise at_entry(error, entry) from error
    return key


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


def _require_apart(entries: Sequence[Entry], own: Mapping[int, str], queries: Mapping[str, Query]) -> None:
    """Raise Invalid for a condition that refers to another entry: it is looked up before that is written."""
    local = {entry.full_url for entry in entries if entry.full_url.startswith("urn:")} if own else set()
    faults = [
        Fault(
            "not-supported",
            "A condition cannot refer to another entry of the bundle; use an identifier of that record.",
            "Điều kiện không thể tham chiếu tới mục khác trong bundle; hãy dùng mã định danh của hồ sơ đó.",
            f"{entry.place}.request",
        )
        for entry in entries
        if entry.index in own and _refers(queries[own[entry.index]], local)
    ]
    if faults:
        raise Invalid(faults)


def _refers(query: Query, local: set[str]) -> bool:
    found = (test for condition in query.criteria for test in tests(condition))
    return any(test.parameter.kind == "reference" and not local.isdisjoint(test.values) for test in found)


def require_distinct(plan: Plan) -> None:
    """Raise Invalid when a record stands in several entries, also where a condition found it."""
    seen: set[str] = set()
    faults = []
    for entry in plan.entries:
        names = set(plan.written(entry))
        if not names.isdisjoint(seen):
            en, vi = "A record may stand in one entry only.", "Mỗi hồ sơ chỉ được nằm trong một mục."
            faults.append(Fault("invalid", en, vi, entry.place))
        seen |= names
    if faults:
        raise Invalid(faults)
