"""Who is reached by whom: by which communes and organisations a person is seen (docs/decisions/0020).

A row is added when a record first says so, and stays: who looked after a person once keeps answering for the history
that was written then. A record that belongs to nobody (an organisation, a practitioner) is kept here under
`Type/id` for the organisation that wrote it.
"""

from sqlalchemy import Column, Index, Table, text
from sqlmodel import SQLModel

from app.store.record import CODE, TIME

FOREVER = "infinity"
KEPT_UNDER = "{}/"
"""What stands before the id of a record that belongs to nobody: the name of its table."""
EMERGENCY = "emergency:"
"""What stands before the program and person for whom an emergency opens a record, until the time in its row."""

REACH = Table(
    "reach",
    SQLModel.metadata,
    Column("patient_id", CODE, primary_key=True),
    Column("holder", CODE, primary_key=True),
    Column("until", TIME, nullable=False, server_default=text(f"'{FOREVER}'")),
    Index("reach_holder", "holder", "patient_id"),
)
"""The id of a person, and the holder: a stated commune (`00004@2025-07`) or an organisation (`Organization/x`)."""


def adding(person: str, holders: str) -> str:
    """Return the statement that adds holders (a text[]) to a person, both given as SQL."""
    return (
        f"insert into reach (patient_id, holder) select {person}, h from unnest({holders}::text[]) h"
        f" where {person} <> '' group by h on conflict do nothing"
    )
