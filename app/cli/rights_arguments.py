"""The arguments that several commands of `tramy rights` take."""

from typing import Annotated

import typer

Person = Annotated[str, typer.Argument(help="The id of a Patient.")]
Until = Annotated[str, typer.Option(help="The last day, YYYY-MM-DD; without it there is none.")]
