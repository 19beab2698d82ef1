"""Random writes, one after the other and at once: figures equal a recount, pages stay as they were at their moment.

`FUZZ_SEED` and `FUZZ_ROUNDS` in the environment ask for others and for more.
"""

import asyncio
import os
from random import Random

import httpx
import pytest
from fastapi import FastAPI

from app.indicators.recount import recount
from app.indicators.registry import indicators
from app.resources.registry import registry
from tests.api.fuzzed_bodies import parameters
from tests.api.fuzzed_writes import Writer
from tests.api.records import NATIONAL_ID, example, links

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "1"))
Running = tuple[FastAPI, httpx.AsyncClient]


async def require_whole(running: Running) -> None:
    """Fail where a figure differs from a recount, a claim from the numbers held, or a record has no living patient."""
    opened = running[0].state.running
    async with opened.service.pool.acquire() as connection:
        zone = opened.service.settings.time_zone
        found = await recount(connection, registry(), indicators(), opened.keeping, zone)
        assert found.difference == 0, found
        held = (
            "select id, v from patient, unnest(identifier) v where body is not null and starts_with(v, $1)"
            " and v not like '%' || chr(31) || '%'"
        )
        claims = (
            f"select count(*) from claim c full join ({held}) h on h.id = c.holder and h.v = c.system || '|' || c.value"
        )
        assert await connection.fetchval(f"{claims} where c.holder is null or h.id is null", f"{NATIONAL_ID}|") == 0
        for kind in registry().owned:
            lost = (
                f"select count(*) from {kind.tables.name} r join patient p on p.id = r.patient_id"
                " where r.body is not null and p.body is null"
            )
            assert await connection.fetchval(lost) == 0


async def test_figures_are_whole_after_any_sequence_of_writes(running: Running) -> None:
    writer = Writer(running[1], SEED, people=5, stem="one")
    for _ in range(4 * ROUNDS):
        for _ in range(60):
            await writer.write()
        await require_whole(running)


async def test_figures_are_whole_after_writers_that_get_in_each_others_way(running: Running) -> None:
    writers = [Writer(running[1], SEED * 100 + number, people=12, stem="many") for number in range(6)]

    async def write(writer: Writer) -> None:
        for _ in range(40 * ROUNDS):
            await writer.write()

    await asyncio.gather(*(write(writer) for writer in writers))
    await require_whole(running)


async def test_labels_are_added_while_others_write_the_record(fhir: httpx.AsyncClient) -> None:
    await fhir.put("/Location/busy", json=example("Location", id="busy"))

    async def rewrite(number: int) -> None:
        for step in range(30):
            steps = [{"op": "add", "path": "/description", "value": f"{number}-{step}"}]
            await fhir.patch("/Location/busy", json=steps, headers={"content-type": "application/json-patch+json"})

    async def label(number: int) -> list[int]:
        metas = ({"name": "meta", "valueMeta": {"tag": [{"code": f"t{number}-{step}"}]}} for step in range(8))
        return [(await fhir.post("/Location/busy/$meta-add", json=parameters(meta))).status_code for meta in metas]

    rewriting = asyncio.gather(*(rewrite(number) for number in range(6)))
    answers = await asyncio.gather(*(label(number) for number in range(3)))
    await rewriting
    assert {status for statuses in answers for status in statuses} == {200}
    tags = (await fhir.get("/Location/busy")).json()["meta"]["tag"]
    assert {tag["code"] for tag in tags} == {f"t{number}-{step}" for number in range(3) for step in range(8)}


SEARCHES = (
    "/Patient?name=an",
    "/Patient?_sort=-birthdate,name",
    "/Patient?name=an&_sort=-birthdate&_revinclude=Encounter:patient",
    "/Encounter?subject:Patient.name=an",
    "/Encounter?patient.organization.name=tram&_include=Encounter:patient",
    "/Patient?_has:Encounter:patient:status=finished",
    "/Organization?partof:below=Organization/o03",
    "/Organization?partof:above=Organization/o09",
    "/Encounter?service-provider:below=Organization/o04",
    "?_sort=-_lastUpdated",
    "/Patient/p03/*",
    "/Organization?_has:Organization:partof:name=tram&_include:iterate=Organization:partof",
)


async def _stock(client: httpx.AsyncClient) -> None:
    for number in range(12):
        part = {"partOf": {"reference": f"Organization/o{number - 1:02}"}} if number else {}
        await client.put(
            f"/Organization/o{number:02}", json=example("Organization", id=f"o{number:02}", name="Trạm", **part)
        )
        await _person(client, number, "An")
        await _visit(client, number, number)


async def _person(client: httpx.AsyncClient, number: int, name: str) -> None:
    record, place = f"p{number:02}", {"reference": f"Organization/o{number:02}"}
    whole = example("Patient", id=record, name=[{"text": name}], managingOrganization=place)
    await client.put(f"/Patient/{record}", json=whole | {"birthDate": f"195{number % 4}"})


async def _visit(client: httpx.AsyncClient, number: int, owner: int) -> None:
    record, place = f"e{number:02}", {"reference": f"Organization/o{number:02}"}
    subject = {"reference": f"Patient/p{owner:02}"}
    await client.put(
        f"/Encounter/{record}", json=example("Encounter", id=record, subject=subject, serviceProvider=place)
    )


async def _change(client: httpx.AsyncClient, random: Random) -> None:
    number, chance = random.randrange(12), random.random()
    if chance < 0.2:
        await client.delete(f"/Encounter/e{number:02}")
    elif chance < 0.4:
        await _visit(client, number, random.randrange(12))
    elif chance < 0.5:
        await client.delete(f"/Patient/p{number:02}")
    elif chance < 0.7:
        await _person(client, number, random.choice(("An", "Bình")))
    elif chance < 0.8:
        await client.delete(f"/Organization/o{number:02}")
    else:
        part = {"reference": f"Organization/o{random.randrange(12):02}"}
        whole = example("Organization", id=f"o{number:02}", name=random.choice(("Trạm", "X")), partOf=part)
        await client.put(f"/Organization/o{number:02}", json=whole)


def _shown(page: httpx.Response, mode: str) -> list[tuple[str, str]]:
    assert page.status_code == 200, page.text
    entries = [item for item in page.json().get("entry", []) if item["search"]["mode"] == mode]
    return [(item["fullUrl"], item["resource"]["meta"]["versionId"]) for item in entries]


@pytest.mark.parametrize("search", SEARCHES)
async def test_pages_show_their_moment_whatever_is_written_meanwhile(fhir: httpx.AsyncClient, search: str) -> None:
    random = Random(f"{SEED}{search}")
    await _stock(fhir)
    address = f"{search}{'&' if '?' in search else '?'}_count="
    for _ in range(3 * ROUNDS):
        whole, page = await fhir.get(f"{address}1000"), await fhir.get(f"{address}2")
        matches, along = _shown(page, "match"), set(_shown(page, "include"))
        while "next" in links(page):
            for _ in range(4):
                await _change(fhir, random)
            page = await fhir.get(links(page)["next"])
            matches += _shown(page, "match")
            along |= set(_shown(page, "include"))
        assert matches == _shown(whole, "match")
        assert along | set(matches) == {*_shown(whole, "include"), *matches}
