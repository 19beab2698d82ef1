"""Access tokens: 256 random bits, of which only a digest is kept, so that nothing stored can be used to sign in.

https://www.rfc-editor.org/rfc/rfc6750
"""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, Column, Index, LargeBinary, Table, Text
from sqlmodel import SQLModel

from app.access.changes import tell
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

LONGEST = timedelta(minutes=15)
"""No token lives longer."""
ADMINISTRATOR = "tramy-token"
"""The client of a token that an administrator minted on the machine itself."""
_FORM = re.compile(r"tramy_[A-Za-z0-9_-]{43}", re.ASCII)
_KEPT = timedelta(days=1)

ACCESS_TOKEN = Table(
    "access_token",
    SQLModel.metadata,
    Column("hash", LargeBinary(), primary_key=True),
    Column("client", CODE, nullable=False),
    Column("generation", BigInteger()),
    Column("user_id", CODE, nullable=False),
    Column("organization", CODE, nullable=False),
    Column("scopes", Text(), nullable=False),
    Column("places", ARRAY(CODE), nullable=False),
    Column("issued_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("revoked_at", TIME),
    Column("minted_by", CODE),
    Index("access_token_expires", "expires_at"),
)
"""Each token by its SHA-256: whose it is and what it grants. One of no client has no generation and was `minted_by`
an administrator."""


class Token(NamedTuple):
    """What a token says."""

    client: str
    generation: int | None
    user_id: str
    organization: str
    scopes: str
    places: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    minted_by: str | None = None


class Found(NamedTuple):
    """A valid token, and how many requests a minute its client may send, None for as many as all."""

    token: Token
    rate: int | None


def digest_of(token: str) -> bytes | None:
    """Return what a token is kept under, None for a text that is none of ours."""
    return sha256(token.encode("ascii")).digest() if _FORM.fullmatch(token) else None


async def mint(connection: Connection, token: Token) -> str:
    """Write down a token and return its text, which is known to nobody else."""
    text = f"tramy_{secrets.token_urlsafe(32)}"
    columns = ", ".join(Token._fields)
    marks = ", ".join(f"${number}" for number in range(2, len(Token._fields) + 2))
    lasting = token._replace(expires_at=min(token.expires_at, token.issued_at + LONGEST))
    await connection.execute(
        f"insert into access_token (hash, {columns}) values ($1, {marks})", digest_of(text), *lasting
    )
    return text


async def find(reader: Reader, digest: bytes, now: datetime) -> Found | None:
    """Return what a token says, None unless it is valid: its client is there, enabled, and has the same keys yet."""
    columns = ", ".join(f"t.{name}" for name in Token._fields)
    row = await reader.fetchrow(
        f"select {columns}, c.rate_limit from access_token t left join client c on c.id = t.client"
        " where t.hash = $1 and t.revoked_at is null and t.expires_at > $2 and t.issued_at <= $3"
        " and case when t.generation is null then t.minted_by is not null"
        " else c.generation = t.generation and c.disabled_at is null end",
        digest,
        now,
        now + timedelta(minutes=1),
    )
    if row is None:
        return None
    *said, rate = row
    token = Token(*said)
    return Found(token._replace(places=tuple(token.places)), rate)


async def revoke(connection: Connection, digest: bytes, client: str | None, now: datetime) -> bool:
    """End a token, if it is this client's (None: whosever it is), and say whether there was one to end."""
    query = (
        "update access_token set revoked_at = $3 where hash = $1 and ($2::text is null or client = $2)"
        " and revoked_at is null returning true"
    )
    ended = bool(await connection.fetchval(query, digest, client, now))
    if ended:
        await tell(connection, digest)
    return ended


async def sweep(connection: Connection, now: datetime) -> None:
    """Forget the tokens that have ended a day ago."""
    await connection.execute("delete from access_token where expires_at < $1", now - _KEPT)
