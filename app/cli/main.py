"""The command line: its commands, and errors as one line with what to do. Exit codes: docs/reference/commands.md."""

import sys

import typer

from app.cli.console import fail
from app.cli.demo import demo
from app.cli.doctor import doctor
from app.cli.load import load
from app.cli.migrate import migrate
from app.cli.recount import recount
from app.cli.serve import serve
from app.errors import TramyError

cli = typer.Typer(
    help="Tramy: personal health records for primary care · hồ sơ sức khỏe cá nhân tại y tế cơ sở",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, migrate, doctor, demo, load, recount):
    cli.command()(command)


def main() -> None:
    """Run the command; an error that is foreseen is told in one line and ends with 2."""
    try:
        cli()
    except TramyError as error:
        fail(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
