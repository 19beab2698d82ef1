"""tramy reindex: the columns that searches and figures read, taken anew from the bodies of all versions."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from app.cli.console import bar, out
from app.cli.database import database, settings
from app.config import Settings
from app.errors import Unavailable
from app.exchange.load.settle import settle
from app.exchange.reindex.run import Result, count
from app.exchange.reindex.run import reindex as read_anew
from app.exchange.reindex.work import Work, open_work
from app.fhir.resource_type import ResourceType
from app.fhir.write.transaction import AWAY
from app.resources.registry import registry
from app.store.pool import alone
from app.store.version import require_newest


def reindex(
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be given several times.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing, only count; ends with 1 when something would change.")
    ] = False,
) -> None:
    """Read the columns of all records anew from their bodies, current and past versions, and write what differs.

    Needed after an upgrade that searches or counts by something new: `tramy doctor` says so. The service may run
    meanwhile, on the new program. A run that was stopped is begun again; what is done already is only read.

    Example: tramy reindex --type Encounter --type Coverage
    """
    chosen = settings()
    kinds = [registry()[name] for name in dict.fromkeys(types)] if types else list(registry())
    with database(chosen) as url:
        result = asyncio.run(_reindex(chosen, url, kinds, dry_run))
    changed = ("would change", "cần đổi") if dry_run else ("changed", "đã đổi")
    for title, title_vi, done in (("current", "hiện tại", result.current), ("past", "cũ", result.past)):
        out.print(
            f"{title}: read {done.read:,}, {changed[0]} {done.changed:,}"
            f" · {title_vi}: đọc {done.read:,}, {changed[1]} {done.changed:,}"
        )
    raise typer.Exit(dry_run and result.changed > 0)


async def _reindex(chosen: Settings, url: str, kinds: Sequence[ResourceType], dry: bool) -> Result:
    await require_newest(url)
    try:
        async with alone(url) as connection:
            work = await open_work(connection, chosen.time_zone, dry=dry)
            result = await _shown(work, kinds)
        if result.changed and not dry:
            await settle(url)
    except AWAY as error:
        raise Unavailable.of(
            "The database went away; what was done is kept. Run the same command again.",
            "Cơ sở dữ liệu bị gián đoạn; phần đã làm được giữ lại. Hãy chạy lại lệnh này.",
        ) from error
    return result


async def _shown(work: Work, kinds: Sequence[ResourceType]) -> Result:
    with bar("versions") as shown:
        task = shown.add_task("reindexing", total=await count(work.connection, kinds), rate=0)

        def progress(result: Result) -> None:
            shown.update(task, completed=result.read, rate=shown.tasks[0].speed or 0)

        return await read_anew(work, kinds, progress)
