"""What comes along with a page: `_include`, `_revinclude`, and on from what was found with `:iterate`.

Everything is read at the moment of the page. https://hl7.org/fhir/R4/search.html#revinclude
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from asyncpg import Record

from app.fhir.resource_type import ResourceType
from app.fhir.search.include import Include
from app.fhir.search.linked import marks
from app.fhir.search.place import Arguments, Place
from app.store.database import Reader
from app.store.moment import Moment
from app.store.visible import Seen

Key = tuple[str, str]


class Included(NamedTuple):
    """Rows (kind, id, body) that come along, and whether the limit kept some out."""

    rows: tuple[Record, ...] = ()
    capped: bool = False


async def included(
    reader: Reader, includes: Sequence[Include], matches: Sequence[Record], moment: Moment, place: Place, most: int
) -> Included:
    """Return what the matches bring along: each record once, none that is a match itself, at most `most`."""
    have: set[Key] = {(row["kind"], row["id"]) for row in matches}
    found: list[Record] = []
    fresh, first = have.copy(), True
    while fresh:
        wave = [item for item in includes if first or item.iterate]
        rows = [row for item in wave for row in await _bring(reader, item, fresh, moment, place, most)]
        new = list({(row["kind"], row["id"]): row for row in rows if (row["kind"], row["id"]) not in have}.items())
        if len(found) + len(new) > most:
            return Included((*found, *(row for _, row in new[: most - len(found)])), True)
        found += [row for _, row in new]
        fresh, first = {key for key, _ in new}, False
        have |= fresh
    return Included(tuple(found))


async def _bring(
    reader: Reader, asked: Include, fresh: Iterable[Key], moment: Moment, place: Place, most: int
) -> list[Record]:
    """Return what one parameter brings along from these records."""
    rows: list[Record] = []
    for target in asked.targets:
        source = target if asked.reverse else asked.source
        ids = sorted(record_id for name, record_id in fresh if name == source.name)
        if not ids:
            continue
        arguments = Arguments()
        seen = Seen(*(arguments.add(value) for value in (moment.low, moment.high, list(moment.running))))
        made = _referring if asked.reverse else _referred
        text = made(asked, target, arguments.add(ids), seen, place, arguments)
        rows += await reader.fetch(f"{text} limit {most + 1}", *arguments)
    return rows


def _referred(asked: Include, target: ResourceType, ids: str, seen: Seen, place: Place, arguments: Arguments) -> str:
    """Return the query of the records of a type that the records `ids` refer to."""
    parameter = asked.parameter
    if parameter.owner == target.name:
        refers = _versions(asked.source, "patient_id as id", f"id = any({ids}::text[])", seen)
    else:
        held = _versions(asked.source, f'"{parameter.column}" as refers', f"id = any({ids}::text[])", seen)
        refers = (
            f"select substr(v, length(m) + 1) from ({held}) r, unnest(r.refers) v,"
            f" unnest({marks(target, place, arguments)}) m where v ^@ m"
        )
    return _records(target, f"id in ({refers})", seen)


def _referring(asked: Include, target: ResourceType, ids: str, seen: Seen, place: Place, arguments: Arguments) -> str:
    """Return the query of the records of the source type that refer to the records `ids` of a type."""
    parameter = asked.parameter
    if parameter.owner == target.name:
        return _records(asked.source, f"patient_id = any({ids}::text[])", seen)
    begun = marks(target, place, arguments)
    wanted = f"array(select m || i from unnest({ids}::text[]) i, unnest({begun}) m)"
    return _records(asked.source, f'"{parameter.column}" && {wanted}', seen)


def _records(kind: ResourceType, where: str, seen: Seen) -> str:
    versions = _versions(kind, f"'{kind.name}' as kind, id, {kind.person} as person, body", where, seen)
    return f"select * from ({versions}) found"


def _versions(kind: ResourceType, columns: str, where: str, seen: Seen) -> str:
    """Return the query of columns of the versions that were current at the moment."""
    now, past = kind.tables.name, kind.tables.past.name
    live = f"body is not null and {where}"
    return (
        f"select {columns} from {now} where {live} and {seen.current(now)}"
        f" union all select {columns} from {past} where {live} and {seen.past(past)}"
    )
