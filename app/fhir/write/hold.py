"""The locks of records that another writer was faster to change, taken before they are looked up once more."""

from collections.abc import Sequence

from app.fhir.service import Service
from app.fhir.write.change import Change
from app.fhir.write.claims import take_claims
from app.fhir.write.current import lock_persons, lock_rows, owners_now
from app.store.database import Connection


async def hold(service: Service, connection: Connection, changes: Sequence[Change]) -> None:
    """Take the locks that apply() will take for these changes, in its order: claims, persons, rows.

    So a record under many writers is reached in its turn. Raises as apply() does.
    """
    if not changes:
        return
    await take_claims(connection, changes)
    owners = await owners_now(connection, changes)
    own = {change.id for change in changes if change.kind.is_person}
    named = {change.prepared.owner for change in changes if change.prepared}
    await lock_persons(connection, service.registry, own | named | set(owners.values()))
    await lock_rows(connection, changes, owners)
