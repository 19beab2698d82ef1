"""tramy load: FHIR bundles and NDJSON from files, plain or compressed."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import bar, err, out
from app.cli.database import database, settings
from app.config import Settings
from app.exchange.load import Files, Report, run
from app.exchange.load.settle import settle
from app.store.version import require_newest

_SHOWN = 20


def load(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files, in any order.")],
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; without it, as many as cores.")
    ] = os.cpu_count() or 1,
    rejected: Annotated[
        Path | None, typer.Option(help="Write what was refused to this file: place, tab, reason.")
    ] = None,
) -> None:
    """Load FHIR bundles (JSON) and NDJSON, plain, gzip, bzip2 or xz. Ends with 1 when something was refused.

    Types that are not held are left out and counted. Loading the same file again changes nothing.

    Example: tramy load Patient.ndjson.gz Encounter.ndjson.gz
    """
    chosen = settings()
    with database(chosen) as url:
        asyncio.run(require_newest(url))
        report = load_files(chosen, url, Files(paths), workers)
        asyncio.run(settle(url))
    show(report)
    if rejected:
        lines = (
            f"{place}\t{'; '.join(f'{f.expression} {f.en}'.strip() for f in faults)}\n"
            for place, faults in report.refused
        )
        rejected.write_text("".join(lines), encoding="utf-8")
    raise typer.Exit(bool(report.refused))


def load_files(chosen: Settings, url: str, files: Files, workers: int) -> Report:
    """Load files with a progress bar over their bytes."""
    with bar("bytes") as shown:
        task = shown.add_task("loading", total=files.size, rate=0)

        def progress(report: Report) -> None:
            elapsed = shown.tasks[0].elapsed or 1
            shown.update(
                task, completed=files.read, description=f"{report.done:,} resources", rate=report.done / elapsed
            )

        return run(chosen, url, files.items(), workers=workers, progress=progress)


def show(report: Report) -> None:
    """Print what was stored, unchanged, left out and refused."""
    for title, counts in (
        ("stored · đã lưu", report.stored),
        ("unchanged · không đổi", report.unchanged),
        ("left out · bỏ qua", report.left_out),
    ):
        if counts:
            listed = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
            out.print(f"{title}: {counts.total():,} ({listed})")
    if report.refused:
        err.print(f"refused · bị từ chối: {len(report.refused):,}")
    for place, faults in report.refused[:_SHOWN]:
        for fault in faults:
            err.print(f"  {place}: {fault.expression} {fault.en}", markup=False)
    if len(report.refused) > _SHOWN:
        err.print(f"  ... and {len(report.refused) - _SHOWN:,} more; --rejected FILE writes them all")
