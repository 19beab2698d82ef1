"""Roll-ups of the ledger by area, series and sex: sums of a year, a month and a day, never the truth.

A level is the sum of the years before the day's year, of the months before its month, and of the days up to
it: a few dozen rows, however many people were born on however many days. They are made from rows below a
horizon. An area is a province on the boundaries of one version of the units, or the people of none (places.areas).
"""

from app.store.database import Connection

ENOUGH = 20_000
"""Rows since the horizon that are worth folding; fewer are added up with each answer."""
GRAINS = ("year", "month", "day")
_LOCK = "tramy rollup"


async def fold(connection: Connection, epoch: int, *, least: int = ENOUGH) -> bool:
    """Fold the rows below the present horizon, when there are at least `least`; return whether it did."""
    async with connection.transaction():
        if not await connection.fetchval("select pg_try_advisory_xact_lock(hashtext($1))", _LOCK):
            return False
        since = await connection.fetchval("select coalesce((select horizon from rollup_horizon where id = 1), 0)")
        waiting = await connection.fetchval(
            "select count(*) from (select from ledger where tx >= $1 limit $2) l", since, least
        )
        if waiting < least:
            return False
        horizon = epoch + await connection.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        await connection.execute(_FOLD, since, horizon)
        await connection.execute(
            "insert into rollup_horizon (id, horizon) values (1, $1)"
            " on conflict (id) do update set horizon = excluded.horizon",
            horizon,
        )
    return True


def summed(where: str) -> str:
    """Return the sums of the ledger (l) by area, grain and the first day of it, as rows of the roll-up."""
    grains = ", ".join(f"('{grain}')" for grain in GRAINS)
    return f"""
    select a.area, d.series, g.grain, date_trunc(g.grain, d.day::timestamp)::date as day, d.sex, sum(d.change) as change
    from (select l.unit, l.series, l.sex, l.day, sum(l.change) as change from ledger l
          where {where} group by l.unit, l.series, l.sex, l.day) d
    join unit_area a using (unit) cross join (values {grains}) as g(grain)
    group by a.area, d.series, g.grain, 4, d.sex having sum(d.change) <> 0
    """


_FOLD = f"""
insert into rollup (area, series, grain, day, sex, change) {summed("l.tx >= $1 and l.tx < $2")}
on conflict (area, series, grain, day, sex) do update set change = rollup.change + excluded.change
"""
