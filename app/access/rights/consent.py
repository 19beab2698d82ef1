"""Consents, written requests, objections and withdrawals, kept as evidence. Law 91/2025/QH15; Decree 356/2025, Art. 6.

A row is never changed and never deleted: who withdraws adds a row that names the one withdrawn. The text that was
agreed to is not kept here, only its SHA-256, so that the paper or the file can be compared with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Record
from sqlalchemy import Column, Date, Index, Table
from sqlmodel import SQLModel
from uuid_utils import uuid7

from app.access.caller import Caller
from app.access.rights.deed import Deed, named, record
from app.access.rights.signer import require_signer
from app.errors import BadParameter, NotFound
from app.store.database import Connection, Reader
from app.store.record import CODE, TIME

CONSENT = Table(
    "consent",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("patient_id", CODE, nullable=False),
    Column("kind", CODE, nullable=False),
    Column("purpose", CODE, nullable=False),
    Column("recipient", CODE, nullable=False),
    Column("given_by", CODE, nullable=False),
    Column("relation", CODE, nullable=False),
    Column("channel", CODE, nullable=False),
    Column("text_hash", CODE, nullable=False),
    Column("given_at", TIME, nullable=False),
    Column("valid_from", Date(), nullable=False),
    Column("valid_until", Date()),
    Column("withdraws", CODE),
    Column("recorded_by", CODE, nullable=False),
    Column("recorded_at", TIME, nullable=False),
    Index("consent_patient", "patient_id", "recipient"),
    Index("consent_withdraws", "withdraws", unique=True),
)
"""Each statement of a person: what, for which purpose and recipient, signed by whom, on which days (both included)."""

KINDS = ("consent", "written-request", "withdrawal", "objection")
CHANNELS = ("paper", "electronic", "in-person", "phone")
_HASH = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[!-~]{1,200}")
_COLUMNS = ", ".join(column.name for column in CONSENT.columns)
_PLACES = ", ".join(f"${number}" for number in range(1, len(CONSENT.columns) + 1))


@dataclass(frozen=True)
class Statement:
    """What a person, or who stands for the person, has stated.

    `recipient` is an organisation (`Organization/bv-1`) or a kind of partner (app/access/rights/sharing.py);
    `text_hash` the SHA-256 of the text in hexadecimal digits.
    """

    patient_id: str
    kind: str
    purpose: str
    recipient: str
    given_by: str
    channel: str
    text_hash: str
    given_at: datetime
    valid_from: date
    valid_until: date | None = None
    relation: str = ""
    withdraws: str | None = None


async def add_consent(
    connection: Connection, caller: Caller, statement: Statement, now: datetime, born: date | None = None
) -> str:
    """Keep a statement and return its id; the caller's transaction commits it. `born` is the person's birth date.

    Raises BadParameter for one that proves nothing: an unknown word, no hash of the text, a child's without guardian.
    """
    _require(statement)
    require_signer(statement.given_by, statement.relation, born, statement.given_at.date())
    return await _insert(connection, caller, statement, now)


async def withdraw(
    connection: Connection, caller: Caller, consent_id: str, channel: str, text_hash: str, now: datetime
) -> str:
    """Add the row that withdraws a statement and return its id. Raises NotFound where there is none to withdraw."""
    held = await connection.fetchrow(
        f"select {_COLUMNS} from consent c where id = $1 and kind <> 'withdrawal'"
        " and not exists (select from consent w where w.withdraws = c.id)",
        consent_id,
    )
    if held is None:
        raise NotFound.of(
            "There is no statement of this id in force.", "Không có văn bản nào với mã này đang có hiệu lực.", "id"
        )
    statement = Statement(
        **{name: held[name] for name in ("patient_id", "purpose", "recipient", "given_by", "relation")},
        kind="withdrawal",
        channel=channel,
        text_hash=text_hash,
        given_at=now,
        valid_from=now.date(),
        withdraws=consent_id,
    )
    _require(statement)
    return await _insert(connection, caller, statement, now)


async def consents(reader: Reader, patient_ids: Sequence[str]) -> list[Record]:
    """Return all statements of these people, withdrawn ones too, the oldest first."""
    return await reader.fetch(
        f"select {_COLUMNS} from consent where patient_id = any($1::text[]) order by given_at, id", list(patient_ids)
    )


async def _insert(connection: Connection, caller: Caller, statement: Statement, now: datetime) -> str:
    row_id = str(uuid7())
    values = {**vars(statement), "id": row_id, "recorded_by": named(caller), "recorded_at": now}
    await connection.execute(
        f"insert into consent ({_COLUMNS}) values ({_PLACES})", *(values[column.name] for column in CONSENT.columns)
    )
    detail = {"id": row_id, "kind": statement.kind, "recipient": statement.recipient}
    await record(
        connection, Deed(now, caller, "consent", "C", (statement.patient_id,), statement.purpose, detail=detail)
    )
    return row_id


def _require(statement: Statement) -> None:
    """Raise BadParameter for the first field that is not understood."""
    _one_of("kind", statement.kind, KINDS)
    _one_of("channel", statement.channel, CHANNELS)
    for name in ("patient_id", "purpose", "recipient"):
        if not _WORD.fullmatch(getattr(statement, name)):
            raise BadParameter.of(
                f"{name} must be one word of at most 200 characters.",
                f"{name} phải là một từ không quá 200 ký tự.",
                name,
            )
    if not _HASH.fullmatch(statement.text_hash):
        raise BadParameter.of(
            "text_hash must be the SHA-256 of the signed text: 64 hexadecimal digits in lower case.",
            "text_hash phải là SHA-256 của văn bản đã ký: 64 chữ số thập lục phân viết thường.",
            "text_hash",
        )
    if statement.valid_until is not None and statement.valid_until < statement.valid_from:
        raise BadParameter.of("until must not lie before from.", "until không được trước from.", "until")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        words = ", ".join(known)
        raise BadParameter.of(f"{name} must be one of {words}.", f"{name} phải là một trong: {words}.", name)
