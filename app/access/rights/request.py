"""Requests of citizens about their data, with the clocks of the law. Decree 356/2025/NĐ-CP, Art. 5."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from asyncpg import Record
from sqlalchemy import Column, Date, Index, Table, Text, text
from sqlmodel import SQLModel
from uuid_utils import uuid7

from app.access.caller import Caller
from app.access.rights.clocks import due
from app.access.rights.deed import Deed, named, record
from app.errors import BadParameter, NotFound
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

REQUEST = Table(
    "request",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("patient_id", CODE, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("reply_due", Date(), nullable=False),
    Column("due", Date(), nullable=False),
    Column("replied_at", TIME),
    Column("closed_at", TIME),
    Column("outcome", CODE),
    Column("note", Text()),
    Column("recorded_by", CODE, nullable=False),
    Column("closed_by", CODE),
    Index("request_open", "due", "id", postgresql_where=text("closed_at is null")),
    Index("request_patient", "patient_id"),
)
"""Each request: of whom, what, when it came and is due, when it was replied to and closed, and how."""

OUTCOMES = ("done", "partly", "refused")
_COLUMNS = ", ".join(column.name for column in REQUEST.columns)
_NOTE = 500


async def add_request(
    connection: Connection, caller: Caller, patient_id: str, kind: str, received_at: datetime, zone: ZoneInfo
) -> str:
    """Write down a request with the days on which it is due and return its id. Raises BadParameter for its kind."""
    days = due(kind, received_at.astimezone(zone).date())
    row_id = str(uuid7())
    await connection.execute(
        "insert into request (id, patient_id, kind, received_at, reply_due, due, recorded_by)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        row_id,
        patient_id,
        kind,
        received_at,
        days.reply,
        days.done,
        named(caller),
    )
    detail = {"id": row_id, "kind": kind, "due": days.done.isoformat()}
    await record(connection, Deed(received_at, caller, "request-add", "C", (patient_id,), detail=detail))
    return row_id


async def reply_request(connection: Connection, caller: Caller, request_id: str, now: datetime) -> None:
    """Note that the person was replied to. Raises NotFound where no open request has this id."""
    person = await connection.fetchval(
        "update request set replied_at = coalesce(replied_at, $2) where id = $1 and closed_at is null"
        " returning patient_id",
        request_id,
        now,
    )
    await _told(connection, Deed(now, caller, "request-reply", "U", detail={"id": request_id}), person)


async def close_request(
    connection: Connection, caller: Caller, request_id: str, outcome: str, note: str, now: datetime
) -> None:
    """Close a request with its outcome. Raises BadParameter for the outcome, NotFound where none is open."""
    if outcome not in OUTCOMES:
        words = ", ".join(OUTCOMES)
        raise BadParameter.of(f"outcome must be one of {words}.", f"outcome phải là một trong: {words}.", "outcome")
    if len(note) > _NOTE:
        raise BadParameter.of(f"note has at most {_NOTE} characters.", f"note tối đa {_NOTE} ký tự.", "note")
    person = await connection.fetchval(
        "update request set closed_at = $2, replied_at = coalesce(replied_at, $2), outcome = $3, note = $4,"
        " closed_by = $5 where id = $1 and closed_at is null returning patient_id",
        request_id,
        now,
        outcome,
        note or None,
        named(caller),
    )
    detail = {"id": request_id, "outcome": outcome}
    await _told(connection, Deed(now, caller, "request-close", "U", detail=detail), person)


async def open_requests(reader: Reader) -> list[Record]:
    """Return the requests that are not closed, the most urgent first."""
    return await reader.fetch(f"select {_COLUMNS} from request where closed_at is null order by due, id")


async def requests(reader: Reader, patient_ids: Sequence[str]) -> list[Record]:
    """Return all requests of these people, the oldest first."""
    return await reader.fetch(
        f"select {_COLUMNS} from request where patient_id = any($1::text[]) order by received_at, id",
        list(patient_ids),
    )


def late(row: Record, today: date) -> bool:
    """Say whether a request has passed one of its days: for the reply, or for the deed."""
    return row["closed_at"] is None and (row["due"] < today or (row["replied_at"] is None and row["reply_due"] < today))


async def _told(connection: Connection, deed: Deed, person: str | None) -> None:
    if person is None:
        raise NotFound.of("There is no open request of this id.", "Không có yêu cầu nào đang mở với mã này.", "id")
    await record(connection, Deed(deed.at, deed.caller, deed.interaction, deed.action, (person,), detail=deed.detail))
