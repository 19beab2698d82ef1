"""The tools that measure: what they count, how they read answers, and whether the people they make are sound."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.config import Settings
from app.errors import TramyError
from app.exchange.schema import upgrade
from app.indicators.keeping import open_keeping
from app.indicators.recount import recount
from app.indicators.registry import indicators
from app.resources.registry import registry
from bench import usage
from bench.bare import application
from bench.client import length, request, run
from bench.explain import Recorder, all_seconds
from bench.figure import Figure, percentile, ratio
from bench.households import resources
from bench.loads import written
from bench.million import build
from bench.people import communes, person
from tests.conftest import named

ROOT = Path(__file__).resolve().parents[2]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 0.5, 7),
        ([1, 2], 0.5, 1),
        ([3, 1, 2], 0.5, 2),
        (list(range(1, 101)), 0.95, 95),
        (list(range(1, 101)), 1.0, 100),
        (list(range(1, 21)), 0.95, 19),
        ([1, 2, 3], 0.0, 1),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], share: float, expected: float):
    assert percentile(values, share) == expected


def test_a_ratio_is_taken_within_each_round():
    # Rates of different rounds are not mixed: the machine may have been twice as fast in one.
    assert ratio([(50, 100), (120, 200), (7, 10)]) == (0.6, 0.5, 0.7)


@pytest.mark.parametrize(
    ("measured", "asked", "sense", "met"),
    [
        (0.6, 0.6, "at least", True),
        (0.59, 0.6, "at least", False),
        (1.9, 2.0, "under", True),
        (2.0, 2.0, "under", False),
        (9.9, None, "under", None),
    ],
)
def test_a_figure_is_met_by_what_was_asked(measured: float, asked: float | None, sense, met: bool | None):
    assert Figure("work", measured, "ms", asked, sense).met is met


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-le", None),
        (OK, len(OK)),
        (OK[:-1], len(OK)),
        (b"HTTP/1.1 201 Created\r\nETag: a\r\ncontent-length: 10\r\n\r\n", 63),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 27),
    ],
)
def test_an_answer_is_as_long_as_it_states(held: bytes, expected: int | None):
    assert length(held) == expected


def test_a_length_in_the_body_is_not_the_length():
    with pytest.raises(TramyError):
        length(b"HTTP/1.1 200 OK\r\n\r\n\r\nContent-Length: 5\r\n")


@asynccontextmanager
async def answering(answer: Callable[[int], list[bytes]]) -> AsyncIterator[int]:
    """Serve on a free port: the parts of the answer to the n-th request; no parts hang up."""
    seen = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            parts = answer(seen)
            seen += 1
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.001)
            if not parts:
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_every_request_is_sent_once_and_every_answer_timed():
    paths = []

    def answer(number: int) -> list[bytes]:
        paths.append(number)
        return [OK[:9], OK[9:30], OK[30:]]

    async with answering(answer) as port:
        traffic = await run(port, [request("GET", "/")] * 25, status=200, concurrency=4)
    assert len(paths) == len(traffic.latencies) == 25
    assert all(0 < latency <= traffic.seconds for latency in traffic.latencies)


async def test_a_run_by_time_ends():
    async with answering(lambda _: [OK]) as port:
        began = time.perf_counter()
        traffic = await run(port, repeat(request("GET", "/")), status=200, concurrency=2, seconds=0.1)
    assert traffic.latencies
    assert 0.1 <= time.perf_counter() - began < 5


@pytest.mark.parametrize("answer", [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", b""])
async def test_one_wrong_answer_among_good_ones_spoils_the_run(answer: bytes):
    async with answering(lambda number: ([answer] if answer else []) if number == 7 else [OK]) as port:
        with pytest.raises(TramyError):
            await run(port, [request("GET", "/")] * 20, status=200, concurrency=2)


def test_the_cpu_of_children_that_have_ended_is_counted():
    before = usage.cpu(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    assert usage.cpu(os.getpid()) - before > 0.05


def test_the_same_households_go_into_one_file_and_into_a_file_for_each_type(tmp_path: Path):
    together, apart, count = written(tmp_path, resources(3))
    lines = [json.loads(line) for line in together.read_bytes().splitlines()]
    kinds = Counter(line["resourceType"] for line in lines)
    assert count == len(lines)
    assert kinds["Patient"] + kinds["Coverage"] + kinds["Encounter"] + kinds["Immunization"] == 300
    assert {path.stem: len(path.read_bytes().splitlines()) for path in apart} == kinds


def test_people_differ_and_live_in_every_commune():
    count = len(communes())
    assert count == 3321
    people = [person(number) for number in range(count)]
    assert people[7] == person(7)
    numbers = [item["value"] for one in people for item in one["identifier"] if item["system"].endswith("national_id")]
    wards = {
        one["address"][0]["extension"][0]["extension"][1]["valueCodeableConcept"]["coding"][0]["code"] for one in people
    }
    assert len(set(numbers)) == len(numbers) > 0.9 * count
    assert wards == {commune.code for commune in communes()}


async def test_the_country_that_is_measured_counts_like_any_other(server: str):
    connection = await asyncpg.connect(server)
    await connection.execute("create database bench_country")
    await connection.close()
    url = named(server, "bench_country")
    await upgrade(url)
    await build(url, 400)
    connection = await asyncpg.connect(url)
    try:
        keeping = await open_keeping(connection, indicators())
        result = await recount(connection, registry(), indicators(), keeping, Settings().time_zone)
        indexes = await connection.fetchval("select count(*) from pg_indexes where tablename = 'patient'")
    finally:
        await connection.close()
    assert (result.people, result.records, result.difference) == (400, 2000, 0)
    assert indexes == 1 + len(registry()["Patient"].tables.current.indexes)


async def test_the_bare_application_answers_a_read_as_the_service_does(
    database: str, fhir: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    created = await fhir.post("/Patient", content=json.dumps({**person(5), "id": "5"}))
    path = f"/Patient/{created.json()['id']}"
    monkeypatch.setenv("TRAMY_DATABASE_URL", database)
    app = application()
    bare = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bare.test")
    async with app.router.lifespan_context(app), bare:
        theirs = await bare.get(path)
    ours = await fhir.get(path, headers={"accept-encoding": "identity"})
    # What the wall adds says something of who asks and of browsers, nothing of the record.
    stated = {name: ours.headers.get(name) for name in theirs.headers}
    assert (ours.status_code, ours.content, stated) == (theirs.status_code, theirs.content, dict(theirs.headers))


async def test_statements_are_recorded_as_they_pass_and_explained_with_their_values(
    new_database: Callable[[], Awaitable[str]],
):
    connection = await asyncpg.connect(await new_database())
    try:
        recorder = Recorder(connection)
        assert await recorder.fetchval("select count(*) from generate_series(1, $1::int)", 7) == 7
        assert [row[0] for row in await recorder.fetch("select pg_sleep($1::float8) is null", 0.02)] == [False]
        planning, running = await all_seconds(connection, recorder)
    finally:
        await connection.close()
    assert planning > 0
    assert 0.02 <= running < 5
    assert recorder.statements == []


@pytest.mark.slow
def test_every_figure_is_measured(tmp_path: Path):
    table = tmp_path / "table.json"
    subprocess.run([sys.executable, "-m", "bench", "--quick", "--json", str(table)], cwd=ROOT, check=True, timeout=600)
    made = json.loads(table.read_text("utf-8"))
    asked = [figure["work"] for figure in made["figures"] if figure["asked"] is not None]
    assert "full_page_writes on" in made["facts"]["durable"]
    assert len(asked) == 32
    assert all(figure["measured"] > 0 for figure in made["figures"])
