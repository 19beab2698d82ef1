"""Recount everything from the records and compare: the difference is 0, always.

Four comparisons: the columns that indicators read against the bodies they were read from, and who stands for merged
records against what was merged into what; the spans
against what those columns give; the ledger against the spans, and against what erased records left (erased.py); the
roll-ups against the ledger.
"""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.resource_type import Reading, Registry, ResourceType
from app.indicators.derive import edges, fresh
from app.indicators.indicator import Indicator
from app.indicators.keeping import Keeping, declared
from app.indicators.rollup import summed
from app.indicators.used import used
from app.store.database import Connection

_BATCH = 1000


class Recount(NamedTuple):
    """How many rows differ in each comparison, and how many people and records were counted.

    People whose records are merged are one.
    """

    people: int
    records: int
    columns: int
    spans: int
    ledger: int
    rollups: int

    @property
    def difference(self) -> int:
        """The sum of all differences."""
        return self.columns + self.spans + self.ledger + self.rollups


async def recount(
    connection: Connection,
    registry: Registry,
    indicators: Mapping[str, Indicator],
    keeping: Keeping,
    zone: ZoneInfo,
    progress: Callable[[int], None] = lambda _done: None,
) -> Recount:
    """Compare at one moment; `progress` is told how many records have been read."""
    expressions = {keeping.numbers[code]: expression for code, expression in declared(indicators).items()}
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("set local statement_timeout = 0")
        records = columns = 0
        for kind in registry:
            read, differ = await _columns(
                connection,
                kind,
                used(kind, expressions.values()),
                zone,
                lambda done, before=records: progress(before + done),
            )
            records, columns = records + read, columns + differ
        wanted = fresh(expressions, chosen=False, merged=True)
        persons = registry.person.tables.name
        columns += await connection.fetchval(_MERGED.format(persons=persons))
        people = await connection.fetchval(
            f"select count(*) from {persons} where body is not null and (person_id is null or person_id = id)"
        )
        spans = await connection.fetchval(_SPANS.format(fresh=wanted))
        ledger = await connection.fetchval(_LEDGER.format(fresh=wanted, edges=edges("fresh", "days")))
        rollups = await connection.fetchval(_ROLLUPS)
    return Recount(people, records, columns, spans, ledger, rollups)


async def _columns(
    connection: Connection, kind: ResourceType, used: set[str], zone: ZoneInfo, progress: Callable[[int], None]
) -> tuple[int, int]:
    """Read every body again and return how many there are and how many give other columns than those kept."""
    if not used:
        return 0, 0
    names = sorted(used)
    derived = kind.derived if kind.derived and used == {column.name for column in kind.derived.columns} else None
    extract = derived.read if derived else kind.columns
    read = differ = 0
    listed = ", ".join(f'"{name}"' for name in names)
    query = f"select updated_at, body, {listed} from {kind.tables.name} where body is not null"
    async for row in connection.cursor(query, prefetch=_BATCH):
        reading = Reading(zone, row["updated_at"])
        tree = json.loads(row["body"])
        kept = {name: row[name] for name in names if row[name] is not None}
        found = extract(tree, reading)
        differ += {name: found[name] for name in names if name in found} != kept
        read += 1
        if read % _BATCH == 0:
            progress(read)
    progress(read)
    return read, differ


_MERGED = """
with recursive tree as (
    select id, id as head from {persons} where merged_into is null
    and id in (select merged_into from {persons} where merged_into is not null)
    union all
    select p.id, t.head from {persons} p join tree t on p.merged_into = t.id
),
held as (
    select id, person_id, body from {persons} where person_id is not null or merged_into is not null
)
select count(*) from tree t full join held h using (id) where t.head is distinct from h.person_id or h.body is null
"""
_SPANS = """
with fresh as ({fresh})
select count(*) from fresh f full join span s using (person_id, series, unit, sex) where f.days is distinct from s.days
"""
_LEDGER = """
with fresh as ({fresh}), wanted as (
    select person_id, series, unit, sex, day, change from ({edges}) e
    union all
    select '', series, unit, sex, day, change from erased where change <> 0
),
held as (select person_id, series, unit, sex, day, sum(change) as change from ledger
         group by person_id, series, unit, sex, day having sum(change) <> 0)
select count(*) from wanted w full join held h using (person_id, series, unit, sex, day)
where w.change is distinct from h.change
"""
_ROLLUPS = f"""
with held as (select area, series, grain, day, sex, change from rollup where change <> 0),
wanted as ({summed("l.tx < coalesce((select horizon from rollup_horizon where id = 1), 0)")})
select count(*) from wanted w full join held h using (area, series, grain, day, sex)
where w.change is distinct from h.change
"""
