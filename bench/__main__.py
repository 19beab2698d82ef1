"""python -m bench: measure every figure and print one table. docs/reference/measurements.md says how to read it."""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from app.errors import TramyError
from bench import (
    audit,
    communes,
    country,
    creates,
    database,
    guarded,
    lists,
    loads,
    mixed,
    paging,
    reads,
    rest,
    searches,
    transactions,
)
from bench.figure import Figure
from bench.machine import facts
from bench.people import MOST
from bench.run import QUICK, Run, Sizes
from bench.table import for_programs, show

Measure = Callable[[Run], Awaitable[list[Figure]]]
MEASURES: dict[str, tuple[Measure, bool]] = {
    "read": (reads.measure, True),
    "create": (creates.measure, False),
    "transaction": (transactions.measure, False),
    "load": (loads.measure, False),
    "search": (searches.measure, True),
    "lists": (lists.measure, True),
    "paging": (paging.measure, True),
    "mix": (mixed.measure, False),
    "commune": (communes.measure, True),
    "country": (country.measure, True),
    "guarded": (guarded.measure, True),
    "audit": (audit.measure, False),
}
"""What is measured while the bench runs the database, and whether the people of the country are needed for it."""
REST = "rest"
_NAMES = [*MEASURES, REST]
err = Console(stderr=True, highlight=False)


def bench(
    people: Annotated[int, typer.Option(min=1000, max=MOST, help="People of the country.")] = MOST,
    only: Annotated[list[str] | None, typer.Option(help=f"Measure this alone: {', '.join(_NAMES)}.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes, to try the program; the figures mean nothing.")
    ] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the database in this folder and use it again.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write the table to this file too.")] = None,
) -> None:
    """Measure every figure and print one table; ends with 1 when a figure asked is not reached.

    Example: python -m bench --people 100000 --only read --only search
    """
    names = only or _NAMES
    if unknown := [name for name in names if name not in _NAMES]:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(_NAMES)}")
    sizes = QUICK if quick else replace(Sizes(), people=people)
    with database.folder(keep) as data:
        described, found = _measured(data, sizes, names)
    show(Console(width=None if sys.stdout.isatty() else 190), described, found)
    if as_json:
        as_json.write_text(json.dumps(for_programs(described, found), ensure_ascii=False, indent=1), "utf-8")
    raise typer.Exit(any(figure.met is False for figure in found) and not quick)


def _measured(data: Path, sizes: Sizes, names: list[str]) -> tuple[dict[str, str], list[Figure]]:
    with database.running(data) as databases:
        described = facts(data, sizes, asyncio.run(databases.facts()))
        found = uvloop.run(_all(Run(databases, sizes, _say), names))
    if REST in names:
        # The service runs the database itself here, as it does in a station.
        _say(REST)
        found += rest.measure(data, sizes)
    return described, found


async def _all(given: Run, names: list[str]) -> list[Figure]:
    if REST in names or any(needed for name, (_, needed) in MEASURES.items() if name in names):
        await given.databases.people(given.sizes.people, given.say)
    found = []
    for name, (measure, _) in MEASURES.items():
        if name in names:
            given.say(name)
            found += await measure(given)
    return found


def _say(text: str) -> None:
    err.print(f"[dim]bench:[/dim] {text}")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
command.command()(bench)


def main() -> None:
    """Run the command; what it has started ends with it, on Ctrl-C and when it is told to end as well."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        command()
    except TramyError as error:
        err.print(f"[red]bench:[/red] {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
