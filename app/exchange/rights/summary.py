"""What is held on a person, in Vietnamese and in words that need no program: the first file of an export."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.exchange.rights.versions import Version

_SEXES = {"male": "nam", "female": "nữ", "other": "khác", "unknown": "chưa rõ"}


def summary(
    found: Sequence[Version], left_out: int, tables: Mapping[str, Sequence[Any]], at: datetime, zone: ZoneInfo
) -> bytes:
    """Return the summary as text; `left_out` counts records that are not in the export, `tables` other rows held."""
    lines = [
        "TOÀN BỘ DỮ LIỆU ĐANG LƯU VỀ MỘT NGƯỜI",
        f"Lập lúc {at.astimezone(zone):%H:%M ngày %d/%m/%Y}, theo Luật 91/2025/QH15 và Nghị định 356/2025/NĐ-CP.",
        "",
        *_records(found),
        "CÁC THÔNG TIN KHÁC",
        *(f"- {title}: {len(rows)}" for title, rows in tables.items()),
        "",
    ]
    if left_out:
        lines += [
            f"Có {left_out} hồ sơ thuộc diện bảo vệ đặc biệt không nằm trong bản này;"
            " người này có thể yêu cầu nhận riêng.",
            "",
        ]
    lines.append("Nội dung đầy đủ, gồm mọi phiên bản cũ, nằm trong các tệp .json kèm theo.")
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _records(found: Sequence[Version]) -> Iterator[str]:
    for name in dict.fromkeys(item.kind.name for item in found):
        mine = [item for item in found if item.kind.name == name]
        current = [item for item in mine if item.current and item.body is not None]
        yield f"{mine[0].kind.title_vi.upper()} ({len(current)} hồ sơ, {len(mine)} phiên bản)"
        tell = _LINES.get(name, _plain)
        yield from sorted(f"- {tell(json.loads(item.body or '{}'))}" for item in current)
        yield ""


def _person(tree: dict) -> str:
    names = [_name(item) for item in tree.get("name", ())]
    numbers = [item.get("value", "") for item in tree.get("identifier", ())]
    homes = [item.get("text") or ", ".join(item.get("line", ())) for item in tree.get("address", ())]
    sex = _SEXES.get(tree.get("gender", ""), "")
    return _joined(
        ("Họ tên", names),
        ("Ngày sinh", [_day(tree.get("birthDate", ""))]),
        ("Giới tính", [sex]),
        ("Mã số", numbers),
        ("Địa chỉ", homes),
    )


def _name(item: dict) -> str:
    return item.get("text") or " ".join([item.get("family", ""), *item.get("given", ())]).strip()


def _visit(tree: dict) -> str:
    period = tree.get("period", {})
    days = [_day(period[end]) for end in ("start", "end") if end in period]
    place = tree.get("serviceProvider", {}).get("display", "")
    reasons = [_words(item) for item in tree.get("reasonCode", ())]
    return _joined(("Ngày", dict.fromkeys(days)), ("Nơi khám", [place]), ("Lý do", reasons))


def _dose(tree: dict) -> str:
    day = _day(tree.get("occurrenceDateTime", "")) or tree.get("occurrenceString", "")
    lot = tree.get("lotNumber", "")
    return _joined(("Ngày", [day]), ("Vắc-xin", [_words(tree.get("vaccineCode", {}))]), ("Số lô", [lot]))


def _card(tree: dict) -> str:
    period = tree.get("period", {})
    numbers = [item.get("value", "") for item in tree.get("identifier", ())]
    return _joined(("Mã thẻ", numbers), ("Từ", [_day(period.get("start", ""))]), ("Đến", [_day(period.get("end", ""))]))


def _plain(tree: dict) -> str:
    return tree.get("id", "")


def _words(concept: dict) -> str:
    """Return what a coded concept says: its text, or else its displays or codes."""
    codings = (item.get("display") or item.get("code", "") for item in concept.get("coding", ()))
    return concept.get("text") or ", ".join(text for text in codings if text)


def _day(text: str) -> str:
    """Return a FHIR date as it is written here, with as much as it states: `17/05/1990`, `05/1990`."""
    return "/".join(reversed(text[:10].split("-")))


def _joined(*parts: tuple[str, Iterable[str]]) -> str:
    told = ((title, "; ".join(value for value in values if value)) for title, values in parts)
    # One line a record, whatever line breaks a name may hold.
    return " ".join(". ".join(f"{title}: {value}" for title, value in told if value).split())


_LINES: Mapping[str, Callable[[dict], str]] = {
    "Patient": _person,
    "Encounter": _visit,
    "Immunization": _dose,
    "Coverage": _card,
}
