"""Roll-ups of the ledger by area, series, sex and day: made from rows below a horizon, never the truth.

An area is a province on the boundaries of one version of the units, or the people of none (places.areas).
"""

from app.store.database import Connection

ENOUGH = 20_000
"""Rows since the horizon that are worth folding; fewer are added up with each answer."""
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


_FOLD = """
insert into rollup (area, series, sex, day, change)
select a.area, l.series, l.sex, l.day, sum(l.change) from ledger l join unit_area a using (unit)
where l.tx >= $1 and l.tx < $2 group by a.area, l.series, l.sex, l.day having sum(l.change) <> 0
on conflict (area, series, sex, day) do update set change = rollup.change + excluded.change
"""
