"""The sections of a patient summary: those that IPS requires, and those for what is held here.

https://hl7.org/fhir/uv/ips/Structure-of-the-International-Patient-Summary.html
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.instant import local_days

Row = Callable[[dict[str, Any], ZoneInfo], tuple[str, ...]]


class Section(NamedTuple):
    """A section: its LOINC code, its titles, the type of its entries ("" where nothing of the kind is held).

    `columns` and `row` make its table; the first column is the day, newest first.
    """

    code: str
    vi: str
    en: str
    type_name: str = ""
    columns: tuple[str, ...] = ()
    row: Row = lambda _tree, _zone: ()


def day(text: str, zone: ZoneInfo) -> str:
    """Return the day of a time, in the zone; a year, a month or a day stands as it was written."""
    return local_days(text, zone).first.isoformat() if "T" in text else text


def concept(value: dict[str, Any]) -> str:
    """Return a CodeableConcept as text: its own, or that of its first coding."""
    coding = next(iter(value.get("coding", ())), {})
    return value.get("text") or coding.get("display") or coding.get("code", "")


def period(value: dict[str, Any], zone: ZoneInfo) -> str:
    """Return a Period as its first and last day."""
    first, last = (day(value[end], zone) if end in value else "" for end in ("start", "end"))
    return first if first == last else f"{first} – {last}".strip()


def dose(tree: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    """Return the row of a dose: day, vaccine, lot, whether it was given."""
    when = day(tree["occurrenceDateTime"], zone) if "occurrenceDateTime" in tree else tree.get("occurrenceString", "")
    given = "đã tiêm / given" if tree.get("status") == "completed" else "không tiêm / not given"
    return when, concept(tree.get("vaccineCode", {})), tree.get("lotNumber", ""), given


def visit(tree: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    """Return the row of a visit: days, kind, reasons, place, state."""
    kind = tree.get("class", {})
    reasons = "; ".join(filter(None, (concept(item) for item in tree.get("reasonCode", ()))))
    where = tree.get("serviceProvider", {}).get("display", "")
    shown = kind.get("display") or kind.get("code", "")
    return period(tree.get("period", {}), zone), shown, reasons, where, tree.get("status", "")


def card(tree: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    """Return the row of an insurance card: days, number, insurer, state."""
    numbers = ", ".join(item["value"] for item in tree.get("identifier", ()) if "value" in item)
    payors = ", ".join(filter(None, (item.get("display") for item in tree.get("payor", ()))))
    return period(tree.get("period", {}), zone), numbers, payors, tree.get("status", "")


SECTIONS = (
    Section("10160-0", "Thuốc", "Medication summary"),
    Section("48765-2", "Dị ứng và không dung nạp", "Allergies and intolerances"),
    Section("11450-4", "Vấn đề sức khỏe", "Problem list"),
    Section(
        "11369-6",
        "Tiêm chủng",
        "Immunizations",
        "Immunization",
        ("Ngày / Date", "Vắc xin / Vaccine", "Số lô / Lot", "Tình trạng / Status"),
        dose,
    ),
    Section(
        "46240-8",
        "Lượt khám chữa bệnh",
        "Visits",
        "Encounter",
        ("Ngày / Date", "Hình thức / Class", "Lý do / Reason", "Cơ sở / Provider", "Tình trạng / Status"),
        visit,
    ),
    Section(
        "48768-6",
        "Thẻ bảo hiểm y tế",
        "Health insurance",
        "Coverage",
        ("Thời hạn / Period", "Số thẻ / Number", "Cơ quan bảo hiểm / Insurer", "Tình trạng / Status"),
        card,
    ),
)
