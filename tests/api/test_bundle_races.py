"""Transactions at once over the same records, in any order, by any means: no 5xx, no deadlock, nothing by halves.

Two applications on one database, as two workers are. https://hl7.org/fhir/R4/http.html#trules
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any

import asyncpg
import httpx
import pytest
from asyncpg.exceptions import DeadlockDetectedError

from tests.api.records import SYSTEM, bundle, count, entry, fresh, identified, national_number, patient, statuses, visit
from tests.conftest import Workers


@pytest.fixture(autouse=True)
def deadlocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What Postgres said of deadlocks; after each test there was hardly one: locks were taken in one order."""
    seen: list[str] = []
    made = DeadlockDetectedError.__init__

    def counted(error: DeadlockDetectedError, *values: Any) -> None:
        seen.append(str(values))
        made(error, *values)

    monkeypatch.setattr(DeadlockDetectedError, "__init__", counted)
    yield seen
    assert len(seen) <= 1


async def test_a_deadlock_would_be_counted(place: str, deadlocks: list[str]) -> None:
    one, other = await asyncpg.connect(place), await asyncpg.connect(place)
    for connection, key in ((one, 1), (other, 2)):
        await connection.execute(f"begin; select pg_advisory_xact_lock({key})")
    crossed = (one.execute("select pg_advisory_xact_lock(2)"), other.execute("select pg_advisory_xact_lock(1)"))
    found = await asyncio.gather(*crossed, return_exceptions=True)
    assert len(deadlocks) == len([item for item in found if isinstance(item, DeadlockDetectedError)]) == 1
    await asyncio.gather(one.close(), other.close())


async def together(requests: Sequence[Awaitable[httpx.Response]]) -> Counter[int]:
    """Send requests at once and count the statuses; none may be a 5xx."""
    answers = await asyncio.gather(*requests)
    found = Counter(answer.status_code for answer in answers)
    assert all(status < 500 for status in found), [a.text for a in answers if a.status_code >= 500]
    return found


def by_identifier(value: str) -> str:
    """Return the address of the Organization with an identifier."""
    return f"Organization?identifier={SYSTEM}|{value}"


def speaking(name: str, language: str) -> dict[str, Any]:
    """Return a FHIRPath Patch that replaces the language."""
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": f"{name}.language"},
        {"name": "value", "valueCode": language},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


async def test_conditional_updates_in_opposite_order_make_one_record_each(workers: Workers) -> None:
    for turn in range(10):
        values = [fresh("upsert") for _ in range(5)]
        requests = []
        for n in range(8):
            order = random.sample(values, len(values))
            puts = (entry("PUT", by_identifier(value), identified(value, language=f"x-{n}")) for value in order)
            requests.append(workers[n % 2].post("/", json=bundle(*puts)))
        assert await together(requests) == {200: 8}
        for value in values:
            found = (await workers[turn % 2].get(f"/{by_identifier(value)}")).json()
            assert (found["total"], found["entry"][0]["resource"]["meta"]["versionId"]) == (1, "8")


async def test_patches_in_opposite_order_all_count(workers: Workers) -> None:
    records = [fresh("patched") for _ in range(5)]
    for record in records:
        await workers[0].put(f"/Patient/{record}", json=patient(record, language="x"))
    for turn in range(6):
        requests = []
        for n in range(8):
            order = records if n % 2 else records[::-1]
            patches = [entry("PATCH", f"Patient/{r}", speaking("Patient", f"x-{turn}-{n}")) for r in order]
            requests.append(workers[n % 2].post("/", json=bundle(*patches)))
        assert await together(requests) == {200: 8}
    for record in records:
        assert (await workers[0].get(f"/Patient/{record}")).headers["etag"] == f'W/"{1 + 6 * 8}"'
    last = {(await workers[0].get(f"/Patient/{record}")).json()["language"] for record in records}
    assert len(last) == 1


async def test_patches_updates_and_conditions_on_the_same_records_never_fail(workers: Workers) -> None:
    values = [fresh("mixed") for _ in range(4)]
    numbers = {value: national_number() for value in values}
    for value in values:
        await workers[0].put(f"/Organization/{value}", json=identified(value, id=value, language="x"))
        await workers[0].put(f"/Patient/{value}", json=patient(value, number=numbers[value], language="x"))

    def bundles(order: list[str], mark: str) -> list[dict]:
        return [
            bundle(
                *(entry("PUT", f"Encounter/{v}", visit(v, f"Patient/{v}", language=mark)) for v in order),
                *(entry("PATCH", f"Organization/{v}", speaking("Organization", mark)) for v in order),
            ),
            bundle(
                *(entry("PATCH", by_identifier(v), speaking("Organization", mark)) for v in order),
                *(entry("PUT", f"Patient/{v}", patient(v, number=numbers[v], language=mark)) for v in order),
            ),
            bundle(
                *(entry("PUT", by_identifier(v), identified(v, language=mark)) for v in order),
                *(entry("PATCH", f"Patient?identifier={numbers[v]}", speaking("Patient", mark)) for v in order),
            ),
            bundle(
                *(entry("PUT", f"Organization/{v}", identified(v, id=v, language=mark)) for v in order),
                *(entry("PUT", f"Patient/{v}", patient(v, number=numbers[v], language=mark)) for v in order),
            ),
        ]

    for turn in range(6):
        sent = [one for order in (values, values[::-1]) for one in bundles(order, f"x-{turn}-{order[0]}")]
        assert await together([workers[n % 2].post("/", json=one) for n, one in enumerate(sent)]) == {200: 8}
    for value in values:
        for name in ("Organization", "Patient", "Encounter"):
            listed = (await workers[0].get(f"/{name}/{value}/_history?_count=1000")).json()["entry"]
            versions = [int(item["response"]["etag"].strip('W/"')) for item in listed]
            assert versions == list(range(len(versions), 0, -1))


async def test_numbers_that_change_hands_at_once_are_held_once(workers: Workers, place: str) -> None:
    people = [fresh("hands") for _ in range(4)]
    numbers = [national_number() for _ in people]
    await workers[0].post(
        "/",
        json=bundle(
            *(entry("PUT", f"Patient/{p}", patient(p, number=n)) for p, n in zip(people, numbers, strict=True))
        ),
    )
    for turn in range(10):
        requests = []
        for n in range(6):
            turned = numbers[(n + turn) % 4 :] + numbers[: (n + turn) % 4]
            pairs = list(zip(people, turned, strict=True))
            puts = [
                entry("PUT", f"Patient/{p}", patient(p, number=held)) for p, held in (pairs if n % 2 else pairs[::-1])
            ]
            requests.append(workers[n % 2].post("/", json=bundle(*puts)))
        found = await together(requests)
        assert found.keys() <= {200, 409}
    connection = await asyncpg.connect(place)
    held = await connection.fetch("select holder from claim where value = any($1::text[])", numbers)
    await connection.close()
    assert sorted(row["holder"] for row in held) == sorted(people)


async def test_deletions_and_writes_by_condition_leave_one_record_or_none(workers: Workers) -> None:
    for _ in range(12):
        one, two = fresh("gone"), fresh("gone")
        await workers[0].post("/", json=bundle(*(entry("PUT", by_identifier(v), identified(v)) for v in (one, two))))
        requests = []
        for n in range(8):
            order = (one, two) if n % 2 else (two, one)
            make = entry("PUT", by_identifier(order[0]), identified(order[0], language=f"x-{n}"))
            sent = bundle(make, entry("DELETE", by_identifier(order[1])))
            requests.append(workers[n // 2 % 2].post("/", json=sent))
        assert await together(requests) == {200: 8}
        left = [await count(workers[0], by_identifier(value)) for value in (one, two)]
        assert sorted(left) == [0, 1]


async def test_a_bundle_refused_under_its_locks_leaves_nothing(workers: Workers) -> None:
    for _ in range(10):
        value, record = fresh("halves"), fresh("halves")
        await workers[0].put(f"/Organization/{record}", json=identified(value, id=record))
        requests = [
            workers[n % 2].post(
                "/",
                json=bundle(
                    entry("POST", "Patient", patient("x", meta={"tag": [{"code": value}]})),
                    entry("PUT", by_identifier(value), identified(value, language=f"x-{n}"), ifMatch='W/"1"'),
                ),
            )
            for n in range(6)
        ]
        assert await together(requests) == {200: 1, 412: 5}
        assert await count(workers[0], f"Patient?_tag={value}") == 1


async def test_batches_at_once_over_the_same_records_never_fail(workers: Workers) -> None:
    records = [fresh("batches") for _ in range(4)]
    for record in records:
        await workers[0].put(f"/Patient/{record}", json=patient(record, language="x"))
    requests = []
    for n in range(8):
        order = records if n % 2 else records[::-1]
        patches = (entry("PATCH", f"Patient/{r}", speaking("Patient", f"x-{n}")) for r in order)
        requests.append(workers[n % 2].post("/", json=bundle(*patches, kind="batch")))
    for answer in await asyncio.gather(*requests):
        assert statuses(answer) == ["200"] * 4
    for record in records:
        assert (await workers[0].get(f"/Patient/{record}")).headers["etag"] == 'W/"9"'
