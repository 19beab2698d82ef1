"""tramy retention: which records the law lets go, by class and year, and their erasure."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from app.cli.console import bar, err, out
from app.cli.database import database, settings
from app.cli.operator import operator
from app.config import Settings
from app.errors import BadParameter
from app.exchange.reindex.work import open_work
from app.exchange.rights.certificate import Certificate
from app.exchange.rights.classes import classes, in_force
from app.exchange.rights.due import Counted, counted
from app.exchange.rights.erase import Order, clean
from app.exchange.rights.erase import erase as erase_due
from app.fhir.service import now
from app.resources.registry import registry
from app.store.pool import alone
from app.store.version import require_newest


def retention(
    before: Annotated[
        str,
        typer.Option(help="What was due before this day, YYYY-MM-DD; today without it. A day to come only reports."),
    ] = "",
    erase: Annotated[bool, typer.Option("--erase", help="Erase what is due, for ever.")] = False,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Needed with --erase; without it nothing is erased.")
    ] = False,
    protected: Annotated[
        bool, typer.Option("--protected", help="Erase records with a label of special protection too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Report which records are due by class and year; with --erase and --confirm erase them and print a certificate.

    People with a restriction, a hold or an open request are left out. The figures keep what the records counted for.

    Example: tramy retention --erase --before 2036-01-01 --confirm
    """
    chosen, day = settings(), _day(before)
    if erase and not before:
        raise BadParameter.of("--erase needs --before.", "--erase cần có --before.", "before")
    with database(chosen) as url:
        if erase and confirm:
            proof = asyncio.run(_erase(chosen, url, day or date.min, protected))
            out.print_json(json.dumps(proof.document(), ensure_ascii=False))
            return
        found = asyncio.run(_due(chosen, url, day))
    _report(found, as_json=as_json)
    if erase:
        err.print("Nothing was erased; add --confirm to do it. · Chưa xóa gì; thêm --confirm để xóa.")
        raise typer.Exit(1)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadParameter.of("--before must be YYYY-MM-DD.", "--before phải là YYYY-MM-DD.", "before") from None


async def _due(chosen: Settings, url: str, day: date | None) -> list[Counted]:
    await require_newest(url)
    today = now().astimezone(chosen.time_zone).date()
    async with alone(url) as connection:
        return await counted(connection, registry(), in_force(today), chosen.time_zone, day or today)


async def _erase(chosen: Settings, url: str, day: date, protected: bool) -> Certificate:
    await require_newest(url)
    order = Order(operator(), day, now(), protected)
    async with alone(url) as connection:
        work = await open_work(connection, chosen.time_zone)
        with bar("people") as shown:
            task = shown.add_task("erasing", total=None, rate=0)

            def progress(done: int, total: int) -> None:
                shown.update(task, completed=done, total=total, rate=shown.tasks[0].speed or 0)

            proof = await erase_due(work, order, progress)
        await clean(work)
    return proof


def _report(found: Sequence[Counted], *, as_json: bool) -> None:
    """Print how many records are due by class and year, and of those how many are held or protected."""
    total = sum(item.records for item in found)
    if as_json:
        rows = [
            {"class": item.name, "year": item.year, "records": item.records, "held": item.held}
            | {"protected": item.labelled}
            for item in found
        ]
        out.print_json(json.dumps({"due": rows, "total": total}))
        return
    titles = {item.name: f"{item.title} · {item.title_vi}" for item in classes()}
    for item in found:
        out.print(
            f"{item.name} {item.year}: {item.records:,} (held {item.held:,}, protected {item.labelled:,})"
            f" {titles[item.name]}"
        )
    out.print(f"Due · Đến hạn: {total:,}")
