"""Records of persons that are one human: found together, locked together, in one order everywhere.

The row of a record is locked before the lock of its person, and that before the records that belong to it. Who
belongs to a person changes only under the row locks of all its records, so whoever holds one of them and then the
person's lock reads the others as they stay. https://hl7.org/fhir/R4/patient.html#linking
"""

from collections.abc import Iterable
from typing import NamedTuple

from app.fhir.resource_type import Registry
from app.fhir.write.current import Current, Widened, lock_persons_named
from app.store.database import Connection


class Member(NamedTuple):
    """A record of a person: its id, the record that stands for the person, the one it was merged into, its version.

    `person` and `into` are None for a record that is alone.
    """

    id: str
    person: str | None
    into: str | None
    current: Current


async def together(connection: Connection, registry: Registry, ids: Iterable[str]) -> list[str]:
    """Return the ids, and those of all records that are of the same persons, in order."""
    table = registry.person.tables.name
    rows = await connection.fetch(
        f"select m.id from {table} m where m.person_id is not null and m.person_id in"
        f" (select p.person_id from {table} p where p.id = any($1::text[]) and p.person_id is not null)",
        sorted(set(ids)),
    )
    return sorted({*ids, *(row["id"] for row in rows)})


async def lock_together(connection: Connection, registry: Registry, ids: Iterable[str]) -> dict[str, Member]:
    """Lock these records and all that are of the same persons, then the persons; return those that there are.

    Raises Widened when somebody was merged or set apart meanwhile.
    """
    everyone = await together(connection, registry, ids)
    rows = await connection.fetch(
        "select id, person_id, merged_into, version, updated_at, body"
        f" from {registry.person.tables.name} where id = any($1::text[]) order by id for no key update",
        everyone,
    )
    await lock_persons_named(connection, {row["person_id"] for row in rows if row["person_id"]})
    if await together(connection, registry, everyone) != everyone:
        raise Widened
    return {row["id"]: _member(row) for row in rows}


def _member(row) -> Member:
    current = Current(row["version"], row["updated_at"], row["body"], "")
    return Member(row["id"], row["person_id"], row["merged_into"], current)
