"""tramy rights restrict, lift, export, emergencies: the processing of one person's records, and who looked."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from app.access.rights.emergency import emergencies as opened_in
from app.access.rights.restriction import lift as lift_restrictions
from app.access.rights.restriction import restrict as restrict_person
from app.cli.console import err, out
from app.cli.operator import operator
from app.cli.rights_arguments import Person, Until
from app.cli.within import midnight, run
from app.config import Settings
from app.errors import BadParameter
from app.exchange.rights.export import Export, export_person
from app.exchange.rights.looked import looked
from app.fhir.service import now
from app.fhir.write.group import together
from app.resources.registry import registry
from app.store.database import Connection


def restrict(
    patient_id: Person,
    reason: Annotated[str, typer.Option(help="requested, disputed, unlawful or legal-hold.")] = "requested",
    until: Until = "",
) -> None:
    """Restrict the processing of a person's records: only administrators see them (a legal-hold hides nothing).

    Example: tramy rights restrict nguoi-1 --reason disputed
    """

    async def work(connection: Connection, chosen: Settings) -> None:
        end = midnight(until, chosen) + timedelta(days=1) if until else None
        for record in await together(connection, registry(), [patient_id]):
            await restrict_person(connection, operator(), record, reason, now(), end)

    run(work)


def lift(patient_id: Person) -> None:
    """End the restrictions of a person.

    Example: tramy rights lift nguoi-1
    """

    async def work(connection: Connection, _chosen: Settings) -> None:
        for record in await together(connection, registry(), [patient_id]):
            await lift_restrictions(connection, operator(), record, now())

    run(work)


def export(
    patient_id: Person,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write, which must not be there yet.")],
    protected: Annotated[
        bool, typer.Option("--protected", help="With records that have a label of special protection.")
    ] = False,
) -> None:
    """Write all that is held on a person into a ZIP file that only its owner may read.

    Example: tramy rights export nguoi-1 -o nguoi-1.zip
    """

    async def work(connection: Connection, chosen: Settings) -> Export:
        return await export_person(
            connection, registry(), operator(), patient_id, now(), chosen.time_zone, looked, protected=protected
        )

    made = run(work)
    _write(output, made.content)
    out.print(f"{made.versions:,} versions · {made.versions:,} phiên bản")
    if made.left_out:
        err.print(
            f"Protected records left out: {made.left_out} · Hồ sơ bảo vệ đặc biệt không kèm theo: {made.left_out}"
        )


def emergencies(
    since: Annotated[str, typer.Option(help="From this day on, YYYY-MM-DD; without it, the last 30 days.")] = "",
) -> None:
    """List who looked in an emergency, about whom and why.

    Example: tramy rights emergencies --since 2026-11-01
    """

    async def work(connection: Connection, chosen: Settings) -> list[Any]:
        start = midnight(since, chosen) if since else now() - timedelta(days=30)
        return await opened_in(connection, start, now())

    out.print_json(json.dumps([dict(row) for row in run(work)], default=str, ensure_ascii=False))


def _write(path: Path, content: bytes) -> None:
    """Write a file for the owner's eyes. Raises BadParameter where one is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise BadParameter.of(
            "output cannot be written, or is there already.", "Không ghi được tệp, hoặc tệp đã có."
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
