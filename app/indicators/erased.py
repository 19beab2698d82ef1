"""What erased records leave in the figures: how many people, where, from which day to which; nobody in particular.

The ledger's rows of people whose records are erased become rows of nobody (person ""); what the people still count
for is written down anew as theirs. Sums, also those known at earlier moments, stay as they were. The table `erased`
keeps what the rows of nobody add up to, so that a recount knows it. docs/decisions/0021-erasure-leaves-the-figures.md
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Column, Date, Integer, SmallInteger, Table
from sqlmodel import SQLModel

from app.indicators.derive import edges
from app.store.database import Connection
from app.store.record import CODE

NOBODY = ""
"""The person of rows that are of nobody in particular."""

ERASED = Table(
    "erased",
    SQLModel.metadata,
    Column("series", SmallInteger(), primary_key=True, autoincrement=False),
    Column("unit", CODE, primary_key=True),
    Column("sex", CODE, primary_key=True),
    Column("day", Date(), primary_key=True),
    Column("change", Integer(), nullable=False),
)
"""On a day, the number of people in a series changes because of records that are no more."""

Spans = Sequence[tuple[str, int, str, str, str]]
"""Person, series, unit, sex and days (as text) of spans as they were."""

_OLD = """
old as (
    select person_id, series, unit, sex, days::datemultirange as days
    from unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[]) o(person_id, series, unit, sex, days)
),
lost as (
    select o.series, o.unit, o.sex,
        (o.days - coalesce(s.days, '{}')) * datemultirange(daterange(null, $6::date)) as days
    from old o left join span s using (person_id, series, unit, sex)
)
"""
_LEFT = f"""
with {_OLD}, nameless as (select ''::text as person_id, series, unit, sex, days from lost)
insert into erased (series, unit, sex, day, change)
select series, unit, sex, day, sum(change)::integer from ({edges("nameless", "days")}) left_behind
group by series, unit, sex, day having sum(change) <> 0
on conflict (series, unit, sex, day) do update set change = erased.change + excluded.change
"""
_LEDGER = f"""
with {_OLD}, nameless as (select ''::text as person_id, series, unit, sex, days from lost),
own as (select person_id, series, unit, sex, days from span where person_id = any($7::text[])),
theirs as ({edges("own", "days")}), left_behind as ({edges("nameless", "days")}),
rows as (
    select person_id, series, unit, sex, day, change from theirs
    union all
    select '', series, unit, sex, day, -change from theirs
    union all
    select '', series, unit, sex, day, change from left_behind
)
insert into ledger (person_id, series, unit, sex, day, change, tx)
select person_id, series, unit, sex, day, sum(change)::smallint, $8::bigint + pg_current_xact_id()::text::bigint
from rows group by person_id, series, unit, sex, day having sum(change) <> 0
"""


async def spans_of(connection: Connection, records: Sequence[str]) -> Spans:
    """Return the spans that these records' people have now; asked for before anything is erased."""
    rows = await connection.fetch(
        "select person_id, series, unit, sex, days::text from span where person_id = any($1::text[])", list(records)
    )
    return [tuple(row) for row in rows]


async def leave(connection: Connection, records: Sequence[str], before: Spans, day: date, epoch: int) -> None:
    """Leave to the figures what these people counted for until `day` and no longer do, as of nobody in particular.

    To be called when their records are erased and their spans and ledger are up to date, in the same transaction and
    under their locks. `before` are the spans they had.
    """
    columns = [list(column) for column in zip(*before, strict=True)] or [[] for _ in range(5)]
    await connection.execute("update ledger set person_id = '' where person_id = any($1::text[])", list(records))
    await connection.execute(_LEFT, *columns, day)
    await connection.execute(_LEDGER, *columns, day, list(records), epoch)
