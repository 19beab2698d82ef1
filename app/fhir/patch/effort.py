"""What a patch may cost: a small document must not make a large resource or long work, such as copies of copies."""

from typing import Any

from app.fhir.patch.failure import CannotApply

OPERATIONS = 1000
"""The most operations of a patch."""
DEPTH = 200
"""The deepest a tree may become between operations; the result has the limit of every body."""
ALLOWED = 50_000_000
"""About a second's work."""
_VALUE = 32
_ELEMENT = 256
"""What it costs to copy one value, and to follow a path to one element; a letter costs 1."""


class Effort:
    """Counts the work of one patch."""

    def __init__(self, allowed: int = ALLOWED) -> None:
        self._left = allowed

    def spend(self, values: int, letters: int = 0, elements: int = 0) -> None:
        """Count work. Raises CannotApply when the patch has asked for too much."""
        self._left -= values * _VALUE + letters + elements * _ELEMENT
        if self._left < 0:
            raise CannotApply(
                "The patch asks for too much work; send the whole resource with PUT, or several patches.",
                "Bản vá đòi hỏi quá nhiều xử lý; hãy gửi cả tài nguyên bằng PUT hoặc chia thành nhiều bản vá.",
                code="too-costly",
            )

    def measure(self, value: Any, level: int) -> None:
        """Count a value that is to stand at a level of the tree. Raises CannotApply when it would be too deep."""
        if level > DEPTH:
            raise CannotApply(
                "The resource would be nested too deeply.", "Tài nguyên sẽ lồng nhau quá sâu.", code="too-long"
            )
        self.spend(1, len(value) if isinstance(value, str) else 0)
        if isinstance(value, dict):
            self.spend(0, sum(map(len, value)))
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self.measure(item, level + 1)
