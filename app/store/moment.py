"""Moments: states of knowledge, named so that an answer can be given again exactly.

Transactions commit out of order, so no clock says what was known when. Each written row carries `tx`:
the number of its transaction with the epoch of the database's life in front (epoch * 2**48 + xid). A
moment is a snapshot of transaction numbers: all below `low` have ended, none from `high` on has, and those
of `running` were under way. The numbers alone are no order of knowing: a writer that waited for another's
lock may have the smaller number and builds on what the other wrote, so a recorded moment is a whole snapshot
with its time, not only a horizon. The epoch grows when the data are restored into another cluster, where
transaction numbers begin again.
"""

import re
from datetime import datetime
from typing import NamedTuple

from asyncpg import Record
from sqlalchemy import ARRAY, BigInteger, Column, Integer, Table
from sqlmodel import SQLModel

from app.errors import BadParameter
from app.store.database import Connection
from app.store.record import CODE, TIME
from app.store.visible import Seen

EPOCH_SHIFT = 48
_LOCK = "tramy moment"
_TEXT = re.compile(r"(\d{1,4})-(\d{1,15})(?:-(\d{1,15})-((?:\d{1,15}\.)*\d{1,15})?)?", re.ASCII)


EPOCH = Table(
    "epoch",
    SQLModel.metadata,
    Column("number", Integer(), primary_key=True, autoincrement=False),
    Column("cluster", CODE, nullable=False),
    Column("opened_at", TIME, nullable=False),
)
"""Each life of the data in one cluster: its system identifier and timeline, and when it began."""

MOMENT = Table(
    "moment",
    SQLModel.metadata,
    Column("at", TIME, primary_key=True),
    Column("low", BigInteger(), nullable=False),
    Column("high", BigInteger(), nullable=False),
    Column("running", ARRAY(BigInteger()), nullable=False),
    Column("tx", BigInteger(), nullable=False),
)
"""Recorded moments: the time, the snapshot, and the transaction that recorded it."""


class Moment(NamedTuple):
    """What is known: rows with tx < low, or tx < high and not among the running; `at` is its time, if recorded."""

    low: int
    high: int
    running: tuple[int, ...] = ()
    at: datetime | None = None

    def __str__(self) -> str:
        epoch, low = divmod(self.low, 1 << EPOCH_SHIFT)
        if not self.running and self.low == self.high:
            return f"{epoch}-{low}"
        bits = (1 << EPOCH_SHIFT) - 1
        return f"{epoch}-{low}-{self.high & bits}-{'.'.join(str(tx & bits) for tx in self.running)}"


def known(column: str, first: int) -> str:
    """Return the condition that a row is known at a moment, given as parameters `first` to `first + 2`."""
    return Seen(f"${first}", f"${first + 1}", f"${first + 2}").known(column)


def from_snapshot(text: str, epoch: int) -> Moment:
    """Return the moment of pg_current_snapshot()::text; `epoch` is the shifted epoch."""
    low, high, running = text.split(":")
    numbers = tuple(epoch + int(item) for item in running.split(",") if item)
    return Moment(epoch + int(low), epoch + int(high), numbers)


async def open_epoch(connection: Connection) -> int:
    """Return the shifted epoch of this cluster, beginning a new one when the data came from another."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", _LOCK)
        cluster = await connection.fetchval(
            "select s.system_identifier::text || '/' || c.timeline_id"
            " from pg_control_system() s, pg_control_checkpoint() c"
        )
        last = await connection.fetchrow("select number, cluster from epoch order by number desc limit 1")
        if last is None or last["cluster"] != cluster:
            number = last["number"] + 1 if last else 1
            await connection.execute(
                "insert into epoch (number, cluster, opened_at) values ($1, $2, clock_timestamp())", number, cluster
            )
        else:
            number = last["number"]
    return number << EPOCH_SHIFT


async def take(connection: Connection, epoch: int, *, always: bool = False) -> None:
    """Record a moment, unless nothing was written since the last one (`always`: also then)."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", _LOCK)
        now = from_snapshot(await connection.fetchval("select pg_current_snapshot()::text"), epoch)
        last = await connection.fetchrow("select high, running, tx from moment order by at desc limit 1")
        if always or last is None or _has_ended(last, now):
            # A clock that was set back may not put a moment among those that have been answered for.
            await connection.execute(
                "insert into moment (at, low, high, running, tx) select"
                " greatest(clock_timestamp(), max(at) + interval '1 microsecond'),"
                " $1, $2, $3, $4::bigint + pg_current_xact_id()::text::bigint from moment",
                now.low,
                now.high,
                now.running,
                epoch,
            )


def _has_ended(last: Record, now: Moment) -> bool:
    """Return whether a transaction has ended since a recorded moment, other than the one that recorded it."""
    open_then = {*last["running"], *range(last["high"], last["tx"])}
    return now.high != last["tx"] + 1 or open_then != set(now.running)


async def find(connection: Connection, text: str, time: datetime | None, epoch: int) -> Moment:
    """Return the moment that `text` names, or the last one taken at or before `time`.

    Raises BadParameter for a moment that is not over yet, and for a time before the first moment or to come.
    """
    if time is not None:
        return await _at(connection, time, epoch)
    form = _TEXT.fullmatch(text)
    if form is None:
        raise _refused(
            "must be a time with its zone, or a moment as an answer named it",
            "phải là thời điểm có múi giờ, hoặc mốc như trong câu trả lời trước",
        )
    shifted = int(form[1]) << EPOCH_SHIFT
    low = shifted + int(form[2])
    high = shifted + int(form[3]) if form[3] else low
    running = tuple(shifted + int(item) for item in form[4].split(".")) if form[4] else ()
    now = from_snapshot(await connection.fetchval("select pg_current_snapshot()::text"), epoch)
    open_now = [tx for tx in now.running if tx < low or (tx < high and tx not in running)]
    if high > now.high or open_now or low > high:
        raise _refused("is a moment that is not over yet", "là mốc chưa kết thúc")
    return Moment(low, high, running)


async def _at(connection: Connection, time: datetime, epoch: int) -> Moment:
    newest = await connection.fetchval("select max(at) from moment")
    if newest is None or newest <= time:
        # A later moment closes the time asked for: whatever is taken from now on lies behind it.
        await take(connection, epoch, always=True)
        if await connection.fetchval("select max(at) <= $1 from moment", time):
            raise _refused("lies in the future", "nằm trong tương lai")
    row = await connection.fetchrow(
        "select at, low, high, running from moment where at <= $1 order by at desc limit 1", time
    )
    if row is None:
        first = await connection.fetchval("select min(at) from moment")
        raise _refused(f"lies before the first moment, {first.isoformat()}", f"trước mốc đầu tiên, {first.isoformat()}")
    return Moment(row["low"], row["high"], tuple(row["running"]), row["at"])


def _refused(en: str, vi: str) -> BadParameter:
    return BadParameter.of(f"known-at {en}.", f"known-at {vi}.", "known-at")
