"""vread: one version of a record, current or past. https://hl7.org/fhir/R4/http.html#vread"""

import re

from app.fhir.answer import Answer
from app.fhir.interactions.read import gone, missing
from app.fhir.resource_type import ResourceType
from app.store.database import Reader


async def vread(database: Reader, kind: ResourceType, record_id: str, version: str) -> Answer:
    """Return a version. Raises NotFound for one that never was, Gone for the version that is a deletion."""
    if not re.fullmatch(r"[1-9]\d{0,8}", version, re.ASCII):
        raise missing(kind)
    columns = f"select version, updated_at, body, {kind.person} as person from"
    row = await database.fetchrow(
        f"{columns} {kind.tables.name} where id = $1 and version = $2"
        f" union all {columns} {kind.tables.past.name} where id = $1 and version = $2",
        record_id,
        int(version),
    )
    if row is None:
        raise missing(kind)
    if row["body"] is None:
        raise gone(kind)
    return Answer(200, kind, record_id, row["version"], row["updated_at"], row["body"], person=row["person"])
