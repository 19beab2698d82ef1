"""Which record is meant: by a reference, by identifiers, or by both. https://hl7.org/fhir/R5/patient-operation-merge.html"""

import re
from typing import Any, NamedTuple

from app.errors import BadParameter, NotFound
from app.fhir.resource_type import ResourceType
from app.fhir.search.values import token
from app.store.database import Connection

_LOCAL = re.compile(r"(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")


class Named(NamedTuple):
    """A record as a client names it: its id, "" where only identifiers were given, and those as search tokens.

    `place` is the parameter it was named in.
    """

    id: str
    tokens: tuple[str, ...]
    place: str


def read_named(kind: ResourceType, given: dict[str, list[Any]], name: str, bases: tuple[str, ...]) -> Named:
    """Read `<name>` and `<name>-identifier`; a reference is relative or begins with one of `bases`.

    Raises BadParameter where neither is given or one has the wrong form.
    """
    references, identifiers = given.get(name, []), given.get(f"{name}-identifier", [])
    if not references and not identifiers:
        raise BadParameter.of(
            f"Give {name} (a Reference) or {name}-identifier (an Identifier).",
            f"Cần {name} (Reference) hoặc {name}-identifier (Identifier).",
            name,
        )
    record_id = read_reference(kind, references[0], bases) if references else ""
    if record_id is None:
        raise BadParameter.of(
            f"{name} must be a Reference to a {kind.name} held here, as {kind.name}/<id>.",
            f"{name} phải là Reference tới {kind.name} có ở đây, dạng {kind.name}/<id>.",
            name,
        )
    tokens = tuple(_token(item, f"{name}-identifier") for item in identifiers)
    return Named(record_id, tokens, name if references else f"{name}-identifier")


def read_reference(kind: ResourceType, value: Any, bases: tuple[str, ...]) -> str | None:
    """Return the id that a Reference names, None when it names no record of the type here."""
    text = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return None
    for base in bases:
        text = text.removeprefix(f"{base}/") if base else text
    form = _LOCAL.fullmatch(text)
    return form["id"] if form is not None and form["type"] == kind.name else None


def _token(item: Any, place: str) -> str:
    value = item.get("value") if isinstance(item, dict) else None
    system = item.get("system", "") if isinstance(item, dict) else None
    if not isinstance(value, str) or not isinstance(system, str) or not value or "\x00" in value + system:
        raise BadParameter.of(
            f"{place} must be an Identifier with a value.", f"{place} phải là Identifier có value.", place
        )
    return token(system, value)[0]


async def find_named(connection: Connection, kind: ResourceType, named: Named) -> str:
    """Return the id of the record, read as the caller sees records.

    Raises NotFound for an id or identifiers that no record has, BadParameter for identifiers of several.
    """
    if not named.tokens:
        return await _held(connection, kind, named)
    rows = await connection.fetch(
        f"select id from {kind.tables.name} where identifier @> $1::text[] and body is not null"
        " and ($2 = '' or id = $2) order by id limit 2",
        list(named.tokens),
        named.id,
    )
    if not rows:
        raise NotFound.of(
            f"No {kind.name} here has the identifiers given.",
            f"Không có {kind.name} nào mang các mã số này.",
            named.place,
        )
    if len(rows) > 1:
        raise BadParameter.of(
            f"Several {kind.name} records have these identifiers; name one by its reference.",
            f"Có nhiều {kind.name} mang các mã số này; hãy nêu bằng Reference.",
            named.place,
            code="multiple-matches",
        )
    return rows[0]["id"]


async def _held(connection: Connection, kind: ResourceType, named: Named) -> str:
    if not await connection.fetchval(f"select true from {kind.tables.name} where id = $1", named.id):
        raise nothing_named(kind, named.place)
    return named.id


def nothing_named(kind: ResourceType, place: str) -> NotFound:
    """Return the error for an id that is no record's, or that of one the caller does not see."""
    return NotFound.of(f"There is no such {kind.name} here.", f"Không có {kind.name} này.", place)
