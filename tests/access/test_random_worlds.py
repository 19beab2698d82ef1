"""Random worlds of two stations and random questions: nobody ever gets more than the rule, written plainly, allows."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.access.world import COMMUNE, HERE, HIV, THERE, ids_in, patient, station, visit
from tests.conftest import opened

_worlds = itertools.count(1)
STATIONS = ("one", "other")
HOME = {"one": "00004", "other": "00008"}
ALL = "system/*.cruds"


@dataclass
class Person:
    """Somebody as the oracle knows them: where they lived, who treated or registered them, whether protected."""

    id: str
    communes: set[str] = field(default_factory=set)
    treated: set[str] = field(default_factory=set)
    protected: bool = False
    deleted: bool = False


@dataclass
class Visit:
    """A visit as the oracle knows it: whose it was in each version, and whether it is protected."""

    id: str
    owners: list[str]
    protected: bool = False


@dataclass
class World:
    """The oracle: who may see what, from the rule as it is written and nothing of the service."""

    people: dict[str, Person] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)

    def sees(self, station: str, person: str, *, protected: bool) -> bool:
        """A station sees who live or lived in its commune and whom it treated or registered."""
        held = self.people[person]
        if held.protected and not protected:
            return False
        return HOME[station] in held.communes or f"Organization/tyt-{station}" in held.treated

    def visible(self, station: str, *, protected: bool) -> set[str]:
        """Return what may ever be shown to a station, in current or past versions."""
        found = {f"Patient/{item}" for item in self.people if self.sees(station, item, protected=protected)}
        for item in self.visits.values():
            shown = protected or not item.protected
            if shown and any(self.sees(station, owner, protected=protected) for owner in item.owners):
                found.add(f"Encounter/{item.id}")
        return found

    def current(self, station: str, *, protected: bool) -> set[str]:
        """Return what a search may find now."""
        past = {f"Encounter/{item.id}" for item in self.visits.values()}
        found = self.visible(station, protected=protected) - past
        for item in self.visits.values():
            if (protected or not item.protected) and self.sees(station, item.owners[-1], protected=protected):
                found.add(f"Encounter/{item.id}")
        return found


PEOPLE = st.lists(
    st.tuples(st.sampled_from(STATIONS), st.booleans(), st.sampled_from([False, False, False, True])),
    min_size=2,
    max_size=5,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["visit", "visit", "move", "address", "hang", "label"]),
        st.sampled_from(STATIONS),
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from(["", "one", "other"]),
    ),
    max_size=10,
)
QUERIES = st.lists(
    st.sampled_from(
        [
            "/Patient?_count=50",
            "/Patient?name=Ly&_revinclude=*",
            "/Patient?_has:Encounter:patient:status=finished",
            "/Encounter?_count=50&_include=*",
            "/Encounter?patient.gender=female",
            "/Encounter?_security=HIV",
            "/Encounter?class:not=IMP&_sort=-date",
            "/_history?_count=100",
            "/Encounter/_history?_count=100",
            "/Patient/_history?_count=100",
            "/?_type=Patient,Encounter&_count=50",
            "/Organization?_revinclude=*",
            "/Patient/{p}/$everything",
            "/Patient/{p}/$summary",
            "/Patient/{p}/*",
            "/Patient/{p}/_history",
            "/Encounter/{e}",
            "/Encounter/{e}/_history",
            "/Encounter/{e}/_history/1",
            "/Encounter/{e}/_history/2",
            "/Encounter?_id={e}&_include=Encounter:patient&_revinclude:iterate=Encounter:patient",
        ]
    ),
    min_size=3,
    max_size=8,
    unique=True,
)


@pytest.fixture(scope="module")
async def asked(new_database):
    """Both stations, each without and with the permission for protected records, by name and permission."""
    async with opened(await new_database()) as (app, _):
        clients = {
            (name, protected): await station(app, place, name, f"{ALL} tramy/protected" if protected else ALL)
            for name, place in (("one", HERE), ("other", THERE))
            for protected in (False, True)
        }
        yield clients
        for client in clients.values():
            await client.aclose()


def tree_of(person: Person) -> dict[str, Any]:
    made = patient(person.id, "00004")
    made["address"] = [
        {"extension": [{"url": COMMUNE, "valueCoding": {"code": commune, "version": "2025-07"}}]}
        for commune in sorted(person.communes)
    ]
    if not person.communes:
        del made["address"]
    return {**made, **({"meta": {"security": [HIV]}} if person.protected else {})}


def visit_of(item: Visit, provider: str) -> dict[str, Any]:
    more: dict[str, Any] = {"meta": {"security": [HIV]}} if item.protected else {}
    if provider:
        more["serviceProvider"] = {"reference": f"Organization/tyt-{provider}"}
    return visit(item.id, item.owners[-1], **more)


async def built(world: World, asked: dict[Any, httpx.AsyncClient], people: Any, steps: Any, name: str) -> None:
    """Let the stations make a world; what they are refused changes nothing in the oracle either."""
    for index, (who, treats_only, protected) in enumerate(people):
        person = Person(
            f"{name}p{index}", set() if treats_only else {HOME[who]}, {f"Organization/tyt-{who}"}, protected
        )
        answer = await asked[who, True].put(f"/Patient/{person.id}", json=tree_of(person))
        assert answer.status_code == 201, answer.text
        world.people[person.id] = person
    ids = list(world.people)
    for number, (step, who, first, second, provider) in enumerate(steps):
        target, client = ids[first % len(ids)], asked[who, True]
        may = world.sees(who, target, protected=True)
        held = [item for item in world.visits.values() if item.owners[-1] == target]
        if step in ("visit", "hang", "label"):
            item = Visit(f"{name}e{number}", [target], step == "label")
            answer = await client.put(f"/Encounter/{item.id}", json=visit_of(item, provider))
            assert answer.status_code == (201 if may else 422), answer.text
            if may:
                world.visits[item.id] = item
                world.people[target].treated |= {f"Organization/tyt-{provider}"} if provider else set()
        elif step == "move" and held:
            onto = ids[second % len(ids)]
            item = Visit(held[0].id, [*held[0].owners, onto], held[0].protected)
            answer = await client.put(f"/Encounter/{item.id}", json=visit_of(item, ""))
            allowed = may and world.sees(who, onto, protected=True)
            assert (answer.status_code == 200) == allowed, answer.text
            if allowed:
                world.visits[item.id] = item
        elif step == "address":
            moved = Person(target, {HOME[who]}, protected=world.people[target].protected)
            answer = await client.put(f"/Patient/{target}", json=tree_of(moved))
            assert (answer.status_code == 200) == may, answer.text
            world.people[target].communes |= {HOME[who]} if may else set()


def of_world(found: set[str], name: str) -> set[str]:
    """Return the people and visits of this world: earlier ones are held in the same database."""
    return {item for item in found if item.startswith((f"Patient/{name}", f"Encounter/{name}"))}


def addresses(query: str, world: World) -> Iterator[str]:
    if "{p}" in query:
        yield from (query.replace("{p}", item) for item in world.people)
    elif "{e}" in query:
        yield from (query.replace("{e}", item) for item in world.visits)
    else:
        yield query


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(people=PEOPLE, steps=STEPS, queries=QUERIES)
async def test_nobody_gets_more_than_the_rule_allows(asked, people, steps, queries) -> None:
    name, world = f"w{next(_worlds)}x", World()
    await built(world, asked, people, steps, name)
    for (who, protected), client in asked.items():
        allowed = world.visible(who, protected=protected)
        for query in queries:
            for address in addresses(query, world):
                answer = await client.get(address)
                assert answer.status_code in (200, 404), answer.text
                if answer.status_code == 200:
                    assert of_world(ids_in(answer.text), name) <= allowed, address
        for kind in ("Patient", "Encounter"):
            found: set[str] = set()
            link: str | None = f"/{kind}?_count=200"
            while link:
                page = (await client.get(link)).json()
                found |= {f"{kind}/{entry['resource']['id']}" for entry in page.get("entry", ())}
                link = next((item["url"] for item in page["link"] if item["relation"] == "next"), None)
            assert of_world(found, name) == {
                item for item in world.current(who, protected=protected) if item.startswith(kind)
            }
