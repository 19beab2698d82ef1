"""Break-glass: access to one person in an emergency, for a stated reason and four hours, told to those who care.

The rule of what is seen reads the table `reach`, where the program and the person behind it stand for those hours; the
table `emergency` keeps why. Law 91/2025/QH15, Art. 19.1.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from asyncpg import Record
from sqlalchemy import Column, Index, Table, Text
from sqlmodel import SQLModel
from uuid_utils import uuid7

from app.access.caller import Caller
from app.access.rights.deed import Deed, record
from app.access.rights.notice import notify
from app.errors import BadParameter, Forbidden
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

EMERGENCIES = Table(
    "emergency",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("client", CODE, nullable=False),
    Column("user_id", CODE, nullable=False),
    Column("organization", CODE, nullable=False),
    Column("holder", CODE, nullable=False),
    Column("patient_id", CODE, nullable=False),
    Column("reason", Text(), nullable=False),
    Column("at", TIME, nullable=False),
    Column("until", TIME, nullable=False),
    Index("emergency_holder", "holder", "patient_id", "until"),
    Index("emergency_patient", "patient_id"),
    Index("emergency_at", "at", "id"),
)
"""Each emergency: who stated which reason about whom, and how long it opens the records."""

SCOPE = "tramy/break-glass"
LASTS = timedelta(hours=4)
SHORTEST, LONGEST = 10, 500
_COLUMNS = "id, client, user_id, organization, holder, patient_id, reason, at, until"


async def open_emergency(
    connection: Connection, caller: Caller, patient_id: str, reason: str, now: datetime
) -> datetime:
    """Open the records of a person to the caller, tell those who look after the person, and return until when.

    Whether there is such a person is not told. Within an emergency that stands, the same program and user get its end
    again, and nobody is told twice. Raises Forbidden without the scope, BadParameter without a reason.
    """
    if not caller.may(SCOPE):
        raise Forbidden.of(
            f"Access in an emergency needs the scope {SCOPE}.", f"Truy cập khẩn cấp cần phạm vi {SCOPE}."
        )
    stated = _require_reason(reason)
    async with connection.transaction():
        until = await _standing(connection, caller, patient_id, now)
        known = until is not None
        until = until or await _insert(connection, caller, patient_id, stated, now)
        if not known:
            await notify(connection, patient_id, "emergency", caller, now)
        detail = {"until": until.isoformat(), "new": not known}
        await record(connection, Deed(now, caller, "break-glass", "E", (patient_id,), "BTG", stated, detail=detail))
    return until


async def emergencies(reader: Reader, since: datetime, until: datetime) -> list[Record]:
    """Return the emergencies that were opened in a time, the newest first: the list for the auditor."""
    return await reader.fetch(
        f"select {_COLUMNS} from emergency where at >= $1 and at < $2 order by at desc, id desc", since, until
    )


async def emergencies_about(reader: Reader, patient_ids: Sequence[str]) -> list[Record]:
    """Return all emergencies about these people, the oldest first."""
    return await reader.fetch(
        f"select {_COLUMNS} from emergency where patient_id = any($1::text[]) order by at, id", list(patient_ids)
    )


async def reasons(reader: Reader, caller: Caller, now: datetime) -> dict[str, str]:
    """Return whose records stand open to the caller in an emergency, each with the reason that was stated."""
    rows = await reader.fetch(
        "select patient_id, reason from emergency where holder = $1 and until > $2 order by at",
        caller.emergency_holder,
        now,
    )
    return {row["patient_id"]: row["reason"] for row in rows}


async def _standing(connection: Connection, caller: Caller, patient_id: str, now: datetime) -> datetime | None:
    return await connection.fetchval(
        "select max(until) from emergency where holder = $1 and patient_id = $2 and until > $3",
        caller.emergency_holder,
        patient_id,
        now,
    )


async def _insert(connection: Connection, caller: Caller, patient_id: str, reason: str, now: datetime) -> datetime:
    await connection.execute(
        f"insert into emergency ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        str(uuid7()),
        caller.client,
        caller.user,
        caller.organization,
        caller.emergency_holder,
        patient_id,
        reason,
        now,
        now + LASTS,
    )
    await connection.execute(
        "insert into reach (patient_id, holder, until) values ($1, $2, $3)"
        " on conflict (patient_id, holder) do update set until = excluded.until",
        patient_id,
        caller.emergency_holder,
        now + LASTS,
    )
    return now + LASTS


def _require_reason(reason: str) -> str:
    """Return the reason as it is kept: one line of readable text. Raises BadParameter for what states nothing."""
    stated = " ".join(reason.split())
    if not SHORTEST <= len(stated) <= LONGEST or not stated.isprintable():
        raise BadParameter.of(
            f"State a reason of {SHORTEST} to {LONGEST} characters.",
            f"Hãy nêu lý do từ {SHORTEST} đến {LONGEST} ký tự.",
            "reason",
        )
    return stated
