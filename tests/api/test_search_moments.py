"""Pages of one search are read at one moment, whatever is written meanwhile. https://hl7.org/fhir/R4/http.html#paging"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import BadParameter
from app.fhir.asked import asked
from app.fhir.asking import Asking
from app.fhir.interactions.search import search_page
from tests.api.records import TYPES, bundle, entry, example, fresh, links, patient
from tests.conftest import opened

NUMBER = 12


async def stored(client: httpx.AsyncClient, kind: str, number: int = NUMBER) -> tuple[str, list[dict[str, Any]]]:
    """Store records of a type under a tag; return the tag and the records as they are held."""
    tag = fresh("moment")
    found = []
    for index in range(number):
        made = {**example(kind), "id": f"{tag}-{index:02d}", "meta": {"tag": [{"code": tag}]}}
        if kind == "Patient":
            made |= {"name": [{"text": f"{tag} {index}"}], "birthDate": f"19{index:02d}-01-01"}
        answer = await client.put(f"/{kind}/{made['id']}", json=made)
        assert answer.status_code == 201, answer.text
        found.append(answer.json())
    return tag, found


async def rest(client: httpx.AsyncClient, page: httpx.Response, relation: str = "next") -> list[dict[str, Any]]:
    """Return the resources of a page and of those its links lead to, in that direction."""
    found: list[dict[str, Any]] = []
    while True:
        assert page.status_code == 200, page.text
        here = [item["resource"] for item in page.json().get("entry", []) if item["search"]["mode"] == "match"]
        found = [*found, *here] if relation == "next" else [*here, *found]
        following = links(page).get(relation)
        if not following:
            return found
        page = await client.get(following)


async def disturb(client: httpx.AsyncClient, kind: str, tag: str, held: list[dict[str, Any]]) -> None:
    """Change, delete and add records of the tag."""
    for index, record in enumerate(held):
        address = f"/{kind}/{record['id']}"
        if index % 3 == 0:
            assert (await client.delete(address)).status_code == 204
        elif index % 3 == 1:
            changed = {**record, "meta": {"tag": [{"code": "gone"}]}, "language": "vi"}
            assert (await client.put(address, json=changed)).status_code == 200
        else:
            again = {**record, "language": "en"}
            assert (await client.put(address, json=again)).status_code == 200
            assert (await client.put(address, json={**again, "language": "vi"})).status_code == 200
    for index in range(3):
        made = {**held[0], "id": f"{tag}-new-{index}", "meta": {"tag": [{"code": tag}]}}
        assert (await client.put(f"/{kind}/{made['id']}", json=made)).status_code == 201


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("order", ["", "_lastUpdated", "-_lastUpdated", "-_id"])
async def test_a_reader_sees_each_record_once_as_it_was(client: httpx.AsyncClient, kind: str, order: str) -> None:
    tag, held = await stored(client, kind)
    sort = f"&_sort={order}" if order else ""
    first = await client.get(f"/{kind}?_tag={tag}&_count=5{sort}")
    await disturb(client, kind, tag, held)
    expected = held[::-1] if order.startswith("-") else held
    assert await rest(client, first) == expected
    assert first.json()["total"] == NUMBER
    assert (await client.get(f"/{kind}?_tag={tag}&_count=0")).json()["total"] == NUMBER // 3 + 3


@pytest.mark.parametrize(
    "query",
    [
        "name={tag}",
        "name={tag}&_sort=birthdate",
        "name={tag}&_sort=-birthdate",
        "_tag={tag}&_has:Encounter:patient:status=finished",
        "_tag={tag}&_has:Encounter:patient:service-provider.name={tag}",
        "_tag={tag}&organization.name={tag}",
    ],
)
async def test_conditions_on_other_records_are_of_the_same_moment(client: httpx.AsyncClient, query: str) -> None:
    tag, held = await stored(client, "Patient")
    await client.put(f"/Organization/{tag}", json={**example("Organization"), "id": tag, "name": tag})
    entries = []
    for record in held:
        owned = {
            "subject": {"reference": f"Patient/{record['id']}"},
            "serviceProvider": {"reference": f"Organization/{tag}"},
        }
        visit = {**example("Encounter"), "id": record["id"], **owned}
        kept = {**record, "managingOrganization": {"reference": f"Organization/{tag}"}}
        entries += [entry("PUT", f"Encounter/{record['id']}", visit), entry("PUT", f"Patient/{record['id']}", kept)]
    assert (await client.post("", json=bundle(*entries))).status_code == 200
    first = await client.get(f"/Patient?{query.format(tag=tag)}&_count=5&_revinclude=Encounter:patient")
    for record in held:
        assert (await client.delete(f"/Encounter/{record['id']}")).status_code == 204
    for record in held[6:]:
        assert (await client.delete(f"/Patient/{record['id']}")).status_code == 204
    for record in held[:6]:
        await client.put(f"/Patient/{record['id']}", json=patient(record["id"], name=[{"text": "khác"}]))
    assert (await client.delete(f"/Organization/{tag}")).status_code == 204
    following = await client.get(links(first)["next"])
    along = [item["resource"]["id"] for item in following.json()["entry"] if item["search"]["mode"] == "include"]
    assert len(along) == 5
    found = [record["id"] for record in await rest(client, first)]
    assert sorted(found) == [record["id"] for record in held]
    assert (await client.get(f"/Patient?{query.format(tag=tag)}&_count=0")).json()["total"] == 0


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("size", [1, 4, 5, 12])
async def test_links_lead_there_and_back(client: httpx.AsyncClient, kind: str, size: int) -> None:
    tag, held = await stored(client, kind)
    first = await client.get(f"/{kind}?_tag={tag}&_count={size}")
    assert "prev" not in links(first)
    pages, page = [first], first
    while "next" in links(page):
        page = await client.get(links(page)["next"])
        pages.append(page)
    assert [item["resource"] for page in pages for item in page.json()["entry"]] == held
    back, page = [pages[-1]], pages[-1]
    while "prev" in links(page):
        page = await client.get(links(page)["prev"])
        back.append(page)
    assert [one.json()["entry"] for one in back[::-1]] == [one.json()["entry"] for one in pages]
    for one in pages[1:]:
        assert (await client.get(links(one)["first"])).json()["entry"] == first.json()["entry"]
        assert one.json()["total"] == NUMBER
    forth = await rest(client, await client.get(links(pages[-1])["first"])) if len(pages) > 1 else held
    assert forth == held


async def test_a_link_works_after_a_restart(new_database: Callable[[], Awaitable[str]]) -> None:
    url = await new_database()
    async with opened(url) as (_, client):
        tag, held = await stored(client, "Patient")
        first = await client.get(f"/Patient?_tag={tag}&_count=5")
        await disturb(client, "Patient", tag, held)
    async with opened(url) as (_, client):
        assert await rest(client, first) == held


async def test_a_link_that_was_changed_is_refused(client: httpx.AsyncClient) -> None:
    tag, _ = await stored(client, "Organization")
    url = links(await client.get(f"/Organization?_tag={tag}&_count=5"))["next"]
    head, _, sealed = url.partition("_page=")
    assert tag not in sealed
    draw = random.Random(1)
    for place in sorted(draw.sample(range(len(sealed)), 40)):
        other = "A" if sealed[place] != "A" else "B"
        answer = await client.get(f"{head}_page={sealed[:place]}{other}{sealed[place + 1 :]}")
        assert answer.status_code == 400, place
    for wrong in ("", "A", sealed[:-4], sealed + "AAAA", "é", sealed * 2):
        assert (await client.get(f"{head}_page={wrong}")).status_code == 400


@pytest.mark.parametrize("kind", TYPES)
async def test_a_link_is_good_for_its_caller_alone(shared: tuple[FastAPI, httpx.AsyncClient], kind: str) -> None:
    service = shared[0].state.service
    tag, held = await stored(shared[1], kind)

    async def page(caller: str, query: str) -> dict[str, Any]:
        what = asked(service.registry, "GET", f"/{kind}", query)
        return json.loads(await search_page(service, service.pool, Asking("http://tramy.test/fhir", caller), what))

    first = await page("one", f"_tag={tag}&_count=5")
    (url,) = (link["url"] for link in first["link"] if link["relation"] == "next")
    assert [item["resource"] for item in (await page("one", urlsplit(url).query))["entry"]] == held[5:10]
    for other in ("", "two", "one "):
        with pytest.raises(BadParameter):
            await page(other, urlsplit(url).query)


async def test_a_reader_is_not_disturbed_by_many_writers(client: httpx.AsyncClient) -> None:
    tag, held = await stored(client, "Patient", 40)
    ids = [record["id"] for record in held]
    stop = asyncio.Event()

    async def write(seed: int) -> None:
        draw = random.Random(seed)
        while not stop.is_set():
            record = draw.choice(held)
            body = {**record, "language": f"x-{draw.randrange(10**6)}", "birthDate": f"19{draw.randrange(10, 99)}"}
            if draw.random() < 0.3:
                await client.delete(f"/Patient/{record['id']}")
            else:
                await client.put(f"/Patient/{record['id']}", json=body)

    writers = [asyncio.create_task(write(seed)) for seed in range(4)]
    for turn in range(12):
        order = ("birthdate", "-birthdate", "_lastUpdated", "name")[turn % 4]
        first = await client.get(f"/Patient?_tag={tag}&_count=7&_sort={order}")
        met = [record["id"] for record in await rest(client, first)]
        assert len(met) == len(set(met)) == first.json()["total"]
        assert set(met) <= set(ids)
    stop.set()
    await asyncio.gather(*writers)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dates=st.lists(st.sampled_from([None, "1990", "1990-05", "1990-05-17", "2001-01-01"]), min_size=1, max_size=9),
    changes=st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["delete", None, "1980", "2010-10-10"])), max_size=8),
    size=st.integers(1, 4),
    falling=st.booleans(),
)
async def test_any_order_at_any_moment_is_that_of_the_first_page(
    client: httpx.AsyncClient,
    dates: list[str | None],
    changes: list[tuple[int, str | None]],
    size: int,
    falling: bool,
) -> None:
    tag = fresh("any")

    async def put(index: int, date: str | None) -> None:
        birth = {"birthDate": date} if date else {}
        made = patient(f"{tag}-{index}", meta={"tag": [{"code": tag}]}, **birth)
        await client.put(f"/Patient/{tag}-{index}", json=made)

    for index, date in enumerate(dates):
        await put(index, date)
    sign = "-" if falling else ""
    whole = await client.get(f"/Patient?_tag={tag}&_sort={sign}birthdate&_count=50")
    page = await client.get(f"/Patient?_tag={tag}&_sort={sign}birthdate&_count={size}")
    for index, change in changes:
        if change == "delete":
            await client.delete(f"/Patient/{tag}-{index}")
        else:
            await put(index, change)
    expected = [item["resource"] for item in whole.json()["entry"]]
    assert await rest(client, page) == expected
    have = [record for record in expected if "birthDate" in record]
    assert expected == [*have, *(record for record in expected if "birthDate" not in record)]
