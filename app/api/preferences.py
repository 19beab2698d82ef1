"""What a client prefers, and which of it an answer followed. https://www.rfc-editor.org/rfc/rfc7240"""

import re
from collections.abc import Iterable
from typing import Literal

Return = Literal["minimal", "representation", "OperationOutcome"]
_RETURNS: tuple[Return, ...] = ("minimal", "representation", "OperationOutcome")
# A quoted text is one piece whatever it holds. FHIR's preferences have no parameters, and clients are seen that
# write a semicolon between two preferences.
_PART = re.compile(r'(?:"[^"]*"?|[^",;])+')
_WRITES = frozenset(
    (
        "bundle",
        "create",
        "update",
        "patch",
        "delete",
        "conditional-update",
        "conditional-patch",
        "conditional-delete",
    )
)


def preferences(headers: Iterable[str]) -> dict[str, str]:
    """Return the preferences of every Prefer header with their values, in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for part in _PART.findall(",".join(headers)):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"').strip().lower())
    return found


def read_return(value: str) -> Return | None:
    """Return what a write shall give back; None for a value that is not known, which is no error."""
    return next((known for known in _RETURNS if known.lower() == value), None)


def followed_return(returned: Return | None, interaction: str, body: bytes | memoryview) -> bool:
    """Say whether the answer to an interaction gives back what was preferred."""
    if returned is None or interaction not in _WRITES:
        return False
    if returned == "minimal":
        return not body or interaction == "bundle"
    return bool(body)
