"""The views that rule what is seen: none shows people, or what is theirs, without asking whom the caller reaches."""

import re

import pytest
from sqlmodel import SQLModel

from app.access.rule import WAYS, statements
from app.fhir.resource_type import ResourceType
from app.resources.declare import owner, string
from app.resources.registry import registry

# A type as somebody may declare it: it belongs to people and has words of its own.
NOTE = ResourceType(
    name="Communication",
    title="A note",
    title_vi="Ghi chú",
    owner="subject",
    search=(owner("patient", "subject"), string("note", indexed=True)),
)
TYPES = [*registry(), NOTE]
MADE = list(statements((kind.name, kind.tables) for kind in TYPES))
VIEWS = {
    (form[1], form[2]): text
    for text in MADE
    if (form := re.match(r"create view (\w+)\.(\w+) as select r\.\* from", text))
}
for _table in (NOTE.tables.current, NOTE.tables.past, *NOTE.tables.prefixes.values()):
    SQLModel.metadata.remove(_table)
OF_PEOPLE = [kind for kind in TYPES if kind.owner or kind.is_person]


def tables(kind: ResourceType) -> list[str]:
    words = [table.name for table in kind.tables.prefixes.values()]
    return [kind.tables.name, kind.tables.past.name, *words]


def test_every_table_of_every_type_has_a_view_of_its_name_for_each_way_of_seeing() -> None:
    wanted = {(way.schema, table) for way in WAYS for kind in TYPES for table in tables(kind)}
    assert wanted <= VIEWS.keys()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.schema)
@pytest.mark.parametrize("kind", OF_PEOPLE, ids=lambda kind: kind.name)
def test_what_is_of_people_is_reached_unrestricted_and_unlabelled_or_seen_with_what_is(kind: ResourceType, way) -> None:
    for table in tables(kind):
        text = VIEWS[way.schema, table]
        assert f"' {kind.name} '" in text
        if f"from {way.schema}.{kind.tables.name} o" in text:
            continue
        assert ("public.reach a" in text) != way.everyone, table
        assert "public.restriction x" in text, table
        assert ("s.security &&" in text) != way.protected, table


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.schema)
@pytest.mark.parametrize("table", ["span", "claim"])
def test_what_says_something_of_people_beside_their_records_is_ruled_too(table: str, way) -> None:
    assert ("public.reach a" in VIEWS[way.schema, table]) != way.everyone


def test_the_reader_is_granted_views_and_no_table_of_records() -> None:
    granted = [text for text in MADE if text.startswith("grant select on") and "tramy_reader" in text]
    named = {name for text in granted for name in re.findall(r"\w+", text)}
    assert named.isdisjoint({table for kind in TYPES for table in tables(kind)} | {"span", "ledger", "claim", "reach"})
