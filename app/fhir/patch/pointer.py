"""JSON Pointer: the way to a value through names and indexes. https://www.rfc-editor.org/rfc/rfc6901"""

import re
from typing import Any

from app.fhir.patch.failure import CannotApply

Pointer = tuple[str, ...]
AFTER_LAST = "-"
_FORM = re.compile(r"(?:/(?:[^/~]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def read_pointer(text: str) -> Pointer | None:
    """Return the names and indexes of a pointer, None when it is not one."""
    if not _FORM.fullmatch(text):
        return None
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])


def follow(tree: Any, pointer: Pointer, part: str) -> Any:
    """Return the value there. Raises CannotApply, naming `part` of the operation, when there is none."""
    for token in pointer:
        tree = tree[key_of(tree, token, part)]
    return tree


def key_of(holder: Any, token: str, part: str) -> str | int:
    """Return the name or index of a value that is there. Raises CannotApply when there is none."""
    if isinstance(holder, dict) and token in holder:
        return token
    if isinstance(holder, list):
        index = index_of(token, part)
        if index < len(holder):
            return index
    raise nothing(part)


def index_of(token: str, part: str) -> int:
    """Return an index of a list. Raises CannotApply for what is none, such as `01`, `-1` or `-`."""
    if not _INDEX.fullmatch(token):
        raise CannotApply(
            "An index of a list must be 0 or a number without a leading zero.",
            "Chỉ số của danh sách phải là 0 hoặc số không có chữ số 0 đứng đầu.",
            part,
        )
    return int(token)


def nothing(part: str) -> CannotApply:
    """Return the error for a place where there is nothing."""
    return CannotApply("There is nothing at this place.", "Không có gì tại vị trí này.", part)
