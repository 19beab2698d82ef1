"""tramy migrate: bring the schema to the newest migration and fill the indicators that are new."""

import asyncio

from rich.progress import Progress, TaskID

from app.audit.upkeep import make_months
from app.cli.console import bar, out
from app.cli.database import database, settings
from app.exchange.reindex.due import note_empty
from app.exchange.schema import upgrade
from app.indicators.keeping import fill
from app.indicators.registry import indicators
from app.resources.registry import registry
from app.store.moment import open_epoch
from app.store.pool import alone


def migrate() -> None:
    """Bring the database to what this program needs; may be run again at any time.

    Example: tramy migrate
    """
    with database(settings()) as url:
        ran, filled = asyncio.run(bring_up(url))
    out.print(f"Migrations run: {', '.join(ran) or 'none'}. Indicators filled: {', '.join(filled) or 'none'}.")


async def bring_up(url: str) -> tuple[list[str], list[str]]:
    """Run the migrations and fill the indicators; return what was run and filled."""
    ran = await upgrade(url)
    async with alone(url) as connection:
        epoch = await open_epoch(connection)
        await make_months(connection)
        await note_empty(connection, registry(), settings().time_zone)
        with bar("people") as shown:
            task = shown.add_task("filling", total=None, rate=0, visible=False)
            return ran, await fill(connection, indicators(), epoch, lambda done, total: _show(shown, task, done, total))


async def _show(shown: Progress, task: TaskID, done: int, total: int) -> None:
    rate = shown.tasks[0].speed or 0
    shown.update(task, completed=done, total=total, rate=rate, visible=True)
