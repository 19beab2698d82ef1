"""What the command says, and where: results on standard output, progress and errors on standard error."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app.errors import TramyError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(error: TramyError) -> None:
    """Tell what went wrong, in English and Vietnamese."""
    for fault in error.faults:
        place = f"{fault.expression}: " if fault.expression else ""
        err.print(f"[red]tramy:[/red] {place}{fault.en}", markup=True)
        err.print(f"       {place}{fault.vi}", markup=False)


def bar(unit: str) -> Progress:
    """Return a progress bar counting `unit`, with the rate and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit}, {{task.fields[rate]:,.0f}}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )
