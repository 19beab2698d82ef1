"""The text of a summary for people, Vietnamese with English. https://hl7.org/fhir/R4/narrative.html"""

from collections.abc import Iterable, Sequence
from html import escape

from app.resources.summary.sections import Section

_NOT_HELD = (
    "Dịch vụ này không lưu thông tin loại này; không có nghĩa là không có.",
    "This service does not hold such information; that does not mean that there is none.",
)
_NONE = ("Chưa có hồ sơ nào được lưu ở đây.", "No record is held here.")


def narrative(*inner: str) -> dict[str, str]:
    """Return the Narrative around pieces of XHTML."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(inner)}</div>'}


def paragraph(*texts: str) -> str:
    """Return a paragraph of texts, a line each; what could be markup is escaped."""
    return f"<p>{'<br/>'.join(escape(text) for text in texts)}</p>"


def heading(section: Section) -> str:
    """Return the title of a section, for people."""
    return f"{section.vi} / {section.en}"


def nothing(section: Section) -> dict[str, str]:
    """Return the Narrative of a section without entries."""
    return narrative(paragraph(*(_NONE if section.type_name else _NOT_HELD)))


def table(section: Section, rows: Sequence[Iterable[str]], total: int) -> dict[str, str]:
    """Return the Narrative of a section as a table, saying when it has more than is shown."""
    head = "".join(f"<th>{escape(column)}</th>" for column in section.columns)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    more = [
        paragraph(
            f"Hiển thị {len(rows)} hồ sơ ghi nhận gần nhất trong tổng số {total}.",
            f"The {len(rows)} records received last of {total} are shown.",
        )
    ]
    cut = more if total > len(rows) else []
    return narrative(f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>", *cut)
