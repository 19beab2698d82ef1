"""An operation of a patch that cannot be applied, and where it stands. https://hl7.org/fhir/R4/http.html#patch"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from app.errors import Unprocessable

Operation = TypeVar("Operation")
MOST_FAULTS = 100
"""The most faults of one patch that are named at once."""


class CannotApply(Exception):
    """Why an operation cannot be applied, in English and Vietnamese, and the part of it that is at fault.

    Never leaves this package: `run` says at which operation it was.
    """

    def __init__(self, en: str, vi: str, part: str = "", code: str = "") -> None:
        super().__init__(en)
        self.en, self.vi, self.part, self.code = en, vi, part, code


def place(index: int, part: str = "") -> str:
    """Return where an operation, or a part of it, stands in the patch: `operation[3].path`."""
    return f"operation[{index}].{part}" if part else f"operation[{index}]"


def run(operations: Iterable[Operation], act: Callable[[Operation], None]) -> None:
    """Act on the operations in order. Raises Unprocessable, naming the operation, for the first that fails."""
    for index, operation in enumerate(operations):
        try:
            act(operation)
        except CannotApply as error:
            raise Unprocessable.of(error.en, error.vi, place(index, error.part), error.code) from None
