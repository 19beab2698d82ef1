r"""The primitive types, held as strictly as the specification words them. https://hl7.org/fhir/R4/datatypes.html#primitive

The published JSON schema lets blank strings, 30 February and 1.5 as an integer through. These patterns are read by
jsonschema-rs, where `$` is the end of the text and never stands before a last line end.
"""

from typing import Any, NamedTuple

_BLANK = r"\t\n\r \u0085\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_TEXT = rf"^[{_BLANK}]*[^{_BLANK}\x00-\x1f][^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
_WORD = r"[^\s\x00-\x1f]+"
_YEAR = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_MONTH_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DAY = rf"(?:{_YEAR}-{_MONTH_DAY}|{_LEAP}-02-29)"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PARTIAL = rf"{_YEAR}|{_YEAR}-(?:0[1-9]|1[0-2])|{_DAY}"
_SIXBIT = r"(?:[A-Za-z0-9+/]\s*)"
_BASE64 = rf"^\s*(?:{_SIXBIT}{{4}})*(?:{_SIXBIT}{{4}}|{_SIXBIT}{{3}}=\s*|{_SIXBIT}{{2}}=\s*=\s*)$"
_MOST = 2_147_483_647
_MEGABYTE = 1_048_576


class Primitive(NamedTuple):
    """A primitive type: its JSON schema, and what is expected in English and Vietnamese."""

    schema: dict[str, Any]
    en: str
    vi: str


def _text(pattern: str, en: str, vi: str, **limits: int) -> Primitive:
    return Primitive({"type": "string", "pattern": pattern, **limits}, en, vi)


def _whole(least: int, en: str, vi: str) -> Primitive:
    return Primitive({"type": "integer", "minimum": least, "maximum": _MOST}, en, vi)


_STRING = _text(
    _TEXT,
    "a text that is not blank and holds no control characters",
    "một chuỗi không trống và không có ký tự điều khiển",
    maxLength=_MEGABYTE,
)
_URI = _text(rf"^{_WORD}$", "a URI without spaces", "một URI không có khoảng trắng")

PRIMITIVES: dict[str, Primitive] = {
    "base64Binary": _text(_BASE64, "base64 content", "nội dung base64"),
    "boolean": Primitive({"type": "boolean"}, "true or false, without quotes", "true hoặc false, không có dấu nháy"),
    "canonical": _URI,
    "code": _text(
        rf"^{_WORD}(?: {_WORD})*$",
        "a code without leading, trailing or double spaces",
        "một mã không có khoảng trắng ở đầu, ở cuối hoặc lặp lại",
    ),
    "date": _text(
        rf"^(?:{_PARTIAL})$",
        "a day that exists: YYYY, YYYY-MM or YYYY-MM-DD",
        "một ngày có thật: YYYY, YYYY-MM hoặc YYYY-MM-DD",
    ),
    "dateTime": _text(
        rf"^(?:{_PARTIAL}|{_DAY}T{_TIME}{_ZONE})$",
        "a moment that exists: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+07:00",
        "một thời điểm có thật: YYYY, YYYY-MM, YYYY-MM-DD hoặc YYYY-MM-DDThh:mm:ss+07:00",
    ),
    "decimal": Primitive({"type": "number"}, "a number, without quotes", "một số, không có dấu nháy"),
    "id": _text(
        r"^[A-Za-z0-9\-\.]{1,64}$",
        "an id of 1 to 64 letters, digits, '-' and '.'",
        "một id gồm 1 đến 64 chữ cái, chữ số, '-' và '.'",
    ),
    "instant": _text(
        rf"^{_DAY}T{_TIME}{_ZONE}$",
        "a moment that exists, to the second and with its zone: YYYY-MM-DDThh:mm:ss+07:00",
        "một thời điểm có thật, đến giây và có múi giờ: YYYY-MM-DDThh:mm:ss+07:00",
    ),
    "integer": _whole(-_MOST - 1, "a whole number of 32 bits", "một số nguyên 32 bit"),
    "markdown": _STRING,
    "oid": _text(r"^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$", "an OID: urn:oid:1.2.3", "một OID: urn:oid:1.2.3"),
    "positiveInt": _whole(1, "a whole number from 1", "một số nguyên từ 1"),
    "string": _STRING,
    "time": _text(rf"^{_TIME}$", "a time of day: hh:mm:ss", "một giờ trong ngày: hh:mm:ss"),
    "unsignedInt": _whole(0, "a whole number from 0", "một số nguyên từ 0"),
    "uri": _URI,
    "url": _URI,
    "uuid": _text(
        r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "a UUID: urn:uuid: and 32 small hexadecimal digits with four '-'",
        "một UUID: urn:uuid: và 32 chữ số thập lục phân viết thường với bốn dấu '-'",
    ),
    "xhtml": Primitive({"type": "string", "minLength": 1}, "an XHTML div as a text", "một thẻ div XHTML dạng chuỗi"),
}
