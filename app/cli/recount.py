"""tramy recount: everything that figures rest on, computed again from the records and compared."""

import asyncio
import json
from typing import Annotated

import typer

from app.cli.console import bar, out
from app.cli.database import database, settings
from app.config import Settings
from app.indicators.keeping import open_keeping
from app.indicators.recount import Recount
from app.indicators.recount import recount as compare
from app.indicators.registry import indicators
from app.resources.registry import registry
from app.store.pool import alone


def recount(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Recount all figures from the records; ends with 1 when the difference is not 0.

    Example: tramy recount
    """
    chosen = settings()
    with database(chosen) as url:
        result = asyncio.run(_recount(chosen, url))
    if as_json:
        out.print_json(json.dumps({**result._asdict(), "difference": result.difference}))
    else:
        out.print(
            f"{result.people:,} people, {result.records:,} records. Differences: columns {result.columns},"
            f" spans {result.spans}, ledger {result.ledger}, roll-ups {result.rollups}."
        )
        out.print(f"Difference · Sai lệch: {result.difference}")
    raise typer.Exit(result.difference != 0)


async def _recount(chosen: Settings, url: str) -> Recount:
    async with alone(url) as connection:
        keeping = await open_keeping(connection, indicators())
        with bar("records") as shown:
            task = shown.add_task("recounting", total=None, rate=0)

            def progress(done: int) -> None:
                shown.update(task, completed=done, rate=shown.tasks[0].speed or 0)

            return await compare(connection, registry(), indicators(), keeping, chosen.time_zone, progress)
