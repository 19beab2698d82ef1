"""Levels: how many people are in a series on a day, as known now or at a moment, from the ledger.

A province or the country is answered from roll-ups of the rows below a horizon plus the rows since; a
moment before that horizon, and every smaller place, from the ledger itself.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from app.store.database import Connection
from app.store.moment import Moment, from_snapshot, known

By = Literal["", "commune", "district", "province", "sex"]


class Where(NamedTuple):
    """Whom to sum: people of these stated units, or of these areas (roll-up keys)."""

    units: tuple[str, ...] | None
    areas: tuple[str, ...] | None


class Level(NamedTuple):
    """The people of one series, place key (unit or area) and sex."""

    series: int
    key: str
    sex: str
    people: int


class Levels(NamedTuple):
    """All levels asked for, and the moment that was answered for."""

    rows: list[Level]
    moment: Moment


async def levels(
    connection: Connection, where: Where, series: Sequence[int], on: date, moment: Moment | None, epoch: int
) -> Levels:
    """Return the levels on a day; without a moment all that is committed, with the moment that this was."""
    if where.areas is None:
        return _read(await _fetch(connection, _UNITS, where.units or (), series, on, moment), moment, epoch)
    horizon = await connection.fetchval(_HORIZON)
    while moment is None or horizon <= moment.low:
        # The horizon is given as a value, so that the few rows since are found; if it moved meanwhile, once more.
        rows = await _fetch(connection, _ROLLED, where.areas, series, on, moment, horizon)
        if rows[0]["horizon"] == horizon:
            return _read(rows, moment, epoch)
        horizon = rows[0]["horizon"]
    return _read(await _fetch(connection, _AREAS, where.areas, series, on, moment), moment, epoch)


_HORIZON = "select coalesce((select horizon from rollup_horizon where id = 1), 0)"
_NOW = """
select pg_current_snapshot()::text as snapshot,
    coalesce((select horizon from rollup_horizon where id = 1), 0) as horizon
"""
_KNOWN = f"and ($4::bigint is null or {known('l.tx', 4)})"
_UNITS = f"""
with now as ({_NOW}), sums as (
    select l.series, l.unit as key, l.sex, sum(l.change) as people from ledger l
    where l.unit = any($1::text[]) and l.series = any($2::smallint[]) and l.day <= $3 {_KNOWN}
    group by l.series, l.unit, l.sex)
select now.snapshot, now.horizon, sums.* from now left join sums on sums.people <> 0
"""
_AREAS = f"""
with now as ({_NOW}), sums as (
    select l.series, a.area as key, l.sex, sum(l.change) as people from ledger l join unit_area a using (unit)
    where a.area = any($1::text[]) and l.series = any($2::smallint[]) and l.day <= $3 {_KNOWN}
    group by l.series, a.area, l.sex)
select now.snapshot, now.horizon, sums.* from now left join sums on sums.people <> 0
"""
_ROLLED = f"""
with now as ({_NOW}), sums as (
    select series, key, sex, sum(change) as people from (
        select series, area as key, sex, change from rollup where area = any($1::text[])
        and series = any($2::smallint[]) and grain = 'year' and day < date_trunc('year', $3::date::timestamp)::date
        union all
        select series, area, sex, change from rollup where area = any($1::text[])
        and series = any($2::smallint[]) and grain = 'month' and day < date_trunc('month', $3::date::timestamp)::date
        and day >= date_trunc('year', $3::date::timestamp)::date
        union all
        select series, area, sex, change from rollup where area = any($1::text[])
        and series = any($2::smallint[]) and grain = 'day' and day <= $3
        and day >= date_trunc('month', $3::date::timestamp)::date
        union all
        select l.series, a.area, l.sex, l.change from ledger l join unit_area a using (unit)
        where l.tx >= $7 and a.area = any($1::text[]) and l.series = any($2::smallint[]) and l.day <= $3 {_KNOWN}
    ) changes group by series, key, sex)
select now.snapshot, now.horizon, sums.* from now left join sums on sums.people <> 0
"""


async def _fetch(
    connection: Connection,
    text: str,
    keys: Sequence[str],
    series: Sequence[int],
    on: date,
    moment: Moment | None,
    *horizon: int,
) -> list:
    bounds = (moment.low, moment.high, list(moment.running)) if moment else (None, None, None)
    return await connection.fetch(text, keys, series, on, *bounds, *horizon)


def _read(rows: list, moment: Moment | None, epoch: int) -> Levels:
    found = [Level(row["series"], row["key"], row["sex"], int(row["people"])) for row in rows if row["key"] is not None]
    return Levels(found, moment or from_snapshot(rows[0]["snapshot"], epoch))
