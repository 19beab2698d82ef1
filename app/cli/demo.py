"""tramy demo: an invented commune register through the real write path, its percentages, and the service on it."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from app.access import clients
from app.access.clients import Client
from app.access.key_pair import make_pair, write_private
from app.access.scope import OWN
from app.access.tokens import LONGEST, Token, mint
from app.cli.console import bar, err, out
from app.cli.database import database, settings
from app.cli.migrate import bring_up
from app.cli.recorded import Deed, record
from app.cli.serve import run_server
from app.config import Settings
from app.exchange.demonstration import figures, make_room, plan_for, send, whole
from app.exchange.invented import Plan, tally
from app.exchange.load import Report
from app.exchange.load.settle import settle
from app.indicators.answer import Figure
from app.indicators.registry import indicators
from app.store.pool import alone


def demo(
    people: Annotated[int, typer.Option(min=1, max=2_000_000, help="Residents on the last day.")] = 3000,
    insured: Annotated[
        int | None, typer.Option(min=0, help="How many of them are insured; without it, 93.2 %.")
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the percentages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the percentages for programs.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the service.")] = 8000,
) -> None:
    """Invent a commune register (nobody in it is real), send it in, print the percentages, and serve it.

    Example: tramy demo --people 80186 --insured 76832 --no-serve
    """
    chosen = settings()
    if insured is not None and insured > people:
        raise typer.BadParameter("--insured may not be above --people")
    with database(chosen) as url:
        plan = plan_for(people, insured, datetime.now(UTC).astimezone(chosen.time_zone).date())
        asyncio.run(_prepare(url, plan))
        report, seconds = _send(chosen, url, plan)
        asyncio.run(settle(url))
        found = asyncio.run(figures(url, plan))
        results = {code: (whole(parts), parts) for code, parts in found.items()}
        if as_json:
            out.print_json(
                json.dumps(_program(plan, report, seconds, {code: item for code, (item, _) in results.items()}))
            )
        else:
            _show(plan, report, seconds, results)
        if not no_serve:
            _show_token(asyncio.run(_enter(url, chosen)), port)
            run_server(chosen, url, "127.0.0.1", port, 1)


async def _prepare(url: str, plan: Plan) -> None:
    await bring_up(url)
    await make_room(url, plan)


async def _enter(url: str, chosen: Settings) -> str:
    """Register the program `demo`, if there is none, with a key in the data folder, and return a token for it."""
    now, name = datetime.now(UTC), "demo"
    async with alone(url) as connection, connection.transaction():
        found = await clients.find(connection, name)
        if found is None:
            pair, file = make_pair(f"{name}-1"), chosen.data / "demo-key.json"
            file.unlink(missing_ok=True)
            scopes = " ".join(["system/*.cruds", *OWN])
            generation = clients.new_generation()
            found = Client(name, "Demo", "", scopes, ("VN",), pair.public, None, None, generation, now)
            await clients.add(connection, found)
            chosen.data.mkdir(parents=True, exist_ok=True)
            write_private(file, pair.private)
            await record(connection, Deed("client-add", name, scopes), now)
        token = Token(
            name, found.generation, "", found.organization, found.scopes, found.places, now, now + LONGEST, name
        )
        await record(connection, Deed("token-mint", name, found.scopes), now)
        return await mint(connection, token)


def _show_token(token: str, port: int) -> None:
    err.print("A token for a quarter of an hour · Mã truy cập dùng trong 15 phút:")
    out.print(f"export TOKEN={token}", markup=False, soft_wrap=True)
    address = f"http://127.0.0.1:{port}/fhir/Patient?_count=1"
    err.print(f'curl -H "Authorization: Bearer $TOKEN" "{address}"', markup=False, soft_wrap=True)
    err.print("Another one · Lấy mã khác: tramy token --scope 'system/*.cruds' --scope tramy/indicators --place VN")


def _send(chosen: Settings, url: str, plan: Plan) -> tuple[Report, float]:
    began = time.monotonic()
    with bar("resources") as shown:
        task = shown.add_task(f"{plan.people:,} invented people", total=round(tally(plan).people * 4.8), rate=0)

        def progress(report: Report) -> None:
            shown.update(task, completed=report.done, rate=report.done / (time.monotonic() - began))

        report = send(chosen, url, plan, os.cpu_count() or 1, progress)
    return report, time.monotonic() - began


def _show(plan: Plan, report: Report, seconds: float, results: dict) -> None:
    err.print(
        f"{report.done:,} resources of {plan.people:,} invented people in {seconds:.1f} s"
        f" ({report.done / seconds:,.0f}/s), {len(report.refused)} refused."
    )
    table = Table(title=f"Ngày cuối của dữ liệu mẫu · the demo's last day: {plan.last_day.isoformat()}")
    for title in ("Chỉ số · indicator", "Nơi · place"):
        table.add_column(title)
    for title in ("Đạt · counted", "Dân số · population", "%"):
        table.add_column(title, justify="right")
    for code, (total, parts) in results.items():
        for place, figure in parts if len(parts) > 1 else ():
            table.add_row(code, place.name, *_cells(figure))
        name = parts[0][0].name if len(parts) == 1 else "Tổng · all"
        table.add_row(indicators()[code].title_vi, name, *_cells(total), style="bold", end_section=True)
    out.print(table)


def _cells(figure: Figure) -> tuple[str, str, str]:
    return f"{figure.numerator:,}", f"{figure.denominator:,}", f"{figure.rate} %" if figure.rate is not None else "-"


def _program(plan: Plan, report: Report, seconds: float, results: dict[str, Figure]) -> dict:
    listed = [
        {
            "code": code,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "rate": None if figure.rate is None else float(figure.rate),
        }
        for code, figure in results.items()
    ]
    return {
        "last_day": plan.last_day.isoformat(),
        "people": plan.people,
        "resources": report.done,
        "refused": len(report.refused),
        "seconds": round(seconds, 2),
        "indicators": listed,
    }
