"""history of one record, the newest version first. https://hl7.org/fhir/R4/http.html#history"""

import re
from typing import NamedTuple

from asyncpg import Record

from app.fhir.asked import Pairs
from app.fhir.interactions.read import missing
from app.fhir.resource_type import ResourceType
from app.fhir.search.query import refuse
from app.fhir.service import Service
from app.store.database import Reader


class Versions(NamedTuple):
    """A page of versions (version, updated_at, body; None for a deletion), their total, and the next page's query."""

    rows: list[Record]
    total: int
    next_query: str


async def history(service: Service, database: Reader, kind: ResourceType, record_id: str, pairs: Pairs) -> Versions:
    """Return the versions of a record. Raises NotFound when there never was one."""
    count, below = _page(service, pairs)
    columns = "select version, updated_at, body from"
    rows = await database.fetch(
        f"with versions as ({columns} {kind.tables.name} where id = $1"
        f" union all {columns} {kind.tables.past.name} where id = $1)"
        " select version, updated_at, body, (select count(*) from versions) as total from versions"
        " where version < $2 order by version desc limit $3",
        record_id,
        below,
        count + 1,
    )
    if not rows:
        raise missing(kind)
    more = len(rows) > count
    following = f"_count={count}&_cursor={rows[count - 1]['version']}" if more and count else ""
    return Versions(rows[:count], rows[0]["total"], following)


def _page(service: Service, pairs: Pairs) -> tuple[int, int]:
    count, below = service.settings.page_size, 2**31 - 1
    for name, value in pairs:
        if name in ("_format", "_pretty"):
            continue
        if name not in ("_count", "_cursor") or not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise refuse(
                name, "is not known for history, or not a whole number", "không có ở lịch sử, hoặc không phải số nguyên"
            )
        if name == "_count":
            count = min(int(value), service.settings.page_limit)
        else:
            below = int(value)
    return count, below
