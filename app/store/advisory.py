"""Locks by name, held until the transaction ends: for what has no row of its own to lock.

https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from collections.abc import Iterable

from app.store.database import Connection


async def lock_names(connection: Connection, names: Iterable[str]) -> None:
    """Lock the names, in one order everywhere; two names that share a hash wait for each other without harm."""
    wanted = sorted(set(names))
    if wanted:
        await connection.execute(
            "select pg_advisory_xact_lock(lock) from ("
            " select distinct hashtextextended(name, 0) as lock from unnest($1::text[]) name order by lock offset 0) l",
            wanted,
        )
