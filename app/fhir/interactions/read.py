"""read: the current version of a record. https://hl7.org/fhir/R4/http.html#read"""

from app.errors import Gone, NotFound
from app.fhir.answer import Answer
from app.fhir.resource_type import ResourceType
from app.fhir.write.current import Widened
from app.store.database import Reader


async def read(database: Reader, kind: ResourceType, record_id: str) -> Answer:
    """Return the current version. Raises NotFound for an id never used, Gone for a deleted record."""
    columns = f"version, updated_at, body, {kind.person} as person"
    row = await database.fetchrow(f"select {columns} from {kind.tables.name} where id = $1", record_id)
    if row is None:
        raise missing(kind)
    if row["body"] is None:
        raise gone(kind)
    return Answer(200, kind, record_id, row["version"], row["updated_at"], row["body"], person=row["person"])


async def read_found(connection: Reader, kind: ResourceType, record_id: str) -> Answer:
    """Return the version that a condition found. Raises Widened when it was deleted since: the search begins anew."""
    try:
        return await read(connection, kind, record_id)
    except (Gone, NotFound):
        raise Widened from None


def missing(kind: ResourceType) -> NotFound:
    """Return the error for a record that is not here."""
    return NotFound.of(f"There is no such {kind.name} here.", f"Không có {kind.name} này.")


def gone(kind: ResourceType) -> Gone:
    """Return the error for a record that was deleted."""
    return Gone.of(f"This {kind.name} has been deleted.", f"{kind.name} này đã bị xóa.")
