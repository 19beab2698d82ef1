"""The tables of indicators: series, spans, the ledger, and the roll-ups made from it.

A series is one population or one counted set under one definition. A span holds the days on which a person
is in a series, in one commune and sex. The ledger is append-only: on `day` the series of a commune and sex
changes by `change` because of a person, as written by transaction `tx`. A level is the sum of changes up
to a day; as known at a moment, of the rows known then (store/moment.py).
"""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE
from sqlmodel import SQLModel

from app.store.record import CODE

SERIES = Table(
    "series",
    SQLModel.metadata,
    Column("id", SmallInteger(), primary_key=True, autoincrement=False),
    Column("code", CODE, nullable=False, unique=True),
    Column("definition", Text(), nullable=False),
)

SPAN = Table(
    "span",
    SQLModel.metadata,
    Column("person_id", CODE, primary_key=True),
    Column("series", SmallInteger(), primary_key=True, autoincrement=False),
    Column("unit", CODE, primary_key=True),
    Column("sex", CODE, primary_key=True),
    Column("days", DATEMULTIRANGE(), nullable=False),
    Index("span_unit", "unit", "series", "person_id"),
)

LEDGER = Table(
    "ledger",
    SQLModel.metadata,
    Column("person_id", CODE, nullable=False),
    Column("series", SmallInteger(), nullable=False),
    Column("unit", CODE, nullable=False),
    Column("sex", CODE, nullable=False),
    Column("day", Date(), nullable=False),
    Column("change", SmallInteger(), nullable=False),
    Column("tx", BigInteger(), nullable=False),
    Index("ledger_level", "unit", "series", "sex", "day", postgresql_include=["change", "tx"]),
    Index("ledger_tx", "tx", postgresql_using="brin", postgresql_with={"autosummarize": "on", "pages_per_range": "32"}),
)

ROLLUP = Table(
    "rollup",
    SQLModel.metadata,
    Column("area", CODE, nullable=False),
    Column("series", SmallInteger(), nullable=False),
    Column("grain", CODE, nullable=False),
    Column("day", Date(), nullable=False),
    Column("sex", CODE, nullable=False),
    Column("change", BigInteger(), nullable=False),
    Index("rollup_key", "area", "series", "grain", "day", "sex", unique=True, postgresql_include=["change"]),
)

ROLLUP_HORIZON = Table(
    "rollup_horizon",
    SQLModel.metadata,
    Column("id", Integer(), primary_key=True, autoincrement=False),
    Column("horizon", BigInteger(), nullable=False),
)

UNIT_AREA = Table(
    "unit_area",
    SQLModel.metadata,
    Column("unit", CODE, primary_key=True),
    Column("area", CODE, primary_key=True),
)
