"""Elements that were found valid and come again byte for byte: a vaccine's code, a facility, a payer.

Most of a station's records say the same things about different people. An element that the model and the
rules have accepted is accepted again without being taken apart, which halves the cost of a write. Only whole
elements are remembered, as the model made them, and only those that do not depend on the rest of the resource.
"""

from typing import Any

from fhir_core.fhirabstractmodel import FHIRAbstractModel

MOST_KNOWN = 2048
MOST_BYTES = 400
_MOST_SEEN = 16384
_APART = ("text", "contained")


class Known:
    """The remembered elements of one resource type, by member and bytes; the oldest make room for new ones."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Any] = {}
        self._seen: dict[int, None] = {}

    def among(self, parts: dict[str, bytes]) -> dict[str, Any]:
        """Return the members that are known, as the model made them."""
        known = self._known
        found = {}
        for item in parts.items():
            if item in known:
                found[item[0]] = known[item]
        return found

    def learn(self, parts: dict[str, bytes], names: dict[str, str], model: FHIRAbstractModel, known: Any) -> None:
        """Remember the elements of an accepted resource that come a second time; `names` are the model's names."""
        for item in parts.items():
            member, raw = item
            if member in known or len(raw) > MOST_BYTES or raw[:1] not in (b"{", b"[") or member in _APART:
                continue
            if not self._again(hash(item)) or b'"#' in raw or b"\\" in raw or member[:1] == "_":
                continue
            value = getattr(model, names[member], None)
            if _complex(value):
                if len(self._known) >= MOST_KNOWN:
                    del self._known[next(iter(self._known))]
                self._known[item] = value

    def _again(self, mark: int) -> bool:
        if mark in self._seen:
            return True
        if len(self._seen) >= _MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[mark] = None
        return False


def _complex(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, FHIRAbstractModel) for item in value)
    return isinstance(value, FHIRAbstractModel)
