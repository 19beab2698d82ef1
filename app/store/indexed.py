"""What the columns of each type were read from bodies with, so that a program that reads them otherwise can tell."""

from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from app.store.database import Connection, Reader
from app.store.record import CODE

INDEXED = Table(
    "indexed",
    SQLModel.metadata,
    Column("type", CODE, primary_key=True),
    Column("digest", CODE, nullable=False),
)
"""Of each type a digest of the declarations by which all its rows were read."""


async def digests(reader: Reader) -> dict[str, str]:
    """Return the digest of each type, without those that were never written down."""
    return {row["type"]: row["digest"] for row in await reader.fetch("select type, digest from indexed")}


async def note(connection: Connection, type_name: str, digest: str) -> None:
    """Write down by what all rows of a type are read now; the caller commits."""
    await connection.execute(
        "insert into indexed (type, digest) values ($1, $2) on conflict (type) do update set digest = excluded.digest",
        type_name,
        digest,
    )
