"""Writers at once, through two applications on one database as two workers are: one winner, no gaps, no 5xx."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence

import asyncpg
import httpx
import pytest

from app.config import Settings
from app.indicators.keeping import open_keeping
from app.indicators.recount import recount
from app.indicators.registry import indicators
from app.resources.registry import registry
from tests.api.records import bundle, count, entry, example, fresh, national_number, patient, statuses, visit
from tests.conftest import Workers


@pytest.fixture(autouse=True)
async def whole(place: str) -> AsyncIterator[None]:
    """After each test see that each claim is of a living patient who has the number, and the other way round.

    A recount of all figures finds no difference: whatever was at once, each person's facts were kept under a lock.
    """
    yield
    connection = await asyncpg.connect(place)
    held = await connection.fetch("select value, holder from claim order by 1, 2")
    had = await connection.fetch(
        "select i->>'value' as value, p.id as holder from patient p, jsonb_array_elements(body::jsonb->'identifier') i"
        " where i->>'system' like '%/national_id' order by 1, 2"
    )
    keeping = await open_keeping(connection, indicators())
    counted = await recount(connection, registry(), indicators(), keeping, Settings().time_zone)
    await connection.close()
    assert [tuple(row) for row in held] == [tuple(row) for row in had]
    assert (counted.difference, counted.people > 0 or counted.records > 0) == (0, True)


async def together(requests: Sequence[Awaitable[httpx.Response]]) -> Counter[int]:
    """Send requests at once and count the statuses; none may be a 5xx."""
    answers = await asyncio.gather(*requests)
    found = Counter(answer.status_code for answer in answers)
    assert all(status < 500 for status in found), found
    return found


async def test_of_updates_of_one_version_one_wins_and_versions_have_no_gaps(workers: Workers) -> None:
    record, rounds = fresh("race"), 20
    await workers[0].put(f"/Patient/{record}", json=patient(record))
    for version in range(1, rounds + 1):
        found = await together(
            [
                workers[n % 2].put(
                    f"/Patient/{record}",
                    json=patient(record, extension=[{"url": "u", "valueString": f"{version} {n}"}]),
                    headers={"if-match": f'W/"{version}"'},
                )
                for n in range(8)
            ]
        )
        assert found == {200: 1, 412: 7}
    history = (await workers[0].get(f"/Patient/{record}/_history?_count=100")).json()["entry"]
    assert [item["response"]["etag"] for item in history] == [f'W/"{n}"' for n in range(rounds + 1, 0, -1)]
    times = [item["response"]["lastModified"] for item in history]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == len(times)


async def test_updates_without_a_condition_all_count(workers: Workers) -> None:
    record = fresh("all")
    found = await together(
        [workers[n % 2].put(f"/Patient/{record}", json=patient(record, language=f"x-{n}")) for n in range(16)]
    )
    assert found == {201: 1, 200: 15}
    history = (await workers[0].get(f"/Patient/{record}/_history")).json()
    assert [item["response"]["etag"] for item in history["entry"]] == [f'W/"{n}"' for n in range(16, 0, -1)]


async def test_the_same_put_from_many_makes_one_version(workers: Workers) -> None:
    record = fresh("same")
    found = await together([workers[n % 2].put(f"/Patient/{record}", json=patient(record)) for n in range(16)])
    assert found == {201: 1, 200: 15}
    assert (await workers[0].get(f"/Patient/{record}")).headers["etag"] == 'W/"1"'


async def test_fifty_rounds_of_one_conditional_create_make_one_record_each(workers: Workers) -> None:
    for number in range(50):
        value = fresh("once")
        sent = example("Organization", identifier=[{"value": value}])
        condition = f"identifier={value}"
        in_bundle = bundle(entry("POST", "Organization", sent, ifNoneExist=condition))
        requests = [
            workers[n % 2].post("/", json=in_bundle)
            if number % 2 and n % 3 == 0
            else workers[n % 2].post("/Organization", json=sent, headers={"if-none-exist": condition})
            for n in range(8)
        ]
        found = await together(requests)
        assert found.keys() <= {200, 201}
        assert await count(workers[0], f"Organization?identifier={value}") == 1


async def test_bundles_in_opposite_order_never_fail(workers: Workers) -> None:
    people = [fresh("cross") for _ in range(6)]
    numbers = {person: national_number() for person in people}
    for turn in range(10):
        requests = []
        for n in range(8):
            order = people if n % 2 else people[::-1]
            puts = [
                entry("PUT", f"Patient/{p}", patient(p, number=numbers[p], language=f"x-{turn}-{n}")) for p in order
            ]
            visits = [entry("PUT", f"Encounter/{p}", visit(p, f"Patient/{p}", language=f"x-{n}")) for p in order]
            requests.append(workers[n % 2].post("/", json=bundle(*visits, *puts)))
        assert await together(requests) == {200: 8}
    for person in people:
        found = (await workers[0].get(f"/Patient/{person}/_history?_count=1000")).json()["total"]
        assert found == 80


async def test_conditions_in_opposite_order_never_fail(workers: Workers) -> None:
    for _ in range(10):
        values = [fresh("opposite") for _ in range(4)]
        requests = [
            workers[n % 2].post(
                "/",
                json=bundle(
                    *(
                        entry(
                            "POST",
                            "Organization",
                            example("Organization", identifier=[{"value": value}]),
                            ifNoneExist=f"identifier={value}",
                        )
                        for value in (values if n % 2 else values[::-1])
                    )
                ),
            )
            for n in range(6)
        ]
        assert await together(requests) == {200: 6}
        for value in values:
            assert await count(workers[0], f"Organization?identifier={value}") == 1


async def test_a_national_number_has_one_holder_at_a_time(workers: Workers) -> None:
    client, number, other = workers[0], national_number(), national_number()
    one, two = fresh("one"), fresh("two")

    async def put(person: str, held: str) -> int:
        return (await client.put(f"/Patient/{person}", json=patient(person, number=held))).status_code

    assert await put(one, number) == 201
    assert await put(two, number) == 409
    assert (await client.post("/Patient", json=patient("x", number=f" {number[:6]}.{number[6:]}"))).status_code == 409
    assert await put(two, other) == 201
    assert await put(two, number) == 409
    assert await put(one, "") == 200
    assert await put(two, number) == 200
    assert await put(one, other) == 200
    assert (await client.delete(f"/Patient/{two}")).status_code == 204
    assert await put(one, number) == 200
    assert await put(two, other) == 201
    assert (await client.delete(f"/Patient/{one}")).status_code == 204
    assert await put(one, number) == 201


async def test_numbers_change_hands_within_a_transaction(workers: Workers) -> None:
    client, (a, b), (x, y) = workers[0], (fresh("a"), fresh("b")), (national_number(), national_number())
    await client.post(
        "/", json=bundle(*(entry("PUT", f"Patient/{p}", patient(p, number=n)) for p, n in ((a, x), (b, y))))
    )
    swapped = [entry("PUT", f"Patient/{p}", patient(p, number=n)) for p, n in ((a, y), (b, x))]
    assert statuses(await client.post("/", json=bundle(*swapped))) == ["200", "200"]
    assert (await client.put(f"/Patient/{a}", json=patient(a, number=x))).status_code == 409
    doubled = [entry("PUT", f"Patient/{p}", patient(p, number=x)) for p in (a, b)]
    refused = await client.post("/", json=bundle(*doubled))
    assert refused.status_code == 409
    passed = [entry("PUT", f"Patient/{a}", patient(a)), entry("POST", "Patient", patient("x", number=y))]
    assert statuses(await client.post("/", json=bundle(*passed))) == ["200", "201"]


async def test_claims_at_once_leave_one_holder(workers: Workers) -> None:
    for _ in range(20):
        number = national_number()
        found = await together([workers[n % 2].post("/Patient", json=patient("x", number=number)) for n in range(6)])
        assert found == {201: 1, 409: 5}


async def test_giving_up_and_keeping_a_number_at_once_leave_no_two_holders(workers: Workers) -> None:
    """The invariant is checked by `whole`: a number that a patient has is claimed for that patient."""
    for turn in range(30):
        number, one, two = national_number(), fresh("keep"), fresh("take")
        await workers[0].put(f"/Patient/{one}", json=patient(one, number=number))
        sent = [
            (0, "PUT", one, patient(one, language="vi")),
            (1, "PUT", one, patient(one, number=number, language="en")),
            (0, "PUT", two, patient(two, number=number)),
            (1, "DELETE", one, None),
            (1, "PUT", one, patient(one, number=number, language="fr")),
        ]
        found = await together(
            [workers[n].request(method, f"/Patient/{p}", json=body) for n, method, p, body in sent[turn % 3 :]]
        )
        assert found.keys() <= {200, 201, 204, 409}


async def test_moves_and_deletions_at_once_leave_no_record_without_its_patient(workers: Workers, place: str) -> None:
    for _ in range(15):
        one, two, record = fresh("from"), fresh("to"), fresh("visit")
        for person in (one, two):
            await workers[0].put(f"/Patient/{person}", json=patient(person))
        await workers[0].put(f"/Encounter/{record}", json=visit(record, f"Patient/{one}"))
        found = await together(
            [
                workers[0].put(f"/Encounter/{record}", json=visit(record, f"Patient/{two}")),
                workers[1].delete(f"/Patient/{one}"),
                workers[1].delete(f"/Patient/{two}"),
                workers[0].put(f"/Encounter/{record}", json=visit(record, f"Patient/{one}", language="vi")),
                workers[1].post("/Encounter", json=visit("", f"Patient/{two}")),
            ]
        )
        assert found.keys() <= {200, 201, 204, 409, 422}
    connection = await asyncpg.connect(place)
    lost = await connection.fetchval(
        "select count(*) from encounter e where e.body is not null and e.patient_id <> '' and not exists"
        " (select from patient p where p.id = e.patient_id and p.body is not null)"
    )
    await connection.close()
    assert lost == 0


async def test_records_passed_round_at_once_count_for_whom_they_end_with(workers: Workers) -> None:
    people, records = [fresh("round") for _ in range(4)], [fresh("round") for _ in range(3)]
    for person in people:
        await workers[0].put(f"/Patient/{person}", json=example("Patient", id=person))
    for turn in range(6):
        await together(
            [
                workers[n % 2].put(
                    f"/Encounter/{record}",
                    json=visit(record, f"Patient/{people[(n + turn) % 4]}", period={"start": f"2026-0{1 + n}-02"}),
                )
                for record in records
                for n in range(4)
            ]
        )
    for record in records:
        assert (await workers[0].get(f"/Encounter/{record}/_history")).json()["total"] >= 4


async def test_a_reader_never_sees_half_a_bundle(workers: Workers) -> None:
    tag = fresh("half")
    people = [f"{tag}-{n}" for n in range(5)]

    async def write() -> None:
        for turn in range(20):
            label = {"tag": [{"code": tag}, {"code": f"{tag}-{turn}"}]}
            await workers[0].post(
                "/", json=bundle(*(entry("PUT", f"Patient/{p}", patient(p, meta=label)) for p in people))
            )

    writing = asyncio.create_task(write())
    seen = set()
    for _ in itertools.count():
        found = (await workers[1].get(f"/Patient?_tag={tag}")).json().get("entry", [])
        states = [item["resource"]["meta"]["tag"][1]["code"] for item in found]
        assert len(states) in (0, 5)
        assert len(set(states)) <= 1
        seen |= set(states)
        if writing.done():
            break
    await writing
    assert len(seen) > 1
