"""Conditional writes at once, through two applications on one database as two workers are, many rounds of each.

Whatever the criterion is: one record each round, one winner for each version, versions without gaps, no 5xx.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from tests.api.records import SYSTEM, count, example, fresh
from tests.conftest import Workers

JSON_PATCH = {"content-type": "application/json-patch+json"}
ROUNDS = 50


async def together(requests: Sequence[Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """Send requests at once and return the answers; none may be a 5xx."""
    answers = await asyncio.gather(*requests)
    assert all(answer.status_code < 500 for answer in answers), [a.text for a in answers if a.status_code >= 500]
    return answers


def statuses(answers: Sequence[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def by_identifier(mark: str) -> tuple[dict[str, Any], str]:
    return {"identifier": [{"system": SYSTEM, "value": mark}]}, f"identifier={SYSTEM}|{mark}"


def by_name(mark: str) -> tuple[dict[str, Any], str]:
    return {"name": [{"text": f"Nguyễn Thị {mark}"}]}, f"name=nguyen thi {mark}"


def by_date(mark: str) -> tuple[dict[str, Any], str]:
    number = int(mark.rpartition("-")[2])
    day = f"{1900 + number // 336 % 100}-{1 + number // 28 % 12:02d}-{1 + number % 28:02d}"
    return {"birthDate": day}, f"birthdate={day}"


def by_tag(mark: str) -> tuple[dict[str, Any], str]:
    return {"meta": {"tag": [{"code": mark}]}}, f"_tag={mark}"


CRITERIA = [by_identifier, by_name, by_date, by_tag]


@pytest.mark.parametrize("criterion", CRITERIA)
async def test_the_same_conditional_create_makes_one_record_each_round(
    workers: Workers, criterion: Callable[[str], tuple[dict[str, Any], str]]
) -> None:
    for _ in range(ROUNDS):
        elements, query = criterion(fresh("create"))
        sent = example("Patient", **elements)
        answers = await together([workers[n % 2].post("/Patient", json=sent, headers=exist(query)) for n in range(8)])
        assert statuses(answers) == {201: 1, 200: 7}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert await count(workers[0], f"Patient?{query}") == 1


def exist(query: str) -> dict[str, str]:
    return {"if-none-exist": query}


@pytest.mark.parametrize("criterion", CRITERIA)
async def test_the_same_conditional_update_makes_one_record_each_round(
    workers: Workers, criterion: Callable[[str], tuple[dict[str, Any], str]]
) -> None:
    for number in range(ROUNDS):
        elements, query = criterion(fresh("update"))
        same = number % 2 == 0
        answers = await together(
            [
                workers[n % 2].put(
                    f"/Patient?{query}", json=example("Patient", **elements, language="vi" if same else f"x-{n}")
                )
                for n in range(8)
            ]
        )
        assert statuses(answers) == {201: 1, 200: 7}
        (record,) = {answer.json()["id"] for answer in answers}
        assert await count(workers[0], f"Patient?{query}") == 1
        # One that changes nothing makes no version; each of those that differ makes one, and no number is left out.
        assert await versions(workers[0], record) == list(range(1 if same else 8, 0, -1))


async def versions(client: httpx.AsyncClient, record: str, name: str = "Patient") -> list[int]:
    """Return the numbers of a record's versions, the newest first."""
    history = (await client.get(f"/{name}/{record}/_history?_count=1000")).json()["entry"]
    return [int(item["response"]["etag"].strip('W/"')) for item in history]


async def test_creates_updates_and_patches_under_one_criterion_meet_one_record(workers: Workers) -> None:
    for _ in range(ROUNDS):
        elements, query = by_identifier(fresh("mixed"))
        sent = example("Organization", **elements)
        patched = json.dumps([{"op": "add", "path": "/language", "value": "vi"}])
        answers = await together(
            [
                *(workers[n % 2].post("/Organization", json=sent, headers=exist(query)) for n in range(4)),
                *(workers[n % 2].put(f"/Organization?{query}", json={**sent, "language": "en"}) for n in range(4)),
                *(
                    workers[n % 2].patch(f"/Organization?{query}", content=patched, headers=JSON_PATCH)
                    for n in range(4)
                ),
            ]
        )
        found = statuses(answers)
        assert (found[201], found.keys() <= {200, 201, 404}) == (1, True)
        assert await count(workers[0], f"Organization?{query}") == 1


async def test_of_conflicting_writes_of_one_version_one_wins(workers: Workers) -> None:
    elements, query = by_tag(fresh("winner"))
    record = (await workers[0].post("/Location", json=example("Location", **elements))).json()["id"]
    rounds = 20
    for version in range(1, rounds + 1):
        if_match = {"if-match": f'W/"{version}"'}

        def write(n: int, if_match: dict[str, str] = if_match, version: int = version) -> Awaitable[httpx.Response]:
            sent = example("Location", **elements, language=f"x-{version}-{n}")
            patched = json.dumps([{"op": "add", "path": "/language", "value": sent["language"]}])
            match n % 4:
                case 0:
                    return workers[0].put(f"/Location?{query}", json=sent, headers=if_match)
                case 1:
                    return workers[1].put(f"/Location/{record}", json={**sent, "id": record}, headers=if_match)
                case 2:
                    return workers[0].patch(f"/Location/{record}", content=patched, headers={**JSON_PATCH, **if_match})
            return workers[1].patch(f"/Location?{query}", content=patched, headers={**JSON_PATCH, **if_match})

        assert statuses(await together([write(n) for n in range(12)])) == {200: 1, 412: 11}
    assert await versions(workers[0], record, "Location") == list(range(rounds + 1, 0, -1))


async def test_a_record_is_made_once_where_there_may_be_none(workers: Workers) -> None:
    for _ in range(ROUNDS):
        record = fresh("once")
        answers = await together(
            [
                workers[n % 2].put(
                    f"/Location/{record}",
                    json=example("Location", id=record, language=f"x-{n}"),
                    headers={"if-none-match": "*"},
                )
                for n in range(8)
            ]
        )
        assert statuses(answers) == {201: 1, 412: 7}
        assert await versions(workers[0], record, "Location") == [1]


async def test_one_id_under_many_criteria_is_of_one_record(workers: Workers) -> None:
    for _ in range(20):
        record = fresh("claimed")
        answers = await together(
            [
                workers[n % 2].put(
                    f"/Location?_tag={record}-{n}",
                    json=example("Location", id=record, meta={"tag": [{"code": f"{record}-{n}"}]}),
                )
                for n in range(8)
            ]
        )
        assert statuses(answers) == {201: 1, 409: 7}


async def test_updates_and_deletions_under_one_criterion_leave_one_record_or_none(workers: Workers) -> None:
    for number in range(ROUNDS):
        elements, query = by_tag(fresh("ending"))
        sent = example("Practitioner", **elements)
        if number % 2:
            await workers[0].post("/Practitioner", json=sent)
        answers = await together(
            [
                workers[n % 2].delete(f"/Practitioner?{query}")
                if n % 3 == 0
                else workers[n % 2].put(f"/Practitioner?{query}", json={**sent, "language": f"x-{n}"})
                for n in range(10)
            ]
        )
        assert statuses(answers).keys() <= {200, 201, 204}
        assert await count(workers[0], f"Practitioner?{query}") <= 1
        for record in {answer.json()["id"] for answer in answers if answer.content}:
            listed = await versions(workers[0], record, "Practitioner")
            assert listed == list(range(len(listed), 0, -1))


async def test_what_no_longer_matches_is_not_written(workers: Workers) -> None:
    """A plain update takes the mark away while conditional ones look for it: none of those may write over it."""
    for _ in range(ROUNDS):
        mark = fresh("moving")
        elements, query = by_tag(mark)
        sent = example("Location", **elements)
        record = (await workers[0].post("/Location", json=sent)).json()["id"]
        other = example("Location", id=record, description=mark, meta={"tag": [{"code": f"no-{mark}"}]})
        answers = await together(
            [
                workers[1].put(f"/Location/{record}", json=other),
                *(workers[n % 2].put(f"/Location?{query}", json={**sent, "language": f"x-{n}"}) for n in range(7)),
            ]
        )
        assert statuses(answers).keys() <= {200, 201}
        history = (await workers[0].get(f"/Location/{record}/_history?_count=100")).json()["entry"]
        kept = history[0]["resource"]
        assert (kept.get("description"), kept["meta"]["tag"]) == (mark, [{"code": f"no-{mark}"}])
        assert await count(workers[0], f"Location?{query}") <= 1


async def test_deletions_under_a_criterion_spare_what_was_changed_to_match_no_more(workers: Workers) -> None:
    for _ in range(ROUNDS):
        mark = fresh("spared")
        elements, query = by_tag(mark)
        record = (await workers[0].post("/Location", json=example("Location", **elements))).json()["id"]
        other = example("Location", id=record, meta={"tag": [{"code": f"no-{mark}"}]})
        await together(
            [
                *(workers[n % 2].delete(f"/Location?{query}") for n in range(3)),
                workers[1].put(f"/Location/{record}", json=other),
                *(workers[n % 2].delete(f"/Location?{query}") for n in range(3)),
            ]
        )
        assert await count(workers[0], f"Location?_tag=no-{mark}") == 1


async def test_a_record_under_many_writers_is_reached_by_conditional_ones(workers: Workers) -> None:
    """Each version is followed at once by another writer's: the conditional writes still end, and none is lost."""
    mark = fresh("busy")
    elements, query = by_tag(mark)
    record = (await workers[0].post("/Location", json=example("Location", **elements))).json()["id"]
    done = asyncio.Event()

    async def press(writer: int) -> int:
        number = 0
        while not done.is_set():
            number += 1
            sent = example("Location", **elements, id=record, language=f"x-{writer}-{number}")
            assert (await workers[writer % 2].put(f"/Location/{record}", json=sent)).status_code == 200
        return number

    pressing = [asyncio.create_task(press(writer)) for writer in range(6)]
    try:
        for number in range(30):
            sent = example("Location", **elements, description=f"{mark} {number}")
            patched = json.dumps([{"op": "add", "path": "/description", "value": f"{mark} patched {number}"}])
            answers = await together(
                [
                    workers[0].patch(f"/Location?{query}", content=patched, headers=JSON_PATCH),
                    workers[0].put(f"/Location?{query}", json=sent),
                    workers[1].put(f"/Location/{record}", json={**sent, "id": record}, headers={"if-match": "*"}),
                ]
            )
            assert statuses(answers) == {200: 3}
    finally:
        done.set()
        await asyncio.gather(*pressing)
    listed = await versions(workers[0], record, "Location")
    assert listed == list(range(listed[0], 0, -1))[: len(listed)]
