"""Conditions that look at other records: chains, `_has`, hierarchies, compartments.

https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Callable

from app.fhir.resource_type import ResourceType
from app.fhir.search.criterion import Chain, Condition, Criterion, Hierarchy, Reverse, Within
from app.fhir.search.kinds.reference import reference
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place, any_of
from app.store.visible import Seen

Match = Callable[[Condition, Place, Arguments], str]


def matching(columns: str, asked: Condition, place: Place, arguments: Arguments, match: Match) -> str:
    """Return the query of columns of the records of `place.kind` that fulfil a condition, at the moment of `place`."""
    tables, here = place.kind.tables, place._replace(past=False, probe=False)
    if place.seen is None:
        test = match(asked, here, arguments)
        return f"select {columns} from {tables.name} where body is not null and {test}"
    if isinstance(asked, Criterion):
        return _of_both(columns, asked, here, arguments, match)
    # A condition that leads on stands once in the text, or a chain would double it with every link.
    listed = ", ".join(f'"{column.name}"' for column in tables.current.columns)
    versions = _versions(place.kind, listed, place.seen)
    test = match(asked, here._replace(past=True), arguments)
    return f"select {columns} from ({versions}) {tables.name} where body is not null and {test}"


def _versions(kind: ResourceType, columns: str, seen: Seen) -> str:
    """Return the query of columns of the versions that were current at a moment."""
    now, past = kind.tables.name, kind.tables.past.name
    return (
        f"select {columns} from {now} where {seen.current(now)}"
        f" union all select {columns} from {past} where {seen.past(past)}"
    )


def _of_both(columns: str, asked: Criterion, here: Place, arguments: Arguments, match: Match) -> str:
    """Return the query for one test: of the current table, whose words it may use, and of the past one."""
    now, past = here.kind.tables.name, here.kind.tables.past.name
    current = match(asked, here, arguments)
    before = match(asked, here._replace(past=True), arguments)
    seen = here.seen
    return (
        f"select {columns} from {now} where body is not null and {current} and {seen.current(now)} union all"
        f" select {columns} from {past} where body is not null and {before} and {seen.past(past)}"
        if seen
        else ""
    )


def chain(asked: Chain, place: Place, arguments: Arguments, match: Match) -> str:
    """Return the condition that a reference names a record that fulfils another condition."""
    return any_of(
        _refers(
            asked.parameter,
            kind,
            f"({matching('id', inner, place._replace(kind=kind), arguments, match)})",
            place,
            arguments,
        )
        for kind, inner in asked.targets
    )


def _refers(parameter: Parameter, kind: ResourceType, ids: str, place: Place, arguments: Arguments) -> str:
    """Return the condition that a reference names one of `ids`, a query in brackets."""
    if parameter.owner == kind.name:
        return f"patient_id in {ids}"
    # `is true` keeps the planner from making a join of it for each row: the ids are found once and hashed.
    return (
        f'exists (select from unnest("{parameter.column}") v, unnest({marks(kind, place, arguments)}) m'
        f" where v ^@ m and (substr(v, length(m) + 1) in {ids}) is true)"
    )


def marks(kind: ResourceType, place: Place, arguments: Arguments) -> str:
    """Return what stands before the id in a reference to a type: relative, and with this server's address."""
    marks = [f"{kind.name}/", *([f"{place.base}/{kind.name}/"] if place.base else [])]
    return f"{arguments.add(marks)}::text[]"


def reverse(asked: Reverse, place: Place, arguments: Arguments, match: Match) -> str:
    """Return the condition that a record of another type refers to this one and fulfils a condition."""
    inside = place._replace(kind=asked.kind)
    if asked.parameter.owner == place.kind.name:
        return f"id in ({matching('patient_id', asked.inner, inside, arguments, match)})"
    column = asked.parameter.column
    found = matching(f'"{column}" as refers', asked.inner, inside, arguments, match)
    return (
        f"id in (select substr(v, length(m) + 1) from ({found}) r, unnest(r.refers) v,"
        f" unnest({marks(place.kind, place, arguments)}) m where v ^@ m)"
    )


def owners(asked: Reverse, place: Place, arguments: Arguments, match: Match) -> str:
    """Return the query of the ids of those whose records fulfil the condition: none of them need be looked at.

    A record belongs to a person who is held here, and a person who has records cannot be deleted.
    """
    found = matching("patient_id", asked.inner, place._replace(kind=asked.kind), arguments, match)
    return f"select distinct patient_id as id from ({found}) r where patient_id <> ''"


def hierarchy(asked: Hierarchy, place: Place, arguments: Arguments) -> str:
    """Return the condition of naming a record, or one that is part of it (`below`) or that it is part of (`above`)."""
    kind = asked.kind
    parent = f'"{kind.hierarchy.column}"' if kind.hierarchy else ""
    held = f"({_versions(kind, f'id, body, {parent}', place.seen)})" if place.seen else kind.tables.name
    mark = arguments.add(f"{kind.name}/")
    begun = f'select unnest({arguments.add(list(asked.ids))}::text[]) collate "C"'
    step = f"from {held} t join line on true, unnest(t.{parent}) v"
    if asked.direction == "below":
        step = f"select t.id {step} where t.body is not null and v = {mark}::text || line.id"
    else:
        step = f"select substr(v, length({mark}::text) + 1) {step} where t.id = line.id and v ^@ {mark}::text"
    ids = f"(with recursive line(id) as ({begun} union {step}) select id from line)"
    return _refers(asked.parameter, kind, ids, place, arguments)


def within(asked: Within, place: Place, arguments: Arguments) -> str:
    """Return the condition of belonging to a compartment."""
    value = (f"{asked.owner}/{asked.id}",)
    return any_of(reference(Criterion(item, "", value), place, arguments) for item in asked.parameters)
