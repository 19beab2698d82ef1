"""Races over and over, through two workers on one database: one winner, one record, no half bundle, figures whole."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import cycle

import httpx
import pytest

from app.indicators.recount import recount
from app.indicators.registry import indicators
from app.resources.registry import registry
from tests.api.records import bundle, entry, example, fresh, identified, national_number, patient
from tests.conftest import opened

pytestmark = pytest.mark.slow
Client = httpx.AsyncClient


@pytest.fixture
async def workers(database: str) -> AsyncIterator[list[Client]]:
    """Two applications on one database, as two workers are, and a client of each."""
    async with AsyncExitStack() as stack:
        pairs = [await stack.enter_async_context(opened(database)) for _ in range(2)]
        yield [client for _, client in pairs]
        running = pairs[0][0].state.running
        zone = running.service.settings.time_zone
        async with running.service.pool.acquire() as connection:
            found = await recount(connection, registry(), indicators(), running.keeping, zone)
        assert found.difference == 0


async def test_of_10000_updates_one_wins_each_version(workers: list[Client]) -> None:
    records = [fresh("win") for _ in range(10)]
    for record in records:
        assert (await workers[0].put(f"/Patient/{record}", json=patient(record))).status_code == 201
    left = iter(range(10_000))
    wins: list[tuple[str, str]] = []

    async def update(client: Client, seed: int) -> None:
        draw, known = random.Random(seed), dict.fromkeys(records, 'W/"1"')
        for number in left:
            record = draw.choice(records)
            body = patient(record, name=[{"text": f"{seed} {number}"}])
            answer = await client.put(f"/Patient/{record}", json=body, headers={"if-match": known[record]})
            assert answer.status_code in (200, 412), answer.text
            if answer.status_code == 200:
                wins.append((record, answer.headers["etag"]))
                known[record] = answer.headers["etag"]
            else:
                known[record] = (await client.get(f"/Patient/{record}")).headers["etag"]

    await asyncio.gather(*(update(workers[seed % 2], seed) for seed in range(16)))
    for record in records:
        mine = sorted(int(tag[3:-1]) for name, tag in wins if name == record)
        assert mine == list(range(2, len(mine) + 2))
        assert (await workers[0].get(f"/Patient/{record}/_history?_count=0")).json()["total"] == len(mine) + 1


@pytest.mark.parametrize("write", ["create", "update"])
async def test_1000_rounds_under_one_condition_make_one_record_each(workers: list[Client], write: str) -> None:
    clients = [client for _, client in zip(range(8), cycle(workers), strict=False)]
    for _ in range(1000):
        value = fresh("round")
        body = identified(value)
        criteria = f"identifier={value}"
        if write == "create":
            sent = (client.post("/Organization", json=body, headers={"if-none-exist": criteria}) for client in clients)
        else:
            sent = (client.put(f"/Organization?{criteria}", json=body) for client in clients)
        answers = await asyncio.gather(*sent)
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    total = (await workers[0].get("/Organization?_summary=count")).json()["total"]
    assert total == 1000


async def test_readers_never_see_half_a_bundle(workers: list[Client]) -> None:
    person = fresh("whole")
    ids = [f"{person}-{number}" for number in range(3)]
    stop = asyncio.Event()
    reads = 0

    def written(turn: int) -> dict:
        kept = {"subject": {"reference": f"Patient/{person}"}, "identifier": [{"value": f"{person}-{turn}"}]}
        visits = [entry("PUT", f"Encounter/{i}", {**example("Encounter"), "id": i, **kept}) for i in ids]
        return bundle(entry("PUT", f"Patient/{person}", patient(person, number=national_number())), *visits)

    async def write(client: Client) -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            assert (await client.post("", json=written(turn))).status_code == 200

    async def read(client: Client) -> None:
        nonlocal reads
        while reads < 20_000:
            found = (await client.get(f"/Patient/{person}/Encounter?_elements=identifier")).json()
            turns = {item["resource"]["identifier"][0]["value"] for item in found["entry"]}
            assert len(turns) == 1
            assert found["total"] == 3
            reads += len(found["entry"]) + 1

    assert (await workers[0].post("", json=written(0))).status_code == 200
    writer = asyncio.create_task(write(workers[0]))
    await asyncio.gather(*(read(client) for client in workers * 2))
    stop.set()
    await writer


async def test_bundles_in_opposite_order_never_fail(workers: list[Client]) -> None:
    people = [fresh("order") for _ in range(6)]

    def turn(order: Callable[[list[str]], list[str]], text: str) -> dict:
        return bundle(
            *(entry("PUT", f"Patient/{i}", patient(i, name=[{"text": text}])) for i in order(people)),
            *(
                entry(
                    "PUT",
                    f"Encounter?identifier={i}",
                    {**example("Encounter"), "identifier": [{"value": i}], "subject": {"reference": f"Patient/{i}"}},
                )
                for i in order(people)
            ),
        )

    for number in range(60):
        answers = await asyncio.gather(
            *(
                workers[index % 2].post("", json=turn(list if index % 2 else _turned, f"{number} {index}"))
                for index in range(8)
            )
        )
        assert {answer.status_code for answer in answers} == {200}
    total = (await workers[0].get("/Encounter?_summary=count")).json()["total"]
    assert total == len(people)


def _turned(people: list[str]) -> list[str]:
    return people[::-1]
