"""tramy audit: verify the record of who did what, keep its head elsewhere, look at it, give up what is too old."""

import asyncio
import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.audit.anchor import SYSLOG, read
from app.audit.event import EXECUTE, Event
from app.audit.query import Query, looked_at
from app.audit.retire import months, oldest_kept
from app.audit.retire import retire as give_up
from app.audit.retired import Retired
from app.audit.seal import Seal
from app.audit.sealing import seal
from app.audit.upkeep import anchor_now
from app.audit.verify import SAYS, Broken, Verdict
from app.audit.verify import verify as verified
from app.audit.writing import write
from app.cli.console import bar, out
from app.cli.database import database, settings
from app.config import Settings
from app.errors import BadParameter, Misconfigured, Unprocessable
from app.store.moment import open_epoch
from app.store.pool import alone
from app.store.version import require_newest

audit = typer.Typer(no_args_is_help=True, help="The record of who did what · Nhật ký truy cập")

AsJson = Annotated[bool, typer.Option("--json", help="Print the result for programs.")]


@audit.command("verify")
def verify(
    anchor: Annotated[
        Path | None, typer.Option(help="File of anchors; without it, that of TRAMY_AUDIT_ANCHOR if it is a file.")
    ] = None,
    since: Annotated[int, typer.Option(min=0, help="Begin after the seal of this number, which is trusted.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Verify every row and seal of the audit; ends with 1 when anything was changed, taken away or put in.

    Example: tramy audit verify --anchor /mnt/anchors/tramy.txt
    """
    chosen = settings()
    file = anchor or _file_of(chosen)
    anchors = read(file) if file else {}
    with database(chosen) as url:
        verdict = asyncio.run(_verify(url, since, anchors))
    if as_json:
        out.print_json(json.dumps(_told(verdict, len(anchors))))
    else:
        _show(verdict, len(anchors))
    raise typer.Exit(verdict.broken is not None)


@audit.command("anchor")
def anchor() -> None:
    """Seal what is new and keep the head of the chain at TRAMY_AUDIT_ANCHOR at once.

    Example: tramy audit anchor
    """
    chosen = settings()
    if chosen.audit_anchor is None:
        raise Misconfigured.of("no anchor is set", "chưa đặt nơi lưu mốc", "TRAMY_AUDIT_ANCHOR")
    with database(chosen) as url:
        last = asyncio.run(_anchor(url, chosen, chosen.audit_anchor))
    out.print(f"Seal {last.number} anchored, {last.total:,} rows · Đã lưu mốc niêm phong {last.number}")
    out.print(last.hash.hex())


@audit.command("retire")
def retire(
    before: Annotated[
        str, typer.Option(metavar="YYYY-MM", help="Months before this one; without it, all beyond TRAMY_AUDIT_KEEP.")
    ] = "",
) -> None:
    """Give up the rows of whole months that are older than TRAMY_AUDIT_KEEP; the audit tells of it for ever.

    Example: tramy audit retire --before 2031-01
    """
    chosen = settings()
    with database(chosen) as url:
        done = asyncio.run(_retire(chosen, url, before))
    for one in done:
        out.print(f"{one.month:%Y-%m}: {one.rows:,} rows given up · đã hủy {one.rows:,} dòng")
    if not done:
        out.print("No month is old enough · Chưa có tháng nào đủ cũ")


@audit.command("person")
def person(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The id of the Patient.")],
    as_json: AsJson = False,
) -> None:
    """List everyone who looked at a person or changed anything of it, with how often and when.

    Example: tramy audit person mau-1
    """
    chosen = settings()
    with database(chosen) as url:
        rows = asyncio.run(_person(url, identifier))
    if as_json:
        out.print_json(json.dumps(rows, default=str))
        return
    for row in rows:
        who = " ".join(filter(None, (row["client"] or "-", row["user_id"], row["organization"])))
        times = f"{row['first'].astimezone(chosen.time_zone):%Y-%m-%d %H:%M} – "
        times += f"{row['last'].astimezone(chosen.time_zone):%Y-%m-%d %H:%M}"
        what = ", ".join((*row["interactions"], *row["purposes"], *row["reasons"]))
        out.print(f"{row['events']:>6}  {times}  {who}  ({what})", markup=False)
    if not rows:
        out.print("Nobody · Chưa có ai")


async def _verify(url: str, since: int, anchors: dict[int, bytes]) -> Verdict:
    await require_newest(url)
    async with alone(url) as connection:
        with bar("rows") as shown:
            task = shown.add_task("verifying", total=None, rate=0)

            def progress(done: int, whole: int) -> None:
                shown.update(task, completed=done, total=whole, rate=shown.tasks[0].speed or 0)

            return await verified(connection, since=since, anchors=anchors, progress=progress)


async def _anchor(url: str, chosen: Settings, address: str) -> Seal:
    await require_newest(url)
    async with alone(url) as connection:
        await seal(connection, await open_epoch(connection), datetime.now(UTC))
        return await anchor_now(connection, address, _hosts(chosen))


async def _retire(chosen: Settings, url: str, before: str) -> list[Retired]:
    await require_newest(url)
    now = datetime.now(UTC)
    limit = oldest_kept(now.date(), chosen.audit_keep)
    try:
        end = datetime.strptime(before, "%Y-%m").replace(tzinfo=UTC).date() if before else limit
    except ValueError:
        raise BadParameter.of("Expected YYYY-MM.", "Cần dạng YYYY-MM.", "--before") from None
    if end > limit:
        raise Unprocessable.of(
            f"Rows from {limit:%Y-%m} on must be kept (TRAMY_AUDIT_KEEP).",
            f"Phải giữ các dòng từ {limit:%Y-%m} trở đi (TRAMY_AUDIT_KEEP).",
            "--before",
        )
    async with alone(url) as connection:
        epoch = await open_epoch(connection)
        return [await give_up(connection, month, epoch, now, _by(now)) for month in await months(connection, end)]


async def _person(url: str, identifier: str) -> list[dict[str, Any]]:
    await require_newest(url)
    now = datetime.now(UTC)
    async with alone(url) as connection:
        rows = await looked_at(connection, Query(person=identifier))
        event = _by(now, interaction="audit-search", people=[identifier], results=len(rows))
        await write(connection, [event], await open_epoch(connection))
        return [dict(row) for row in rows]


def _by(now: datetime, **what: Any) -> Event:
    """Return the event of the account that runs the command."""
    given = {"action": EXECUTE, "interaction": "audit", "client": "tramy", "user": getpass.getuser(), **what}
    return Event(at=now, **given)


def _hosts(chosen: Settings) -> tuple[str, ...]:
    return getattr(chosen, "outbound_hosts", None) or ()


def _file_of(chosen: Settings) -> Path | None:
    """Return the file of anchors that the settings name, if they name one and it is there."""
    address = chosen.audit_anchor or ""
    if not address or address.startswith((SYSLOG, "https://")):
        return None
    return Path(address)


def _told(verdict: Verdict, anchors: int) -> dict[str, Any]:
    broken = verdict.broken
    told = {"rows": verdict.rows, "seals": verdict.seals, "anchors": anchors, "hash": verdict.head.hash.hex()}
    if broken is None:
        return {**told, "broken": None}
    since, until = (time.isoformat() if time else None for time in (broken.since, broken.until))
    return {**told, "broken": {"kind": broken.kind, "seal": broken.number, "since": since, "until": until}}


def _show(verdict: Verdict, anchors: int) -> None:
    out.print(
        f"{verdict.rows:,} rows, {verdict.seals:,} seals, {anchors:,} anchors verified"
        f" · đã kiểm {verdict.rows:,} dòng, {verdict.seals:,} niêm phong, {anchors:,} mốc"
    )
    if verdict.broken is None:
        out.print("Whole · Nguyên vẹn")
    else:
        for text in _broken(verdict.broken):
            out.print(text)


def _broken(broken: Broken) -> tuple[str, str]:
    en, vi = SAYS[broken.kind]
    since, until = (f"{time:%Y-%m-%d %H:%M:%S}Z" if time else "?" for time in (broken.since, broken.until))
    return (
        f"BROKEN at seal {broken.number}, {since} to {until}: {en}",
        f"SAI LỆCH tại niêm phong {broken.number}, từ {since} đến {until}: {vi}",
    )
