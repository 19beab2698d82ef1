"""Telling every worker that a right has changed, in the transaction that changes it.

https://www.postgresql.org/docs/current/sql-notify.html
"""

from app.store.database import Connection

CHANNEL = "tramy_access"


async def tell(connection: Connection, digest: bytes = b"") -> None:
    """Say at the commit that one token is no longer what it was; without a digest: that any may be."""
    await connection.execute("select pg_notify($1, $2)", CHANNEL, digest.hex())
