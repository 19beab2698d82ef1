"""Interactions with one record: read, vread, create, update, patch, delete, each also by a condition.

https://hl7.org/fhir/R4/http.html
"""

import json

from app.api.openapi import examples
from app.api.openapi.parameters import criteria_of
from app.api.openapi.parts import (
    MEDIA,
    VERSION,
    Context,
    Item,
    Place,
    answer,
    any_of,
    described,
    json_body,
    json_content,
    sent,
    shared,
)
from app.api.openapi.results import RECORD
from app.api.openapi.schemas import ref
from app.api.replies import told
from app.fhir.resource_type import ResourceType
from app.fhir.search.described import Bilingual

JSON_PATCH = "application/json-patch+json"


def responses(kind: ResourceType) -> dict[str, Item]:
    """Return the answers that several operations on a type share, by their names among the components."""
    held = {"record": examples.held(kind)}
    written = json_content(any_of(kind.name, "OperationOutcome"), **held, outcome=json.loads(told()))
    says = Bilingual("The record as it is now; it may be unchanged.", "Hồ sơ hiện tại; có thể không thay đổi.")
    headers = ("Location", *VERSION, "Preference-Applied")
    return {
        f"{kind.name}.read": answer(Bilingual("The record.", "Hồ sơ."), json_content(ref(kind.name), **held), *VERSION),
        f"{kind.name}.created": answer(Bilingual("Created.", "Đã tạo."), written, *headers),
        f"{kind.name}.written": answer(says, written, *headers),
    }


def bodies(kind: ResourceType) -> dict[str, Item]:
    """Return the bodies that several operations on a type share, by their names among the components."""
    return {
        f"{kind.name}.new": json_body(ref(kind.name), example=examples.sent(kind)),
        f"{kind.name}.whole": json_body(ref(kind.name), example=examples.sent_with_id(kind)),
        f"{kind.name}.patch": _patch_body(kind),
    }


def not_modified() -> Item:
    """Return the answer to a read of what the client has."""
    return answer(Bilingual("You have this version.", "Bên nhận đã có phiên bản này."), None, *VERSION)


def deleted() -> Item:
    """Return the answer to a deletion that is asked to say what was done."""
    done = Bilingual(
        "Deleted, with `Prefer: return=OperationOutcome`.", "Đã xóa, khi có `Prefer: return=OperationOutcome`."
    )
    return answer(done, json_content(ref("OperationOutcome"), outcome=json.loads(told())), "Preference-Applied")


def read(context: Context, place: Place) -> Item:
    """Describe read."""
    says = Bilingual("The current version, exactly as it is stored.", "Phiên bản hiện tại, nguyên văn như đã lưu.")
    return _read(context, place, (f"read{place.typed.name}", f"Read one {place.typed.name} · Đọc một hồ sơ", says))


def vread(context: Context, place: Place) -> Item:
    """Describe vread."""
    says = Bilingual("One version, current or past.", "Một phiên bản, hiện tại hoặc đã qua.")
    name = place.typed.name
    return _read(context, place, (f"vread{name}", f"Read a version of a {name} · Đọc một phiên bản", says))


def _read(context: Context, place: Place, head: tuple[str, str, Bilingual]) -> Item:
    good = {"200": shared(f"{place.typed.name}.read"), "304": shared("NotModified")}
    parameters = (*RECORD, "If-None-Match", "If-Modified-Since")
    return described(context, place, head, good, ("BadParameter", "NotFound", "Gone"), parameters)


def create(context: Context, place: Place) -> Item:
    """Describe create, conditional create included."""
    says = Bilingual(
        "The server chooses the id. With `If-None-Exist` the request may be sent again safely: where one record "
        "matches, it is answered with 200.",
        "Hệ thống tự đặt mã hồ sơ. Có `If-None-Exist` thì có thể gửi lại an toàn: nếu khớp một hồ sơ thì trả 200.",
    )
    kind = place.typed
    head = (f"create{kind.name}", f"Create a {kind.name} · Tạo {kind.title_vi.lower()}", says)
    body = sent(f"{kind.name}.new")
    return described(context, place, head, _both(kind), _write_errors(kind), ("If-None-Exist", "Prefer"), body)


def update(context: Context, place: Place) -> Item:
    """Describe update."""
    says = Bilingual(
        "A new version, or a new record under an id of the client's. The same content again makes no version.",
        "Tạo phiên bản mới, hoặc hồ sơ mới với mã do bên gửi đặt. Gửi lại nội dung cũ không tạo phiên bản.",
    )
    kind = place.typed
    head = (f"update{kind.name}", f"Update or create a {kind.name} · Cập nhật hoặc tạo hồ sơ", says)
    body = sent(f"{kind.name}.whole")
    headers = ("If-Match", "If-None-Match.write", "Prefer")
    return described(context, place, head, _both(kind), _write_errors(kind), headers, body)


def conditional_update(context: Context, place: Place) -> Item:
    """Describe conditional update."""
    kind = place.typed
    says = _with_example(
        "PUT",
        kind,
        Bilingual(
            "Updates the one record that matches; where none does, creates one, under the id of the body if it has "
            "one. Several matches are 412. Two clients at once still make one record.",
            "Cập nhật hồ sơ duy nhất khớp điều kiện; không có thì tạo mới, với id trong nội dung nếu có. Khớp nhiều "
            "thì trả 412. Hai bên gửi cùng lúc vẫn chỉ tạo một hồ sơ.",
        ),
    )
    head = (f"conditionalUpdate{kind.name}", f"Update by condition · Cập nhật theo điều kiện ({kind.name})", says)
    body = sent(f"{kind.name}.new")
    errors = ("Conflict", *_write_errors(kind))
    parameters = (*criteria_of(kind), "If-Match", "If-None-Match.write", "Prefer")
    return described(context, place, head, _both(kind), errors, parameters, body)


def patch(context: Context, place: Place) -> Item:
    """Describe patch."""
    kind = place.typed
    head = (f"patch{kind.name}", f"Patch a {kind.name} · Sửa một phần hồ sơ", _PATCH)
    errors = ("NotFound", "Gone", *_patch_errors(kind))
    good = {"200": shared(f"{kind.name}.written")}
    return described(context, place, head, good, errors, ("If-Match", "Prefer"), sent(f"{kind.name}.patch"))


def conditional_patch(context: Context, place: Place) -> Item:
    """Describe conditional patch."""
    kind = place.typed
    one = Bilingual(
        "Patches the one record that matches; none is 404, several are 412.",
        "Sửa hồ sơ duy nhất khớp điều kiện; không có thì trả 404, khớp nhiều thì trả 412.",
    )
    says = _with_example("PATCH", kind, Bilingual(f"{one.en} {_PATCH.en}", f"{one.vi} {_PATCH.vi}"))
    head = (f"conditionalPatch{kind.name}", f"Patch by condition · Sửa theo điều kiện ({kind.name})", says)
    good = {"200": shared(f"{kind.name}.written")}
    parameters = (*criteria_of(kind), "If-Match", "Prefer")
    return described(
        context, place, head, good, ("NotFound", *_patch_errors(kind)), parameters, sent(f"{kind.name}.patch")
    )


def delete(context: Context, place: Place) -> Item:
    """Describe delete."""
    says = Bilingual(
        "Ends the record; its past versions stay readable. To delete what is not there answers 204 too.",
        "Kết thúc hồ sơ; các phiên bản cũ vẫn đọc được. Xóa hồ sơ không tồn tại cũng trả 204.",
    )
    kind = place.typed
    head = (f"delete{kind.name}", f"Delete a {kind.name} · Xóa hồ sơ", says)
    return described(context, place, head, _gone(), _delete_errors(kind), ("If-Match", "Prefer"))


def conditional_delete(context: Context, place: Place) -> Item:
    """Describe conditional delete."""
    kind = place.typed
    several = Bilingual("Several matches are 412.", "Khớp nhiều thì trả 412.")
    if kind.deletes_many:
        most = context.settings.page_limit
        several = Bilingual(f"Deletes all, {most} at most.", f"Xóa tất cả, tối đa {most} hồ sơ.")
    says = Bilingual(
        f"Deletes what matches; no match is answered with 204 too. {several.en}",
        f"Xóa hồ sơ khớp điều kiện; không có hồ sơ nào khớp cũng trả 204. {several.vi}",
    )
    head = (
        f"conditionalDelete{kind.name}",
        f"Delete by condition · Xóa theo điều kiện ({kind.name})",
        _with_example("DELETE", kind, says),
    )
    parameters = (*criteria_of(kind), "If-Match", "Prefer")
    return described(context, place, head, _gone(), _delete_errors(kind), parameters)


_PATCH = Bilingual(
    "JSON Patch (RFC 6902) as `application/json-patch+json`, or FHIRPath Patch as a Parameters resource. What comes of "
    "it is checked like an update; a patch that changes nothing makes no version.",
    "JSON Patch (RFC 6902) dạng `application/json-patch+json`, hoặc FHIRPath Patch dạng tài nguyên Parameters. Kết quả "
    "được kiểm tra như khi cập nhật; không thay đổi gì thì không tạo phiên bản.",
)


def _with_example(method: str, kind: ResourceType, says: Bilingual) -> Bilingual:
    shown = f"`{method} {kind.name}?{examples.criteria(kind)}`"
    return Bilingual(
        f"{says.en} At least one parameter must be given: {shown}.", f"{says.vi} Phải có ít nhất một tham số: {shown}."
    )


def _both(kind: ResourceType) -> Item:
    return {"200": shared(f"{kind.name}.written"), "201": shared(f"{kind.name}.created")}


def _gone() -> Item:
    there = Bilingual("Deleted, or not there.", "Đã xóa, hoặc không tồn tại.")
    return {"200": shared("Deleted"), "204": answer(there)}


def _patch_body(kind: ResourceType) -> Item:
    operation = {
        "type": "object",
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": {"type": "string"},
            "from": {"type": "string"},
            "value": {},
        },
        "required": ["op", "path"],
    }
    listed = {"type": "array", "items": operation}
    json = {"schema": listed, "examples": {"example": {"value": examples.json_patch()}}}
    fhir = json_content(ref("Parameters"), example=examples.fhirpath_patch(kind))[MEDIA]
    return {"required": True, "content": {JSON_PATCH: json, MEDIA: fhir}}


def _write_errors(kind: ResourceType) -> tuple[str, ...]:
    """Return the errors of a write: those of numbers held alone and of own rules only where the type has such."""
    conflict = ("Conflict",) if any(kind.claims(dict(kind.example))) else ()
    rules = ("Unprocessable",) if kind.rules or kind.owner else ()
    return ("BadBody", *conflict, "Stale", "TooLarge", "UnsupportedMedia", *rules)


def _patch_errors(kind: ResourceType) -> tuple[str, ...]:
    others = [name for name in _write_errors(kind) if name != "UnsupportedMedia"]
    return (*others, "UnsupportedPatch", "Unprocessable")


def _delete_errors(kind: ResourceType) -> tuple[str, ...]:
    return ("BadParameter", *(("Conflict",) if kind.is_person else ()), "Stale")
