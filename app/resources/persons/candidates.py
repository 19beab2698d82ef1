"""Records that may be of the human looked for, found through indexes alone and never more than some hundreds."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.fold import fold, sound
from app.fhir.instant import moment
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.values import LONGEST, token
from app.fhir.write.prepared import Prepared
from app.resources.persons.traits import Traits
from app.resources.systems import INSURANCE_NUMBER, NATIONAL_ID
from app.store.database import Connection

SCANNED = 5000
"""Rows of an index that are looked at for one name or for days of birth: the most common name of a province."""
KEPT = 300
"""Records that each way of looking may give."""
_LAST_SIGN = "\U0010ffff"


class Candidate(NamedTuple):
    """A record, the one that stands for its person, the communes it lives in and the numbers of its cards."""

    id: str
    person: str
    body: str
    communes: tuple[str, ...]
    cards: tuple[str, ...]


async def candidates(
    connection: Connection, registry: Registry, prepared: Prepared, sought: Traits, zone: ZoneInfo
) -> list[Candidate]:
    """Return the candidates for a record, in the order of their ids."""
    kind = registry.person
    low, high = _years(sought.born, zone)
    rows = await connection.fetch(
        _statement(kind, registry["Coverage"]),
        [claim.system for claim in prepared.claims],
        [claim.value for claim in prepared.claims],
        _forms(prepared, sought),
        [fold(name)[:LONGEST] for name in sought.names],
        low,
        high,
        _days(sought.born, zone),
        sorted({sound(word) for name in sought.names for word in name.split()} - {""}),
    )
    ids = [row["id"] for row in rows]
    cards = await _cards(connection, registry["Coverage"], ids) if sought.cards else {}
    return [
        Candidate(
            row["id"],
            row["person_id"] or row["id"],
            row["body"],
            tuple(row["home_unit"] or ()),
            tuple(cards.get(row["id"], ())),
        )
        for row in rows
    ]


def _statement(kind: ResourceType, card: ResourceType) -> str:
    """Return the statement: by numbers held alone, by other identifiers, by cards, by full name, by day of birth."""
    table = kind.tables.name
    words = kind.tables.prefixes["name"].name
    return f"""
    with found as (
        (select c.holder as id from claim c
         join unnest($1::text[], $2::text[]) a(system, value) on c.system = a.system and c.value = a.value)
        union
        (select id from {table} where identifier && $3::text[] limit {KEPT})
        union
        (select patient_id from {card.tables.name} where identifier && $3::text[] limit {KEPT})
        union
        (select p.id from {table} p
         where p.id = any(array(
             select w.id from unnest($4::text[]) n(fold)
             cross join lateral (select w.id from {words} w
                                 where w.fold >= n.fold and w.fold < n.fold || '{_LAST_SIGN}' limit {SCANNED}) w))
         and ($5::timestamptz is null or p.birthdate_low is null
              or (p.birthdate_low >= $5 and p.birthdate_low < $6)) limit {KEPT})
        union
        (select b.id from (select id, phonetic from {table}
                           where birthdate_low = any($7::timestamptz[]) and body is not null
                           limit {SCANNED}) b
         where b.phonetic && $8::text[]
         order by cardinality(array(select unnest(b.phonetic) intersect select unnest($8::text[]))) desc, b.id
         limit {KEPT})
    )
    select p.id, p.person_id, p.body, p.home_unit from {table} p
    where p.id = any(array(select id from found)) and p.body is not null order by p.id
    """


def _forms(prepared: Prepared, sought: Traits) -> list[str]:
    """Return the search tokens of all identifiers; a card may bear the national number, and a short number a card."""
    sent = prepared.tree.get("identifier", ())
    forms = [token(item.get("system"), item["value"])[0] for item in sent if item.get("system") and "value" in item]
    forms += [token(INSURANCE_NUMBER, number)[0] for number in (*sought.numbers, *sought.cards)]
    forms += [token(NATIONAL_ID, number)[0] for number in sought.cards]
    return sorted(set(forms))


def _years(born: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return from when to when somebody was born whose year may be one off; None where nothing is known."""
    if not born:
        return None, None
    year = int(born[:4])
    return moment(f"{max(year - 1, 1):04}", zone).low, moment(f"{min(year + 1, 9998):04}", zone).high


def _days(born: str, zone: ZoneInfo) -> list[datetime]:
    """Return the beginnings of the days that a date may have been written as: itself, exchanged, or only in part."""
    year, *rest = born.split("-")
    forms = {born, year, "-".join([year, *rest[:1]])} - {""}
    if len(rest) == 2:
        month, day = rest
        forms |= {f"{year}-{day}-{month}"} if int(day) <= 12 else set()
    return sorted({moment(form, zone).low for form in forms})


async def _cards(connection: Connection, card: ResourceType, ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the numbers on the insurance cards of these people."""
    rows = await connection.fetch(
        f"select patient_id, identifier from {card.tables.name}"
        " where patient_id = any($1::text[]) and identifier is not null",
        list(ids),
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        numbers = (
            form.removeprefix(f"{INSURANCE_NUMBER}|") for form in row["identifier"] if form.startswith(INSURANCE_NUMBER)
        )
        found.setdefault(row["patient_id"], []).extend(numbers)
    return found
