r"""The signs of search values: commas, bars and dollars separate, a backslash before them makes them letters.

https://hl7.org/fhir/R4/search.html#escaping
"""

import re
from collections.abc import Sequence


def unescape(text: str) -> str:
    r"""Return `text` without the backslashes before `\\ , | $`."""
    return re.sub(r"\\([\\,|$])", r"\1", text)


def split(text: str, separator: str) -> list[str]:
    """Split at separators that no backslash stands before; the pieces keep their escapes."""
    return _split_escaped(text, separator) if "\\" in text else text.split(separator)


def _split_escaped(text: str, separator: str) -> list[str]:
    pieces, current, escaped = [], "", False
    for sign in text:
        if sign == separator and not escaped:
            pieces.append(current)
            current = ""
            continue
        escaped = sign == "\\" and not escaped
        current += sign
    return [*pieces, current]


def plain(pieces: Sequence[str]) -> list[str]:
    """Return the pieces without their escapes."""
    return [unescape(piece) for piece in pieces]
