"""Pages of a history: one moment for all of them, each version once, whoever writes in between.

https://hl7.org/fhir/R4/http.html#paging
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asyncpg import Record

from app.errors import BadParameter
from app.fhir.asked import asked
from app.fhir.asking import Asking
from app.fhir.history.page import page_of
from app.fhir.history.query import listed, read_query
from app.fhir.history.statement import Statement, first_page, later_page
from app.fhir.interactions.history import history_page
from app.store.pool import lend
from tests.api.histories import Station, station, versions, walked
from tests.api.records import TYPES, bundle, entry, example, fresh, links, places
from tests.conftest import KEY

PERSON = "mau-1"
DAY = "2026-03-02T08:00"


async def fill(made: Station, kind: str) -> None:
    """Store eight records of a type with twenty versions together, of which five each have one time."""
    await made.write("Patient", PERSON, "2026-01-01T00:00:00Z")
    for number in range(8):
        await made.write(kind, f"a-{number}", f"{DAY}:0{number % 2}Z")
        await made.write(kind, f"a-{number}", f"{DAY}:1{number % 2}Z", "vi")
    for number in range(4):
        await made.delete(kind, f"a-{number}", f"{DAY}:2{number % 2}Z")


@pytest.fixture(params=TYPES)
async def held(request: pytest.FixtureRequest, database: str) -> AsyncIterator[tuple[Station, str]]:
    """A system with records of one type, and the type."""
    async with station(database) as made:
        await fill(made, request.param)
        yield made, request.param


def addresses(kind: str) -> list[str]:
    return [f"/{kind}/a-1/_history", f"/{kind}/_history", "/_history"]


def sealed(url: str) -> str:
    """Return the sealed text of a link."""
    query = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert list(query) == ["_page"]
    return query["_page"][0]


async def test_pages_lead_on_and_back_and_to_the_first(held: tuple[Station, str]) -> None:
    made, kind = held
    for address in addresses(kind):
        whole = versions(await made.client.get(f"{address}?_count=1000"))
        assert len(whole) == len(set(whole))
        for size in sorted({1, 2, 3, len(whole) - 1} - {len(whole)}):
            page = await made.client.get(f"{address}?_count={size}")
            pages = [page]
            while "next" in links(page):
                page = await made.client.get(links(page)["next"])
                pages.append(page)
            parts = [versions(page) for page in pages]
            assert parts == [whole[start : start + size] for start in range(0, len(whole), size)]
            assert {page.json()["total"] for page in pages} == {len(whole)}
            assert "prev" not in links(pages[0])
            for before, after in itertools.pairwise(pages):
                back = await made.client.get(links(after)["prev"])
                assert back.json()["entry"] == before.json()["entry"]
                assert ("prev" in links(back)) == ("prev" in links(before))
                again = await made.client.get(links(back)["next"])
                assert again.json()["entry"] == after.json()["entry"]
            for page in pages:
                first = await made.client.get(links(page)["first"])
                assert first.json()["entry"] == pages[0].json()["entry"]
                assert "prev" not in links(first)
                assert (await made.client.get(links(page)["self"])).json()["entry"] == page.json()["entry"]


async def test_a_page_that_shows_all_leads_nowhere(held: tuple[Station, str]) -> None:
    made, kind = held
    for address in addresses(kind):
        total = (await made.client.get(f"{address}?_count=0")).json()["total"]
        assert links(await made.client.get(f"{address}?_count={total}")).keys() == {"self"}
        assert links(await made.client.get(f"{address}?_count={total - 1}")).keys() == {"self", "first", "next"}
        assert links(await made.client.get(f"{address}?_count=0")).keys() == {"self"}


async def test_what_is_written_meanwhile_changes_no_page(held: tuple[Station, str]) -> None:
    made, kind = held
    for number, address in enumerate(addresses(kind)):
        whole = versions(await made.client.get(f"{address}?_count=1000"))
        page = await made.client.get(f"{address}?_count=2")
        # What was current becomes past, deletions are undone, and a slow writer's version is older than a shown one.
        for record in range(8):
            await made.write(kind, f"a-{record}", "2026-04-01T00:00:00Z", f"x-{number}")
        await made.write(kind, f"late-{number}", f"{DAY}:15Z")
        assert await walked(made.client, page) == whole
        second = await made.client.get(links(page)["next"])
        assert versions(await made.client.get(links(second)["prev"])) == whole[:2]
        assert versions(await made.client.get(links(second)["first"])) == whole[:2]
        assert second.json()["total"] == len(whole)
        assert len(versions(await made.client.get(f"{address}?_count=1000"))) == len(whole) + (1 if number == 0 else 9)


async def test_parameters_hold_for_every_page(held: tuple[Station, str]) -> None:
    made, kind = held
    for address in addresses(kind):
        # On 5 March the last versions are current; that they are replaced later, though on an earlier day by the
        # clock, is not known to the pages.
        for query in (f"_since={DAY}:10Z", "_at=2026-03-05", f"_at={DAY}:10.500Z", "_total=none"):
            whole = versions(await made.client.get(f"{address}?{query}&_count=1000"))
            page = await made.client.get(f"{address}?{query}&_count=1")
            for number in range(8):
                await made.write(kind, f"a-{number}", "2026-03-03T00:00:00Z", fresh("x"))
            pages = [page]
            while "next" in links(pages[-1]):
                pages.append(await made.client.get(links(pages[-1])["next"]))
            assert [item for one in pages for item in versions(one)] == whole, query
            assert {one.json().get("total") for one in pages} == {None if "none" in query else len(whole)}


async def test_readers_see_each_version_once_while_writers_write(database: str) -> None:
    async with station(database) as made:
        await fill(made, "Encounter")
        ended = asyncio.Event()

        async def write(writer: int) -> None:
            for turn in itertools.count():
                if ended.is_set():
                    return
                # Writers' clocks differ, so that some versions come behind what is shown already.
                made.clock.set(f"2026-03-02T08:00:{(turn * 7 + writer * 13) % 60:02d}Z")
                record = f"a-{(turn + writer) % 12}"
                sent = example("Encounter", id=record, language=f"x-{turn}-{writer}")
                puts = entry("PUT", f"Encounter/{record}", sent), entry("POST", "Location", example("Location"))
                answer = await made.client.post("/", json=bundle(*puts))
                assert answer.status_code == 200, answer.text
                if turn % 5 == 0:
                    await made.client.delete(f"/Encounter/{record}")

        async def read() -> None:
            for address in ("/_history", "/Encounter/_history", "/Encounter/a-5/_history") * 3:
                page = await made.client.get(f"{address}?_count=3")
                found = await walked(made.client, page)
                assert len(found) == len(set(found)) == page.json()["total"]
                most: dict[str, int] = {}
                for item in found:
                    record, _, number = item.rpartition("/")
                    most[record] = max(most.get(record, 0), int(number))
                # Whoever sees a version sees all before it: what is known at a moment has no gaps.
                assert set(found) == {f"{name}/{n}" for name, last in most.items() for n in range(1, last + 1)}

        writers = [asyncio.create_task(write(number)) for number in range(4)]
        try:
            await asyncio.gather(read(), read())
        finally:
            ended.set()
            await asyncio.gather(*writers)


async def test_links_work_after_a_restart(database: str) -> None:
    async with station(database) as made:
        await fill(made, "Organization")
        whole = versions(await made.client.get("/_history?_count=1000"))
        pages = {address: await made.client.get(f"{address}?_count=2") for address in addresses("Organization")}
    async with station(database) as again:
        await again.write("Organization", "a-2", "2026-04-01T00:00:00Z")
        for address, page in pages.items():
            found = await walked(again.client, page)
            assert found == [item for item in whole if address.removesuffix("/_history")[1:] in item]


async def test_a_link_is_good_for_its_caller_and_address_alone(held: tuple[Station, str]) -> None:
    made, kind = held
    service = made.service
    for address in addresses(kind):
        text = sealed(links(await made.client.get(f"{address}?_count=1"))["next"])
        for other in {*addresses(kind), f"/{kind}/a-2/_history", "/Practitioner/_history"} - {address}:
            answer = await made.client.get(f"{other}?_page={text}")
            assert (answer.status_code, places(answer)) == (400, ["_page"])
        what = asked(service.registry, "GET", address[1:], f"_page={text}")
        await history_page(service, service.pool, Asking("http://x", KEY), what)
        with pytest.raises(BadParameter):
            await history_page(service, service.pool, Asking("http://x", "another"), what)
        for beside in ("_count=1", "_since=2026-03-02T00:00:00Z", f"_page={text}", "_total=none", "x=1"):
            answer = await made.client.get(f"{address}?_page={text}&{beside}")
            assert (answer.status_code, places(answer)) == (400, ["_page"])
        assert (await made.client.get(f"{address}?_page={text}&_format=json&_pretty=true")).status_code == 200


async def test_an_altered_link_is_refused(database: str) -> None:
    async with station(database) as made:
        await fill(made, "Location")
        text = sealed(links(await made.client.get("/_history?_count=1"))["next"])
        # The last sign may hold bits that stand for nothing.
        for index, sign in enumerate(text[:-1]):
            altered = f"{text[:index]}{'A' if sign != 'A' else 'B'}{text[index + 1 :]}"
            answer = await made.client.get(f"/_history?_page={altered}")
            assert answer.status_code == 400, index
            assert places(answer) == ["_page"]
        for altered in (text[:-4], text[4:], text + "AAAA", text[::-1], "*" * 40, "é"):
            assert (await made.client.get("/_history", params={"_page": altered})).status_code == 400


async def test_a_link_of_another_release_is_refused(database: str) -> None:
    async with station(database) as made:
        for content in ({}, [], [1, 2], [[1, None, None, True], [1, 2], None, None, "next", None, 0, 1]):
            text = made.service.links.seal("", "_history", content)
            answer = await made.client.get(f"/_history?_page={text}")
            assert (answer.status_code, places(answer)) == (400, ["_page"])


class Counting:
    """Reads through a pool and counts the statements."""

    def __init__(self, pool: Any) -> None:
        self._pool, self.count = pool, 0

    async def fetch(self, query: str, /, *args: Any) -> list[Record]:
        self.count += 1
        return await self._pool.fetch(query, *args)

    async def fetchrow(self, query: str, /, *args: Any) -> Record | None:
        self.count += 1
        return await self._pool.fetchrow(query, *args)

    async def fetchval(self, query: str, /, *args: Any) -> Any:
        self.count += 1
        return await self._pool.fetchval(query, *args)


async def test_a_page_takes_one_statement(held: tuple[Station, str]) -> None:
    made, kind = held
    for address in addresses(kind):
        query = "_count=1"
        for _ in range(2):
            reader = Counting(made.service.pool)
            what = asked(made.service.registry, "GET", address[1:], query)
            page = json.loads(await history_page(made.service, reader, Asking("http://x", KEY), what))
            assert reader.count == 1
            query = urlsplit(next(link["url"] for link in page["link"] if link["relation"] == "next")).query


async def test_a_transaction_sees_what_it_wrote_on_every_page(database: str) -> None:
    async with station(database) as made:
        await fill(made, "Practitioner")
        service = made.service
        async with lend(service.writing) as connection, connection.transaction():
            await connection.execute(
                "update practitioner set tx = $1 + pg_current_xact_id()::text::bigint where id = 'a-0'", service.epoch
            )
            what = asked(service.registry, "GET", "Practitioner/_history", "_count=20")
            page = json.loads(await history_page(service, connection, Asking("http://x", KEY), what))
            assert "next" not in {link["relation"] for link in page["link"]}
            found = []
            query = "_count=3"
            while query:
                what = asked(service.registry, "GET", "Practitioner/_history", query)
                page = json.loads(await history_page(service, connection, Asking("http://x", KEY), what))
                found += page["entry"]
                query = next((urlsplit(link["url"]).query for link in page["link"] if link["relation"] == "next"), "")
            assert len(found) == page["total"] == 20


async def test_a_deep_page_costs_what_the_first_costs(database: str) -> None:
    async with station(database) as made:
        await made.write("Organization", "seed", f"{DAY}:00Z")
        service, pool = made.service, made.service.pool
        many = (
            "select 'n-' || n, 1, tx, updated_at + n / 3 * interval '1 second', body{more}"
            " from organization, generate_series(1, 20000) n where id = 'seed'"
        )
        await pool.execute(
            "insert into organization_history (id, version, tx, updated_at, body, until_tx, until_at)"
            + many.format(more=", tx, updated_at + interval '1 year'")
        )
        await pool.execute(
            "insert into organization (id, version, tx, updated_at, body)"
            + many.format(more="").replace(", 1, tx", ", 2, tx").replace("'1 second'", "'2 seconds'")
        )
        await pool.execute("analyze")
        for address in ("Organization/_history", "_history"):
            whose = listed(service.registry, asked(service.registry, "GET", address, ""))
            query = read_query(service.settings, [("_total", "none")])
            first = await cost(pool, first_page(whose, query))
            what = asked(service.registry, "GET", address, "_count=1000")
            for _ in range(30):
                page = json.loads(await history_page(service, pool, Asking("http://x", KEY), what))
                url = next(link["url"] for link in page["link"] if link["relation"] == "next")
                what = asked(service.registry, "GET", address, urlsplit(url).query)
            deep = page_of(service.links.open(KEY, address, what.pairs[0][1]))
            deep = deep._replace(size=query.size)
            assert await cost(pool, later_page(whose, deep)) < first + 60
            assert await cost(pool, later_page(whose, deep._replace(way="prev"))) < first + 60


async def cost(pool: Any, statement: Statement) -> int:
    """Return how many blocks a statement reads."""
    plan = await pool.fetchval(f"explain (analyze, buffers, format json) {statement.text}", *statement.arguments)
    top = json.loads(plan)[0]["Plan"]
    return top["Shared Hit Blocks"] + top["Shared Read Blocks"]
