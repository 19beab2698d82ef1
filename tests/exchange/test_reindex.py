"""Columns read anew from bodies are those that a write gives: of every type, current and past, while others write."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.errors import Unavailable
from app.exchange.reindex import digest as reading_digest
from app.exchange.reindex.due import due, examined, note_empty, warn
from app.exchange.reindex.reading import columns_of
from app.exchange.reindex.run import Result, count, reindex
from app.exchange.reindex.work import Work, open_work
from app.fhir.resource_type import Derived, ResourceType
from app.fhir.search import values
from app.indicators.keeping import open_keeping
from app.indicators.recount import recount
from app.indicators.registry import indicators
from app.resources.registry import registry
from app.store.database import Connection
from app.store.record import CODE, Column
from tests.api.records import TYPES, bundle, entry, example, fresh, patient, record_ids, visit

ZONE = Settings().time_zone
FOLDER = Path(__file__).parents[1] / "data" / "examples"
META = {
    "profile": ["http://hs.example/profile"],
    "security": [{"system": "http://hs.example/sec", "code": "R", "display": "Kín"}],
    "tag": [{"system": "http://hs.example/tag", "code": "T"}],
    "source": "http://hs.example/source",
}
TAG = {"meta": {"tag": [{"system": "http://hs.example/tag", "code": "later"}]}}
COMMUNE = registry()["Patient"].example["address"]
# What a column cannot keep as it was sent: ranges without any time or without ends, digits, words that begin others.
PECULIAR: dict[str, list[dict[str, Any]]] = {
    "Encounter": [
        {
            "length": {"value": 1.50, "unit": "giờ", "code": "h", "system": "http://unitsofmeasure.org"},
            "location": [
                {"location": {"reference": "Location/x"}, "period": {"start": "2026-03-02"}},
                {"location": {"display": "x"}, "period": {"end": "2026-03-02T10:00:00.123456789+07:00"}},
                {
                    "location": {"display": "y"},
                    "period": {"start": "2026-03-02T23:00:00-12:00", "end": "2026-03-02"},
                },
            ],
            "reasonCode": [{"text": "Tăng huyết áp"}],
        },
        {"period": {"end": "9999-12-31"}},
        {"period": {"start": "0001-01-01"}},
    ],
    "Patient": [
        {"name": [{"text": "Lý Thị Mẫu", "family": "Lý", "given": ["Thị", "Thị Mẫu"]}], "birthDate": "1990"},
        {"name": [{"family": "N" * 700}], "deceasedDateTime": "2026-03", "address": COMMUNE, "gender": "male"},
        {"active": False, "address": [{"use": "home", "text": "Thôn Mẫu 1"}]},
    ],
    "Location": [{"position": {"longitude": 105.85000000000001, "latitude": 21.03}}],
}


def samples() -> list[dict[str, Any]]:
    """Return records of every type under ids of their own: the official examples, and what is peculiar."""
    made = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    made += [{**example(name), "id": f"plain-{name.lower()}", "meta": META} for name in TYPES]
    made += [
        {**example(name), **elements, "id": f"peculiar-{name.lower()}-{number}"}
        for name, every in PECULIAR.items()
        for number, elements in enumerate(every)
    ]
    return made


async def store(client: httpx.AsyncClient, record: Mapping[str, Any]) -> None:
    answer = await client.put(f"/{record['resourceType']}/{record['id']}", content=json.dumps(record))
    assert answer.is_success, answer.text


async def fill(client: httpx.AsyncClient) -> None:
    """Store records of every type twice, so that each has a past, and end one of each with its deletion."""
    owners = {
        record[owner]["reference"]
        for record in samples()
        if (owner := registry()[record["resourceType"]].owner) and record.get(owner, {}).get("reference")
    }
    for owner in sorted(owners):
        if owner.startswith("Patient/"):
            await store(client, patient(owner.removeprefix("Patient/"), address=COMMUNE))
    for record in samples():
        await store(client, record)
        await store(client, {**record, **TAG})
    for name in TYPES:
        await store(client, {**example(name), "id": "gone"})
        assert (await client.delete(f"/{name}/gone")).status_code == 204


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


@pytest.fixture
async def work(running: tuple[FastAPI, httpx.AsyncClient], connection: asyncpg.Connection) -> Work:
    """What the command works with, in batches so small that there are several."""
    return await open_work(connection, ZONE, batch=7)


async def held(connection: Connection, kind: ResourceType) -> list[list[Any]]:
    """Return every row of a type: current, past and words."""
    tables = (kind.tables.current, kind.tables.past, *kind.tables.prefixes.values())
    return [
        [tuple(row) for row in await connection.fetch(f"select * from {table.name} t order by t::text")]
        for table in tables
    ]


async def everything(connection: Connection) -> dict[str, list[list[Any]]]:
    return {kind.name: await held(connection, kind) for kind in registry()}


async def spoil(connection: Connection, kind: ResourceType) -> None:
    """Empty all columns that are read from bodies, and let the words be too few, too many and in a wrong order."""
    emptied = ", ".join(f'"{name}" = null' for name in columns_of(kind))
    for table in (kind.tables.current, kind.tables.past):
        await connection.execute(f"update {table.name} set {emptied}")
    for table in kind.tables.prefixes.values():
        await connection.execute(f"update {table.name} set prior = case when prior is null then 'x' end")
        await connection.execute(f"delete from {table.name} where ctid in (select min(ctid) from {table.name})")
        await connection.execute(f"insert into {table.name} (id, fold) select distinct id, 'zzz' from {table.name}")


async def difference(connection: Connection) -> int:
    keeping = await open_keeping(connection, indicators())
    return (await recount(connection, registry(), indicators(), keeping, ZONE)).difference


async def test_what_was_just_written_is_as_it_is_read_anew(work: Work, fhir: httpx.AsyncClient) -> None:
    await fill(fhir)
    before = await everything(work.connection)
    result = await reindex(work, list(registry()))
    assert result.changed == 0
    assert result.current.read > 50
    assert result.past.read > 50
    assert await everything(work.connection) == before


async def test_every_column_and_word_of_every_type_is_read_again(work: Work, fhir: httpx.AsyncClient) -> None:
    await fill(fhir)
    before = await everything(work.connection)
    for kind in registry():
        await spoil(work.connection, kind)
        assert await held(work.connection, kind) != before[kind.name]
    result = await reindex(work, list(registry()))
    after = await everything(work.connection)
    for name in TYPES:
        assert after[name] == before[name], name
    assert result.current.changed > 50
    assert result.past.changed > 50
    assert (await reindex(work, list(registry()))).changed == 0
    assert await difference(work.connection) == 0


async def test_only_the_types_asked_for_are_read(work: Work, fhir: httpx.AsyncClient) -> None:
    await fill(fhir)
    before = await everything(work.connection)
    for kind in registry():
        await spoil(work.connection, kind)
    spoilt = await everything(work.connection)
    await reindex(work, [registry()["Location"]])
    after = await everything(work.connection)
    assert after == {**spoilt, "Location": before["Location"]}


async def test_only_rows_that_differ_are_written(work: Work, fhir: httpx.AsyncClient) -> None:
    for number in range(3):
        await store(fhir, visit(f"v{number}", "Group/any"))
    await work.connection.execute("update encounter set status = null where id = 'v1'")
    query = "select id, xmin::text from encounter order by id"
    before = await work.connection.fetch(query)
    assert (await reindex(work, [registry()["Encounter"]])).current == (3, 1)
    after = await work.connection.fetch(query)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        "delete from {t} where prior is null",
        "update {t} set prior = null",
        "insert into {t} (id, fold) values ('p', 'zzz')",
        "update {t} set birthdate_low = null where prior is null",
    ],
)
async def test_a_record_whose_words_alone_are_wrong_is_mended(work: Work, fhir: httpx.AsyncClient, wrong: str) -> None:
    await store(fhir, patient("p", name=[{"family": "Lý", "given": ["Thị", "Mẫu"]}], birthDate="1990-05-17"))
    before = await held(work.connection, registry().person)
    await work.connection.execute(wrong.format(t="patient_name_prefix"))
    assert (await reindex(work, [registry().person])).changed == 1
    assert await held(work.connection, registry().person) == before


async def test_who_saw_a_person_before_there_was_a_rule_sees_it_again(work: Work, fhir: httpx.AsyncClient) -> None:
    person, organization = fresh(), "Organization/tyt-1"
    await fhir.put(f"/Patient/{person}", json=patient(person, address=COMMUNE))
    await fhir.post("/Encounter", json=visit("", f"Patient/{person}", serviceProvider={"reference": organization}))
    await work.connection.execute(
        "update patient set reach = null; update encounter set reach = null; delete from reach"
    )
    await reindex(work, [registry()["Patient"], registry()["Encounter"]])
    rows = await work.connection.fetch("select holder from reach where patient_id = $1 order by holder", person)
    assert [row["holder"] for row in rows] == ["00004@2025-07", organization]


async def test_a_dry_run_counts_and_changes_nothing(work: Work, fhir: httpx.AsyncClient) -> None:
    await fill(fhir)
    for kind in registry():
        await spoil(work.connection, kind)
    before = await everything(work.connection)
    told = await reindex(replace(work, dry=True), list(registry()))
    assert await everything(work.connection) == before
    assert await due(work.connection, registry(), ZONE) == TYPES
    assert await reindex(work, list(registry())) == told


async def test_searches_find_again_and_figures_count_again(work: Work, fhir: httpx.AsyncClient) -> None:
    await store(fhir, patient("p", name=[{"text": "Lý Thị Mẫu"}], address=COMMUNE, birthDate="1990-05-17"))
    await store(fhir, visit("v", "Patient/p"))
    asked = ("Patient?name=ly thi", "Patient?birthdate=1990-05-17", "Encounter?status=finished&patient=p")
    await spoil(work.connection, registry()["Patient"])
    await spoil(work.connection, registry()["Encounter"])
    await work.keeper.keep(work.connection, ["p"], work.epoch)
    assert [record_ids(await fhir.get(f"/{query}")) for query in asked] == [[], [], []]
    assert await managed(fhir) == (0, 0)
    await reindex(work, list(registry()))
    assert [record_ids(await fhir.get(f"/{query}")) for query in asked] == [["p"], ["p"], ["v"]]
    assert await managed(fhir) == (1, 1)
    assert await difference(work.connection) == 0


async def managed(client: httpx.AsyncClient) -> tuple[int, int]:
    found = (await client.get("http://tramy.test/indicators/managed?place=VN&on=2026-04-01")).json()
    return found["numerator"], found["denominator"]


async def test_what_was_known_before_stays_as_it_was_known(work: Work, fhir: httpx.AsyncClient) -> None:
    await store(fhir, patient("p", address=COMMUNE))
    await store(fhir, visit("v", "Patient/p"))
    await work.connection.execute("update encounter set contact_day = null")
    await work.keeper.keep(work.connection, ["p"], work.epoch)
    wrong = (await fhir.get("http://tramy.test/indicators/managed?place=VN&on=2026-04-01")).json()
    query = "select * from ledger order by tx, series, day"
    ledger = await work.connection.fetch(query)
    await reindex(work, list(registry()))
    assert (await work.connection.fetch(query))[: len(ledger)] == ledger
    asked = {"place": "VN", "on": "2026-04-01", "known-at": wrong["known"]["moment"]}
    again = (await fhir.get("http://tramy.test/indicators/managed", params=asked)).json()
    assert (again["numerator"], again["denominator"]) == (0, 1)
    assert await managed(fhir) == (1, 1)


@pytest.mark.parametrize("spoilt", ["patient", "encounter"])
async def test_the_figures_of_merged_records_are_those_of_one_person(
    work: Work, fhir: httpx.AsyncClient, spoilt: str
) -> None:
    for record in ("s", "t", "u"):
        await store(fhir, patient(record, address=COMMUNE))
    await store(fhir, visit("v", "Patient/s"))
    await store(fhir, visit("w", "Patient/u"))
    named = {"source-patient": "Patient/s", "target-patient": "Patient/t"}
    parts = [{"name": name, "valueReference": {"reference": value}} for name, value in named.items()]
    merged = await fhir.post("/Patient/$merge", json={"resourceType": "Parameters", "parameter": parts})
    assert merged.status_code == 200, merged.text
    kind = registry()["Patient" if spoilt == "patient" else "Encounter"]
    before = await work.connection.fetch("select id, person_id, merged_into from patient order by id")
    await spoil(work.connection, kind)
    await work.keeper.keep_merged(work.connection, ["s", "t", "u"], work.epoch)
    assert await managed(fhir) != (2, 2)
    await reindex(work, [kind])
    assert await managed(fhir) == (2, 2)
    assert await work.connection.fetch("select id, person_id, merged_into from patient order by id") == before
    assert await difference(work.connection) == 0


async def test_a_run_that_was_stopped_is_begun_again_and_goes_on(work: Work, fhir: httpx.AsyncClient) -> None:
    await fill(fhir)
    before = await everything(work.connection)
    for kind in registry():
        await spoil(work.connection, kind)
    total = await count(work.connection, list(registry()))

    def stop(result: Result) -> None:
        if result.read > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await reindex(work, list(registry()), stop)
    behind = await due(work.connection, registry(), ZONE)
    assert behind
    assert behind != TYPES
    left = await reindex(work, list(registry()))
    assert 0 < left.changed < total
    assert await everything(work.connection) == before
    assert await due(work.connection, registry(), ZONE) == []
    assert await difference(work.connection) == 0


async def test_writers_and_a_run_do_not_harm_each_other(work: Work, fhir: httpx.AsyncClient) -> None:
    people = [f"p{number}" for number in range(12)]
    for person in people:
        await store(fhir, patient(person, address=COMMUNE, name=[{"text": "Lý Thị Mẫu"}]))
        await store(fhir, visit(f"v-{person}", f"Patient/{person}"))
    for kind in registry():
        await spoil(work.connection, kind)
    stopped = asyncio.Event()

    async def write(number: int) -> int:
        """Change persons, move their visits to others and back, in both orders, until the run is over."""
        done = 0
        while not stopped.is_set() or done < 5:
            ours = people[number::4] if done % 2 else people[number::4][::-1]
            gender = "female" if done % 2 else "male"
            named = [{"text": f"Trần Văn {done}"}]
            entries = [
                entry("PUT", f"Patient/{one}", patient(one, address=COMMUNE, name=named, gender=gender)) for one in ours
            ]
            entries += [
                entry("PUT", f"Encounter/v-{one}", visit(f"v-{one}", f"Patient/{people[(done + number) % 12]}"))
                for one in ours
            ]
            answer = await fhir.post("", json=bundle(*entries))
            assert answer.status_code == 200, answer.text
            done += 1
        return done

    async def run() -> Result:
        try:
            return await reindex(work, list(registry()))
        finally:
            stopped.set()

    writing = [asyncio.create_task(write(number)) for number in range(4)]
    result = await run()
    writers = await asyncio.gather(*writing)
    assert result.changed > 0
    assert all(done >= 5 for done in writers)
    assert (await reindex(work, list(registry()))).changed == 0
    assert await difference(work.connection) == 0


async def test_a_version_replaced_during_the_run_is_read_anew_too(work: Work, fhir: httpx.AsyncClient) -> None:
    for number in range(20):
        await store(fhir, visit(f"v{number:02}", "Group/any"))
    kind = registry()["Encounter"]
    await spoil(work.connection, kind)
    waiting: list[asyncio.Task] = []

    def replace_all(_result: Result) -> None:
        """Begin to replace every record as soon as the first batch is over."""
        if not waiting:
            records = (visit(f"v{number:02}", "Group/other") for number in range(20))
            waiting.extend(asyncio.ensure_future(store(fhir, record)) for record in records)

    await reindex(replace(work, batch=2), [kind], replace_all)
    await asyncio.gather(*waiting)
    assert (await reindex(work, [kind])).changed == 0


async def test_a_record_in_the_hands_of_a_writer_is_waited_for(
    work: Work, fhir: httpx.AsyncClient, database: str
) -> None:
    await store(fhir, patient("p", address=COMMUNE))
    await store(fhir, visit("v", "Patient/p"))
    await work.connection.execute("update encounter set status = null, contact_day = null")
    other = await asyncpg.connect(database)
    try:
        async with other.transaction():
            await other.execute("select from patient where id = 'p' for no key update")
            running = asyncio.create_task(reindex(work, [registry()["Encounter"]]))
            await asyncio.sleep(0.3)
            assert not running.done()
            # The person comes before the record: a writer who holds the person can still take the record.
            await other.execute("select from encounter where id = 'v' for no key update nowait")
        assert (await running).changed == 1
    finally:
        await other.close()


async def test_a_record_that_was_moved_meanwhile_waits_for_its_new_person_too(
    work: Work, fhir: httpx.AsyncClient, database: str
) -> None:
    for person in ("p", "q"):
        await store(fhir, patient(person, address=COMMUNE))
    await store(fhir, visit("v", "Patient/p"))
    await work.connection.execute("update encounter set contact_day = null")
    mover, holder = await asyncpg.connect(database), await asyncpg.connect(database)
    try:
        async with holder.transaction():
            await holder.execute("select from patient where id = 'q' for no key update")
            async with mover.transaction():
                await mover.execute("select from patient where id = 'p' for no key update")
                running = asyncio.create_task(reindex(work, [registry()["Encounter"]]))
                await asyncio.sleep(0.3)
                await mover.execute("update encounter set patient_id = 'q' where id = 'v'")
            await asyncio.sleep(0.3)
            assert not running.done()
        assert (await running).changed == 1
    finally:
        await mover.close()
        await holder.close()


async def test_only_one_run_is_under_way(work: Work, database: str) -> None:
    other = await asyncpg.connect(database)
    try:
        await other.execute("select pg_advisory_lock(hashtextextended('tramy reindex', 0))")
        with pytest.raises(Unavailable):
            await reindex(work, list(registry()))
    finally:
        await other.close()


async def test_a_run_is_due_until_it_was_made_and_when_something_is_declared_anew(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await due(work.connection, registry(), ZONE) == TYPES
    finding = await examined(work.connection, registry(), ZONE)
    assert (finding.ok, finding.mend.en) == (False, "run: tramy reindex")
    await reindex(work, [registry()["Location"]])
    assert await due(work.connection, registry(), ZONE) == [name for name in TYPES if name != "Location"]
    await reindex(work, list(registry()))
    assert await due(work.connection, registry(), ZONE) == []
    assert (await examined(work.connection, registry(), ZONE)).ok is True
    assert await due(work.connection, registry(), ZoneInfo("UTC")) == TYPES
    monkeypatch.setattr(reading_digest, "READ_AS", 0)
    assert await due(work.connection, registry(), ZONE) == TYPES


async def test_the_log_says_once_that_a_run_is_due_and_is_silent_otherwise(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    await reindex(work, [kind for kind in registry() if kind.name != "Encounter"])
    await warn(work.connection, registry(), ZONE)
    (said,) = caplog.messages
    assert "Encounter; run: tramy reindex" in said
    caplog.clear()
    await reindex(work, list(registry()))
    await warn(work.connection, registry(), ZONE)
    assert caplog.messages == []


async def test_what_comes_into_empty_tables_needs_no_run(work: Work, fhir: httpx.AsyncClient) -> None:
    await store(fhir, {**example("Location"), "id": fresh()})
    await note_empty(work.connection, registry(), ZONE)
    assert await due(work.connection, registry(), ZONE) == ["Location"]


@pytest.mark.parametrize("name", TYPES)
def test_another_parameter_path_function_or_column_makes_another_digest(name: str) -> None:
    kind = registry()[name]
    first, *rest = kind.search
    derived = Derived((Column("other", CODE),), lambda _tree, _reading: {})
    others = [
        replace(kind, search=tuple(rest)),
        replace(kind, search=(replace(first, paths=("other",)), *rest)),
        replace(kind, search=(replace(first, values=values.sounds), *rest)),
        replace(kind, search=(replace(first, kind="special"), *rest)),
        replace(kind, derived=derived),
    ]
    assert len({reading_digest.digest(one, ZONE) for one in (kind, *others)}) == len(others) + 1


@pytest.mark.parametrize("name", TYPES)
def test_what_changes_no_column_makes_no_run_due(name: str) -> None:
    kind = registry()[name]
    other = replace(kind, title="Another title", rules=(), search=tuple(reversed(kind.search)))
    assert reading_digest.digest(other, ZONE) == reading_digest.digest(kind, ZONE)
