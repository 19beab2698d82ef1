"""$match: who may this be? https://hl7.org/fhir/R4/patient-operation-match.html

Records of one person answer as one: the record that stands for the person, with the score of the best of them.
"""

import json
from typing import Any, NamedTuple

from app.errors import BadParameter
from app.fhir.exact import Number, write
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.prepared import Prepared, prepare
from app.resources.persons.candidates import Candidate, candidates
from app.resources.persons.traits import Traits, compare, traits
from app.resources.persons.weights import GRADES, grade, score, weigh
from app.store.database import Connection
from app.store.pool import lend

_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_COUNT = 10
_MOST = 100


class Asked(NamedTuple):
    """The record to look for, how many to return, and whether only a certain one is wanted."""

    prepared: Prepared
    most: int
    certain: bool


class Match(NamedTuple):
    """A person by the record that stands for it, and the bits for it being the one looked for."""

    person: str
    bits: float


async def _match(service: Service, call: Call) -> Reply:
    kind = call.kind or service.registry.person
    asked = _read(service, call, kind)
    async with lend(service.pool) as connection:
        matches = await _matches(service, connection, asked)
        if asked.certain:
            sure = [match for match in matches if grade(match.bits) == "certain"]
            # Several certain ones are a register that knows a human twice: which is right is not for a program.
            matches = sure if len(sure) == 1 else []
        shown = matches[: asked.most]
        bodies = await _bodies(connection, kind, [match.person for match in shown])
    return Reply(_bundle(f"{call.asking.base}/{kind.name}", shown, bodies, len(matches)))


def _read(service: Service, call: Call, kind: ResourceType) -> Asked:
    found = given(service, call, MATCH)
    tree = found.get("resource", [None])[0]
    if not isinstance(tree, dict) or tree.get("resourceType") != kind.name:
        raise BadParameter.of(
            f"Give the {kind.name} to look for as the parameter resource.",
            f"Cần {kind.name} cần tìm trong tham số resource.",
            "resource",
        )
    certain = found.get("onlyCertainMatches", [False])[0]
    if certain not in (True, False, "true", "false"):
        raise BadParameter.of(
            "onlyCertainMatches must be true or false.",
            "onlyCertainMatches phải là true hoặc false.",
            "onlyCertainMatches",
        )
    prepared = prepare(service, kind, write(tree).encode(), service.clock())
    return Asked(prepared, _count(found.get("count", [Number(_COUNT)])[0]), certain in (True, "true"))


def _count(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= _MOST):
        raise BadParameter.of(
            f"count must be a number from 1 to {_MOST}.", f"count phải là số từ 1 đến {_MOST}.", "count"
        )
    return int(text)


async def _matches(service: Service, connection: Connection, asked: Asked) -> list[Match]:
    """Return the people who may be the one, the likeliest first; not the one whose record it is."""
    prepared = asked.prepared
    sought = traits(prepared.tree, prepared.columns.get("home_unit", ()))
    zone = service.settings.time_zone
    found = await candidates(connection, service.registry, prepared, sought, zone)
    own = await _own(connection, prepared)
    best: dict[str, float] = {}
    for item in found:
        bits = weigh(compare(sought, _known(item)))
        if item.person != own and bits >= GRADES[-1][1]:
            best[item.person] = max(bits, best.get(item.person, bits))
    return sorted((Match(*pair) for pair in best.items()), key=lambda match: (-match.bits, match.person))


def _known(item: Candidate) -> Traits:
    return traits(json.loads(item.body), item.communes, item.cards)


async def _own(connection: Connection, prepared: Prepared) -> str:
    """Return the person that the record looked for is of, where it is a record held here; else ""."""
    if not prepared.id:
        return ""
    query = f"select coalesce(person_id, id) from {prepared.kind.tables.name} where id = $1"
    return await connection.fetchval(query, prepared.id) or ""


async def _bodies(connection: Connection, kind: ResourceType, ids: list[str]) -> dict[str, str]:
    rows = await connection.fetch(f"select id, body from {kind.tables.name} where id = any($1::text[])", ids)
    return {row["id"]: row["body"] for row in rows if row["body"] is not None}


def _bundle(address: str, matches: list[Match], bodies: dict[str, str], total: int) -> str:
    entries = ",".join(
        f'{{"fullUrl":{json.dumps(f"{address}/{match.person}")},"resource":{bodies[match.person]},'
        f'"search":{json.dumps(_search(match))}}}'
        for match in matches
        if match.person in bodies
    )
    listed = f',"entry":[{entries}]' if entries else ""
    return f'{{"resourceType":"Bundle","type":"searchset","total":{total}{listed}}}'


def _search(match: Match) -> dict[str, Any]:
    return {
        "extension": [{"url": _GRADE, "valueCode": grade(match.bits)}],
        "mode": "match",
        "score": score(match.bits),
    }


MATCH = Operation(
    "match",
    "Find the people whom a record may be of",
    "Tìm những người có thể là cùng một người",
    ("type",),
    _match,
    (
        Parameter(
            "resource",
            "Resource",
            "What is known of the person, as a Patient.",
            "Những gì đã biết về người này, dạng Patient.",
            least=1,
        ),
        Parameter(
            "onlyCertainMatches",
            "boolean",
            "Return one certain match, or nothing.",
            "Chỉ trả về một kết quả chắc chắn, hoặc không có gì.",
        ),
        Parameter(
            "count",
            "integer",
            f"The most matches to return, {_COUNT} if absent, at most {_MOST}.",
            f"Số kết quả tối đa, mặc định {_COUNT}, không quá {_MOST}.",
        ),
        Parameter(
            "return",
            "Bundle",
            "The people, the likeliest first, each with a score and a grade.",
            "Danh sách người, khả năng cao nhất trước, kèm điểm và mức độ.",
            "out",
            1,
        ),
    ),
    definition="http://hl7.org/fhir/OperationDefinition/Patient-match",
    needs=("s",),
)
