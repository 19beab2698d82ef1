"""Care moves with people: who presents a person's full number, name and date of birth together is let in.

Rewriting an address gives nobody access, and a number that matches without the rest is refused as in use.
"""

import json
from collections.abc import Sequence

from app.access.rights.notice import notify
from app.audit.event import UPDATE, Event
from app.audit.writing import write
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.store.database import Connection

INTERACTION = "admit"


class Presented(Exception):
    """The transaction presents people whom the caller does not see yet and may see from now on."""

    def __init__(self, people: Sequence[str]) -> None:
        super().__init__("presented")
        self.people = people


async def require_met(service: Service, connection: Connection, changes: Sequence[Change]) -> None:
    """Raise Presented for people whom the caller does not see and presents in full."""
    if service.caller.everyone or not _holder(service):
        return
    wanted = {(claim.system, claim.value): change for change in changes for claim in _claims(change)}
    if not wanted:
        return
    rows = await connection.fetch(
        f"select c.system, c.value, p.id, p.body from claim c join {service.registry.person.tables.name} p"
        " on p.id = c.holder join unnest($1::text[], $2::text[]) a(system, value)"
        " on c.system = a.system and c.value = a.value where p.body is not null"
        " and not exists (select from reach r where r.patient_id = p.id and r.holder = any($3::text[]))",
        [system for system, _ in wanted],
        [value for _, value in wanted],
        list(service.caller.holders),
    )
    met = {row["id"] for row in rows if _proves(wanted[row["system"], row["value"]], row["id"], row["body"])}
    if met:
        raise Presented(sorted(met))


def _claims(change: Change) -> Sequence:
    return change.prepared.claims if change.kind.is_person and change.prepared else ()


def _proves(change: Change, held_id: str, held: str) -> bool:
    """Say whether a change is of another record, and has a full name and the date of birth of the one held."""
    kind: ResourceType = change.kind
    sent = kind.proof(change.prepared.tree) if change.prepared else None
    known = kind.proof(json.loads(held))
    if sent is None or known is None or change.id == held_id:
        return False
    return sent[1] == known[1] and not sent[0].isdisjoint(known[0])


def _holder(service: Service) -> str:
    """Return by whom the person is seen from now on: the organisation, or the one commune of a caller without."""
    caller = service.caller
    return caller.organization or (caller.units[0] if len(caller.places) == 1 and caller.units else "")


async def admit(service: Service, connection: Connection, people: Sequence[str]) -> None:
    """Let the caller see these people from now on; it is in the audit, and those who saw them before are told."""
    now, holder = service.clock(), _holder(service)
    added = await connection.fetch(
        "insert into reach (patient_id, holder) select p, $2 from unnest($1::text[]) p on conflict do nothing"
        " returning patient_id",
        list(people),
        holder,
    )
    for row in added:
        await notify(connection, row["patient_id"], "admitted", service.caller, now)
    said = {**service.trail.whole.said, "at": now, "interaction": INTERACTION, "action": UPDATE, "detail": holder}
    people = [row["patient_id"] for row in added]
    records = [f"{service.registry.person.name}/{person}" for person in people]
    event = Event(**said, status=200, people=people, records=records, results=len(added))
    await write(connection, [event], service.epoch)
