"""Where a text is not the JSON that is taken: the slow search made only once `json.parse` has refused. RFC 8259"""

import json
import re
from dataclasses import dataclass, field

from app.errors import Fault
from app.fhir import definitions

DIGITS = 64
EXPONENT = 128
MOST_FAULTS = 20
SEARCHED = 1_000_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_TYPE = re.compile(r'"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_NUMBER = re.compile(r"-?[0-9]")
# An escape that stands for a control character, or for one half of a character. Escaped backslashes are masked first.
# Every branch begins with the backslash: the search then skips from one backslash to the next.
_CONTROL = rb"00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F])"
_HIGH = rb"[dD][89abAB][0-9a-fA-F]{2}"
_HALF = _HIGH + rb"(?!\\u[dD][c-fC-F])|(?<!\\u" + _HIGH + rb"\\u)[dD][c-fC-F]"
_FORBIDDEN = re.compile(rb"\\(?:[bf]|u(?:" + _CONTROL + rb"|" + _HALF + rb"))")

_TEXTS = {
    "duplicate": ("A name stands twice in one object", "Một tên xuất hiện hai lần trong cùng một đối tượng"),
    "constant": ("NaN and Infinity are not JSON", "NaN và Infinity không phải JSON"),
    "number": (
        f"A number must have at most {DIGITS} characters and an exponent between -{EXPONENT} and {EXPONENT}",
        f"Số không được dài quá {DIGITS} ký tự và số mũ phải từ -{EXPONENT} đến {EXPONENT}",
    ),
    "character": (
        "A text must not hold NUL, control characters or half of a surrogate pair",
        "Chuỗi không được chứa NUL, ký tự điều khiển hoặc nửa cặp surrogate",
    ),
    "syntax": ("This is not JSON", "Đây không phải JSON"),
    "other": ("This is not the JSON that is taken here", "Đây không phải JSON được chấp nhận"),
}


def mask(raw: bytes) -> bytes:
    """Replace escaped backslashes by two other characters, so that what follows a backslash is its escape."""
    return raw.replace(b"\\\\", b"__") if b"\\\\" in raw else raw


def has_forbidden_escape(masked: bytes) -> bool:
    """Say whether masked JSON escapes a control character or one half of a surrogate pair."""
    return _FORBIDDEN.search(masked) is not None


def is_sane(number: str) -> bool:
    """Say whether a JSON number is short enough to be kept exactly at no cost."""
    if len(number) > DIGITS:
        return False
    exponent = number.lower().partition("e")[2]
    return not exponent or abs(int(exponent)) <= EXPONENT


@dataclass
class _Frame:
    """An object or list that is open at the place reached."""

    is_object: bool
    names: set[str] = field(default_factory=set)
    step: str | int = 0
    at_name: bool = True


def faults(raw: bytes) -> list[Fault]:
    """List what is wrong with UTF-8 text that was refused, in the first million characters, at most twenty faults."""
    text = raw.decode()
    broken = _syntax_error(text)
    end = min(len(text) if broken is None else broken, SEARCHED)
    found: list[Fault] = []
    frames: list[_Frame] = []
    match = _TYPE.search(text, 0, SEARCHED)
    root = match[1] if match and match[1] in definitions.type_names() else ""
    for token in _TOKEN.finditer(text, 0, end):
        rule = _step(token[0], frames)
        if rule:
            found.append(_fault(rule, text, token.start(), root, frames))
            if len(found) == MOST_FAULTS:
                return found
    if broken is not None:
        found.append(_fault("syntax", text, broken, root, frames))
    return found or [_fault("other", "", 0, root, [])]


def _syntax_error(text: str) -> int | None:
    """Find the character at which the grammar is broken; None when only this service's own limits are."""
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        return error.pos
    except RecursionError:
        return 0
    return None


def _step(piece: str, frames: list[_Frame]) -> str:
    """Follow one token and name the rule it breaks, if any."""
    top = frames[-1] if frames else _Frame(is_object=False)
    if piece in "{[":
        frames.append(_Frame(is_object=piece == "{"))
    elif piece in "}]":
        if frames:
            frames.pop()
    elif piece == ",":
        top.at_name = True
        top.step = top.step if isinstance(top.step, str) else top.step + 1
    elif piece == ":":
        top.at_name = False
    elif top.is_object and top.at_name:
        return _name(piece, top)
    else:
        return _value(piece)
    return ""


def _name(token: str, frame: _Frame) -> str:
    broken = _value(token)
    frame.step = "" if broken else json.loads(token)
    if frame.step in frame.names:
        return "duplicate"
    frame.names.add(str(frame.step))
    return broken


def _value(token: str) -> str:
    if token[0] == '"':
        return "character" if has_forbidden_escape(mask(token.encode())) else ""
    if token in ("NaN", "Infinity", "-Infinity"):
        return "constant"
    if _NUMBER.match(token) and not is_sane(token):
        return "number"
    return ""


def _fault(rule: str, text: str, position: int, root: str, frames: list[_Frame]) -> Fault:
    en, vi = _TEXTS[rule]
    byte = len(text[:position].encode())
    expression = definitions.locate(root, [frame.step for frame in frames])[0] if root else ""
    return Fault("structure", f"{en} (at byte {byte}).", f"{vi} (tại byte {byte}).", expression)
