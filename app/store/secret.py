"""Secrets that live with the data: made by the first who asks, the same for every worker and after a restart."""

import os

from sqlalchemy import Column, LargeBinary, Table
from sqlmodel import SQLModel

from app.store.database import Connection
from app.store.record import CODE, TIME

SIZE = 32

SECRET = Table(
    "secret",
    SQLModel.metadata,
    Column("name", CODE, primary_key=True),
    Column("value", LargeBinary(), nullable=False),
    Column("made_at", TIME, nullable=False),
)
"""Each secret by its name."""


async def secret(connection: Connection, name: str) -> bytes:
    """Return the secret of that name, 32 random bytes."""
    await connection.execute(
        "insert into secret (name, value, made_at) values ($1, $2, clock_timestamp()) on conflict (name) do nothing",
        name,
        os.urandom(SIZE),
    )
    return await connection.fetchval("select value from secret where name = $1", name)
