"""tramy rights consent, withdraw, may: what people have stated, and what may be given away because of it."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from app.access.rights.consent import Statement, add_consent
from app.access.rights.consent import withdraw as withdraw_consent
from app.access.rights.sharing import Recipient, may_share
from app.cli.console import out
from app.cli.operator import operator
from app.cli.rights_arguments import Person, Until
from app.cli.within import day_of, run
from app.config import Settings
from app.exchange.rights.person import born
from app.fhir.service import now
from app.resources.registry import registry
from app.store.database import Connection

Text = Annotated[
    Path, typer.Option("--text", exists=True, dir_okay=False, help="The signed text; its SHA-256 is kept.")
]


def consent(
    patient_id: Person,
    purpose: Annotated[str, typer.Option(help="What for, one word.")],
    recipient: Annotated[str, typer.Option(help="An organisation (Organization/x) or a kind of partner.")],
    text: Text,
    kind: Annotated[str, typer.Option(help="consent, written-request or objection.")] = "consent",
    given_by: Annotated[str, typer.Option(help="self, guardian or both.")] = "self",
    relation: Annotated[str, typer.Option(help="What the guardian is to the person.")] = "",
    channel: Annotated[str, typer.Option(help="paper, electronic, in-person or phone.")] = "paper",
    until: Until = "",
) -> None:
    """Keep a consent, a written request or an objection as evidence.

    Example: tramy rights consent nguoi-1 --purpose care --recipient care-provider --kind written-request --text don.pdf
    """

    async def work(connection: Connection, chosen: Settings) -> str:
        at = now()
        day = at.astimezone(chosen.time_zone).date()
        statement = Statement(
            patient_id, kind, purpose, recipient, given_by, channel, _hash(text), at, day, day_of(until), relation
        )
        birth = await born(connection, registry(), patient_id, chosen.time_zone)
        return await add_consent(connection, operator(), statement, at, birth)

    out.print(run(work))


def withdraw(
    consent_id: Annotated[str, typer.Argument(help="The id of the consent, written request or objection.")],
    text: Text,
    channel: Annotated[str, typer.Option(help="paper, electronic, in-person or phone.")] = "paper",
) -> None:
    """Keep the withdrawal of a consent; the consent itself stays as evidence.

    Example: tramy rights withdraw 0199e0a4-7c1e-7000-8000-000000000000 --text don.pdf
    """
    run(lambda connection, _chosen: withdraw_consent(connection, operator(), consent_id, channel, _hash(text), now()))


def may(
    patient_ids: Annotated[list[str], typer.Argument(help="The ids of the people.")],
    partner: Annotated[str, typer.Option(help="The kind of partner, such as care-provider.")],
    purpose: Annotated[str, typer.Option(help="What for, one word.")],
    organization: Annotated[str, typer.Option(help="The organisation (Organization/x).")] = "",
    basis: Annotated[str, typer.Option(help="statement, emergency, state-duty or other-law.")] = "statement",
) -> None:
    """Say whose records may not be given to another organisation; ends with 1 when there is one.

    Example: tramy rights may nguoi-1 nguoi-2 --partner care-provider --organization Organization/bv-1 --purpose care
    """

    async def work(connection: Connection, chosen: Settings) -> list[str]:
        day = now().astimezone(chosen.time_zone).date()
        return await may_share(connection, patient_ids, Recipient(organization, partner), purpose, basis, day)

    refused = run(work)
    for patient_id in refused:
        out.print(f"refused · không được: Patient/{patient_id}")
    raise typer.Exit(bool(refused))


def _hash(text: Path) -> str:
    return sha256(text.read_bytes()).hexdigest()
