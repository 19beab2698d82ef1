"""Searches of a small world against what its records say, and the laws that hold among searches of any world.

`FUZZ_SEED` in the environment asks for another world. https://hl7.org/fhir/R4/search.html
"""

import os
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.fhir.search.common import COMMON
from app.fhir.search.modifiers import modifiers
from app.fhir.search.parameter import Parameter
from app.resources.registry import registry
from tests.api.fuzzed import FORM, encoded, require_sound
from tests.api.fuzzed_world import World, fill
from tests.api.records import TYPES, links
from tests.conftest import opened

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
VALUES: dict[str, tuple[str, ...]] = {
    "token": (
        *("x", "X", "http://a|x", "http://a|", "|x", "y", "http://t|t", "male", "true", "finished", "090", "p1"),
        *("home", "a@x.vn", "http://t|MR|x", "rét", "AMB", "http://hl7.org/fhir/ValueSet/administrative-gender"),
    ),
    "string": ("a", "An", "hoa", "Hoà", "dang", "x" * 700, "x" * 701, "100%", "a\\,b", "a\\|b", "a\\\\b", "ha noi"),
    "date": ("2026", "ge2026", "lt2026-03-02", "2026-03-02", "ne2026", "sa2026-03-02", "eb2026-03-02", "gt0001"),
    "reference": ("Patient/p1", "p1", "p2,p3", "http://tramy.test/fhir/Patient/p1", "o1,o2", "l1", "d1", "Location/l2"),
    "quantity": ("1", "1.5", "ge1", "ne2", "lt10", "1|http://unitsofmeasure.org|min", "1||min", "ap2"),
    "special": ("21|105.8|10|km", "10|105|100"),
    "uri": ("http://p/a", "http://p", "http://s/1", "http://p/a/b"),
}


class Held(NamedTuple):
    """A client and the world that it can search."""

    client: httpx.AsyncClient
    world: World


@pytest.fixture(scope="module")
async def held(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Held]:
    """A world on a database of the module's own."""
    async with opened(await new_database()) as (_app, client):
        yield Held(client, await fill(client, SEED))


async def walked(client: httpx.AsyncClient, address: str) -> list[str] | None:
    """Return the ids of all matches, page by page, None where the search is refused; totals and ways back agree."""
    met: list[str] = []
    page = await client.get(address)
    require_sound(page, address)
    if page.status_code != 200:
        return None
    total, pages = page.json().get("total"), []
    while True:
        assert page.json().get("total") == total, address
        pages.append(_matches(page))
        met += pages[-1]
        if "next" not in links(page):
            break
        page = await client.get(links(page)["next"])
    for earlier in reversed(pages[:-1]):
        page = await client.get(links(page)["prev"])
        assert _matches(page) == earlier, address
    assert len(met) == len(set(met)) == total, address
    return met


def _matches(page: httpx.Response) -> list[str]:
    entries = page.json().get("entry", [])
    return [item["resource"]["id"] for item in entries if item["search"]["mode"] == "match"]


def searched(parameter: Parameter, modifier: str) -> str:
    return f"{parameter.name}:{modifier}" if modifier else parameter.name


def values_of(parameter: Parameter, modifier: str) -> tuple[str, ...]:
    return ("true", "false") if modifier == "missing" else VALUES[parameter.kind]


@pytest.mark.parametrize("name", TYPES)
async def test_searches_of_one_parameter_fit_together(held: Held, name: str) -> None:
    """Every parameter with every modifier: complements, alternatives, both at once, and the ways to ask the same."""
    random, everything = Random(SEED), set(held.world[name])
    kind = registry()[name]
    for parameter in (*kind.search, *COMMON):
        for modifier in ("", *modifiers(parameter)):
            found: dict[str, set[str]] = {}
            wanted = values_of(parameter, modifier)
            for value in random.sample(wanted, min(4, len(wanted))):
                asked = encoded(searched(parameter, modifier), value)
                met = await walked(held.client, f"/{name}?{asked}&_count=4")
                if met is None:
                    continue
                found[value] = set(met)
                assert found[value] <= everything, asked
                if modifier in ("not", "not-in"):
                    other = encoded(searched(parameter, {"not": "", "not-in": "in"}[modifier]), value)
                    assert set(await walked(held.client, f"/{name}?{other}") or ()) == everything - set(met), asked
                await _asked_otherwise(held.client, name, asked, met, random)
            await _combined(held.client, name, searched(parameter, modifier), found, random)


async def _asked_otherwise(client: httpx.AsyncClient, name: str, asked: str, met: list[str], random: Random) -> None:
    """The number, the link to itself, a form and another order all speak of the same matches."""
    for shape in ("_summary=count", "_count=0"):
        answer = (await client.get(f"/{name}?{asked}&{shape}")).json()
        assert (answer["total"], answer.get("entry")) == (len(met), None), (asked, shape)
    first = await client.get(f"/{name}?{asked}&_count=3")
    again = await client.get(links(first)["self"])
    assert _matches(again) == _matches(first), asked
    form = await client.post(f"/{name}/_search", content=f"{asked}&_count=3", headers=FORM)
    assert _matches(form) == _matches(first), asked
    keys = [item.name for item in (*registry()[name].search, *COMMON) if item.kind != "special"]
    order = ",".join(random.choice(("", "-")) + key for key in random.sample(keys, 2))
    assert set(await walked(client, f"/{name}?{asked}&_count=3&_sort={order}") or ()) == set(met), (asked, order)


async def _combined(
    client: httpx.AsyncClient, name: str, searched_for: str, found: dict[str, set[str]], random: Random
) -> None:
    if searched_for.endswith((":missing", ":not", ":not-in", ":in")) or len(found) < 2:
        return
    one, other = random.sample(sorted(found), 2)
    either = await walked(client, f"/{name}?{encoded(searched_for, f'{one},{other}')}")
    assert set(either or ()) == found[one] | found[other], (searched_for, one, other)
    both = await walked(client, f"/{name}?{encoded(searched_for, one)}&{encoded(searched_for, other)}")
    assert set(both or ()) == found[one] & found[other], (searched_for, one, other)


@pytest.mark.parametrize("name", TYPES)
async def test_a_record_has_a_parameter_or_lacks_it(held: Held, name: str) -> None:
    for parameter in (*registry()[name].search, *COMMON):
        has, lacks = [
            set(await walked(held.client, f"/{name}?{parameter.name}:missing={flag}") or ())
            for flag in ("false", "true")
        ]
        assert has | lacks == set(held.world[name]), parameter.name
        assert not has & lacks, parameter.name


@pytest.mark.parametrize("name", TYPES)
async def test_a_chain_is_a_search_of_the_references_found_first(held: Held, name: str) -> None:
    random = Random(SEED)
    for parameter in registry()[name].search:
        for target in (item for item in parameter.targets if item in TYPES):
            for inner in registry()[target].search:
                value = random.choice(VALUES[inner.kind])
                first = await walked(held.client, f"/{target}?{encoded(inner.name, value)}&_count=50")
                chain = encoded(f"{parameter.name}:{target}.{inner.name}", value)
                met = await walked(held.client, f"/{name}?{chain}&_count=3")
                if first is None:
                    assert met is None, chain
                    continue
                byhand = f"/{name}?{parameter.name}:{target}={','.join(first)}"
                assert set(met or ()) == set((await walked(held.client, byhand) if first else ()) or ()), chain


@pytest.mark.parametrize("name", TYPES)
async def test_has_finds_what_an_include_brings_along(held: Held, name: str) -> None:
    random = Random(SEED)
    for parameter in registry()[name].search:
        for target in (item for item in parameter.targets if item in TYPES):
            inner = random.choice(registry()[name].search)
            asked = encoded(inner.name, random.choice(VALUES[inner.kind]))
            page = await held.client.get(f"/{name}?{asked}&_count=50&_include={name}:{parameter.name}:{target}")
            if page.status_code != 200:
                continue
            entries = page.json().get("entry", [])
            brought = {item["resource"]["id"] for item in entries if item["resource"]["resourceType"] == target}
            met = set(await walked(held.client, f"/{target}?_has:{name}:{parameter.name}:{asked}&_count=3") or ())
            if target == name:
                assert met <= brought, asked
            else:
                assert met == brought, asked


def at(tree: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a path, through lists."""
    head, _, rest = path.partition(".")
    for item in tree if isinstance(tree, list) else [tree]:
        for value in [item[head]] if isinstance(item, dict) and head in item else []:
            yield from at(value, rest) if rest else value if isinstance(value, list) else [value]


def bare(text: str) -> str:
    """Return a text without case, accents and spare blanks, as a search for it does."""
    parts = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    return " ".join("".join(sign for sign in parts if not unicodedata.combining(sign)).casefold().split())


def codes(value: Any) -> Iterator[tuple[str, str]]:
    """Yield system and code of what a token is read from."""
    if isinstance(value, bool):
        yield "", str(value).lower()
    elif isinstance(value, str):
        yield "", value
    elif "coding" in value:
        for coding in value["coding"]:
            yield from codes(coding)
    else:
        yield value.get("system", ""), value.get("code", value.get("value", ""))


def has_token(value: Any, asked: str) -> bool:
    system, bar, code = asked.rpartition("|")
    return any(
        (not code or code.lower() == given.lower()) and (not bar or system == named) for named, given in codes(value)
    )


def span(text: str) -> tuple[datetime, datetime]:
    """Return the time that a date covers, at the ends of the calendar as far as it goes."""
    if "T" in text:
        low = datetime.fromisoformat(text)
        return low, low + timedelta(seconds=1 if "." not in text else 0.001)
    year, *rest = (int(part) for part in text.split("-"))
    month, day = (*rest, 1, 1)[:2]
    if len(rest) == 2:
        low, high = datetime(year, month, day), datetime(year, month, day) + timedelta(1 if year < 9999 else 0)
    elif len(rest) == 1:
        low, high = datetime(year, month, 1), datetime(year + month // 12, month % 12 + 1, 1)
    else:
        low, high = datetime(year, 1, 1), datetime(year + 1, 1, 1) if year < 9999 else datetime.max
    return low.replace(tzinfo=ZONE), high.replace(tzinfo=ZONE)


def is_so(value: str, asked: str) -> bool:
    prefix, text = (asked[:2], asked[2:]) if asked[:2].isalpha() else ("eq", asked)
    (low, high), (begin, end) = span(value), span(text)
    inside = begin <= low and high <= end
    table = {
        "eq": inside,
        "ne": not inside,
        "gt": high > end,
        "lt": low < begin,
        "ge": high > end or inside,
        "le": low < begin or inside,
        "sa": low >= end,
        "eb": high <= begin,
    }
    return table[prefix]


TOKENS = ("http://a|x", "http://b|X", "|x", "x", "y", "http://a|", "male", "true", "finished", "completed", "090", "|z")
STRINGS = ("a", "An", "hoa", "Hoà", "dang", "ĐẶNG", "x" * 700, "x" * 701, "100%", "nguyễn", "ha noi", "huế", "m", "o'b")
DATES = tuple(
    f"{prefix}{text}"
    for prefix in ("", "ne", "gt", "lt", "ge", "le", "sa", "eb")
    for text in ("2026", "2026-03", "2026-03-02", "1990-05-17", "2026-03-02T08:00:00+07:00")
)
ORACLES = [
    ("Patient", "gender", "gender", TOKENS),
    ("Patient", "active", "active", TOKENS),
    ("Patient", "identifier", "identifier", TOKENS),
    ("Practitioner", "communication", "communication", TOKENS),
    ("Organization", "type", "type", TOKENS),
    ("Location", "status", "status", TOKENS),
    ("Encounter", "reason-code", "reasonCode", TOKENS),
    ("Encounter", "type", "type", TOKENS),
    ("Encounter", "status", "status", TOKENS),
    ("Encounter", "participant-type", "participant.type", TOKENS),
    ("Immunization", "vaccine-code", "vaccineCode", TOKENS),
    ("Coverage", "type", "type", TOKENS),
    ("Coverage", "identifier", "identifier", TOKENS),
    ("Patient", "family", "name.family", STRINGS),
    ("Patient", "given", "name.given", STRINGS),
    ("Patient", "name", "name.family name.given name.text", STRINGS),
    ("Practitioner", "name", "name.family name.given name.text", STRINGS),
    ("Practitioner", "address-city", "address.city", STRINGS),
    ("Organization", "name", "name", STRINGS),
    ("Location", "name", "name", STRINGS),
    ("Immunization", "lot-number", "lotNumber", STRINGS),
    ("Coverage", "dependent", "dependent", STRINGS),
    ("Patient", "birthdate", "birthDate", DATES),
    ("Patient", "death-date", "deceasedDateTime", DATES),
    ("Immunization", "date", "occurrenceDateTime", DATES),
    ("Immunization", "reaction-date", "reaction.date", DATES),
]


@pytest.mark.parametrize(
    ("name", "searched_for", "paths", "asked"), ORACLES, ids=[" ".join(row[:2]) for row in ORACLES]
)
async def test_a_search_finds_the_records_that_say_so(
    held: Held, name: str, searched_for: str, paths: str, asked: tuple[str, ...]
) -> None:
    ways: dict[str, Callable[[Any, str], bool]] = {searched_for: has_token}
    if asked is DATES:
        ways = {searched_for: is_so}
    if asked is STRINGS:
        ways = {
            searched_for: lambda held, text: bare(held).startswith(bare(text)),
            f"{searched_for}:exact": lambda held, text: held == text,
            f"{searched_for}:contains": lambda held, text: bare(text) in bare(held),
        }
    for way, is_found in ways.items():
        for value in asked:
            met = await walked(held.client, f"/{name}?{encoded(way, value)}&_count=5")
            if met is None:
                continue
            wanted = {
                record
                for record, tree in held.world[name].items()
                if any(is_found(item, value) for path in paths.split() for item in at(tree, path))
            }
            if searched_for == "name" and way != "name":
                # Family and given names are found together too, which the records do not say at one path.
                assert wanted <= set(met), (way, value)
            else:
                assert set(met) == wanted, (way, value)
