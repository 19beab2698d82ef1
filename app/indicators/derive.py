"""From records to spans, as SQL made once from the declared indicators.

The same text serves the people of one transaction and, without a choice of people, everyone. Where records are
merged, a person is known by the record that stands for all: it says where the person lives and of which sex; facts
are those of all the records. A merged text gives for people who have one record what the plain one gives, and costs
more; so the plain one is used wherever nobody is merged.
"""

from collections.abc import Mapping

from app.indicators.fact import Expression, Fact

_CHOSEN = "= any($1::text[])"
PERSON = "coalesce(m.person_id, found.person_id)"
"""Whose fact it is: the record that stands for the person whose record (`found.person_id`) gives the fact."""
MERGED = "left join patient m on m.id = found.person_id and m.person_id is not null"


def fresh(series: Mapping[int, Expression], *, chosen: bool, merged: bool = False) -> str:
    """Return the query of what the spans must be: person_id, series, unit, sex, days.

    `series` gives the expression of each series number; with `chosen` only the people of parameter $1, and when it
    is also `merged` those are all the records of these people.
    """
    facts = {fact.code: fact for expression in series.values() for fact in expression.facts()}
    parts = [
        f"home as materialized ({_home(chosen, merged)})",
        *(f"{code} as ({_fact(fact, chosen, merged)})" for code, fact in facts.items()),
    ]
    joins = " ".join(f"left join {code} on {code}.person_id = home.person_id" for code in facts)
    values = ", ".join(f"({number}::smallint, {expression.sql()})" for number, expression in sorted(series.items()))
    return (
        f"with {', '.join(parts)}"
        f" select home.person_id, kept.series, home.unit, home.sex, kept.days from home {joins}"
        f" cross join lateral (values {values}) as kept(series, days) where not isempty(kept.days)"
    )


def _home(chosen: bool, merged: bool) -> str:
    where = f" and p.id {_CHOSEN}" if chosen else ""
    where += " and (p.person_id is null or p.person_id = p.id)" if merged else ""
    return (
        "select p.id as person_id, p.sex, h.unit, range_agg(h.days) as days from patient p"
        f" cross join lateral unnest(p.home_unit, p.home_days) as h(unit, days) where p.body is not null{where}"
        " group by p.id, p.sex, h.unit"
    )


def _fact(fact: Fact, chosen: bool, merged: bool) -> str:
    if merged:
        where = f" where found.person_id {_CHOSEN}" if chosen else ""
        rows = f"select {PERSON} as person_id, found.days from ({fact.rows}) as found {MERGED}{where}"
        return f"select person_id, range_agg(days) as days from ({rows}) as every group by person_id"
    where = f" where person_id {_CHOSEN}" if chosen else ""
    return f"select person_id, range_agg(days) as days from ({fact.rows}) as found{where} group by person_id"


STEPS = """
select person_id, series, unit, sex, day, sum(step)::smallint as change from (
    select person_id, series, unit, sex, coalesce(lower(r), '-infinity') as day, 1 as step
    from {source}, unnest({added}) r
    union all
    select person_id, series, unit, sex, upper(r), -1 from {source}, unnest({added}) r where not upper_inf(r)
    {removed}
) steps group by person_id, series, unit, sex, day having sum(step) <> 0
"""
_REMOVED = """
    union all
    select person_id, series, unit, sex, coalesce(lower(r), '-infinity'), -1 from {source}, unnest(removed) r
    union all
    select person_id, series, unit, sex, upper(r), 1 from {source}, unnest(removed) r where not upper_inf(r)
"""


def edges(source: str, days: str) -> str:
    """Return the ledger rows that the days of `source` amount to."""
    return STEPS.format(source=source, added=days, removed="")


def keep(series: Mapping[int, Expression], *, merged: bool = False) -> str:
    """Return the statement that brings spans and ledger of the people in $1 up to date; $2 is the shifted epoch.

    With `merged` $1 are all the records of these people; those that stand for nobody lose the spans they had.
    """
    steps = STEPS.format(source="changed", added="added", removed=_REMOVED.format(source="changed"))
    tx = "$2::bigint + pg_current_xact_id()::text::bigint"
    return f"""
    with fresh as ({fresh(series, chosen=True, merged=merged)}),
    old as (select person_id, series, unit, sex, days from span where person_id {_CHOSEN}
            and series = any(array[{", ".join(map(str, sorted(series)))}]::smallint[])),
    changed as (
        select person_id, series, unit, sex, f.days,
            coalesce(f.days, '{{}}') - coalesce(o.days, '{{}}') as added,
            coalesce(o.days, '{{}}') - coalesce(f.days, '{{}}') as removed
        from fresh f full join old o using (person_id, series, unit, sex) where f.days is distinct from o.days
    ),
    kept as (
        insert into span (person_id, series, unit, sex, days)
        select person_id, series, unit, sex, days from changed where days is not null
        on conflict (person_id, series, unit, sex) do update set days = excluded.days
    ),
    dropped as (
        delete from span s using changed c where c.days is null
        and s.person_id = c.person_id and s.series = c.series and s.unit = c.unit and s.sex = c.sex
    )
    insert into ledger (person_id, series, unit, sex, day, change, tx)
    select person_id, series, unit, sex, day, change, {tx} from ({steps}) as appended
    """


def begin(series: Mapping[int, Expression]) -> str:
    """Return what `keep` comes to for people who have no spans yet: nothing to compare with, nothing to take back."""
    tx = "$2::bigint + pg_current_xact_id()::text::bigint"
    return f"""
    with fresh as materialized ({fresh(series, chosen=True)}),
    kept as (
        insert into span (person_id, series, unit, sex, days) select person_id, series, unit, sex, days from fresh
    )
    insert into ledger (person_id, series, unit, sex, day, change, tx)
    select person_id, series, unit, sex, coalesce(lower(r), '-infinity'), 1, {tx} from fresh, unnest(days) r
    union all
    select person_id, series, unit, sex, upper(r), -1, {tx} from fresh, unnest(days) r where not upper_inf(r)
    """
