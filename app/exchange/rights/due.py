"""Which records are due for erasure and on which day, as SQL made from the classes and the declared types.

A record of several classes is due when the longest is over; one of a class that counts from a death that has not come
is not due. A record of a person is due when all records of that person, merged ones too, are. What was deleted is
judged by its last version before.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Date
from sqlalchemy.dialects.postgresql import DATERANGE

from app.access.rights.restriction import STANDS
from app.exchange.rights.classes import Retention
from app.fhir.resource_type import Registry, ResourceType
from app.store.database import Reader
from app.store.labels import PROTECTED_SQL

_CARE = "date"
"""The search parameter that says when care was given."""
_DEATH = "death_date_high"
_OPEN_END = "timestamptz '9000-01-01'"


class Due(NamedTuple):
    """A record that is due: of which type, of which person ("" for none), in which class, since when.

    `labelled` has a label of special protection; the person of one that is `held` must not be erased now.
    """

    type: str
    id: str
    head: str
    name: str
    day: date
    labelled: bool
    held: bool


async def due(
    reader: Reader,
    registry: Registry,
    classes: Iterable[Retention],
    zone: ZoneInfo,
    before: date,
    records: Sequence[str] | None = None,
) -> list[Due]:
    """Return what is due before a day, of everyone or of the people with these records, in the order of people."""
    text = statement(registry, list(classes), chosen=records is not None)
    given = () if records is None else (list(records),)
    return [Due(*row) for row in await reader.fetch(text, zone.key, before, *given)]


class Counted(NamedTuple):
    """How many records of a class have become due in a year, and how many of them are held or labelled."""

    name: str
    year: int
    records: int
    held: int
    labelled: int


async def counted(
    reader: Reader, registry: Registry, classes: Iterable[Retention], zone: ZoneInfo, before: date
) -> list[Counted]:
    """Return by class and year how much is due before a day."""
    text = statement(registry, list(classes), chosen=False)
    rows = await reader.fetch(
        "select class, extract(year from due)::integer as year, count(*), count(*) filter (where held),"
        f" count(*) filter (where labelled) from ({text}) d group by class, year order by class, year",
        zone.key,
        before,
    )
    return [Counted(*row) for row in rows]


async def people_due(
    reader: Reader,
    registry: Registry,
    classes: Iterable[Retention],
    zone: ZoneInfo,
    before: date,
    *,
    labelled: bool,
) -> list[str]:
    """Return of whom something may be erased, "" for nobody's records; what is `labelled` only if that is asked."""
    text = statement(registry, list(classes), chosen=False)
    rows = await reader.fetch(
        f"select distinct head from ({text}) d where not held and ($3 or not labelled) order by head",
        zone.key,
        before,
        labelled,
    )
    return [row["head"] for row in rows]


def statement(registry: Registry, classes: Sequence[Retention], *, chosen: bool) -> str:
    """Return the query of what is due: $1 is the time zone, $2 the day, and when `chosen` $3 the people's records."""
    owned = " union all ".join(_due_of(kind, classes, chosen=chosen) for kind in registry.owned)
    person = _due_of(registry.person, classes, chosen=chosen)
    return f"""
    with human as materialized ({_humans(registry.person, chosen=chosen)}),
    owned as materialized ({owned}),
    latest as (select head, bool_or(due is null) as never, max(due) as due from owned where head <> '' group by head),
    persons as ({person}),
    whole as (
        select p.head, bool_or(p.due is null) or bool_or(l.never) as never, greatest(max(p.due), max(l.due)) as due
        from persons p left join latest l using (head) group by p.head
    ),
    everything as (
        select * from owned
        union all
        select p.type, p.id, p.head, p.class, case when w.never then null else w.due end, p.labelled
        from persons p join whole w using (head)
    ),
    held as (
        select h.head from human h where h.id in (select patient_id from restriction where {STANDS})
        or h.id in (select patient_id from request where closed_at is null)
    )
    select e.type, e.id, e.head, e.class, e.due, e.labelled, e.head in (select head from held) as held
    from everything e where e.due < $2 order by e.head, e.type, e.id
    """


def _humans(person: ResourceType, *, chosen: bool) -> str:
    """Return of every record of a person who stands for the person, when that person died, and whether with a book."""
    table = person.tables.name
    where = "where id = any($3::text[])" if chosen else ""
    return f"""
    select id, coalesce(person_id, id) as head, max(died) over human as died, bool_or(booked) over human as booked
    from (
        select id, person_id, ({_DEATH} - interval '1 microsecond') at time zone $1 as died, book is not null as booked
        from {table} {where}
    ) p window human as (partition by coalesce(person_id, id))
    """


def _due_of(kind: ResourceType, classes: Sequence[Retention], *, chosen: bool) -> str:
    """Return type, id, head, class, due and labelled of each record of a type."""
    mine = [item for item in classes if item.type in ("*", kind.name)]
    rows = ", ".join(["('', false, null::date, 0)", *(_row(kind, item) for item in mine)])
    return f"""
    select '{kind.name}'::text as type, r.id, coalesce(h.head, '') as head, c.class,
        case when c.never then null else c.due end as due, coalesce(r.security && {PROTECTED_SQL}, false) as labelled
    from ({_versions(kind, chosen=chosen)}) r left join human h on h.id = r.owner
    cross join lateral (select {_first_day(kind)} as first_day, {_last_day(kind)} as last_day) days
    cross join lateral (
        select bool_or(t.due is null) as never, max(t.due) as due,
            (array_agg(t.class order by t.due desc nulls first, t.class))[1] as class
        from (
            select v.class, (v.start + make_interval(years => v.years))::date as due
            from (values {rows}) as v(class, applies, start, years) where v.applies
        ) t
    ) c
    """


def _row(kind: ResourceType, item: Retention) -> str:
    start = {"care": "days.last_day", "death": "h.died::date", "written": "(r.written at time zone $1)::date"}[
        item.start
    ]
    return f"('{item.name}', {_applies(kind, item)}, {start}, {item.years})"


def _applies(kind: ResourceType, item: Retention) -> str:
    plain = {
        "always": "true",
        "held": "not r.deleted",
        "deleted": "r.deleted",
        "book": "coalesce(h.booked, false)",
        "died": "coalesce(h.died::date between days.first_day and days.last_day, false)",
    }
    if item.when in plain:
        return plain[item.when]
    column = kind.parameters[item.when].column
    # Codes are kept in small letters, for searches.
    starts = ", ".join(f"' {code.lower()}'" for code in item.codes)
    return f"exists (select from unnest(r.{column}) code, unnest(array[{starts}]) start where starts_with(code, start))"


def _versions(kind: ResourceType, *, chosen: bool) -> str:
    """Return the versions that records are judged by: the current one, and of a deletion the one before."""
    table, past = kind.tables.name, kind.tables.past.name
    owner = "id" if kind.is_person else "patient_id"
    columns = ", ".join(f"{{0}}.{name}" for name in _columns(kind))
    where = f" and c.{owner} = any($3::text[])" if chosen else ""
    return (
        f"select c.id, c.{owner} as owner, false as deleted, c.updated_at as written, {columns.format('c')}"
        f" from {table} c where c.body is not null{where} union all"
        f" select c.id, c.{owner}, true, c.updated_at, {columns.format('p')} from {table} c"
        f" left join {past} p on p.id = c.id and p.version = c.version - 1 where c.body is null{where}"
    )


def _columns(kind: ResourceType) -> Iterator[str]:
    """Yield the columns that any class may judge by: codes, labels, days."""
    yield "security"
    yield from (name for item in kind.search if item.kind == "token" for name in (item.column,))
    if _CARE in kind.parameters:
        yield from (f"{kind.parameters[_CARE].column}_{end}" for end in ("low", "high"))
    yield from (*_derived(kind, DATERANGE), *_derived(kind, Date))


def _derived(kind: ResourceType, sql_type: type) -> list[str]:
    """Return the derived columns of a type that are of a type of SQL."""
    derived = kind.derived.columns if kind.derived else ()
    return [column.name for column in derived if isinstance(column.sql_type, sql_type)]


def _last_day(kind: ResourceType) -> str:
    """Return the last day of what a record tells of; where it states none, the day it was written.

    ASSUMPTION: care that is finished and states its beginning alone ended by the last day of that year: the beginning
    may be known by the year only, and nothing may be erased too early.
    """
    ends = [f"upper(r.{name}) - 1" for name in _derived(kind, DATERANGE)]
    if _CARE in kind.parameters:
        high = f"r.{kind.parameters[_CARE].column}_high"
        ends.append(
            f"case when {high} < {_OPEN_END} then ((({high}) - interval '1 microsecond') at time zone $1)::date end"
        )
    ends += [f"(date_trunc('year', r.{name}) + interval '1 year - 1 day')::date" for name in _derived(kind, Date)]
    return f"coalesce({', '.join([*ends, '(r.written at time zone $1)::date'])})"


def _first_day(kind: ResourceType) -> str:
    if _CARE not in kind.parameters:
        return "null::date"
    low = f"r.{kind.parameters[_CARE].column}_low"
    return f"case when {low} > timestamptz '0002-01-01' then ({low} at time zone $1)::date end"
