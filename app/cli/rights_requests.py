"""tramy rights list, add, reply, close: requests of citizens with their clocks. Decree 356/2025/NĐ-CP, Art. 5."""

import json
from datetime import date
from typing import Annotated

import typer

from app.access.rights.request import add_request, close_request, late, open_requests, reply_request
from app.cli.console import out
from app.cli.database import settings
from app.cli.operator import operator
from app.cli.rights_arguments import Person
from app.cli.within import midnight, run
from app.config import Settings
from app.exchange.rights.person import kept_until
from app.fhir.service import now
from app.resources.registry import registry
from app.store.database import Connection


def list_open(as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False) -> None:
    """List the open requests, the most urgent first; ends with 1 when one is late.

    Example: tramy rights list
    """
    rows = run(lambda connection, _chosen: open_requests(connection))
    today = now().astimezone(settings().time_zone).date()
    if as_json:
        out.print_json(json.dumps([dict(row) for row in rows], default=str))
    else:
        for row in rows:
            mark = "late · quá hạn" if late(row, today) else ""
            replied = "replied" if row["replied_at"] else f"reply by {row['reply_due']}"
            out.print(f"{row['id']} {row['kind']} Patient/{row['patient_id']} {replied}, done by {row['due']} {mark}")
    raise typer.Exit(any(late(row, today) for row in rows))


def add(
    patient_id: Person,
    kind: Annotated[str, typer.Argument(help="access, correct, withdraw, restrict, object or erase.")],
    received: Annotated[str, typer.Option(help="The day it came, YYYY-MM-DD; today without it.")] = "",
) -> None:
    """Write down a request of a citizen, which starts its clocks.

    Example: tramy rights add nguoi-1 access --received 2026-11-20
    """

    async def work(connection: Connection, chosen: Settings) -> tuple[str, date | None]:
        at = midnight(received, chosen) if received else now()
        made = await add_request(connection, operator(), patient_id, kind, at, chosen.time_zone)
        return made, await kept_until(connection, registry(), patient_id, chosen.time_zone, at.date())

    made, until = run(work)
    out.print(made)
    if kind == "erase":
        says = f"until {until} · đến {until}" if until else "as long as the person lives · khi người này còn sống"
        out.print(f"The law keeps the records {says}: docs/how-to/rights.md")


def reply(request_id: Annotated[str, typer.Argument(help="The id of the request.")]) -> None:
    """Note that the person was told how the request goes on.

    Example: tramy rights reply 0199e0a4-7c1e-7000-8000-000000000000
    """
    run(lambda connection, _chosen: reply_request(connection, operator(), request_id, now()))


def close(
    request_id: Annotated[str, typer.Argument(help="The id of the request.")],
    outcome: Annotated[str, typer.Option(help="done, partly or refused.")] = "done",
    note: Annotated[str, typer.Option(help="Why, in words without a person's data.")] = "",
) -> None:
    """Close a request.

    Example: tramy rights close 0199e0a4-7c1e-7000-8000-000000000000 --outcome refused --note "TT 33/2025/TT-BYT"
    """
    run(lambda connection, _chosen: close_request(connection, operator(), request_id, outcome, note, now()))
