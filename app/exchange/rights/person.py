"""What of a person decides about rights: when the person was born, and until when the law keeps the records."""

from datetime import date
from zoneinfo import ZoneInfo

from app.exchange.rights.classes import in_force
from app.exchange.rights.due import due
from app.fhir.resource_type import Registry
from app.store.database import Reader

_BIRTH = "birthdate_low"


async def born(reader: Reader, registry: Registry, patient_id: str, zone: ZoneInfo) -> date | None:
    """Return the day of birth, the first possible one where only month or year is known, None where it is not."""
    query = f"select ({_BIRTH} at time zone $2)::date from {registry.person.tables.name} where id = $1"
    return await reader.fetchval(query, patient_id, zone.key)


async def kept_until(connection: Reader, registry: Registry, patient_id: str, zone: ZoneInfo, on: date) -> date | None:
    """Return the first day on which nothing of a person need be kept; None while the law names no end (the living)."""
    records = [patient_id, *(await _others(connection, registry, patient_id))]
    found = await due(connection, registry, in_force(on), zone, date.max, records)
    whole = [item.day for item in found if item.type == registry.person.name]
    return max(whole) if whole else None


async def _others(reader: Reader, registry: Registry, patient_id: str) -> list[str]:
    table = registry.person.tables.name
    rows = await reader.fetch(
        f"select id from {table} where id <> $1 and person_id in (select person_id from {table} where id = $1)",
        patient_id,
    )
    return [row["id"] for row in rows]
