"""Restriction of processing: records are kept and shown to nobody but administrators. Law 91/2025/QH15, Art. 4.

A hold (`legal-hold`) hides nothing; like every restriction it keeps the person from being erased.
"""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record
from sqlalchemy import Column, Index, Table
from sqlmodel import SQLModel
from uuid_utils import uuid7

from app.access.caller import Caller
from app.access.rights.deed import Deed, named, record
from app.errors import BadParameter, NotFound
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

RESTRICTION = Table(
    "restriction",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("patient_id", CODE, nullable=False),
    Column("since", TIME, nullable=False),
    Column("until", TIME),
    Column("reason", CODE, nullable=False),
    Column("recorded_by", CODE, nullable=False),
    Column("lifted_by", CODE),
    Index("restriction_patient", "patient_id", "since"),
)
"""Each restriction: of whom, from when until when, why, and who recorded and lifted it."""

REASONS = {
    "requested": ("the person asked for it", "theo yêu cầu của chủ thể dữ liệu"),
    "disputed": ("whether the data are right is disputed", "tính chính xác của dữ liệu đang được xem xét"),
    "unlawful": ("the processing is being examined", "việc xử lý đang được kiểm tra"),
    "legal-hold": ("kept as evidence; hides nothing", "giữ làm chứng cứ; không ẩn hồ sơ"),
}
STANDS = "since <= now() and (until is null or until > now())"
"""The condition that a restriction is in force."""
HIDES = f"{STANDS} and reason <> 'legal-hold'"
"""The condition that it hides the person from all but administrators."""
_COLUMNS = "id, patient_id, since, until, reason, recorded_by, lifted_by"


async def restrict(
    connection: Connection,
    caller: Caller,
    patient_id: str,
    reason: str,
    now: datetime,
    until: datetime | None = None,
) -> str:
    """Restrict the processing of a person's records from now on and return the id of the restriction."""
    if reason not in REASONS:
        words = ", ".join(REASONS)
        raise BadParameter.of(f"reason must be one of {words}.", f"reason phải là một trong: {words}.", "reason")
    if until is not None and until <= now:
        raise BadParameter.of("until must lie in the future.", "until phải ở tương lai.", "until")
    row_id = str(uuid7())
    await connection.execute(
        "insert into restriction (id, patient_id, since, until, reason, recorded_by) values ($1, $2, $3, $4, $5, $6)",
        row_id,
        patient_id,
        now,
        until,
        reason,
        named(caller),
    )
    detail = {"id": row_id, "reason": reason}
    await record(connection, Deed(now, caller, "restrict", "C", (patient_id,), detail=detail))
    return row_id


async def lift(connection: Connection, caller: Caller, patient_id: str, now: datetime) -> int:
    """End all restrictions of a person and return how many there were. Raises NotFound where there is none."""
    rows = await connection.fetch(
        "update restriction set until = $2, lifted_by = $3 where patient_id = $1 and since <= $2"
        " and (until is null or until > $2) returning id",
        patient_id,
        now,
        named(caller),
    )
    if not rows:
        raise NotFound.of("There is no restriction in force.", "Không có hạn chế nào đang có hiệu lực.", "patient_id")
    await record(connection, Deed(now, caller, "lift", "U", (patient_id,), results=len(rows)))
    return len(rows)


async def restrictions(reader: Reader, patient_ids: Sequence[str]) -> list[Record]:
    """Return all restrictions of these people, ended ones too, the oldest first."""
    return await reader.fetch(
        f"select {_COLUMNS} from restriction where patient_id = any($1::text[]) order by since, id", list(patient_ids)
    )
