"""JSON as trees in which a number keeps the digits it was written with, and back. https://hl7.org/fhir/R4/json.html#decimal

For what must change a resource and not its numbers: patches, summaries, operations on meta.
"""

import json
from typing import Any


class Number(str):
    """A number as it was written: `1.50` stays `1.50`."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number)


def read(text: str | bytes) -> Any:
    """Return the tree of JSON that was found to be strict before; numbers are `Number`."""
    return _DECODER.decode(text if isinstance(text, str) else text.decode())


def write(tree: Any) -> str:
    """Return the JSON of a tree, without blanks; numbers digit by digit."""
    match tree:
        case dict():
            return "{" + ",".join(f"{_quoted(name)}:{write(value)}" for name, value in tree.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(write(value) for value in tree) + "]"
        case Number():
            return str(tree)
        case str():
            return _quoted(tree)
    return json.dumps(tree)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
