"""The table of figures, for people and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.figure import Figure

_WIDTH = 190
_MET = {True: Text("met", "green"), False: Text("NOT MET", "bold red"), None: Text("")}


def show(console: Console, facts: Mapping[str, str], figures: Sequence[Figure]) -> None:
    """Print what was measured on, and below it one table."""
    for name, said in facts.items():
        console.print(f"[bold]{name:12}[/bold] {said}", highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, width=None if console.is_terminal else _WIDTH)
    table.add_column("work", ratio=3)
    for title in ("measured", "asked", "", "p50 ms", "p95 ms", "server", "Postgres", "RSS MB"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("how", ratio=3)
    for figure in figures:
        table.add_row(*_row(figure))
    console.print(table)
    console.print("server, Postgres: CPU seconds of each for 1,000 operations. RSS: resident memory of the worker.")


def _row(figure: Figure) -> list[str | Text]:
    asked = "" if figure.asked is None else f"{figure.sense} {_number(figure.asked)}"
    cost = figure.cost
    return [
        figure.work,
        f"{_number(figure.measured)} {figure.unit}",
        asked,
        _MET[figure.met],
        *(_number(value) for value in (figure.p50, figure.p95, cost.server, cost.postgres)),
        "" if cost.memory is None else f"{cost.memory:.0f}",
        figure.note,
    ]


def _number(value: float | None) -> str:
    """Write a number with as many digits as mean something."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def for_programs(facts: Mapping[str, str], figures: Sequence[Figure]) -> dict[str, Any]:
    """Return the table as JSON holds it."""
    return {"facts": dict(facts), "figures": [{**asdict(figure), "met": figure.met} for figure in figures]}
