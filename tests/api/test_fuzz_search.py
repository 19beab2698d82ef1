"""Searches that nobody would send in good faith: answered or refused, at once, and never with what was sent.

`FUZZ_SEED` and `FUZZ_ROUNDS` in the environment ask for others and for more. https://hl7.org/fhir/R4/search.html
"""

import os
from random import Random

import httpx
import pytest

from app.fhir.search.common import COMMON
from app.fhir.search.modifiers import modifiers
from app.resources.registry import registry
from tests.api.fuzzed import FORM, MARK, ODD, encoded, send
from tests.api.records import TYPES, example, fresh, links, record_ids

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "1"))
MANY = ",".join(f"ab{number}" for number in range(500))
TWICE = "payor." + "_has:Coverage:payor:payor." * 7 + "active=true"
"""A chain that leads to two types at every other link."""


@pytest.mark.parametrize("name", TYPES)
async def test_every_parameter_takes_odd_values_or_says_what_is_wrong(client: httpx.AsyncClient, name: str) -> None:
    random, kind = Random(SEED), registry()[name]
    for parameter in (*kind.search, *COMMON):
        for modifier in ("", *modifiers(parameter), "exactly", "missing:not"):
            for value in random.sample(ODD, min(len(ODD), 5 * ROUNDS)):
                given = encoded(f"{parameter.name}:{modifier}" if modifier else parameter.name, value + MARK)
                await send(client, "GET", f"/{name}?{given}&_count=1")
                plain = encoded(f"{parameter.name}:{modifier}" if modifier else parameter.name, value)
                await send(client, "GET", f"/{name}?{plain}&_count=1")


@pytest.mark.parametrize("name", TYPES)
async def test_several_odd_conditions_stand_together(client: httpx.AsyncClient, name: str) -> None:
    random, kind = Random(SEED), registry()[name]
    parameters = [*kind.search, *COMMON]
    for _ in range(40 * ROUNDS):
        chosen = random.sample(parameters, 4)
        query = "&".join(encoded(item.name, random.choice(ODD)) for item in chosen)
        order = ",".join(random.choice(("", "-")) + item.name for item in chosen)
        await send(client, "GET", f"/{name}?{query}&_sort={order}&_count=1", headers={"prefer": "handling=lenient"})
        await send(client, "POST", "/_search", content=f"{query}&_type={name}", headers=FORM)


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/Patient", "&".join(f"name={MANY}" for _ in range(33))),
        ("/Patient", "&".join(f"name:contains={MANY}" for _ in range(50))),
        ("/Encounter", "&".join(f"reason-code:text={MANY}" for _ in range(50))),
        ("/Location", "&".join("near=" + ",".join("1|2|3|km" for _ in range(500)) for _ in range(5))),
        ("", "&".join(f"_profile:below={MANY}" for _ in range(5))),
        ("", "&".join("_lastUpdated=" + ",".join("ge2026" for _ in range(500)) for _ in range(50))),
        ("/Coverage", TWICE),
        ("/Coverage", "&".join(TWICE for _ in range(50))),
        ("/Organization", "&".join("_has:Organization:partof:" * 16 + "name=a" for _ in range(50))),
        ("/Organization", "partof." * 40 + f"name={MARK}"),
        ("/Organization", "_has:Organization:partof:" * 40 + f"name={MARK}"),
    ],
    ids=range(11),
)
async def test_more_than_one_statement_can_ask_is_refused_at_once(
    client: httpx.AsyncClient, address: str, query: str
) -> None:
    answer = await send(client, "POST", f"{address}/_search", content=query, headers=FORM)
    assert answer.status_code == 400
    created = await send(client, "POST", "/Patient", json=example("Patient"), headers={"if-none-exist": query[:60_000]})
    assert created.status_code == 400


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/Patient", f"name={MANY}&name:contains={MANY}"),
        ("/Patient", f"identifier={MANY.replace(',', '|,')}|&_id={MANY}"),
        ("", f"_profile:below={MANY}"),
        ("", "&".join("_lastUpdated=" + ",".join("ge2026" for _ in range(500)) for _ in range(2))),
        ("/Organization", "&".join("partof." * 16 + "name=a" for _ in range(4))),
        ("/Organization", "&".join("_has:Organization:partof:" * 16 + "name=a" for _ in range(4))),
        ("/Patient", "&".join("_revinclude:iterate=*&_include:iterate=Organization:*" for _ in range(200))),
        ("/Organization", "&".join(f"partof:below={MANY}" for _ in range(2))),
    ],
    ids=range(8),
)
async def test_all_that_may_be_asked_at_once_is_answered_in_time(
    client: httpx.AsyncClient, address: str, query: str
) -> None:
    answer = await send(client, "POST", f"{address}/_search", content=f"{query}&_count=1", headers=FORM)
    assert answer.status_code == 200, answer.text
    if "next" in links(answer):
        later = await send(client, "GET", links(answer)["next"])
        assert later.status_code == 200, later.text


async def test_parts_that_go_round_in_a_circle_end(client: httpx.AsyncClient) -> None:
    ring = [fresh("ring") for _ in range(3)]
    for record in ring:
        assert (await client.put(f"/Organization/{record}", json=example("Organization", id=record))).status_code == 201
    for record, other in zip(ring, [*ring[1:], ring[0]], strict=True):
        part = {"reference": f"Organization/{other}"}
        await client.put(f"/Organization/{record}", json=example("Organization", id=record, partOf=part))
    for query in (
        f"_id={ring[0]}&_include:iterate=Organization:partof",
        f"_id={ring[0]}&_revinclude:iterate=Organization:partof",
    ):
        assert sorted(record_ids(await send(client, "GET", f"/Organization?{query}"))) == sorted(ring)
    for query in (f"partof:below=Organization/{ring[0]}", f"partof:above=Organization/{ring[0]}"):
        assert sorted(record_ids(await send(client, "GET", f"/Organization?{query}"))) == sorted(ring)


async def test_a_link_to_a_page_that_was_altered_is_refused(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.post("/Location", json=example("Location"))
    for address in ("/Location", "/_history", "/Location/_history", ""):
        first = links(await client.get(f"{address}?_count=1"))["next"]
        sealed = first.rpartition("=")[2]
        assert (await client.get(first)).status_code == 200
        random = Random(SEED)
        for _ in range(40 * ROUNDS):
            at = random.randrange(len(sealed))
            sign = random.choice("ABCxyz019-_=%é")
            altered = random.choice((sealed[:at], sealed[:at] + sign + sealed[at + 1 :], sealed + sign, sealed[at:]))
            if altered == sealed:
                continue
            answer = await send(client, "GET", f"{address}?_page={altered}")
            # A blank text is no link, and asks for the first page where that may stand empty.
            assert answer.status_code == 400, (altered, answer.text)
        for other in ("/Patient", "/Patient/_history", "/Patient/mau-1/Encounter", "/Patient/mau-1/$everything"):
            assert (await send(client, "GET", f"{other}?_page={sealed}")).status_code == 400
