"""A database of a country's people, made in a few minutes: rows copied in, then visits and cards in SQL, then the
spans, ledger and roll-ups by the program itself.

The rows are those that the write path makes (the same columns, prefix words and claims); checking is left out, and each
person's three visits and card hold the columns that indicators read.
"""

import asyncio
import sys

import asyncpg

from app.errors import TramyError
from app.exchange.load.settle import settle
from app.indicators.keeping import fill
from app.indicators.registry import indicators
from app.store.moment import open_epoch
from bench.server import ROOT

PROCESSES = 2
_TABLES = ("reach", "patient", "patient_name_prefix", "claim", "encounter", "coverage", "span", "ledger")


async def build(url: str, people: int) -> None:
    """Fill a database, migrated but not filled (indicators.keeping), with so many people."""
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        epoch = await open_epoch(connection)
        indexes = await _without_indexes(connection)
        await _copied(url, people, epoch)
        await connection.execute("analyze patient")
        for statement in (_VISITS, _CARDS):
            await connection.execute(statement, epoch)
        await connection.execute(
            "insert into reach (patient_id, holder) select p.id, h from patient p, unnest(p.reach) h order by p.id"
        )
        await connection.execute("analyze encounter, coverage, patient, reach")
        await fill(connection, indicators(), epoch)
        for index in indexes:
            await connection.execute(index)
    finally:
        await connection.close()
    await settle(url)
    await _rest(url)


async def _without_indexes(connection: asyncpg.Connection) -> list[str]:
    """Drop the indexes that are no keys, which are made faster once the rows are there; return how to make them."""
    rows = await connection.fetch(
        "select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as made from pg_index i"
        " where i.indrelid = any($1::regclass[]) and not i.indisprimary",
        list(_TABLES),
    )
    for row in rows:
        await connection.execute(f"drop index {row['name']}")
    return [row["made"] for row in rows]


async def _rest(url: str) -> None:
    """Let what Postgres would do beside the measurements be done before them."""
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        await connection.execute("vacuum")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


async def _copied(url: str, people: int, epoch: int) -> None:
    """Let processes of their own copy the people, a share each; stop them when this is stopped."""
    bounds = [people * part // PROCESSES for part in range(PROCESSES + 1)]
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.copying", url, str(bounds[part]), str(bounds[part + 1]), str(epoch)),
            cwd=ROOT,
            start_new_session=True,
        )
        for part in range(PROCESSES)
    ]
    try:
        ended = await asyncio.gather(*(process.wait() for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if any(ended):
        raise TramyError.of("The people could not be copied in.", "Không nạp được dữ liệu mô phỏng.")


_TX = "$1::bigint + pg_current_xact_id()::text::bigint"
_VISITS = f"""
insert into encounter (patient_id, id, version, tx, updated_at, body, status, class, subject, date_low, date_high,
                       contact_day)
select v.patient, v.id, 1, {_TX}, v.updated_at,
    format('{{"resourceType":"Encounter","id":"%s","meta":{{"versionId":"1"}},"status":"finished","class":{{"system":'
        || '"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"subject":{{"reference":"Patient/%s"}},'
        || '"period":{{"start":"%sT08:00:00+07:00","end":"%sT08:20:00+07:00"}}}}', v.id, v.patient, v.day, v.day),
    array[' finished'],
    array['http://terminology.hl7.org/CodeSystem/v3-ActCode|amb', ' amb'], array['Patient/' || v.patient],
    v.day + time '01:00' at time zone 'UTC', v.day + time '01:20' at time zone 'UTC', v.day
from (select p.id as patient, p.id || '-e-' || n as id, p.updated_at,
        date '2026-10-31' - abs(hashtext(p.id || n)) % 1000 as day
      from patient p, generate_series(1, 3) n) v
order by v.patient, v.id
"""
_CARDS = f"""
insert into coverage (patient_id, id, version, tx, updated_at, body, status, identifier, insured_days)
select c.patient, c.id, 1, {_TX}, c.updated_at,
    format('{{"resourceType":"Coverage","id":"%s","meta":{{"versionId":"1"}},"identifier":[{{"system":'
        || '"http://fhir.ehealth.gov.vn/core/sid/insurance_number","value":"%s"}}],"status":"active","beneficiary":'
        || '{{"reference":"Patient/%s"}},"period":{{"start":"%s","end":"%s"}},"payor":[{{"display":"BHXH"}}]}}',
        c.id, c.card, c.patient, c.day, c.day + 364),
    array[' active'],
    array['http://fhir.ehealth.gov.vn/core/sid/insurance_number|' || c.card, ' ' || c.card],
    daterange(c.day, c.day + 365)
from (select p.id as patient, p.id || '-c' as id, p.updated_at,
        lpad((abs(hashtext(p.id))::bigint % 10000000000)::text, 10, '0') as card,
        date '2025-11-01' + abs(hashtext(p.id || 'c')) % 364 - case when abs(hashtext(p.id || 'i')) % 100 < 7
            then 400 else 0 end as day
      from patient p) c
order by c.patient
"""
