"""Gives up the rows of a month whose time is over; the seals over them stay, and the audit tells of it.

`docs/how-to/audit.md` says how long rows are kept, and why.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from asyncpg.exceptions import LockNotAvailableError

from app.audit.event import DELETE, Event
from app.audit.retired import INTERACTION, Retired, note, retired, told
from app.audit.rows import settle
from app.audit.seal import BEGINNING, Seal, after, head, numbered
from app.audit.sealing import seal
from app.audit.verify import verify
from app.audit.walk import Walk
from app.audit.writing import write
from app.errors import Conflict, Unavailable
from app.store.database import Connection

_SEALS = 5_000


async def months(connection: Connection, before: date) -> list[date]:
    """Return the months that end before or on a day and have a partition, the oldest first."""
    rows = await connection.fetch(
        "select to_date(right(relname, 7), 'YYYY_MM') as month from pg_inherits join pg_class on oid = inhrelid"
        " where inhparent = 'audit'::regclass and relname ~ '^audit_[0-9]{4}_[0-9]{2}$' order by 1"
    )
    return [row["month"] for row in rows if following(row["month"]) <= before]


def following(month: date) -> date:
    """Return the first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def oldest_kept(today: date, keep: int) -> date:
    """Return the first day of the oldest month that must be kept, with `keep` whole months before this one."""
    months = today.year * 12 + today.month - 1 - keep
    return date(months // 12, months % 12 + 1, 1)


async def retire(connection: Connection, month: date, epoch: int, now: datetime, by: Event) -> Retired:
    """Give up the rows of a month; `by` is the event of who asks for it, which is completed here.

    Raises Conflict when rows of the month are not sealed, or are not what was sealed, and Unavailable when others
    hold the table for longer than a second.
    """
    await seal(connection, epoch, now)
    name = f"audit_{month:%Y_%m}"
    rows = await connection.fetchval(f"select count(*) from {name}")
    first, last = await _spanned(connection, name) if rows else (1, 0)
    if rows and (await verify(connection, since=first - 1, until=last)).broken:
        raise _not_as_sealed()
    async with connection.transaction():
        await settle(connection)
        kept = await _kept(connection, first, last, month)
        done = Retired(month, now, rows, first, last, kept)
        await note(connection, done)
        detail = told(await retired(connection))
        event = replace(by, at=now, action=DELETE, interaction=INTERACTION, detail=detail)
        await write(connection, [event], epoch)
        await _drop(connection, name)
    return done


async def _drop(connection: Connection, name: str) -> None:
    """Drop a month. Writers wait behind the lock that this needs, so it comes last and is not waited for long."""
    await connection.execute("set local lock_timeout = '1s'")
    try:
        await connection.execute(f"drop table {name}")
    except LockNotAvailableError as error:
        raise Unavailable.of(
            "The audit is being read or written by something long; run the same command again later.",
            "Nhật ký đang được một tác vụ dài đọc hoặc ghi; hãy chạy lại lệnh này sau.",
        ) from error


async def _spanned(connection: Connection, name: str) -> tuple[int, int]:
    """Return the first and the last seal that may cover rows of a month."""
    end = await head(connection)
    low, high = [await connection.fetchval(f"select {side}(tx) from {name}") for side in ("min", "max")]
    late = f"select exists (select from {name} where tx >= $1 or tx = any($2::bigint[]))"
    if await connection.fetchval(late, end.high, list(end.running)):
        raise Conflict.of("Rows of this month are not sealed yet.", "Tháng này còn dòng chưa được niêm phong.")
    first = await _first_above(connection, low, end.number)
    last = await _first_above(connection, high, end.number)
    while seals := await after(connection, last - 1, _SEALS):
        for one in seals:
            if all(tx > high for tx in one.running):
                return first, one.number
        last = seals[-1].number + 1
    return first, end.number


async def _first_above(connection: Connection, tx: int, end: int) -> int:
    """Return the number of the first seal whose snapshot ends above a transaction: they only rise."""
    low, high = 1, end
    while low < high:
        middle = (low + high) // 2
        found = (await numbered(connection, [middle])).get(middle)
        if found is None:
            raise _not_as_sealed()
        low, high = (low, middle) if found.high > tx else (middle + 1, high)
    return low


async def _kept(connection: Connection, first: int, last: int, month: date) -> dict[str, tuple[int, str]]:
    """Return the rows and digests of what will be left of seals that cover rows of other months too."""
    kept: dict[str, tuple[int, str]] = {}
    before = await _before(connection, first)
    walk = Walk(connection, before, f" and not (at >= '{month}Z' and at < '{following(month)}Z')")
    await walk.begin()
    while first <= last:
        seals = await after(connection, first - 1, min(_SEALS, last - first + 1))
        for found in await walk.along(seals):
            if found.rows:
                kept[str(found.seal.number)] = (found.rows, found.digest.hex())
        first = seals[-1].number + 1
    return kept


async def _before(connection: Connection, number: int) -> Seal:
    return BEGINNING if number <= 1 else (await numbered(connection, [number - 1]))[number - 1]


def _not_as_sealed() -> Conflict:
    return Conflict.of(
        "The rows of this month are not what was sealed; run: tramy audit verify",
        "Các dòng của tháng này không khớp với niêm phong; hãy chạy: tramy audit verify",
    )
