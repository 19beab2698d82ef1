"""The headers of requests and of answers. https://hl7.org/fhir/R4/http.html#Http-Headers"""

from typing import Any, NamedTuple

from app.api.openapi.examples import criteria
from app.fhir.resource_type import ResourceType
from app.fhir.search.described import Bilingual

Item = dict[str, Any]
_TIME = "Sun, 22 Nov 2026 01:00:00 GMT"
_ETAG = '(W/)?"[1-9][0-9]{0,8}"'


class Header(NamedTuple):
    """A header of a request: its name, what it says, and its schema."""

    name: str
    says: Bilingual
    schema: Item


def requested(kind: ResourceType) -> dict[str, Header]:
    """Return the headers of requests by their name among the components; `kind` gives the examples."""
    return {**_conditions(kind), **_preferences(), **_common()}


def components(kind: ResourceType) -> dict[str, Item]:
    """Return the Parameter Objects of the headers of requests."""
    return {
        key: {"name": item.name, "in": "header", "description": str(item.says), "schema": item.schema}
        for key, item in requested(kind).items()
    }


def _conditions(kind: ResourceType) -> dict[str, Header]:
    match = Bilingual(
        "Only if this is the current version; `*`: only if there is such a record. Otherwise 412. Take it from `ETag`.",
        "Chỉ thực hiện nếu đây là phiên bản hiện tại; `*`: chỉ khi đã có hồ sơ. Nếu không, trả 412. Lấy từ `ETag`.",
    )
    known = Bilingual(
        "The versions you have: if the current one is among them the answer is 304, without a body.",
        "Các phiên bản bên nhận đang có: nếu trùng phiên bản hiện tại thì trả 304, không có nội dung.",
    )
    absent = Bilingual(
        "`*`: only if there is no such record yet; otherwise 412.",
        "`*`: chỉ khi chưa có hồ sơ này; nếu không, trả 412.",
    )
    since = Bilingual(
        "304 if nothing is newer than this. Counts only without `If-None-Match`; what is no date is passed over.",
        "Trả 304 nếu không có gì mới hơn. Chỉ xét khi không có `If-None-Match`; giá trị không phải ngày thì bỏ qua.",
    )
    once = Bilingual(
        "Create only if nothing matches this search; one match answers 200 with that record, several 412. "
        "Two clients at once still make one record.",
        "Chỉ tạo nếu không có hồ sơ nào khớp; khớp một thì trả 200 với hồ sơ đó, khớp nhiều thì trả 412. "
        "Hai bên gửi cùng lúc vẫn chỉ tạo một hồ sơ.",
    )
    one = {"type": "string", "pattern": rf"^({_ETAG}|\*)$", "examples": ['W/"1"']}
    listed = {"type": "string", "examples": ['W/"1"']}
    time = {"type": "string", "examples": [_TIME]}
    return {
        "If-Match": Header("If-Match", match, one),
        "If-None-Match": Header("If-None-Match", known, listed),
        "If-None-Match.write": Header("If-None-Match", absent, {"type": "string", "enum": ["*"]}),
        "If-Modified-Since": Header("If-Modified-Since", since, time),
        "If-None-Exist": Header("If-None-Exist", once, {"type": "string", "examples": [criteria(kind)]}),
    }


def _preferences() -> dict[str, Header]:
    back = Bilingual(
        "What a write gives back: the record (the default), nothing, or an OperationOutcome.",
        "Kết quả trả về khi ghi: hồ sơ (mặc định), không gì cả, hoặc OperationOutcome.",
    )
    way = Bilingual(
        "`handling=lenient` leaves out what is not understood and reports it in an entry of mode `outcome`; "
        "`handling=strict` is the default.",
        "`handling=lenient` bỏ qua phần không hiểu được và báo lại trong một mục `outcome`; mặc định là "
        "`handling=strict`.",
    )
    later = Bilingual(
        "`respond-async`: answer 202 at once, with the address of a job where the answer can be fetched.",
        "`respond-async`: trả 202 ngay, kèm địa chỉ để lấy kết quả sau.",
    )
    both = Bilingual(f"{way.en} {later.en}", f"{way.vi} {later.vi}")
    returned = [f"return={name}" for name in ("representation", "minimal", "OperationOutcome")]
    handled = ["handling=lenient", "handling=strict"]
    any_way = [*handled, "respond-async"]
    return {
        "Prefer.async": Header("Prefer", later, {"type": "string", "examples": ["respond-async"]}),
        "Prefer": Header("Prefer", back, {"type": "string", "examples": returned}),
        "Prefer.lenient": Header("Prefer", way, {"type": "string", "examples": handled}),
        "Prefer.search": Header("Prefer", both, {"type": "string", "examples": any_way}),
    }


def _common() -> dict[str, Header]:
    tongue = Bilingual(
        "The language of errors and notices, `vi` or `en`; without it both.",
        "Ngôn ngữ của lỗi và thông báo, `vi` hoặc `en`; không ghi thì cả hai.",
    )
    packed = Bilingual(
        "`gzip` where the body is compressed. Answers are, where `Accept-Encoding` takes it.",
        "`gzip` nếu nội dung được nén. Kết quả cũng được nén nếu `Accept-Encoding` cho phép.",
    )
    return {
        "Accept-Language": Header("Accept-Language", tongue, {"type": "string", "examples": ["vi", "en"]}),
        "Content-Encoding": Header("Content-Encoding", packed, {"type": "string", "enum": ["gzip", "identity"]}),
    }


def _answered(en: str, vi: str, example: object = None, schema: Item | None = None, *, always: bool = True) -> Item:
    return {
        "description": str(Bilingual(en, vi)),
        "schema": schema or {"type": "string"},
        **({"required": True} if always else {}),
        **({} if example is None else {"example": example}),
    }


ANSWERED = {
    "ETag": _answered("The version, for If-Match.", "Phiên bản, dùng cho If-Match.", 'W/"1"'),
    "Last-Modified": _answered("When the version was made.", "Thời điểm tạo phiên bản.", _TIME),
    "Location": _answered("The address of the version.", "Địa chỉ của phiên bản."),
    "Preference-Applied": _answered(
        "What of `Prefer` was followed.", "Phần của `Prefer` đã áp dụng.", "return=minimal", always=False
    ),
    "Allow": _answered("The methods of this address.", "Các phương thức của địa chỉ này.", "GET, HEAD, POST"),
    "Accept-Patch": _answered(
        "The formats of patches.", "Các dạng bản sửa đổi.", "application/json-patch+json, application/fhir+json"
    ),
    "Content-Location": _answered("Where the answer will be.", "Nơi lấy kết quả."),
    "Expires": _answered("Until when the answer is kept.", "Thời hạn giữ kết quả.", "Mon, 23 Nov 2026 01:00:00 GMT"),
    "Cache-Control": _answered("Not to be kept on the way.", "Không lưu trên đường truyền.", "no-store"),
    "X-Progress": _answered("How far the request is, for people.", "Tiến độ xử lý.", "running for 3 s"),
    "Retry-After": _answered("Seconds to wait.", "Số giây cần chờ.", 1, {"type": "integer"}),
    "WWW-Authenticate": _answered("How to sign in.", "Cách xác thực.", 'Bearer realm="tramy"'),
    "RateLimit-Limit": _answered("How many at most.", "Số yêu cầu tối đa.", 200, {"type": "integer"}),
    "RateLimit-Remaining": _answered("How many are left.", "Số yêu cầu còn lại.", 0, {"type": "integer"}),
    "RateLimit-Reset": _answered("Seconds until all are again.", "Số giây đến khi đủ lại.", 4, {"type": "integer"}),
}
"""The headers of answers; `required` are those that an answer which lists them always has."""
RATES = tuple(name for name in ANSWERED if name.startswith("RateLimit"))
"""The headers that say how many requests are left."""
