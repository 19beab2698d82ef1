"""The whole country by province, in Postgres: from roll-ups just folded, and with rows written since."""

import random
from datetime import date, timedelta

import asyncpg

from app.indicators.answer import value
from app.indicators.keeping import Keeping, open_keeping
from app.indicators.registry import indicators
from app.indicators.rollup import ENOUGH
from app.places import load
from app.store.moment import open_epoch
from bench.explain import Recorder, all_seconds
from bench.figure import Figure, times
from bench.people import VERSION
from bench.run import Run

ASKED = 20.0
_FROM, _UNTIL = date(2023, 1, 1), date(2027, 12, 31)


async def measure(given: Run) -> list[Figure]:
    """Explain the statement that answers by province, for days at random."""
    connection = await asyncpg.connect(given.databases.url, command_timeout=None)
    try:
        epoch, keeping = await open_epoch(connection), await open_keeping(connection, indicators())
        found = [await _figure(connection, keeping, given, "just folded")]
        transaction = connection.transaction()
        await transaction.start()
        try:
            rows = await connection.execute(_SINCE, ENOUGH, epoch)
            since = f"with {int(rows.rpartition(' ')[2]):,} rows since"
            found.append(await _figure(connection, keeping, given, since))
        finally:
            # The rows are seen inside the transaction alone, and are gone after it.
            await transaction.rollback()
        await connection.execute("vacuum ledger")
    finally:
        await connection.close()
    return found


_SINCE = """
insert into ledger (person_id, series, unit, sex, day, change, tx)
select person_id, series, unit, sex, day, change, $2::bigint + pg_current_xact_id()::text::bigint
from (select * from ledger limit 50 * $1::int) l order by hashtext(person_id || day) limit $1::int
"""


async def _figure(connection: asyncpg.Connection, keeping: Keeping, given: Run, state: str) -> Figure:
    draw, spent, places = random.Random(4), [], load()
    country = places.find(f"VN@{VERSION}", _FROM)
    for number in range(given.sizes.days):
        recorder = Recorder(connection)
        day = _FROM + timedelta(days=draw.randrange((_UNTIL - _FROM).days + 1))
        item = list(indicators().values())[number % len(indicators())]
        await value(recorder.as_connection(), keeping, item, places, country, day, by="province")
        spent.append(sum(await all_seconds(connection, recorder)))
    measured = times(spent)
    work = f"an indicator for the country by province, in Postgres ({state})"
    note = f"{len(spent)} days; planning and execution"
    return Figure(work, measured["p95"], "ms p95", ASKED, "under", **measured, note=note)
