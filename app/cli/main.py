"""The command line: its commands, and errors as one line with what to do. Exit codes: docs/reference/commands.md."""

import sys
from importlib import import_module

import typer

from app.cli.console import fail
from app.errors import TramyError

HELP = "Tramy: personal health records for primary care · hồ sơ sức khỏe cá nhân tại y tế cơ sở"
COMMANDS = (
    "serve",
    "migrate",
    "doctor",
    "demo",
    "load",
    "reindex",
    "recount",
    "client",
    "token",
    "roles",
    "audit",
    "rights",
    "retention",
)


def command_line(names: tuple[str, ...] = COMMANDS) -> typer.Typer:
    """Return the command line with these commands; each stands in the file of its name."""
    made = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in names:
        found = getattr(import_module(f"app.cli.{name}"), name)
        made.add_typer(found, name=name) if isinstance(found, typer.Typer) else made.command(name)(found)
    made.callback(help=HELP)(_whole)
    return made


def _whole() -> None:
    """Keep the name of a command necessary, also where only one was taken in."""


def main() -> None:
    """Run the command; an error that is foreseen is told in one line and ends with 2."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        # What the other commands need is not loaded: a service is up a second sooner.
        command_line((asked,) if asked in COMMANDS else COMMANDS)()
    except TramyError as error:
        fail(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
