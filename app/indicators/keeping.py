"""Keeping spans and ledger with each write, and filling them when an indicator is new."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from app.errors import Misconfigured
from app.fhir.write.current import Widened
from app.fhir.write.group import lock_together
from app.indicators.derive import begin, fresh, keep
from app.indicators.fact import Expression
from app.indicators.indicator import Indicator
from app.places import load
from app.resources.registry import registry
from app.store.database import Connection

_BATCH = 2000


@dataclass(frozen=True)
class Keeping:
    """The numbers of the series in this database, the statements that keep them: of people, of a new one, of merged."""

    numbers: Mapping[str, int]
    statement: str
    beginning: str
    merged: str

    async def keep(self, connection: Connection, persons: Sequence[str], epoch: int) -> None:
        """Recompute the spans of these persons and append the differences to the ledger; the caller commits."""
        await connection.execute(self.statement, persons, epoch)

    async def keep_merged(self, connection: Connection, records: Sequence[str], epoch: int) -> None:
        """Do the same for people with several records: `records` are all the records of all of them."""
        await connection.execute(self.merged, records, epoch)


def declared(indicators: Mapping[str, Indicator]) -> dict[str, Expression]:
    """Return the expression of each series that the indicators keep, by its code."""
    return {code: expression for item in indicators.values() for code, expression in item.series().items()}


async def open_keeping(connection: Connection, indicators: Mapping[str, Indicator]) -> Keeping:
    """Return what keeps the declared indicators. Raises Misconfigured when the database is not filled for them."""
    wanted = declared(indicators)
    rows = await connection.fetch("select id, code, definition from series")
    known = {row["code"]: row for row in rows}
    behind = [
        code
        for code, expression in wanted.items()
        if code not in known or known[code]["definition"] != _text(expression)
    ]
    if behind:
        raise Misconfigured.of(
            f"The database has not been filled for {', '.join(behind)}; run: tramy migrate",
            f"Cơ sở dữ liệu chưa có số liệu cho {', '.join(behind)}; hãy chạy: tramy migrate",
        )
    numbers = {code: known[code]["id"] for code in wanted}
    numbered = {numbers[code]: expression for code, expression in wanted.items()}
    return Keeping(numbers, keep(numbered), begin(numbered), keep(numbered, merged=True))


async def fill(
    connection: Connection,
    indicators: Mapping[str, Indicator],
    epoch: int,
    progress: Callable[[int, int], Awaitable[None]] | None = None,
) -> list[str]:
    """Fill spans and ledger for series that are new or defined anew, and return their codes.

    People are taken in batches, each in a transaction of its own under their locks, so that a run that was
    stopped goes on where it was; the series count as filled when all are through. Merged records are taken together,
    with the first of them and again with the others, which changes nothing.
    """
    await _fill_areas(connection)
    wanted = declared(indicators)
    rows = {row["code"]: row for row in await connection.fetch("select id, code, definition from series")}
    behind = [
        code for code, expression in wanted.items() if code not in rows or rows[code]["definition"] != _text(expression)
    ]
    if not behind:
        return []
    free = max((row["id"] for row in rows.values()), default=0) + 1
    numbers = {code: rows[code]["id"] if code in rows else free + index for index, code in enumerate(behind)}
    statement = keep({numbers[code]: wanted[code] for code in behind}, merged=True)
    await _everyone(connection, statement, epoch, progress)
    await connection.executemany(
        "insert into series (id, code, definition) values ($1, $2, $3)"
        " on conflict (id) do update set definition = excluded.definition",
        [(numbers[code], code, _text(wanted[code])) for code in behind],
    )
    return behind


async def _everyone(
    connection: Connection, statement: str, epoch: int, progress: Callable[[int, int], Awaitable[None]] | None
) -> None:
    total, done, last = await connection.fetchval("select count(*) from patient"), 0, ""
    while persons := await _batch(connection, statement, epoch, last):
        last, done = persons[-1], done + len(persons)
        if progress:
            await progress(done, total)


async def _batch(connection: Connection, statement: str, epoch: int, last: str) -> list[str]:
    """Fill for the records that follow `last`, and those merged with them; return the former, none at the end."""
    while True:
        rows = await connection.fetch(f"select id from patient where id > $1 order by id limit {_BATCH}", last)
        persons = [row["id"] for row in rows]
        try:
            async with connection.transaction():
                everyone = await lock_together(connection, registry(), persons)
                await connection.execute(statement, sorted(everyone), epoch)
            return persons
        except Widened:
            continue


async def _fill_areas(connection: Connection) -> None:
    """Keep the table of areas equal to the units that are shipped; when it differs, roll-ups begin anew."""
    rows = sorted(load().table())
    held = [
        (row["unit"], row["area"])
        for row in await connection.fetch("select unit, area from unit_area order by unit, area")
    ]
    if rows == held:
        return
    async with connection.transaction():
        await connection.execute("truncate unit_area, rollup, rollup_horizon")
        await connection.copy_records_to_table("unit_area", records=rows, columns=["unit", "area"])


def _text(expression: Expression) -> str:
    """Return what a series is computed by: when it changes, the series is filled anew."""
    return " ".join(fresh({0: expression}, chosen=False).split())
