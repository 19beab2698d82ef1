"""Months whose rows were given up: which seals covered them, and what is left of those seals.

An event in the audit holds a hash over the list of them, so that nobody can hide rows by adding to it.
"""

from datetime import UTC, date, datetime
from hashlib import sha256
from json import dumps, loads
from typing import NamedTuple

from app.audit.seal import NOTHING
from app.store.database import Connection, Reader

INTERACTION = "audit-retire"
"""The interaction of the event that tells of it."""


class Retired(NamedTuple):
    """A month: when it was given up, its rows, the first and last seal over them.

    `kept` has the rows and the digest (hex) of what is left of a seal between them, for those of which any is.
    """

    month: date
    at: datetime
    rows: int
    first: int
    last: int
    kept: dict[str, tuple[int, str]]

    def covers(self, number: int) -> bool:
        """Say whether a seal may cover rows of this month."""
        return self.first <= number <= self.last

    def left(self, number: int) -> tuple[int, bytes]:
        """Return the number and digest of the rows that are left of a seal."""
        rows, digest = self.kept.get(str(number), (0, NOTHING.hex()))
        return rows, bytes.fromhex(digest)


async def retired(reader: Reader) -> list[Retired]:
    """Return the months that were given up, in the order in which that was done."""
    rows = await reader.fetch("select month, at, rows, first, last, kept from audit_retired order by at, month")
    return [Retired(*row[:5], kept={key: tuple(left) for key, left in loads(row["kept"]).items()}) for row in rows]


async def note(connection: Connection, one: Retired) -> None:
    """Write down that a month was given up."""
    query = "insert into audit_retired (month, at, rows, first, last, kept) values ($1, $2, $3, $4, $5, $6)"
    await connection.execute(query, *one[:5], dumps(one.kept))


def told(all_of_them: list[Retired]) -> str:
    """Return what the event about the last of them says: the month, the seals, and the hash over the whole list."""
    last = all_of_them[-1]
    return f"{last.month:%Y-%m}: {last.rows} rows, seals {last.first} to {last.last}, sha256 {_hash(all_of_them)}"


async def backed(reader: Reader, all_of_them: list[Retired]) -> bool:
    """Say whether the audit has the event about the last of them."""
    query = "select exists (select from audit where interaction = $1 and detail = $2 and at >= $3)"
    return await reader.fetchval(query, INTERACTION, told(all_of_them), all_of_them[-1].at)


def _hash(all_of_them: list[Retired]) -> str:
    listed = [[f"{one.month}", f"{one.at.astimezone(UTC)}", *one[2:5], sorted(one.kept.items())] for one in all_of_them]
    return sha256(b"tramy audit retired\n" + dumps(listed).encode()).hexdigest()
