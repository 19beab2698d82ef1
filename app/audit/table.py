"""The tables of the audit: events by month, the seals over them, and the months whose rows were given up."""

from sqlalchemy import ARRAY, BigInteger, Column, Date, Index, Integer, LargeBinary, Sequence, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from app.store.record import CODE, TIME

_CODES = ("interaction", "method", "path", "client", "user_id", "organization", "address", "purpose")

AUDIT = Table(
    "audit",
    SQLModel.metadata,
    Column("at", TIME, primary_key=True),
    Column("id", BigInteger(), Sequence("audit_id_seq"), primary_key=True),
    Column("tx", BigInteger(), nullable=False),
    Column("request", CODE, nullable=False),
    Column("part", Integer(), nullable=False),
    Column("action", CODE, nullable=False),
    *(Column(name, CODE, nullable=False) for name in _CODES),
    Column("reason", Text(), nullable=False),
    Column("status", SmallInteger(), nullable=False),
    Column("outcome", CODE, nullable=False),
    Column("records", ARRAY(CODE), nullable=False),
    Column("people", ARRAY(CODE), nullable=False),
    Column("results", Integer()),
    Column("detail", Text(), nullable=False),
    Index("audit_tx", "tx", "id"),
    Index("audit_people", "people", postgresql_using="gin"),
    Index("audit_client", "client", "at"),
    Index("audit_request", "request"),
    postgresql_partition_by="RANGE (at)",
)
"""Each event, and the transaction that wrote it (store/moment.py); rows are only added. Partitioned by month."""

AUDIT_SEAL = Table(
    "audit_seal",
    SQLModel.metadata,
    Column("number", BigInteger(), primary_key=True, autoincrement=False),
    Column("at", TIME, nullable=False),
    Column("form", SmallInteger(), nullable=False),
    Column("low", BigInteger(), nullable=False),
    Column("high", BigInteger(), nullable=False),
    Column("running", ARRAY(BigInteger()), nullable=False),
    Column("rows", BigInteger(), nullable=False),
    Column("total", BigInteger(), nullable=False),
    Column("digest", LargeBinary(), nullable=False),
    Column("hash", LargeBinary(), nullable=False),
)
"""Each seal: its snapshot, how many rows it covers and how many the chain covers with it, and its hashes."""

AUDIT_RETIRED = Table(
    "audit_retired",
    SQLModel.metadata,
    Column("month", Date(), primary_key=True),
    Column("at", TIME, nullable=False),
    Column("rows", BigInteger(), nullable=False),
    Column("first", BigInteger(), nullable=False),
    Column("last", BigInteger(), nullable=False),
    Column("kept", JSONB(), nullable=False),
)
"""Each month whose rows were given up: the first and last seal over them, and what is left of seals in between."""
