"""The parameters of addresses, headers and searches. https://spec.openapis.org/oas/v3.1.1.html#parameter-object"""

import json
from typing import Any

from app.api.openapi.examples import ID as EXAMPLE_ID
from app.api.openapi.examples import criteria, searched
from app.config import Settings
from app.fhir.asked import ID
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.described import PREFIXES, Bilingual, described
from app.fhir.search.parameter import Parameter
from app.fhir.search.query import COMMON

Item = dict[str, Any]
_MOMENT = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?)?)?"
_DATE = rf"({'|'.join(PREFIXES)})?{_MOMENT}"
FORMAT = ("_format", "_pretty")
PAGE = ("_count", "_cursor")
RESULT = ("_sort", "_total", *PAGE, *FORMAT)


def components(registry: Registry, settings: Settings) -> dict[str, Item]:
    """Return every parameter of the document by its name among the components."""
    person = registry.person
    shared = {parameter.name: _search(person, parameter, settings) for parameter in COMMON}
    own = {key(kind, parameter): _search(kind, parameter, settings) for kind in registry for parameter in kind.search}
    return {**_address(), **_headers(person), **_result(settings), **shared, **own}


def key(kind: ResourceType, parameter: Parameter) -> str:
    """Return the name of a search parameter among the components: those of all types have their own name alone."""
    return parameter.name if parameter in COMMON else f"{kind.name}.{parameter.name}"


def refs(*names: str) -> list[Item]:
    """Return references to parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def search_refs(kind: ResourceType) -> list[Item]:
    """Return references to every parameter of a search."""
    return refs(*(key(kind, parameter) for parameter in (*COMMON, *kind.search)), *RESULT)


def form(kind: ResourceType, settings: Settings) -> Item:
    """Return the schema of a search sent as a form."""
    zone = settings.time_zone
    # With a default the page leaves a field as it is; without one it makes up a value and would send every field.
    searches = {
        parameter.name: {"type": "string", "default": "", "description": _shown(searched(kind, parameter, zone))}
        for parameter in (*COMMON, *kind.search)
    }
    results = {
        "_sort": {"type": "string", "default": "", "description": _shown("-_lastUpdated")},
        "_count": {"type": "integer", "minimum": 0, "default": settings.page_size},
        "_cursor": {"type": "string", "default": ""},
        "_total": {"type": "string", "enum": ["accurate"], "default": "accurate"},
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


def _search(kind: ResourceType, parameter: Parameter, settings: Settings) -> Item:
    schema: Item = {"type": "string", "minLength": 1}
    if parameter.kind == "date":
        schema["pattern"] = f"^{_DATE}(,{_DATE})*$"
    says = described(kind, parameter, settings)
    example = searched(kind, parameter, settings.time_zone)
    return _query(parameter.name, says, schema, example)


def _query(name: str, says: Bilingual, schema: Item, example: object) -> Item:
    # In the schema, not beside it: what stands beside it the page fills in, and every parameter would be sent.
    typed = {**schema, "examples": [example]}
    return {"name": name, "in": "query", "description": f"{says}\n\n{_shown(example)}", "schema": typed}


def _shown(example: object) -> str:
    return f"Example · Ví dụ: `{example if isinstance(example, str) else json.dumps(example)}`"


def _address() -> dict[str, Item]:
    name = Bilingual("The id of the record, the client's or the server's.", "Mã hồ sơ, do bên gửi hoặc hệ thống đặt.")
    version = Bilingual("The number of the version, from 1.", "Số phiên bản, bắt đầu từ 1.")
    return {
        "id": _path("id", name, f"^{ID.pattern}$".replace(r"\Z", "$"), EXAMPLE_ID),
        "vid": _path("vid", version, "^[1-9][0-9]{0,8}$", "1"),
    }


def _path(name: str, says: Bilingual, pattern: str, example: str) -> Item:
    schema = {"type": "string", "pattern": pattern}
    head = {"name": name, "in": "path", "required": True}
    return {**head, "description": str(says), "schema": schema, "example": example}


def _headers(kind: ResourceType) -> dict[str, Item]:
    match = Bilingual(
        "Only if this is the current version; otherwise 412. Take it from `ETag`.",
        "Chỉ thực hiện nếu đây là phiên bản hiện tại, nếu không trả 412. Lấy từ `ETag`.",
    )
    once = Bilingual(
        "Create only if nothing matches this search; one match answers 200 with that record, several 412. "
        "Two clients at once still make one record.",
        "Chỉ tạo nếu không có hồ sơ nào khớp; khớp một thì trả 200 với hồ sơ đó, khớp nhiều thì trả 412. "
        "Hai bên gửi cùng lúc vẫn chỉ tạo một hồ sơ.",
    )
    back = Bilingual(
        "What a write gives back: the record (the default), nothing, or an OperationOutcome.",
        "Kết quả trả về khi ghi: hồ sơ (mặc định), không gì cả, hoặc OperationOutcome.",
    )
    etag = {"type": "string", "pattern": '^(W/)?"[1-9][0-9]{0,8}"$', "examples": ['W/"1"']}
    condition = {"type": "string", "examples": [criteria(kind)]}
    returned = [f"return={name}" for name in ("representation", "minimal", "OperationOutcome")]
    return {
        "If-Match": _header("If-Match", match, etag),
        "If-None-Exist": _header("If-None-Exist", once, condition),
        "Prefer": _header("Prefer", back, {"type": "string", "examples": returned}),
    }


def _header(name: str, says: Bilingual, schema: Item) -> Item:
    return {"name": name, "in": "header", "description": str(says), "schema": schema}


def _result(settings: Settings) -> dict[str, Item]:
    most, size = settings.page_limit, settings.page_size
    sort = Bilingual(
        "Search parameters in order, `-` before one for the greatest first. Records without a value come last.",
        "Các tham số tìm kiếm theo thứ tự, `-` ở trước để xếp giảm dần. Hồ sơ không có giá trị xếp cuối.",
    )
    count = Bilingual(
        f"Entries on a page, {size} when not given and never more than {most}; 0 gives the total alone.",
        f"Số mục mỗi trang, mặc định {size}, không quá {most}; 0 để chỉ lấy tổng số.",
    )
    cursor = Bilingual("From the `next` link, as it is.", "Lấy nguyên từ liên kết `next`.")
    total = Bilingual("Totals are always exact.", "Tổng số luôn chính xác.")
    shape = Bilingual("The format, in place of `Accept`.", "Định dạng, thay cho `Accept`.")
    pretty = Bilingual("Indented for people to read.", "Thụt dòng cho dễ đọc.")
    formats = {"type": "string", "enum": ["application/fhir+json", "application/json", "json"]}
    return {
        "_sort": _query("_sort", sort, {"type": "string"}, "-_lastUpdated"),
        "_total": _query("_total", total, {"type": "string", "enum": ["accurate"]}, "accurate"),
        "_count": _query("_count", count, {"type": "integer", "minimum": 0, "maximum": 999_999_999}, 20),
        "_cursor": {"name": "_cursor", "in": "query", "description": str(cursor), "schema": {"type": "string"}},
        "_format": _query("_format", shape, formats, "json"),
        "_pretty": _query("_pretty", pretty, {"type": "boolean"}, True),
    }
