"""JSON of strangers, read strictly: one object, no member twice, no NaN. https://www.rfc-editor.org/rfc/rfc8725#section-3.1"""

import json
from typing import Any, NoReturn


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the object that the bytes hold. Raises ValueError for anything else."""
    try:
        tree = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError from None
    if isinstance(tree, dict):
        return tree
    raise ValueError


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of members that each come once: of two, another program may have read the other."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _refuse(_: str) -> NoReturn:
    raise ValueError
