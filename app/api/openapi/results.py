"""The parameters that say how a result is wanted, of searches, histories and single records.

https://hl7.org/fhir/R4/search.html#return
"""

from typing import Any

from app.api.openapi.parameters import query
from app.config import Settings
from app.fhir.links import PARAMETER
from app.fhir.search.criteria import DEEPEST
from app.fhir.search.described import Bilingual
from app.fhir.search.result import MOST_KEYS, TOTALS

Item = dict[str, Any]
FORMAT = ("_format", "_pretty")
RECORD = ("_summary.record", "_elements")
SHAPE = ("_summary", "_elements")
SEARCH = ("_sort", "_count", "_total", "_include", "_revinclude", *SHAPE, PARAMETER)
HISTORY = ("_since", "_at", "_count", "_total.history", PARAMETER)
PUBLISHED = ("_sort.published", "_count", "_total.published", *SHAPE, PARAMETER)
_SUMMARIES = ("true", "text", "data", "false")


def components(settings: Settings) -> dict[str, Item]:
    """Return the parameters of results by their name among the components."""
    return {**_pages(settings), **_totals(), **_shapes(), **_times(), **_includes(settings), **_form()}


def fields(settings: Settings) -> dict[str, Item]:
    """Return the parameters of a search's result as fields of a form."""
    text = {"type": "string", "default": ""}
    return {
        "_sort": {**text, "description": "Example · Ví dụ: `-_lastUpdated`"},
        "_count": {"type": "integer", "minimum": 0, "default": settings.page_size},
        "_total": {"type": "string", "enum": list(TOTALS), "default": TOTALS[0]},
        **dict.fromkeys(("_include", "_revinclude", *SHAPE, PARAMETER), text),
    }


def _pages(settings: Settings) -> dict[str, Item]:
    most, size = settings.page_limit, settings.page_size
    sort = Bilingual(
        f"Search parameters in order, {MOST_KEYS} at most, `-` before one for the greatest first. Records without a "
        "value come last.",
        f"Các tham số tìm kiếm theo thứ tự, tối đa {MOST_KEYS}, `-` ở trước để xếp giảm dần. Hồ sơ không có giá trị "
        "xếp cuối.",
    )
    count = Bilingual(
        f"Entries on a page, {size} when not given and never more than {most}; 0 gives the total alone.",
        f"Số mục mỗi trang, mặc định {size}, không quá {most}; 0 để chỉ lấy tổng số.",
    )
    page = Bilingual(
        "Stands in the links `first`, `prev` and `next`, sealed for the caller and the address: follow them as they "
        "are, without other parameters. All pages are read at the moment of the first.",
        "Có trong các liên kết `first`, `prev`, `next`, niêm phong theo bên gọi và địa chỉ: dùng nguyên liên kết, "
        "không thêm tham số khác. Mọi trang đều đọc tại thời điểm của trang đầu.",
    )
    number = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
    return {
        "_sort": query("_sort", sort, {"type": "string"}, "-_lastUpdated"),
        "_sort.published": query("_sort", sort, {"type": "string"}, "name"),
        "_count": query("_count", count, number, 20),
        PARAMETER: query(PARAMETER, page, {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}),
    }


def _totals() -> dict[str, Item]:
    exact = Bilingual(
        "`accurate` is the default, and `estimate` is as exact; `none` leaves the total out, which is faster.",
        "Mặc định `accurate`; `estimate` cũng chính xác như vậy; `none` không tính tổng số nên nhanh hơn.",
    )
    always = Bilingual("Totals are always exact.", "Tổng số luôn chính xác.")
    return {
        "_total": query("_total", exact, {"type": "string", "enum": list(TOTALS)}, TOTALS[0]),
        "_total.history": query("_total", exact, {"type": "string", "enum": ["accurate", "none"]}, "accurate"),
        "_total.published": query("_total", always, {"type": "string", "enum": ["accurate"]}, "accurate"),
    }


def _shapes() -> dict[str, Item]:
    short = Bilingual(
        "Only what R4 marks as the summary (`true`), narrative and what is required (`text`), all but the narrative "
        "(`data`). What was cut is tagged SUBSETTED. Not together with `_elements`.",
        "Chỉ phần tóm tắt theo R4 (`true`), phần văn bản và phần bắt buộc (`text`), hoặc mọi phần trừ văn bản "
        "(`data`). Tài nguyên bị lược có nhãn SUBSETTED. Không dùng cùng `_elements`.",
    )
    counted = Bilingual(f"{short.en} `count` gives the total alone.", f"{short.vi} `count` chỉ trả về tổng số.")
    named = Bilingual(
        "Elements at the root of the resource, separated by commas; `Type.element` for one type alone. What is "
        "required stays.",
        "Các phần tử ở gốc tài nguyên, cách nhau bằng dấu phẩy; `Loại.phần-tử` cho riêng một loại. Phần bắt buộc "
        "luôn được giữ.",
    )
    return {
        "_summary.record": query("_summary", short, {"type": "string", "enum": list(_SUMMARIES)}, "true"),
        "_summary": query("_summary", counted, {"type": "string", "enum": [*_SUMMARIES, "count"]}, "true"),
        "_elements": query("_elements", named, {"type": "string"}, "id,meta"),
    }


def _times() -> dict[str, Item]:
    since = Bilingual(
        "Only versions made at or after this instant, which has seconds and a zone.",
        "Chỉ các phiên bản từ thời điểm này trở đi; phải có giây và múi giờ.",
    )
    at = Bilingual(
        "Only versions that were current at some time of this year, month, day or instant.",
        "Chỉ các phiên bản có hiệu lực vào năm, tháng, ngày hoặc thời điểm này.",
    )
    return {
        "_since": query("_since", since, {"type": "string", "format": "date-time"}, "2026-03-02T08:00:00Z"),
        "_at": query("_at", at, {"type": "string"}, "2026-11"),
    }


def _includes(settings: Settings) -> dict[str, Item]:
    most = settings.page_limit
    forth = Bilingual(
        "Bring along what the matches refer to: `Type:reference`, `Type:reference:Target` or `*`. `_include:iterate` "
        f"goes on from what was brought along. At most {most} records come with a page; a notice says if there are "
        "more.",
        "Kèm theo những gì kết quả trỏ tới: `Loại:tham-chiếu`, `Loại:tham-chiếu:LoạiĐích` hoặc `*`. "
        f"`_include:iterate` đi tiếp từ hồ sơ kèm theo. Tối đa {most} hồ sơ kèm theo mỗi trang; có thông báo nếu còn.",
    )
    back = Bilingual(
        "Bring along what refers to the matches, in the same forms; `_revinclude:iterate` goes on likewise.",
        "Kèm theo những hồ sơ trỏ tới kết quả, cùng cách viết; `_revinclude:iterate` cũng đi tiếp.",
    )
    return {
        "_include": query("_include", forth, {"type": "string"}, "*"),
        "_revinclude": query("_revinclude", back, {"type": "string"}, "*"),
    }


def _form() -> dict[str, Item]:
    shape = Bilingual("The format, in place of `Accept`.", "Định dạng, thay cho `Accept`.")
    pretty = Bilingual("Indented for people to read.", "Thụt dòng cho dễ đọc.")
    formats = {"type": "string", "enum": ["application/fhir+json", "application/json", "json"]}
    return {
        "_format": query("_format", shape, formats, "json"),
        "_pretty": query("_pretty", pretty, {"type": "boolean"}, True),
    }


def chosen_types(names: list[str]) -> Item:
    """Return the parameter by which a search of several types chooses some."""
    says = Bilingual("Only these types, separated by commas.", "Chỉ các loại này, cách nhau bằng dấu phẩy.")
    return query("_type", says, {"type": "string"}, ",".join(names[:2]))


CHAINS = Bilingual(
    "A parameter of what is referred to follows a dot: `{chain}`. `_has` asks for what refers here: `{has}`. Such "
    f"links may follow each other, {DEEPEST} at most.",
    f"Tham số của hồ sơ được trỏ tới viết sau dấu chấm: `{{chain}}`. `_has` tìm theo hồ sơ trỏ tới đây: `{{has}}`. "
    f"Có thể nối tiếp, tối đa {DEEPEST} cấp.",
)
"""What is said of chains; `chain` and `has` are examples."""
