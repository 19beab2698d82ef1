"""The programs that may sign in: who runs each, its public keys, its scopes and its places.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Column, Integer, Table, Text
from sqlmodel import SQLModel

from app.access.changes import tell
from app.errors import BadParameter, Conflict, NotFound
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

CLIENT = Table(
    "client",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("name", Text(), nullable=False),
    Column("organization", CODE, nullable=False),
    Column("scopes", Text(), nullable=False),
    Column("places", ARRAY(CODE), nullable=False),
    Column("jwks", Text()),
    Column("jwks_url", Text()),
    Column("rate_limit", Integer()),
    Column("generation", BigInteger(), nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("rotated_at", TIME),
    Column("disabled_at", TIME),
)
"""Each program. A token carries the generation of its client and is worth nothing under another one."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_ORGANIZATION = re.compile(r"Organization/[A-Za-z0-9.-]{1,64}", re.ASCII)
RESERVED = "tramy-"
"""How the ids begin that belong to the service itself."""


class Client(NamedTuple):
    """A program as it is registered; it has keys or the address of its keys."""

    id: str
    name: str
    organization: str
    scopes: str
    places: tuple[str, ...]
    jwks: str | None
    jwks_url: str | None
    rate_limit: int | None
    generation: int
    created_at: datetime
    rotated_at: datetime | None = None
    disabled_at: datetime | None = None


def new_generation() -> int:
    """Return a number by which tokens of now are told from those of before; it is never used twice."""
    return secrets.randbits(62) + 1


def require_id(text: str) -> str:
    """Return the id of a client. Raises BadParameter for what cannot be one."""
    if not _ID.fullmatch(text) or text.lower().startswith(RESERVED):
        raise BadParameter.of(
            f"An id has up to 64 letters, digits, '.', '_' or '-', and does not begin with {RESERVED}",
            f"Mã gồm tối đa 64 chữ cái, chữ số, '.', '_' hoặc '-', và không bắt đầu bằng {RESERVED}",
            "id",
        )
    return text


def require_organization(text: str) -> str:
    """Return a reference to an organisation, "" for none. Raises BadParameter for another text."""
    if text and not is_organization(text):
        raise BadParameter.of(
            "An organisation is given as Organization/its-id.",
            "Cơ sở được ghi dạng Organization/mã-cơ-sở.",
            "organization",
        )
    return text


def is_organization(text: str) -> bool:
    """Say whether a text is a reference to an organisation."""
    return bool(_ORGANIZATION.fullmatch(text))


async def add(connection: Connection, client: Client) -> None:
    """Register a client. Raises Conflict where its id is taken."""
    columns = ", ".join(Client._fields)
    marks = ", ".join(f"${number}" for number in range(1, len(Client._fields) + 1))
    query = f"insert into client ({columns}) values ({marks}) on conflict (id) do nothing returning true"
    if not await connection.fetchval(query, *client):
        raise Conflict.of("There is a client of this id already.", "Đã có phần mềm mang mã này.", "id")


async def find(reader: Reader, client_id: str) -> Client | None:
    """Return a client, None where there is none of this id."""
    row = await reader.fetchrow(f"select {', '.join(Client._fields)} from client where id = $1", client_id)
    return _client(dict(row)) if row else None


async def listed(reader: Reader) -> list[Client]:
    """Return all clients in the order of their ids."""
    rows = await reader.fetch(f"select {', '.join(Client._fields)} from client order by id")
    return [_client(dict(row)) for row in rows]


async def rotate(
    connection: Connection, client_id: str, jwks: str | None, jwks_url: str | None, now: datetime, *, keep: bool = False
) -> None:
    """Give a client other keys; its tokens end, unless they are to be kept. Raises NotFound."""
    query = (
        "update client set jwks = $2, jwks_url = $3, rotated_at = $4,"
        " generation = case when $5 then generation else $6 end where id = $1 returning true"
    )
    _require(await connection.fetchval(query, client_id, jwks, jwks_url, now, keep, new_generation()))
    await tell(connection)


async def disable(connection: Connection, client_id: str, now: datetime) -> None:
    """Let a client sign in no more; its tokens end for good. Raises NotFound."""
    query = "update client set disabled_at = coalesce(disabled_at, $2), generation = $3 where id = $1 returning true"
    _require(await connection.fetchval(query, client_id, now, new_generation()))
    await tell(connection)


async def enable(connection: Connection, client_id: str) -> None:
    """Let a client sign in again. Raises NotFound."""
    _require(await connection.fetchval("update client set disabled_at = null where id = $1 returning true", client_id))
    await tell(connection)


async def remove(connection: Connection, client_id: str) -> None:
    """Forget a client; its tokens end, and stay to be told of until they would have ended. Raises NotFound."""
    _require(await connection.fetchval("delete from client where id = $1 returning true", client_id))
    await tell(connection)


def _client(row: Mapping[str, Any]) -> Client:
    return Client(**{**row, "places": tuple(row["places"])})


def _require(found: object) -> None:
    if not found:
        raise NotFound.of("There is no client of this id.", "Không có phần mềm mang mã này.", "id")
