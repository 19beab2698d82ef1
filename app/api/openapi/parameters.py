"""The parameters of addresses and searches. https://spec.openapis.org/oas/v3.1.1.html#parameter-object"""

import json
from typing import Any

from app.api.openapi.examples import ID as EXAMPLE_ID
from app.api.openapi.examples import searched
from app.config import Settings
from app.fhir.asked import ID
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.described import PREFIXES, Bilingual, described
from app.fhir.search.parameter import Parameter

Item = dict[str, Any]
_MOMENT = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?)?)?"
_DATE = rf"({'|'.join(PREFIXES)})?{_MOMENT}"


def components(registry: Registry, settings: Settings) -> dict[str, Item]:
    """Return the parameters of paths and of searches of served types by their name among the components."""
    person = registry.person
    shared = {item.name: _search(registry, person, item, settings) for item in COMMON}
    own = {key(kind, item): _search(registry, kind, item, settings) for kind in registry for item in kind.search}
    return {**_address(), **shared, **own}


def key(kind: ResourceType, parameter: Parameter) -> str:
    """Return the name of a search parameter among the components: those of all types have their own name alone."""
    return parameter.name if parameter in COMMON else f"{kind.name}.{parameter.name}"


def refs(*names: str) -> list[Item]:
    """Return references to parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def criteria_of(kind: ResourceType) -> tuple[str, ...]:
    """Name the components of every search parameter of a type."""
    return tuple(key(kind, parameter) for parameter in (*COMMON, *kind.search))


def form(kind: ResourceType | None, results: dict[str, Item], settings: Settings) -> Item:
    """Return the schema of a search sent as a form: with the parameters of a type, or with those of all alone."""
    # With a default the page leaves a field as it is; without one it makes up a value and would send every field.
    searches = {
        parameter.name: {"type": "string", "default": "", "description": _example_of(kind, parameter, settings)}
        for parameter in (*COMMON, *(kind.search if kind else ()))
    }
    says = Bilingual(
        "The parameters of the search by address; modifiers are written after the name, such as `name:exact`.",
        "Các tham số như khi tìm bằng địa chỉ; hậu tố viết sau tên, như `name:exact`.",
    )
    return {
        "type": "object",
        "description": str(says),
        "properties": {**searches, **results},
        "additionalProperties": {"type": "string"},
    }


def query(name: str, says: Bilingual, schema: Item, example: object = None) -> Item:
    """Return the Parameter Object of a parameter in the query."""
    if example is None:
        return {"name": name, "in": "query", "description": str(says), "schema": schema}
    # In the schema, not beside it: what stands beside it the page fills in, and every parameter would be sent.
    typed = {**schema, "examples": [example]}
    return {"name": name, "in": "query", "description": f"{says}\n\n{shown(example)}", "schema": typed}


def shown(example: object) -> str:
    """Return an example as it is written below a description."""
    return f"Example · Ví dụ: `{example if isinstance(example, str) else json.dumps(example)}`"


def path(name: str, says: Bilingual, pattern: str, example: str) -> Item:
    """Return the Parameter Object of a parameter in the path."""
    schema = {"type": "string", "pattern": pattern}
    head = {"name": name, "in": "path", "required": True}
    return {**head, "description": str(says), "schema": schema, "example": example}


def id_pattern() -> str:
    """Return the pattern of ids as JSON schemas write it."""
    return f"^{ID.pattern}$".replace(r"\Z", "$")


def _search(registry: Registry, kind: ResourceType, parameter: Parameter, settings: Settings) -> Item:
    schema: Item = {"type": "string", "minLength": 1}
    if parameter.kind == "date":
        schema["pattern"] = f"^{_DATE}(,{_DATE})*$"
    says = described(kind, parameter, settings, registry)
    return query(parameter.name, says, schema, searched(kind, parameter, settings.time_zone))


def _example_of(kind: ResourceType | None, parameter: Parameter, settings: Settings) -> str:
    return shown(searched(kind, parameter, settings.time_zone)) if kind else ""


def _address() -> dict[str, Item]:
    name = Bilingual("The id of the record, the client's or the server's.", "Mã hồ sơ, do bên gửi hoặc hệ thống đặt.")
    version = Bilingual("The number of the version, from 1.", "Số phiên bản, bắt đầu từ 1.")
    return {
        "id": path("id", name, id_pattern(), EXAMPLE_ID),
        "vid": path("vid", version, "^[1-9][0-9]{0,8}$", "1"),
    }
