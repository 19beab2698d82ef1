"""A merge or its undo, in one transaction: links in both records, who stands for whom, and the figures.

Nothing is moved: visits, doses and cards stay with the record they were sent to.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from app.errors import BadParameter, Gone
from app.fhir.operation import Call, Operation, Reply, given
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change
from app.fhir.write.group import Member, lock_together
from app.fhir.write.prepared import prepare
from app.fhir.write.transaction import in_transaction
from app.resources.persons.links import REPLACED_BY, REPLACES
from app.resources.persons.named import Named, find_named, nothing_named, read_named
from app.resources.persons.tree import Parents, parents_of, persons
from app.store.database import Connection

Relink = Callable[[ResourceType, str, str, str, str], bytes]
"""Gives a body with or without a link: type, body, the other record's id, type of link, this server's address."""


class Way(NamedTuple):
    """A merge or an undo: what becomes of the tree and of the links, and what is said when it was done, or needless."""

    tree: Callable[[Parents, str, str], Parents | None]
    relink: Relink
    done: tuple[str, str]
    needless: tuple[str, str]


class Pair(NamedTuple):
    """What was asked for: the two records as they were named, and whether only to show what would come of it."""

    source: Named
    target: Named
    preview: bool


class Result(NamedTuple):
    """The target's body afterwards, whether anything changed, and whether the target's person counts."""

    body: str
    changed: bool
    active: bool


class _Preview(Exception):
    """Carries a result out of a transaction that is to leave nothing behind."""

    def __init__(self, result: Result) -> None:
        self.result = result


async def join(service: Service, call: Call, operation: Operation, way: Way) -> Reply:
    """Run a merge or an undo and return what FHIR's $merge returns: input, outcome and result.

    Raises BadParameter, NotFound, Gone and Conflict, each naming the parameter at fault.
    """
    kind = call.kind or service.registry.person
    pair = _read(service, call, operation, kind)

    async def work(connection: Connection) -> Result:
        result = await _join(service, connection, kind, pair, way)
        if pair.preview:
            raise _Preview(result)
        return result

    try:
        result = await in_transaction(service, work)
    except _Preview as shown:
        result = shown.result
    return Reply(_parameters(call.raw, _outcome(result, pair.preview, way), result.body))


def _read(service: Service, call: Call, operation: Operation, kind: ResourceType) -> Pair:
    found = given(service, call, operation)
    bases = (service.base, call.asking.base)
    source, target = (read_named(kind, found, f"{name}-patient", bases) for name in ("source", "target"))
    preview = found.get("preview", [False])[0]
    if preview not in (True, False, "true", "false"):
        raise BadParameter.of("preview must be true or false.", "preview phải là true hoặc false.", "preview")
    return Pair(source, target, preview in (True, "true"))


async def _join(service: Service, connection: Connection, kind: ResourceType, pair: Pair, way: Way) -> Result:
    if pair.source.id == pair.target.id and not (pair.source.tokens or pair.target.tokens):
        raise _same(pair)
    async with service.looking(connection) as looker:
        source = await find_named(looker, kind, pair.source)
        target = await find_named(looker, kind, pair.target)
    if source == target:
        raise _same(pair)
    members = await lock_together(connection, service.registry, [source, target])
    bodies = _body(kind, members, source, pair.source.place), _body(kind, members, target, pair.target.place)
    tree = way.tree(parents_of(members), source, target)
    if tree is None:
        return Result(bodies[1], changed=False, active=True)
    raws = (
        way.relink(kind, bodies[0], target, REPLACED_BY, service.base),
        way.relink(kind, bodies[1], source, REPLACES, service.base),
    )
    now = service.clock()
    made = [prepare(service, kind, raw, now) for raw in raws]
    changes = [Change(kind, record, part) for record, part in zip((source, target), made, strict=True)]
    written = await apply(service, connection, changes)
    await _regroup(connection, kind, tree)
    await service.keeper.keep_merged(connection, sorted(members), service.epoch)
    return Result(written[1].body or "", changed=True, active=made[1].tree.get("active") is not False)


def _same(pair: Pair) -> BadParameter:
    return BadParameter.of(
        "Source and target are the same record; name two.",
        "Hồ sơ nguồn và hồ sơ đích là một; hãy nêu hai hồ sơ.",
        pair.target.place,
    )


def _body(kind: ResourceType, members: dict[str, Member], record: str, place: str) -> str:
    if record not in members:
        raise nothing_named(kind, place)
    body = members[record].current.body
    if body is None:
        raise Gone.of(f"This {kind.name} has been deleted.", f"{kind.name} này đã bị xóa.", place)
    return body


async def _regroup(connection: Connection, kind: ResourceType, tree: Parents) -> None:
    """Keep who stands for whom; the versions themselves stay as they are."""
    heads = persons(tree)
    records = sorted(tree)
    await connection.execute(
        f"update {kind.tables.name} p set person_id = n.head, merged_into = n.parent"
        " from unnest($1::text[], $2::text[], $3::text[]) n(id, head, parent) where p.id = n.id"
        " and (p.person_id is distinct from n.head or p.merged_into is distinct from n.parent)",
        records,
        [heads[record] for record in records],
        [tree[record] for record in records],
    )


def _outcome(result: Result, preview: bool, way: Way) -> dict[str, Any]:
    issues = [_issue("information", "informational", *(way.done if result.changed else way.needless))]
    if preview:
        issues.append(
            _issue(
                "information",
                "informational",
                "This is a preview; nothing was changed.",
                "Bản xem trước; chưa có gì thay đổi.",
            )
        )
    if not result.active:
        issues.append(
            _issue(
                "warning",
                "business-rule",
                "The target is not active, so the person counts nowhere; make it active, or merge the other way round.",
                "Hồ sơ đích không hoạt động nên người này không được tính; hãy kích hoạt lại hoặc gộp ngược lại.",
            )
        )
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(severity: str, code: str, en: str, vi: str) -> dict[str, Any]:
    return {"severity": severity, "code": code, "details": {"text": vi}, "diagnostics": en}


def _parameters(sent: bytes, outcome: dict[str, Any], body: str) -> str:
    parts = [f'{{"name":"outcome","resource":{json.dumps(outcome, ensure_ascii=False)}}}']
    parts.append(f'{{"name":"result","resource":{body}}}')
    if sent:
        parts.insert(0, f'{{"name":"input","resource":{sent.decode()}}}')
    return f'{{"resourceType":"Parameters","parameter":[{",".join(parts)}]}}'
