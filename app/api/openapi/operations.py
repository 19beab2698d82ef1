"""The operation of each interaction. https://spec.openapis.org/oas/v3.1.1.html#operation-object"""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.api.openapi import examples
from app.api.openapi.errors import MEDIA
from app.api.openapi.parameters import FORMAT, PAGE, form, refs, search_refs
from app.api.openapi.schemas import ref
from app.config import Settings
from app.fhir.interactions.capabilities import statement
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.described import Bilingual

Item = dict[str, Any]
SYSTEM = "System"


class Context(NamedTuple):
    """What operations are made from: the served types, the settings, and the responses to errors by name."""

    registry: Registry
    settings: Settings
    statuses: dict[str, int]


def of_type(context: Context, kind: ResourceType, interaction: str, method: str, place: list[Item]) -> Item:
    """Return the operation of an interaction with a type; `place` are the parameters of its path.

    Raises KeyError for an interaction not described here.
    """
    made = _TYPE[f"{interaction}_{method}" if interaction == "search" else interaction](context, kind)
    return {"tags": [kind.name], **made, "parameters": [*place, *made.get("parameters", ())]}


def of_system(context: Context, interaction: str) -> Item:
    """Return the operation of an interaction with the whole system. Raises KeyError likewise."""
    return {"tags": [SYSTEM], **_WHOLE[interaction](context)}


def _operation(name: str, summary: str, says: Bilingual, parameters: list[Item], body: Item | None = None) -> Item:
    head: Item = {"operationId": name, "summary": summary, "description": str(says)}
    if parameters:
        head["parameters"] = parameters
    return {**head, "requestBody": body} if body else head


def _answers(context: Context, good: dict[str, Item], *errors: str) -> Item:
    """Return the responses: what went well, and the errors by their names."""
    always = ("NotAcceptable", "Unexpected", "Unavailable")
    bad = {str(context.statuses[name]): {"$ref": f"#/components/responses/{name}"} for name in (*errors, *always)}
    return {"responses": dict(sorted({**good, **bad}.items()))}


def _json(schema: Item, **values: Item) -> Item:
    return {MEDIA: {"schema": schema, "examples": {name: {"value": value} for name, value in values.items()}}}


def _good(says: Bilingual, content: Item | None = None, *headers: str) -> Item:
    listed = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return {
        "description": str(says),
        **({"headers": listed} if listed else {}),
        **({"content": content} if content else {}),
    }


_VERSION = ("ETag", "Last-Modified")


def _record(kind: ResourceType) -> Item:
    return _json(ref(kind.name), record=examples.held(kind))


def _written(kind: ResourceType) -> Item:
    """Return the content of the answer to a write: the record, or with Prefer an OperationOutcome."""
    done = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational", "diagnostics": "Done."}],
    }
    return _json({"anyOf": [ref(kind.name), ref("OperationOutcome")]}, record=examples.held(kind), outcome=done)


def _body(schema: Item, **values: Item) -> Item:
    content = _json(schema, **values)
    return {"required": True, "content": {**content, "application/json": content[MEDIA]}}


def _read(context: Context, kind: ResourceType) -> Item:
    says = Bilingual("The current version, exactly as it is stored.", "Phiên bản hiện tại, nguyên văn như đã lưu.")
    good = {"200": _good(Bilingual("The record.", "Hồ sơ."), _record(kind), *_VERSION)}
    head = _operation(f"read{kind.name}", f"Read one {kind.name} · Đọc một hồ sơ", says, refs(*FORMAT))
    return {**head, **_answers(context, good, "BadParameter", "NotFound", "Gone")}


def _vread(context: Context, kind: ResourceType) -> Item:
    says = Bilingual("One version, current or past.", "Một phiên bản, hiện tại hoặc đã qua.")
    good = {"200": _good(Bilingual("The version.", "Phiên bản."), _record(kind), *_VERSION)}
    head = _operation(f"vread{kind.name}", f"Read a version of a {kind.name} · Đọc một phiên bản", says, refs(*FORMAT))
    return {**head, **_answers(context, good, "BadParameter", "NotFound", "Gone")}


def _history(context: Context, kind: ResourceType) -> Item:
    says = Bilingual(
        "Every version, the newest first; a deletion is a version without a resource.",
        "Mọi phiên bản, mới nhất trước; lần xóa là một phiên bản không có nội dung.",
    )
    good = {"200": _good(Bilingual("A page of versions.", "Một trang phiên bản."), _bundle(examples.history(kind)))}
    summary = f"The versions of one {kind.name} · Lịch sử một hồ sơ"
    head = _operation(f"history{kind.name}", summary, says, refs(*PAGE, *FORMAT))
    return {**head, **_answers(context, good, "BadParameter", "NotFound")}


def _bundle(example: Item) -> Item:
    return _json(ref("Bundle"), bundle=example)


def _search_get(context: Context, kind: ResourceType) -> Item:
    says = Bilingual(
        "Parameters must all hold; a parameter may be repeated; of values separated by commas one must match. "
        "`\\,` `\\|` `\\$` `\\\\` stand for the signs themselves. What identifies a person is better sent as a form, "
        "which leaves no trace in addresses and logs.",
        "Các tham số phải cùng đúng; có thể lặp lại một tham số; các giá trị cách nhau bằng dấu phẩy thì chỉ cần "
        "khớp một. `\\,` `\\|` `\\$` `\\\\` là chính các ký tự đó. Thông tin nhận dạng nên gửi bằng biểu mẫu để không "
        "lưu vết trong địa chỉ và nhật ký.",
    )
    summary = f"Search {kind.name} · Tìm {kind.title_vi.lower()}"
    head = _operation(f"search{kind.name}", summary, says, search_refs(kind))
    return {**head, **_answers(context, {"200": _page(kind)}, "BadParameter")}


def _search_post(context: Context, kind: ResourceType) -> Item:
    says = Bilingual("The same search, sent as a form.", "Cùng cách tìm, gửi bằng biểu mẫu.")
    content = {"schema": form(kind, context.settings), "example": {"_count": 20, "_sort": "-_lastUpdated"}}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": content}}
    summary = f"Search {kind.name} by form · Tìm bằng biểu mẫu"
    head = _operation(f"search{kind.name}ByForm", summary, says, refs(*FORMAT), body)
    errors = ("BadParameter", "TooLarge", "UnsupportedMedia")
    return {**head, **_answers(context, {"200": _page(kind)}, *errors)}


def _page(kind: ResourceType) -> Item:
    says = Bilingual("A page of matches with the exact total.", "Một trang kết quả với tổng số chính xác.")
    return _good(says, _bundle(examples.searchset(kind)))


def _create(context: Context, kind: ResourceType) -> Item:
    says = Bilingual(
        "The server chooses the id. With `If-None-Exist` the request may be sent again safely.",
        "Hệ thống tự đặt mã hồ sơ. Có `If-None-Exist` thì có thể gửi lại an toàn.",
    )
    good = {
        "201": _good(Bilingual("Created.", "Đã tạo."), _written(kind), "Location", *_VERSION),
        "200": _good(Bilingual("The one record that matched.", "Hồ sơ duy nhất đã khớp."), _written(kind), *_VERSION),
    }
    body = _body(ref(kind.name), example=examples.sent(kind))
    summary = f"Create a {kind.name} · Tạo {kind.title_vi.lower()}"
    head = _operation(f"create{kind.name}", summary, says, refs("If-None-Exist", "Prefer", *FORMAT), body)
    return {**head, **_answers(context, good, *_write_errors(kind))}


def _update(context: Context, kind: ResourceType) -> Item:
    says = Bilingual(
        "A new version, or a new record under an id of the client's. The same content again makes no version.",
        "Tạo phiên bản mới, hoặc hồ sơ mới với mã do bên gửi đặt. Gửi lại nội dung cũ không tạo phiên bản.",
    )
    good = {
        "200": _good(Bilingual("Updated, or unchanged.", "Đã cập nhật, hoặc không đổi."), _written(kind), *_VERSION),
        "201": _good(Bilingual("Created under this id.", "Đã tạo với mã này."), _written(kind), "Location", *_VERSION),
    }
    body = _body(ref(kind.name), example=examples.sent_with_id(kind))
    summary = f"Update or create a {kind.name} · Cập nhật hoặc tạo hồ sơ"
    head = _operation(f"update{kind.name}", summary, says, refs("If-Match", "Prefer", *FORMAT), body)
    return {**head, **_answers(context, good, *_write_errors(kind))}


def _write_errors(kind: ResourceType) -> tuple[str, ...]:
    """Return the errors of a write: those of numbers held alone and of own rules only where the type has such."""
    conflict = ("Conflict",) if any(kind.claims(dict(kind.example))) else ()
    rules = ("Unprocessable",) if kind.rules or kind.owner else ()
    return ("BadBody", *conflict, "Stale", "TooLarge", "UnsupportedMedia", *rules)


def _delete(context: Context, kind: ResourceType) -> Item:
    says = Bilingual(
        "Ends the record; its past versions stay readable. To delete what is not there answers 204 too.",
        "Kết thúc hồ sơ; các phiên bản cũ vẫn đọc được. Xóa hồ sơ không tồn tại cũng trả 204.",
    )
    good = {"204": _good(Bilingual("Deleted, or not there.", "Đã xóa, hoặc không tồn tại."))}
    head = _operation(f"delete{kind.name}", f"Delete a {kind.name} · Xóa hồ sơ", says, refs("If-Match", *FORMAT))
    conflict = ("Conflict",) if kind.is_person else ()
    return {**head, **_answers(context, good, "BadParameter", *conflict, "Stale")}


def _submit(context: Context) -> Item:
    says = Bilingual(
        "A transaction is stored whole or not at all; in a batch each entry stands by itself, with its own status. "
        "Entries may refer to each other by `fullUrl` (`urn:uuid:...`) and to records by a search "
        "(`Type?identifier=...`). At most "
        f"{context.settings.bundle_limit} entries.",
        "transaction được lưu trọn vẹn hoặc không lưu gì; trong batch mỗi mục độc lập và có trạng thái riêng. Các mục "
        "có thể tham chiếu nhau bằng `fullUrl` (`urn:uuid:...`) và tham chiếu hồ sơ bằng điều kiện tìm kiếm. Tối đa "
        f"{context.settings.bundle_limit} mục.",
    )
    registry = context.registry
    body = _body(
        ref("Bundle"),
        register=examples.register(registry),
        repeatable=examples.repeatable(registry),
        batch=examples.look_up(registry),
    )
    answered = _bundle(examples.registered(registry))
    good = {"200": _good(Bilingual("What came of each entry.", "Kết quả của từng mục."), answered)}
    head = _operation("submitBundle", "Transaction or batch · Gửi nhiều hồ sơ", says, refs("Prefer", *FORMAT), body)
    errors = ("BadBody", "NotFound", "Conflict", "Gone", "Stale", "TooLarge", "UnsupportedMedia", "Unprocessable")
    return {**head, **_answers(context, good, *errors)}


def _capabilities(context: Context) -> Item:
    says = Bilingual("What this service can do, for programs.", "Khả năng của hệ thống, dành cho phần mềm.")
    whole = statement(context.registry, context.settings, examples.BASE)
    short = {key: item for key, item in whole.items() if key != "rest"}
    content = _json(ref("CapabilityStatement"), withoutRest=short)
    good = {"200": _good(Bilingual("The CapabilityStatement.", "CapabilityStatement."), content)}
    head = _operation("capabilities", "CapabilityStatement · Khả năng của hệ thống", says, refs(*FORMAT))
    return {**head, **_answers(context, good, "BadParameter")}


_TYPE: dict[str, Callable[[Context, ResourceType], Item]] = {
    "read": _read,
    "vread": _vread,
    "history": _history,
    "search_GET": _search_get,
    "search_POST": _search_post,
    "create": _create,
    "update": _update,
    "delete": _delete,
}
_WHOLE: dict[str, Callable[[Context], Item]] = {"bundle": _submit, "capabilities": _capabilities}
