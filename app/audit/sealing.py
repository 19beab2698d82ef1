"""Seals what was committed since the last seal. Writers are never in its way, nor it in theirs.

One transaction makes a seal, so a sealer that is killed leaves none behind, and the next one covers the same rows.
"""

from datetime import datetime
from typing import NamedTuple

from app.audit.rows import FORM, between, of, settle
from app.audit.seal import Digest, Seal, hashed, head
from app.errors import Misconfigured
from app.store.database import Connection, Reader
from app.store.moment import Moment, from_snapshot

_LOCK = "tramy audit seal"
_COUNTED = 100_000


class Pending(NamedTuple):
    """Rows that no seal covers yet: how many (at most 100,000 are counted), and the time of the oldest."""

    rows: int
    since: datetime | None


async def seal(connection: Connection, epoch: int, now: datetime) -> Seal | None:
    """Seal the rows that have become visible; None when there are none, or when another sealer is at it."""
    async with connection.transaction():
        # Statements here see what was committed when each began, so the last seal is known once the lock is held.
        if not await connection.fetchval("select pg_try_advisory_xact_lock(hashtext($1))", _LOCK):
            return None
        seen = from_snapshot(await connection.fetchval("select pg_current_snapshot()::text"), epoch)
        last = await head(connection)
        if seen.high < last.high:
            raise _turned_back()
        if not await _anything(connection, last, seen):
            return None
        await settle(connection)
        return await _sealed(connection, last, seen, now)


async def pending(reader: Reader) -> Pending:
    """Return how many rows are not sealed yet, and since when."""
    last = await head(reader)
    row = await reader.fetchrow(
        "select count(*), min(at) from (select at from audit where tx >= $1 or tx = any($2::bigint[]) limit $3) p",
        last.high,
        list(last.running),
        _COUNTED,
    )
    return Pending(*row) if row else Pending(0, None)


async def _anything(connection: Connection, last: Seal, seen: Moment) -> bool:
    """Say whether a row may have become visible since the last seal."""
    return await connection.fetchval(
        "select exists (select from audit where tx >= $1 and tx < $2)"
        " or exists (select from audit where tx = any($3::bigint[]))",
        last.high,
        seen.high,
        sorted(last.late.difference(seen.running)),
    )


async def _sealed(connection: Connection, last: Seal, seen: Moment, now: datetime) -> Seal | None:
    digest = Digest()
    await of(connection, last.late.difference(seen.running), digest.take)
    await between(connection, last.high, seen.high, digest.take, without=seen.running)
    if not digest.rows:
        return None
    total = last.total + digest.rows
    at = max(now, last.at)
    running = sorted(seen.running)
    made = Seal(last.number + 1, at, FORM, seen.low, seen.high, running, digest.rows, total, digest.value, b"")
    made = made._replace(hash=hashed(made, last.hash))
    await connection.execute(
        "insert into audit_seal (number, at, form, low, high, running, rows, total, digest, hash)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        *made,
    )
    return made


def _turned_back() -> Misconfigured:
    return Misconfigured.of(
        "The audit was sealed at a later moment than now: the database is another copy; restart the service.",
        "Nhật ký đã được niêm phong ở thời điểm muộn hơn hiện tại: cơ sở dữ liệu là bản khác; hãy khởi động lại.",
    )
