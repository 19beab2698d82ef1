"""What the conditions of a transaction match in the database. https://hl7.org/fhir/R4/http.html#trules"""

from collections.abc import Iterable
from dataclasses import replace

from app.errors import Stale
from app.fhir.bundle.placing import at_entry
from app.fhir.bundle.plan import CHANGING, Matches, Plan
from app.fhir.conditional import Match, match_version, matches, only_match
from app.fhir.service import Service
from app.store.database import Connection

_VERSIONED = (*CHANGING, "update", "delete")
"""Interactions that write the very version that their condition found."""


async def look_up(service: Service, connection: Connection, plan: Plan) -> Plan:
    """Return the plan with what its conditions match now. Raises Stale, at its entry, for several matches.

    Deletions come first: what the bundle deletes matches nothing.
    """
    going: dict[int, Matches] = {}
    for entry in plan.entries:
        if entry.asked.interaction == "conditional-delete":
            most = service.settings.page_limit if entry.asked.typed.deletes_many else 1
            query = plan.queries[plan.own[entry.index]]
            going[entry.index] = tuple(await matches(service, connection, query, most + 1))
    plan = replace(plan, going=going)
    deleting = (entry for entry in plan.entries if entry.asked.interaction in ("delete", "conditional-delete"))
    deleted = {name for entry in deleting for name in plan.written(entry)}
    keys = [plan.own.get(entry.index, "") for entry in plan.entries if entry.index not in going]
    found: dict[str, Match] = {}
    for key in dict.fromkeys([*keys, *plan.referred.values()]):
        match = await _look_up(service, connection, plan, key, deleted) if key else None
        if match:
            found[key] = match
    return replace(plan, matches=found)


async def _look_up(
    service: Service, connection: Connection, plan: Plan, key: str, deleted: Iterable[str]
) -> Match | None:
    query = plan.queries[key]
    mine = f"{query.kind.name}/"
    users = [entry for entry in plan.entries if plan.own.get(entry.index) == key]
    without = {name.removeprefix(mine) for name in deleted if name.startswith(mine)}
    without -= {entry.asked.id for entry in users}
    try:
        if any(entry.asked.interaction in _VERSIONED for entry in users):
            return await match_version(service, connection, query, without)
        record_id = await only_match(service, connection, query, without)
        return Match(record_id, 0) if record_id else None
    except Stale as error:
        texts = {text for text, named in plan.referred.items() if named == key}
        users += [entry for entry in plan.entries if not texts.isdisjoint(entry.referred)]
        raise at_entry(error, users[0]) from error
