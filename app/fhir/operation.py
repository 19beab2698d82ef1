"""An operation as a value: `$everything`, `$validate` and their like. https://hl7.org/fhir/R4/operations.html"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from app.errors import BadParameter, Malformed
from app.fhir.answer import Answer
from app.fhir.asked import Pairs
from app.fhir.asking import Asking
from app.fhir.exact import read
from app.fhir.json import parse
from app.fhir.resource_type import ResourceType
from app.fhir.service import Service

Level = Literal["system", "type", "instance"]


class Call(NamedTuple):
    """One use of an operation: who asks, the type and id in the address, its parameters, and the body as sent.

    `published` names the type of definition in the address (`ValueSet`), "" for a served type.
    """

    asking: Asking
    kind: ResourceType | None
    id: str
    pairs: Pairs
    raw: bytes = b""
    published: str = ""


class Reply(NamedTuple):
    """What an operation answers: a resource as JSON, a status, and the version it is about where it is one."""

    body: str
    status: int = 200
    answer: Answer | None = None


class Parameter(NamedTuple):
    """A parameter of an operation as its OperationDefinition says it; `most` is a number or `*`."""

    name: str
    type: str
    en: str
    vi: str
    use: Literal["in", "out"] = "in"
    least: int = 0
    most: str = "1"


@dataclass(frozen=True)
class Operation:
    """An operation: its code without `$`, where it stands, its parameters, and what runs it.

    One that `changes` something is asked for by POST only. `definition` is the address of its published
    OperationDefinition, "" where it is the service's own. `needs` are letters of `cruds` for the type at its
    address, or scopes of our own, all of which a token must grant; () for what shows nobody's record. Without it
    nobody may ask for the operation.
    """

    name: str
    title: str
    title_vi: str
    levels: tuple[Level, ...]
    run: Callable[[Service, Call], Awaitable[Reply]]
    parameters: tuple[Parameter, ...] = ()
    changes: bool = False
    definition: str = ""
    needs: tuple[str, ...] | None = None


def given(service: Service, call: Call, operation: Operation) -> dict[str, list[Any]]:
    """Return the parameters by name, from the address and from a Parameters resource in the body.

    A value of the address is a string; one of the body is its `value[x]`, or the resource, numbers as
    `exact.Number`. A body that is another resource stands as the parameter of type Resource. Raises Malformed
    for a body that is no strict JSON, BadParameter for a parameter that the operation has not or that repeats.
    """
    wanted = {item.name: item for item in operation.parameters if item.use == "in"}
    found: dict[str, list[Any]] = {}
    for name, value in call.pairs:
        if name not in ("_format", "_pretty"):
            found.setdefault(name, []).append(value)
    if call.raw:
        parse(call.raw, depth_limit=service.settings.depth_limit + 3)
        tree = read(call.raw)
        for name, value in _of_body(tree, wanted):
            found.setdefault(name, []).append(value)
    for name, values in found.items():
        if name not in wanted:
            raise _unknown(name, operation)
        if len(values) > 1 and wanted[name].most == "1":
            raise BadParameter.of("This parameter may be given once.", "Tham số này chỉ được dùng một lần.", name)
    return found


def _of_body(tree: dict, wanted: dict[str, Parameter]) -> list[tuple[str, Any]]:
    if tree.get("resourceType") != "Parameters":
        whole = next((name for name, item in wanted.items() if item.type == "Resource"), "")
        if not whole:
            raise Malformed.of("A Parameters resource is expected.", "Cần một tài nguyên Parameters.", "resourceType")
        return [(whole, tree)]
    items = tree.get("parameter", [])
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in items
    ):
        raise Malformed.of(
            "Each parameter must be an object with a name.", "Mỗi tham số phải có name.", "Parameters.parameter"
        )
    return [(item["name"], _value(item)) for item in items]


def _value(item: dict) -> Any:
    return next(
        (value for name, value in item.items() if name in ("resource", "part") or name.startswith("value")), None
    )


def _unknown(name: str, operation: Operation) -> BadParameter:
    listed = ", ".join(item.name for item in operation.parameters if item.use == "in")
    return BadParameter.of(
        f"${operation.name} has no such parameter; it has: {listed or 'none'}.",
        f"${operation.name} không có tham số này; có: {listed or 'không có'}.",
        name if name.replace("-", "").isalnum() else "?",
    )
