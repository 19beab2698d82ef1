"""Writing down in the audit what an administrator did on the machine, in the transaction that does it."""

import getpass
from datetime import UTC, datetime
from typing import NamedTuple

from app.audit.event import EXECUTE, Event
from app.audit.writing import write
from app.store.database import Connection
from app.store.moment import open_epoch


class Deed(NamedTuple):
    """What an administrator did: the interaction as the audit names it, to which client, and in words."""

    interaction: str
    client: str
    detail: str = ""


def administrator() -> str:
    """Return the name of the account that runs the command."""
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):
        return "unknown"


async def record(connection: Connection, deed: Deed, now: datetime | None = None) -> None:
    """Write a deed of this account into the audit."""
    event = Event(
        at=now or datetime.now(UTC),
        action=EXECUTE,
        interaction=deed.interaction,
        client="tramy",
        user=administrator(),
        detail=f"{deed.client} {deed.detail}".strip(),
    )
    await write(connection, [event], await open_epoch(connection))
