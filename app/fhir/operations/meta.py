"""$meta, $meta-add, $meta-delete: profiles, tags and security labels. https://hl7.org/fhir/R4/resource-operations.html"""

from collections.abc import Iterable
from typing import Any, cast

from app.errors import BadParameter, Invalid, Unprocessable
from app.fhir import exact
from app.fhir.interactions.conditional_write import write_found
from app.fhir.interactions.read import read
from app.fhir.json import members, parse
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.change import Change
from app.fhir.write.prepared import prepare
from app.store.advisory import lock_names
from app.store.database import Connection

LISTS = ("profile", "security", "tag")
MOST_LABELS = 1000
"""More labels of one kind on the records of one type are not listed."""


async def meta(service: Service, call: Call) -> Reply:
    """Return the meta of a record, or the profiles, tags and labels on the current versions of a type or of all.

    Of codings that differ in upper and lower case alone, one is listed. Raises NotFound and Gone for a record that
    is not here, Unprocessable when a type has more than can be listed.
    """
    given(service, call, META)
    if call.kind and call.id:
        answer = await read(service.pool, call.kind, call.id)
        return _reply(_meta_of(answer.body or ""))
    found: dict[str, Any] = {}
    for kind in [call.kind] if call.kind else service.registry:
        for held in await _in_use(service, kind):
            found = _with(found, held)
    return _reply({name: sorted(found[name], key=_order) for name in LISTS if name in found})


async def add(service: Service, call: Call) -> Reply:
    """Add the profiles, tags and labels of a Meta to a record and return its meta.

    A new version is made only when something is new. Raises NotFound and Gone for a record that is not here,
    BadParameter and Invalid for a Meta that is missing or is not one.
    """
    return await _change(service, call, _asked(service, call, META_ADD), adding=True)


async def delete(service: Service, call: Call) -> Reply:
    """Take the profiles, tags and labels of a Meta from a record and return its meta; raises as `add` does."""
    return await _change(service, call, _asked(service, call, META_DELETE), adding=False)


def _asked(service: Service, call: Call, operation: Operation) -> dict[str, Any]:
    """Return the Meta that was sent."""
    sent = given(service, call, operation).get("meta", [])
    if not sent or not isinstance(sent[0], dict):
        raise BadParameter.of(
            "A Parameters resource with the parameter meta (valueMeta) must be sent.",
            "Cần gửi tài nguyên Parameters có tham số meta (valueMeta).",
            "meta",
        )
    tree = parse(call.raw, depth_limit=service.settings.depth_limit)
    faults = service.validator.faults("Parameters", tree)
    if any(fault.severity == "error" for fault in faults):
        raise Invalid(faults)
    return sent[0]


async def _change(service: Service, call: Call, asked: dict[str, Any], *, adding: bool) -> Reply:
    # It stands at no address without a type.
    kind = cast("ResourceType", call.kind)

    async def lock(connection: Connection) -> None:
        # Those who change the labels of one record wait for each other here, before any other lock.
        await lock_names(connection, [f"{kind.name}/{call.id} meta"])

    async def find(connection: Connection) -> list[Change]:
        held = await read(connection, kind, call.id)
        body = held.body or ""
        changed = (_with if adding else _without)(_meta_of(body), asked)
        prepared = prepare(service, kind, _replaced(body, changed), service.clock())
        return [Change(kind, call.id, prepared, found=held.version)]

    written = (await write_found(service, lock, find))[0]
    return _reply(_meta_of(written.body or ""))


def _with(held: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return a Meta with what another adds; of a coding that is there already, the former stays."""
    changed = dict(held)
    for name in LISTS:
        there = {_key(item) for item in held.get(name, [])}
        new = {_key(item): item for item in reversed(more.get(name, [])) if _key(item) not in there}
        if new:
            changed[name] = [*held.get(name, []), *reversed(new.values())]
    return changed


def _without(held: dict[str, Any], less: dict[str, Any]) -> dict[str, Any]:
    """Return a Meta without what another names."""
    changed = dict(held)
    for name in LISTS:
        gone = {_key(item) for item in less.get(name, [])}
        left = [item for item in held.get(name, []) if _key(item) not in gone]
        changed[name] = left
        if not left:
            del changed[name]
    return changed


def _key(item: Any) -> tuple[Any, ...]:
    """Return what makes a profile, or a coding, the same as another: its address, or its system and code."""
    return (item.get("system"), item.get("code")) if isinstance(item, dict) else (str(item),)


def _order(item: Any) -> tuple[str, ...]:
    return tuple(part or "" for part in _key(item))


def _meta_of(body: str) -> dict[str, Any]:
    return exact.read(members(body.encode()).get("meta", b"{}"))


def _replaced(body: str, changed: dict[str, Any]) -> bytes:
    """Return the bytes of a resource with another meta, all else as it was."""
    parts = {**members(body.encode()), "meta": exact.write(changed).encode()}
    return b"{%s}" % b",".join(b'"%s":%s' % (name.encode(), value) for name, value in parts.items())


async def _in_use(service: Service, kind: ResourceType) -> list[dict[str, Any]]:
    """Return the metas of records that between them have every profile, tag and label of the type."""
    table, ids = kind.tables.name, set()
    for name in LISTS:
        # A token is kept twice; the form without its system begins with a blank.
        rows = await service.pool.fetch(
            f"select min(id) as id from {table}, unnest({name}) item"
            f" where body is not null and item not like ' %' group by item limit {MOST_LABELS + 1}"
        )
        if len(rows) > MOST_LABELS:
            raise _too_many(kind)
        ids |= {row["id"] for row in rows}
    rows = await service.pool.fetch(f"select body from {table} where id = any($1::text[]) order by id", sorted(ids))
    return [_meta_of(row["body"]) for row in rows if row["body"] is not None]


def _too_many(kind: ResourceType) -> Unprocessable:
    return Unprocessable.of(
        f"The records of {kind.name} have more than {MOST_LABELS} labels of one kind; ask for the meta of a record.",
        f"Các hồ sơ {kind.name} có hơn {MOST_LABELS} nhãn cùng loại; hãy hỏi meta của từng hồ sơ.",
        code="too-costly",
    )


def _reply(found: dict[str, Any]) -> Reply:
    """Return the Parameters with a Meta; without a parameter when there is nothing, for FHIR has no empty Meta."""
    parameters: Iterable[dict] = [{"name": "return", "valueMeta": found}] if found else []
    tree = {"resourceType": "Parameters", **({"parameter": parameters} if found else {})}
    return Reply(exact.write(tree))


_RETURN = Parameter("return", "Meta", "The meta as it is now.", "Phần meta hiện tại.", use="out", least=1)
META = Operation(
    name="meta",
    title="Profiles, tags and security labels",
    title_vi="Profile, thẻ phân loại và nhãn bảo mật",
    levels=("system", "type", "instance"),
    run=meta,
    parameters=(_RETURN,),
    definition="http://hl7.org/fhir/OperationDefinition/Resource-meta",
    needs=("r",),
)
META_ADD = Operation(
    name="meta-add",
    title="Add profiles, tags and security labels",
    title_vi="Thêm profile, thẻ phân loại và nhãn bảo mật",
    levels=("instance",),
    run=add,
    parameters=(Parameter("meta", "Meta", "What is to be added.", "Những gì cần thêm.", least=1), _RETURN),
    changes=True,
    definition="http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    needs=("ru",),
)
META_DELETE = Operation(
    name="meta-delete",
    title="Take away profiles, tags and security labels",
    title_vi="Bỏ profile, thẻ phân loại và nhãn bảo mật",
    levels=("instance",),
    run=delete,
    parameters=(Parameter("meta", "Meta", "What is to be taken away.", "Những gì cần bỏ.", least=1), _RETURN),
    changes=True,
    definition="http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    needs=("ru",),
)
