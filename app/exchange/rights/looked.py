"""Everyone who looked at a person, from the audit: what a citizen may ask. Law 91/2025/QH15, Art. 4."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.audit.query import Query, looked_at
from app.store.database import Reader


async def looked(reader: Reader, people: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Return who had to do with these people's records: program, user and organisation, how often, first and last."""
    found = [(person, row) for person in people for row in await looked_at(reader, Query(person=person))]
    return [{"patient": person, **dict(row)} for person, row in found]
