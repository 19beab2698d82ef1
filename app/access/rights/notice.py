"""Notices to those who look after a person: somebody was let in, somebody looked in an emergency.

A notice goes to each holder by whom the person is reached (table `reach`): a commune, an organisation; not to the
newcomer. Whoever holds the same commune or organisation reads it, and one of them marks it as read.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record
from sqlalchemy import Column, Index, Table
from sqlmodel import SQLModel
from uuid_utils import uuid7

from app.access.caller import Caller
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

NOTICE = Table(
    "notice",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("holder", CODE, nullable=False),
    Column("at", TIME, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("patient_id", CODE, nullable=False),
    Column("by_organization", CODE, nullable=False),
    Column("read_at", TIME),
    Index("notice_holder", "holder", "at", "id"),
    Index("notice_patient", "patient_id"),
)
"""Each notice: to whom, when, what about whom, by which organisation, and when it was read."""

KINDS = {
    "admitted": ("another organisation was let in to the person", "cơ sở khác được tiếp cận hồ sơ người này"),
    "emergency": ("somebody looked in an emergency", "có truy cập khẩn cấp vào hồ sơ người này"),
    "moved": ("the person lives elsewhere now", "người này đã chuyển nơi cư trú"),
    "restricted": ("the processing of the records is restricted", "việc xử lý hồ sơ bị hạn chế"),
}
EMERGENCY = "emergency:"
"""What holders in an emergency begin with; they receive no notices."""
_COLUMNS = "id, holder, at, kind, patient_id, by_organization, read_at"


class Mark(NamedTuple):
    """The notice behind which a page begins."""

    at: datetime
    id: str


async def notify(connection: Connection, patient_id: str, kind: str, by: Caller, now: datetime) -> int:
    """Write a notice to each holder of a person but the newcomer and return how many; the caller commits."""
    holders = await connection.fetch(
        "select distinct holder from reach where patient_id = $1 and holder <> all($2::text[]) and until > $3"
        f" and not starts_with(holder, '{EMERGENCY}')",
        patient_id,
        list(by.holders),
        now,
    )
    told = sorted(row["holder"] for row in holders)
    await connection.execute(
        "insert into notice (id, holder, at, kind, patient_id, by_organization)"
        " select n.id, n.holder, $3, $4, $5, $6 from unnest($1::text[], $2::text[]) n(id, holder)",
        [str(uuid7()) for _ in told],
        told,
        now,
        kind,
        patient_id,
        by.organization or by.client,
    )
    return len(told)


async def notices(
    reader: Reader, holders: Sequence[str], count: int, after: Mark | None = None, *, unread: bool = False
) -> list[Record]:
    """Return a page of the notices to these holders, the newest first, `after` a mark."""
    return await reader.fetch(
        f"select {_COLUMNS} from notice where holder = any($1::text[])"
        " and ($2::timestamptz is null or (at, id) < ($2, $3)) and (not $4 or read_at is null)"
        " order by at desc, id desc limit $5",
        list(holders),
        after.at if after else None,
        after.id if after else None,
        unread,
        count,
    )


async def mark_read(connection: Connection, holders: Sequence[str], notice_id: str, now: datetime) -> bool:
    """Mark a notice to one of these holders as read, and say whether there is one; its first time stays."""
    return bool(
        await connection.fetchval(
            "update notice set read_at = coalesce(read_at, $3) where id = $2 and holder = any($1::text[])"
            " returning true",
            list(holders),
            notice_id,
            now,
        )
    )


async def notices_about(reader: Reader, patient_ids: Sequence[str]) -> list[Record]:
    """Return all notices about these people, the oldest first."""
    return await reader.fetch(
        f"select {_COLUMNS} from notice where patient_id = any($1::text[]) order by at, id", list(patient_ids)
    )
