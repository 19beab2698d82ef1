"""Claims: values that one record in the whole system holds alone, in a table keyed by the value.

On Citus a value cannot be unique across people by an index of theirs; here it is a row of its own, taken in
the writing transaction, in sorted order, before anything else is locked.
"""

from collections.abc import Mapping

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from app.store.database import Connection
from app.store.record import CODE


class Claim(SQLModel, table=True):
    """A value of a system, and the record that holds it."""

    __table_args__ = (Index("claim_holder", "holder"),)

    system: str = Field(sa_column=Column("system", CODE, primary_key=True))
    value: str = Field(sa_column=Column("value", CODE, primary_key=True))
    holder: str = Field(sa_column=Column("holder", CODE, nullable=False))


async def take(connection: Connection, wanted: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Take the values for their holders and return those that another record holds.

    Another transaction that is taking the same value is waited for.
    """
    if not wanted:
        return []
    pairs = sorted(wanted)
    rows = await connection.fetch(
        """
        with asked as (select * from unnest($1::text[], $2::text[], $3::text[]) as a(system, value, holder)),
        taken as (
            insert into claim (system, value, holder) select * from asked order by system, value
            on conflict (system, value) do nothing returning system, value
        )
        select a.system, a.value, a.holder from asked a
        where not exists (select from taken t where t.system = a.system and t.value = a.value)
        """,
        [system for system, _ in pairs],
        [value for _, value in pairs],
        [wanted[pair] for pair in pairs],
    )
    return await _foreign(connection, rows) if rows else []


async def _foreign(connection: Connection, rows: list) -> list[tuple[str, str]]:
    """Of the values that were held already, return those whose holder is another."""
    held = await connection.fetch(
        "select c.system, c.value, c.holder from claim c join unnest($1::text[], $2::text[]) a(system, value)"
        " on c.system = a.system and c.value = a.value",
        [row["system"] for row in rows],
        [row["value"] for row in rows],
    )
    holders = {(row["system"], row["value"]): row["holder"] for row in held}
    return [(r["system"], r["value"]) for r in rows if holders.get((r["system"], r["value"])) != r["holder"]]
