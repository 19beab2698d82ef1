"""Who is in the population and not counted, and why: the list a station works through."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from app.indicators.derive import MERGED, PERSON
from app.indicators.fact import Fact
from app.indicators.indicator import Indicator
from app.indicators.keeping import Keeping
from app.store.database import Connection


class Why(NamedTuple):
    """One fact that does not hold: its code, the reason and what would count the person, in English and Vietnamese."""

    fact: str
    en: str
    vi: str
    mend: str
    mend_vi: str


@dataclass(frozen=True)
class Absent:
    """A person who is not counted: the id, the current record, the stated commune, and every reason."""

    person: str
    body: str
    unit: str
    reasons: tuple[Why, ...]


class Missing(NamedTuple):
    """A page of people in the order of their ids, how many there are in all, and the last id ("" at the end)."""

    people: list[Absent]
    total: int
    after: str


async def missing(
    connection: Connection,
    keeping: Keeping,
    indicator: Indicator,
    units: Sequence[str] | None,
    on: date,
    after: str,
    count: int,
) -> Missing:
    """Return who lives in these stated units (None: anywhere) on the day and is not counted."""
    numbers = (keeping.numbers[indicator.population_series], keeping.numbers[indicator.counted_series])
    total = await connection.fetchval(f"select count(*) {_ABSENT}", *numbers, units, on)
    rows = await connection.fetch(
        "select a.person_id, a.unit, p.body from (select s.person_id, s.unit"
        f" {_ABSENT} and s.person_id > $5 order by s.person_id limit $6) a"
        " join patient p on p.id = a.person_id order by a.person_id",
        *numbers,
        units,
        on,
        after,
        count + 1,
    )
    page = rows[:count]
    reasons = await _reasons(connection, indicator, [row["person_id"] for row in page], on)
    people = [Absent(row["person_id"], row["body"], row["unit"], tuple(reasons[row["person_id"]])) for row in page]
    return Missing(people, total, page[-1]["person_id"] if len(rows) > count else "")


_ABSENT = """
from span s where s.series = $1 and ($3::text[] is null or s.unit = any($3::text[])) and s.days @> $4::date
and not exists (select from span c where c.person_id = s.person_id and c.series = $2 and c.unit = s.unit
                and c.sex = s.sex and c.days @> $4::date)
"""


async def _reasons(connection: Connection, indicator: Indicator, persons: list[str], on: date) -> dict[str, list[Why]]:
    found: dict[str, list[Why]] = defaultdict(list)
    rows = await connection.fetch("select id from patient where person_id = any($1::text[])", persons)
    records = sorted({*persons, *(row["id"] for row in rows)})
    for fact in dict.fromkeys(indicator.counted.facts()):
        rows = await connection.fetch(_history(fact), records, on)
        known = {row["person_id"]: row for row in rows}
        for person in persons:
            row = known.get(person)
            if row is None or not row["holds"]:
                found[person].append(_why(fact, row["first"] if row else None, row["last"] if row else None))
    return found


def _history(fact: Fact) -> str:
    """Return, for each person, whether the fact holds on the day, and the last days on which it began and ended.

    $1 are all the records of these people.
    """
    return (
        f"select {PERSON} as person_id, bool_or(days @> $2::date) as holds,"
        " max(lower(days)) filter (where lower(days) <= $2) as first,"
        " max(upper(days)) filter (where upper(days) <= $2) as last"
        f" from ({fact.rows}) found {MERGED} where found.person_id = any($1::text[]) group by 1"
    )


def _why(fact: Fact, first: date | None, last: date | None) -> Why:
    reason = fact.reason
    if last is None:
        return Why(fact.code, reason.never, reason.never_vi, reason.mend, reason.mend_vi)
    days = {"first": first, "last": last - timedelta(days=1)}
    return Why(fact.code, reason.ended.format(**days), reason.ended_vi.format(**days), reason.mend, reason.mend_vi)
