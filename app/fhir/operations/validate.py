"""$validate: what a write would say of a resource, without writing. https://hl7.org/fhir/R4/resource-operation-validate.html

With a mode, the write itself is tried in a transaction that is always undone: its answer cannot differ.
"""

import contextlib
import json
from typing import Any, NamedTuple, cast

import msgspec

from app.errors import BadParameter, Fault, Malformed, Refused
from app.fhir.bundle.references import require_resolved
from app.fhir.interactions.create import new_id
from app.fhir.interactions.read import missing, read
from app.fhir.interactions.update import same_id
from app.fhir.json import members, parse
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.outcome import outcome
from app.fhir.profiles import require_profile
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service
from app.fhir.write.apply import apply
from app.fhir.write.change import Change, Written
from app.fhir.write.current import require_owners
from app.fhir.write.owner import owner_of
from app.fhir.write.prepared import Prepared, prepare
from app.fhir.write.transaction import in_transaction
from app.store.database import Connection

MODES = ("create", "update", "delete", "profile")
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_WELL = Fault("informational", "All is well.", "Không có lỗi.", severity="information")


class _Undone(Exception):
    """Ends the transaction of a trial; holds what would have come of it. Never leaves this file."""

    def __init__(self, written: Written) -> None:
        super().__init__()
        self.written = written


class _Content(NamedTuple):
    """What the bytes of a resource say for themselves: every fault, and the checked resource where none is an error."""

    faults: list[Fault]
    prepared: Prepared | None


async def validate(service: Service, call: Call) -> Reply:
    """Return an OperationOutcome with every fault, or that all is well; its status is 200 in both cases.

    Raises BadParameter for a mode or profile that is not known here, and for a resource that is missing; Malformed
    for a body that is no strict JSON at all; NotFound and Gone where a record that is not held is asked about.
    """
    # It stands at no address without a type.
    kind = cast("ResourceType", call.kind)
    sent = given(service, call, VALIDATE)
    mode = _one(sent, "mode")
    if mode and mode not in MODES:
        listed = ", ".join(MODES)
        raise BadParameter.of(f"mode must be one of {listed}.", f"mode phải là một trong {listed}.", "mode")
    for profile in sent.get("profile", []):
        require_profile(kind, profile)
    faults = await _faults(service, kind, call, mode)
    return Reply(json.dumps(outcome(faults or [_WELL]), ensure_ascii=False))


def _one(sent: dict[str, list[Any]], name: str) -> Any:
    return sent[name][0] if name in sent else ""


async def _faults(service: Service, kind: ResourceType, call: Call, mode: str) -> list[Fault]:
    if mode == "delete":
        return await _of_deletion(service, kind, call.id)
    raw = _resource(call.raw)
    if raw is None and (not call.id or mode in ("create", "update")):
        raise BadParameter.of(
            "A resource must be sent, as the body or as the parameter resource.",
            "Cần gửi một tài nguyên, là nội dung yêu cầu hoặc tham số resource.",
            "resource",
        )
    if raw is None:
        raw = ((await read(service.pool, kind, call.id)).body or "").encode()
    faults, prepared = content(service, kind, raw)
    if mode == "create":
        faults += _unresolved(raw, kind)
        return faults + await _of_write(service, prepared and Change(kind, new_id(), prepared, fresh=True))
    if mode == "update":
        faults += [*_unresolved(raw, kind), *_other_id(prepared, call.id)]
        return faults + await _of_write(
            service, prepared and Change(kind, call.id or prepared.id or new_id(), prepared)
        )
    return faults + (await _of_owner(service, prepared) if not mode and prepared else [])


def content(service: Service, kind: ResourceType, raw: bytes) -> _Content:
    """Check the bytes of a resource against the rules of FHIR and those of its type."""
    try:
        tree = parse(raw, depth_limit=service.settings.depth_limit)
    except Malformed as error:
        return _Content(list(error.faults), None)
    faults = service.validator.faults(kind.name, tree, members(raw))
    if tree.get("resourceType") != kind.name:
        return _Content(faults, None)
    if _wrong(faults):
        # A rule of the type may stumble over what FHIR's rules have named already; then these stand alone.
        with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError):
            faults += _own(service, kind, tree)
        return _Content(faults, None)
    faults += _own(service, kind, tree)
    return _Content(faults, None if _wrong(faults) else prepare(service, kind, raw, service.clock(), tree))


def _wrong(faults: list[Fault]) -> bool:
    return any(fault.severity == "error" for fault in faults)


def _own(service: Service, kind: ResourceType, tree: dict[str, Any]) -> list[Fault]:
    _, found = owner_of(kind, tree, service.base)
    return [*found, *(fault for rule in kind.rules for fault in rule(tree))]


def _unresolved(raw: bytes, kind: ResourceType) -> list[Fault]:
    try:
        require_resolved(raw, kind.name)
    except Refused as error:
        return list(error.faults)
    return []


def _other_id(prepared: Prepared | None, record_id: str) -> list[Fault]:
    """Return the fault of an id that is absent or not the one in the address, where there is one."""
    try:
        if prepared:
            same_id(prepared, record_id or prepared.id or "?")
    except Refused as error:
        return list(error.faults)
    return []


async def _of_owner(service: Service, prepared: Prepared) -> list[Fault]:
    """Return the fault of a record whose patient is not held here."""
    if not prepared.owner:
        return []
    held = await service.pool.fetchval(
        f"select true from {service.registry.person.tables.name} where id = $1 and body is not null", prepared.owner
    )
    try:
        require_owners([Change(prepared.kind, "", prepared)], {prepared.owner} if held else set())
    except Refused as error:
        return list(error.faults)
    return []


async def _of_write(service: Service, change: Change | None) -> list[Fault]:
    """Return what a write would be refused for; nothing is kept of the trial."""
    try:
        if change:
            await _try(service, change)
    except Refused as error:
        return list(error.faults)
    return []


async def _of_deletion(service: Service, kind: ResourceType, record_id: str) -> list[Fault]:
    if not record_id:
        raise BadParameter.of(
            "mode delete is for one record: Type/id/$validate.",
            "mode delete chỉ dùng cho một hồ sơ: Type/id/$validate.",
            "mode",
        )
    try:
        written = await _try(service, Change(kind, record_id, None))
    except Refused as error:
        return list(error.faults)
    if written.outcome == "absent":
        raise missing(kind)
    return []


async def _try(service: Service, change: Change) -> Written:
    """Return what would come of a change, which is undone. Raises what the write would raise."""

    async def work(connection: Connection) -> Written:
        raise _Undone((await apply(service, connection, [change]))[0])

    try:
        return await in_transaction(service, work)
    except _Undone as undone:
        return undone.written


def _resource(raw: bytes) -> bytes | None:
    """Return the bytes of the resource that was sent, alone or as a parameter."""
    if not raw:
        return None
    parts = members(raw)
    if json.loads(parts.get("resourceType", b'""')) != "Parameters":
        return raw
    for item in _LIST.decode(parts.get("parameter", b"[]")):
        parameter = members(bytes(item))
        if json.loads(parameter["name"]) == "resource":
            return parameter.get("resource")
    return None


VALIDATE = Operation(
    name="validate",
    title="Validate a resource",
    title_vi="Kiểm tra một tài nguyên",
    levels=("type", "instance"),
    run=validate,
    parameters=(
        Parameter(
            "resource",
            "Resource",
            "What is to be checked. Left out, the record in the address is.",
            "Tài nguyên cần kiểm tra. Nếu bỏ trống thì kiểm tra hồ sơ có trong địa chỉ.",
        ),
        Parameter(
            "mode",
            "code",
            "What is to be done with it: create, update, delete, or profile. With the first three the answer says"
            " whether that write would be taken now.",
            "Việc sẽ làm với tài nguyên: create, update, delete hoặc profile. Với ba giá trị đầu, câu trả lời cho biết"
            " thao tác ghi đó hiện có được chấp nhận không.",
        ),
        Parameter(
            "profile",
            "uri",
            "The profile that it must conform to: that of FHIR R4 or of this service for the type.",
            "Hồ sơ quy chuẩn (profile) phải tuân theo: của FHIR R4 hoặc của dịch vụ này cho loại tài nguyên đó.",
            most="*",
        ),
        Parameter(
            "return",
            "OperationOutcome",
            "Every fault, or that all is well.",
            "Mọi lỗi, hoặc cho biết không có lỗi.",
            use="out",
            least=1,
        ),
    ),
    definition="http://hl7.org/fhir/OperationDefinition/Resource-validate",
    needs=("r",),
)
