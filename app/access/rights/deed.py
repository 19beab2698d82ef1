"""What somebody did about the rights of people, as the audit takes it: in the transaction of the deed itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.access.caller import Caller
from app.audit.event import Event
from app.audit.writing import write
from app.store.database import Connection
from app.store.moment import open_epoch


@dataclass(frozen=True)
class Deed:
    """Who did what when, about whom; `detail` holds codes and numbers, never words about a person."""

    at: datetime
    caller: Caller
    interaction: str
    action: str
    people: tuple[str, ...] = ()
    purpose: str = ""
    reason: str = ""
    results: int | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


async def record(connection: Connection, deed: Deed) -> None:
    """Write a deed into the audit, in the transaction of the connection."""
    event = Event(
        at=deed.at,
        action=deed.action,
        interaction=deed.interaction,
        client=deed.caller.client,
        user=deed.caller.user,
        organization=deed.caller.organization,
        purpose=deed.purpose,
        reason=deed.reason,
        people=deed.people,
        results=deed.results,
        detail=json.dumps(deed.detail, ensure_ascii=False, default=str) if deed.detail else "",
    )
    await write(connection, [event], await open_epoch(connection))


def named(caller: Caller) -> str:
    """Return by which name a caller stands in these tables: the program, and the user behind it."""
    return f"{caller.client}/{caller.user}" if caller.user else caller.client
