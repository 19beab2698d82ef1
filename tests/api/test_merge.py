"""$merge and $unmerge over HTTP: links in both records, nothing moved, one person counted, and no writer lost."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.indicators.recount import recount
from app.indicators.registry import indicators
from tests.api.records import fresh, national_number, patient, places, visit

SYSTEM = "http://hs.example/ids"


async def put(client: httpx.AsyncClient, *records: dict[str, Any]) -> list[str]:
    """Store records and return their references."""
    for record in records:
        answer = await client.put(f"/{record['resourceType']}/{record['id']}", json=record)
        assert answer.is_success, answer.text
    return [f"{record['resourceType']}/{record['id']}" for record in records]


async def two(client: httpx.AsyncClient, **elements: Any) -> tuple[str, str]:
    """Return the references of a source and a target."""
    source, target = await put(client, patient(fresh("s"), **elements), patient(fresh("t"), **elements))
    return source, target


def asked(source: Any = None, target: Any = None, **more: Any) -> dict[str, Any]:
    """Return the Parameters of a merge: references, identifiers, and others by name."""
    named = {"source-patient": source, "target-patient": target}
    parts = [{"name": name, "valueReference": {"reference": value}} for name, value in named.items() if value]
    parts += [{"name": name.replace("_", "-"), **value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": parts}


async def merge(
    client: httpx.AsyncClient, source: str, target: str, what: str = "merge", **more: Any
) -> httpx.Response:
    return await client.post(f"/Patient/${what}", json=asked(source, target, **more))


async def links(client: httpx.AsyncClient, reference: str) -> list[tuple[str, str]]:
    body = (await client.get(f"/{reference}")).json()
    return [(link["type"], link["other"]["reference"]) for link in body.get("link", [])]


async def version(client: httpx.AsyncClient, reference: str) -> str:
    return (await client.get(f"/{reference}")).json()["meta"]["versionId"]


def parts(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {item["name"]: item["resource"] for item in answer.json()["parameter"]}


async def test_a_merge_links_both_records_in_new_versions_and_moves_nothing(client: httpx.AsyncClient) -> None:
    source, target = await two(client, name=[{"text": "Lý Thị Mẫu"}])
    (seen,) = await put(client, visit(fresh("v"), source))
    answer = parts(await merge(client, source, target))
    assert answer["result"] == (await client.get(f"/{target}")).json()
    assert answer["outcome"]["issue"][0]["severity"] == "information"
    assert answer["input"] == asked(source, target)
    assert await links(client, source) == [("replaced-by", target)]
    assert await links(client, target) == [("replaces", source)]
    assert [await version(client, one) for one in (source, target)] == ["2", "2"]
    assert (await client.get(f"/{seen}")).json()["subject"]["reference"] == source
    for one in (source, target):
        versions = (await client.get(f"/{one}/_history")).json()["entry"]
        assert [len(entry["resource"].get("link", [])) for entry in versions] == [1, 0]


async def test_a_merge_sent_again_changes_nothing(client: httpx.AsyncClient) -> None:
    source, target = await two(client)
    await merge(client, source, target)
    assert "already" in parts(await merge(client, source, target))["outcome"]["issue"][0]["diagnostics"]
    assert [await version(client, one) for one in (source, target)] == ["2", "2"]


async def test_an_undo_takes_the_links_away_and_sent_again_changes_nothing(client: httpx.AsyncClient) -> None:
    other = {"type": "seealso", "other": {"reference": "Patient/mau-1"}}
    source, target = await two(client, link=[other])
    await merge(client, source, target)
    assert parts(await merge(client, source, target, "unmerge"))["result"]["link"] == [other]
    assert [await links(client, one) for one in (source, target)] == [[("seealso", "Patient/mau-1")]] * 2
    assert [await version(client, one) for one in (source, target)] == ["3", "3"]
    assert "not merged" in parts(await merge(client, source, target, "unmerge"))["outcome"]["issue"][0]["diagnostics"]
    assert [await version(client, one) for one in (source, target)] == ["3", "3"]


async def test_what_a_record_says_besides_its_links_keeps_every_byte(client: httpx.AsyncClient) -> None:
    extension = '{"url":"http://hs.example/x","valueDecimal":1.50}'
    record = fresh("s")
    raw = f'{{"resourceType":"Patient","id":"{record}","extension":[ {extension} ],"gender":"female"}}'
    await client.put(f"/Patient/{record}", content=raw)
    (target,) = await put(client, patient(fresh("t")))
    await merge(client, f"Patient/{record}", target)
    assert f"[ {extension} ]" in (await client.get(f"/Patient/{record}")).text


async def test_a_preview_shows_the_result_and_changes_nothing(client: httpx.AsyncClient) -> None:
    source, target = await two(client)
    answer = parts(await merge(client, source, target, preview={"valueBoolean": True}))
    assert answer["result"]["link"][0]["type"] == "replaces"
    assert any("preview" in issue["diagnostics"] for issue in answer["outcome"]["issue"])
    assert [await version(client, one) for one in (source, target)] == ["1", "1"]
    assert "now" in parts(await merge(client, source, target))["outcome"]["issue"][0]["diagnostics"]


async def test_records_are_named_by_identifiers_too(client: httpx.AsyncClient) -> None:
    values = [fresh("n"), fresh("n")]
    source, target = await put(
        client, *(patient(fresh("p"), identifier=[{"system": SYSTEM, "value": value}]) for value in values)
    )
    named = [{"valueIdentifier": {"system": SYSTEM, "value": value}} for value in values]
    body = asked(source_patient_identifier=named[0], target_patient_identifier=named[1])
    assert parts(await client.post("/Patient/$merge", json=body))["result"]["id"] == target.partition("/")[2]
    assert await links(client, source) == [("replaced-by", target)]


async def test_references_may_bear_the_address_of_the_service_and_a_version(client: httpx.AsyncClient) -> None:
    source, target = await two(client)
    answer = await merge(client, f"http://tramy.test/fhir/{source}", f"{target}/_history/1")
    assert answer.status_code == 200, answer.text
    assert await links(client, source) == [("replaced-by", target)]


SAME = [{"system": SYSTEM, "value": "nhiều"}]
REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no source": (asked(None, "Patient/{target}"), 400, "source-patient"),
    "no target": (asked("Patient/{source}"), 400, "target-patient"),
    "the same record": (asked("Patient/{source}", "Patient/{source}"), 400, "target-patient"),
    "a source that is not here": (asked("Patient/nobody", "Patient/{target}"), 404, "source-patient"),
    "a target that is not here": (asked("Patient/{source}", "Patient/nobody"), 404, "target-patient"),
    "a source that was deleted": (asked("Patient/{gone}", "Patient/{target}"), 410, "source-patient"),
    "another type": (asked("Encounter/{source}", "Patient/{target}"), 400, "source-patient"),
    "another server": (asked("http://else.example/fhir/Patient/{source}", "Patient/{target}"), 400, "source-patient"),
    "identifiers of several": (
        asked(None, "Patient/{target}", source_patient_identifier={"valueIdentifier": SAME[0]}),
        400,
        "source-patient-identifier",
    ),
    "identifiers of nobody": (
        asked(None, "Patient/{target}", source_patient_identifier={"valueIdentifier": {"value": "không ai"}}),
        404,
        "source-patient-identifier",
    ),
    "identifiers of another record": (
        asked("Patient/{source}", "Patient/{target}", source_patient_identifier={"valueIdentifier": {"value": "x"}}),
        404,
        "source-patient",
    ),
    "an identifier without a value": (
        asked(None, "Patient/{target}", source_patient_identifier={"valueIdentifier": {"system": SYSTEM}}),
        400,
        "source-patient-identifier",
    ),
    "a preview that is no boolean": (
        asked("Patient/{source}", "Patient/{target}", preview={"valueString": "có"}),
        400,
        "preview",
    ),
    "an unknown parameter": (
        asked("Patient/{source}", "Patient/{target}", result_patient={"resource": {"resourceType": "Patient"}}),
        400,
        "result-patient",
    ),
}


@pytest.mark.parametrize("what", ["merge", "unmerge"])
@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_merged_is_refused_at_its_parameter(
    client: httpx.AsyncClient, what: str, case: str
) -> None:
    ids = {name: fresh(name) for name in ("source", "target", "gone")}
    await put(client, *(patient(record, identifier=SAME) for record in ids.values()))
    await client.delete(f"/Patient/{ids['gone']}")
    body, status, place = REFUSED[case]
    answer = await client.post(f"/Patient/${what}", json=_filled(body, ids))
    assert (answer.status_code, places(answer)) == (status, [place]), answer.text
    assert [await version(client, f"Patient/{ids[name]}") for name in ("source", "target")] == ["1", "1"]


def _filled(body: Any, ids: dict[str, str]) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, ids) for value in body]
    return body.format(**ids) if isinstance(body, str) else body


async def test_a_merge_is_asked_for_by_post(client: httpx.AsyncClient) -> None:
    assert (await client.get("/Patient/$merge")).status_code == 405


async def test_a_record_is_merged_into_one_other_at_a_time(client: httpx.AsyncClient) -> None:
    a, b, c = await put(client, *(patient(fresh("p")) for _ in range(3)))
    await merge(client, b, a)
    assert (await merge(client, b, c)).status_code == 409
    assert (await merge(client, a, b)).status_code == 409
    assert (await merge(client, b, c, "unmerge")).status_code == 409
    assert [await version(client, one) for one in (a, b, c)] == ["2", "2", "1"]


async def test_a_merged_record_takes_along_what_was_merged_into_it_and_its_undo_brings_it_back(
    client: httpx.AsyncClient, shared: tuple[FastAPI, httpx.AsyncClient]
) -> None:
    a, b, c, d = await put(client, *(patient(fresh("p")) for _ in range(4)))
    await merge(client, b, a)
    await merge(client, d, c)
    await merge(client, a, d)
    assert await persons(shared[0], a, b, c, d) == [c, c, c, c]
    await merge(client, a, d, "unmerge")
    assert await persons(shared[0], a, b, c, d) == [a, a, c, c]
    await merge(client, d, c, "unmerge")
    assert await persons(shared[0], a, b, c, d) == [a, a, "", ""]
    assert await links(client, b) == [("replaced-by", a)]


async def persons(app: FastAPI, *references: str) -> list[str]:
    pool: asyncpg.Pool = app.state.service.pool
    rows = await pool.fetch("select id, person_id from patient")
    held = {f"Patient/{row['id']}": f"Patient/{row['person_id']}" if row["person_id"] else "" for row in rows}
    return [held[reference] for reference in references]


async def test_an_update_without_the_link_does_not_undo_a_merge(
    client: httpx.AsyncClient, shared: tuple[FastAPI, httpx.AsyncClient]
) -> None:
    source, target = await two(client)
    await merge(client, source, target)
    for one in (source, target):
        await put(client, patient(one.partition("/")[2], gender="female"))
    assert await persons(shared[0], source, target) == [target, target]
    assert "already" in parts(await merge(client, source, target))["outcome"]["issue"][0]["diagnostics"]
    assert "undone" in parts(await merge(client, source, target, "unmerge"))["outcome"]["issue"][0]["diagnostics"]
    assert await persons(shared[0], source, target) == ["", ""]


async def test_the_history_keeps_who_stood_for_whom(
    client: httpx.AsyncClient, shared: tuple[FastAPI, httpx.AsyncClient]
) -> None:
    source, target = await two(client)
    await merge(client, source, target)
    await put(client, patient(source.partition("/")[2], gender="female"))
    query = "select version, merged_into from patient_history where id = $1 order by version"
    rows = await shared[0].state.service.pool.fetch(query, source.partition("/")[2])
    assert [tuple(row) for row in rows] == [(1, None), (2, target.partition("/")[2])]


async def test_a_merged_record_is_not_deleted_before_the_undo(client: httpx.AsyncClient) -> None:
    source, target = await two(client)
    await merge(client, source, target)
    for one in (source, target):
        answer = await client.delete(f"/{one}")
        assert answer.status_code == 409, answer.text
    await merge(client, source, target, "unmerge")
    assert [(await client.delete(f"/{one}")).status_code for one in (source, target)] == [204, 204]


async def test_a_target_that_is_not_active_is_warned_of(client: httpx.AsyncClient) -> None:
    source, target = await put(client, patient(fresh("s")), patient(fresh("t"), active=False))
    issues = parts(await merge(client, source, target))["outcome"]["issue"]
    assert [issue["severity"] for issue in issues] == ["information", "warning"]


async def test_both_keep_their_national_numbers(client: httpx.AsyncClient) -> None:
    numbers = [national_number(), national_number()]
    source, target = await put(client, *(patient(fresh("p"), number=number) for number in numbers))
    await merge(client, source, target)
    taken = await client.put("/Patient/another", json=patient("another", number=numbers[0]))
    assert taken.status_code == 409


async def test_writers_of_merged_records_and_mergers_at_once_lose_nothing(
    running: tuple[FastAPI, httpx.AsyncClient],
) -> None:
    """Visits to both records, new versions of both, merges and undos together: the recount finds no difference."""
    app, client = running
    people = await put(client, *(patient(f"p{number}", birthDate="1990-05-17") for number in range(3)))
    await merge(client, people[1], people[0])

    async def work(number: int) -> list[int]:
        mine, other = people[number % 3], people[(number + 1 + number % 2) % 3]
        answers = [
            await client.post("/Encounter", json=visit("", mine)),
            await client.put(f"/Encounter/v{number}", json=visit(f"v{number}", other)),
            await merge(client, mine, other, "merge" if number % 2 else "unmerge"),
            await client.put(f"/{mine}", json=patient(mine[8:], gender=("male", "female")[number % 2])),
            await client.put(f"/Encounter/v{number}", json=visit(f"v{number}", mine)),
            await client.post("", json=_bundle(number, mine, other)),
            await merge(client, other, mine, "unmerge" if number % 2 else "merge"),
        ]
        return [answer.status_code for answer in answers]

    for _ in range(3):
        found = await asyncio.gather(*(work(number) for number in range(8)))
        assert {status for statuses in found for status in statuses} <= {200, 201, 409}, found
    await require_no_difference(app)


def _bundle(number: int, *subjects: str) -> dict[str, Any]:
    entries = [
        {
            "resource": visit(f"b{number}-{index}", subject),
            "request": {"method": "PUT", "url": f"Encounter/b{number}-{index}"},
        }
        for index, subject in enumerate(subjects)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


async def require_no_difference(app: FastAPI) -> None:
    service, keeping = app.state.service, app.state.running.keeping
    async with service.pool.acquire() as connection:
        found = await recount(connection, service.registry, indicators(), keeping, service.settings.time_zone)
        negative = await connection.fetchval(
            "select count(*) from (select sum(change) as people from ledger where day <= $1"
            " group by series, unit, sex) l where people < 0",
            date(2026, 11, 22),
        )
    assert (found.difference, negative) == (0, 0), found


async def test_visits_sent_at_once_to_records_of_one_person_all_count(
    running: tuple[FastAPI, httpx.AsyncClient],
) -> None:
    """Each writer reads the visits of the others, whose rows it has not locked."""
    app, client = running
    people = await put(client, *(patient(f"p{number}") for number in range(3)))
    for source in people[1:]:
        await merge(client, source, people[0])
    for round_number in range(8):
        days = [f"20{10 + round_number}-{month:02}-01" for month in range(1, 13, 2)]
        sent = [visit("", people[number % 3], period={"start": day}) for number, day in enumerate(days)]
        answers = await asyncio.gather(*(client.post("/Encounter", json=record) for record in sent))
        assert {answer.status_code for answer in answers} == {201}
    await require_no_difference(app)


async def test_a_merge_and_its_undo_at_once_end_one_way_or_the_other(
    running: tuple[FastAPI, httpx.AsyncClient],
) -> None:
    app, client = running
    a, b, c = await put(client, *(patient(f"p{number}") for number in range(3)))
    for _ in range(5):
        answers = await asyncio.gather(
            merge(client, a, b), merge(client, b, c), merge(client, c, a), merge(client, b, a), merge(client, a, c)
        )
        assert {answer.status_code for answer in answers} <= {200, 409}, [answer.text for answer in answers]
        # Three records make two merges, never a circle.
        parents = await app.state.service.pool.fetch("select merged_into from patient")
        assert sum(row["merged_into"] is not None for row in parents) == 2
        pairs = [(one, other) for one in (a, b, c) for other in (a, b, c) if one != other]
        await asyncio.gather(*(merge(client, *pair, "unmerge") for pair in pairs))
        assert await persons(app, a, b, c) == ["", "", ""]
    await require_no_difference(app)


async def test_the_recount_finds_a_person_kept_wrongly(running: tuple[FastAPI, httpx.AsyncClient]) -> None:
    app, client = running
    source, target = await put(client, patient("s"), patient("t"))
    await merge(client, source, target)
    service, keeping = app.state.service, app.state.running.keeping
    for wrong in ("person_id = 's'", "person_id = null", "merged_into = null"):
        async with service.pool.acquire() as connection:
            await connection.execute(f"update patient set {wrong} where id = 's'")
            found = await recount(connection, service.registry, indicators(), keeping, service.settings.time_zone)
            await connection.execute("update patient set person_id = 't', merged_into = 't' where id = 's'")
        assert found.columns, wrong
