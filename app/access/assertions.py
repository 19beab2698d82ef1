"""Assertions that were used, so that none is used twice: not at another worker, at once, or after a restart.

https://www.rfc-editor.org/rfc/rfc7523#section-3
"""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Column, Index, LargeBinary, Table
from sqlmodel import SQLModel

from app.store.database import Connection
from app.store.record import CODE, TIME

ASSERTION = Table(
    "assertion",
    SQLModel.metadata,
    Column("client", CODE, primary_key=True),
    Column("jti_hash", LargeBinary(), primary_key=True),
    Column("expires_at", TIME, nullable=False),
    Index("assertion_expires", "expires_at"),
)
"""Each assertion of a client by the SHA-256 of its id, until it has expired by every clock."""
_LONGER = timedelta(minutes=10)
"""How much longer one is remembered: the clocks of two workers may differ."""


async def spend(connection: Connection, client: str, jti: str, expires: datetime) -> bool:
    """Use an assertion, and say whether it was the first time: the insert decides between those at once."""
    query = (
        "insert into assertion (client, jti_hash, expires_at) values ($1, $2, $3)"
        " on conflict (client, jti_hash) do nothing returning true"
    )
    return bool(await connection.fetchval(query, client, sha256(jti.encode()).digest(), expires))


async def sweep(connection: Connection, now: datetime) -> None:
    """Forget the assertions that nobody takes any more because they have expired."""
    await connection.execute("delete from assertion where expires_at < $1", now - _LONGER)
