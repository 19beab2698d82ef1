"""tramy token: a short token for an administrator on the machine itself, for scripts and trouble-shooting."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.access import tokens
from app.access.clients import require_organization
from app.access.tokens import ADMINISTRATOR, Token
from app.cli.console import out
from app.cli.database import database, settings
from app.cli.granting import places_of, scopes_of
from app.cli.recorded import Deed, administrator, record
from app.store.pool import alone
from app.store.version import require_newest


def token(
    scope: Annotated[list[str] | None, typer.Option(help="What it grants, such as system/Patient.rs.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="Whose people it may see: 00004, 24, VN, 00004@2004.")] = None,
    organization: Annotated[str, typer.Option(help="For which organisation, such as Organization/tyt-1.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=15, help="How long it is valid.")] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="Print the token with what it grants, for programs.")] = False,
) -> None:
    """Mint a token and print it; that this account did so is recorded in the audit. Nobody can show it again.

    Example: tramy token --scope system/Patient.rs --place 00004 --minutes 5
    """
    chosen, now = settings(), datetime.now(UTC)
    grants, places = scopes_of(scope or []), places_of(place or [], chosen, now)
    until = now + timedelta(minutes=minutes)
    by = administrator()
    made = Token(
        ADMINISTRATOR, None, by, require_organization(organization), grants.text, places, now, until, minted_by=by
    )
    with database(chosen) as url:
        text = asyncio.run(_mint(url, made))
    if as_json:
        said = {"access_token": text, "scope": grants.text, "places": list(places), "expires_at": until.isoformat()}
        out.print_json(json.dumps(said))
    else:
        out.print(text, markup=False)


async def _mint(url: str, made: Token) -> str:
    await require_newest(url)
    async with alone(url) as connection, connection.transaction():
        text = await tokens.mint(connection, made)
        detail = f"{made.scopes} · {' '.join(made.places)} · {made.organization}"
        await record(connection, Deed("token-mint", made.client, detail), made.issued_at)
    return text
