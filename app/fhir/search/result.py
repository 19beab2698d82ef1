"""The parameters that say how a result is wanted: page, order, total, form. https://hl7.org/fhir/R4/search.html#return"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from app.fhir.resource_type import ResourceType
from app.fhir.search.common import find
from app.fhir.search.criteria import Grammar
from app.fhir.search.parameter import Parameter
from app.fhir.search.refusal import refuse
from app.fhir.shape import Shape, shape_of

INCLUDES = ("_include", "_revinclude")
SHAPE = ("_summary", "_elements")
RESULT = ("_count", "_sort", "_total", "_format", "_pretty", *SHAPE, *INCLUDES)
TOTALS = ("accurate", "estimate", "none")
MOST_KEYS = 10


class Order(NamedTuple):
    """One key of the order: a parameter, and whether the greatest comes first."""

    parameter: Parameter
    descending: bool


class Results(NamedTuple):
    """How the result is wanted; `shown` are the parameters of it that links repeat."""

    size: int
    sort: str
    total: str
    shape: Shape | None
    includes: tuple[tuple[str, str], ...]
    shown: tuple[tuple[str, str], ...]


def base_name(name: str) -> str:
    """Return the name of a parameter without its modifier."""
    return name.partition(":")[0]


def read_results(pairs: Sequence[tuple[str, str]], size: int, limit: int) -> Results:
    """Read the parameters of the result. Raises BadParameter for one that is not understood or stands twice."""
    includes = tuple(pair for pair in pairs if base_name(pair[0]) in INCLUDES)
    single: dict[str, str] = {}
    for name, value in pairs:
        if base_name(name) in INCLUDES:
            continue
        if name not in RESULT:
            raise refuse(name, "takes no modifier", "không nhận hậu tố")
        if name in single:
            raise refuse(name, "may be given once", "chỉ được dùng một lần")
        single[name] = value
    total = single.get("_total", "accurate")
    if total not in TOTALS:
        raise refuse("_total", f"must be {', '.join(TOTALS)}", f"phải là {', '.join(TOTALS)}")
    shape = shape_of([(name, single[name]) for name in SHAPE if name in single])
    count = 0 if shape and shape.summary == "count" else _count(single.get("_count"), size, limit)
    shown = tuple((name, single[name]) for name in ("_total", *SHAPE) if name in single)
    return Results(count, single.get("_sort", ""), total, shape, includes, shown)


def _count(text: str | None, size: int, limit: int) -> int:
    if text is None:
        return size
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise refuse("_count", "must be a whole number, 0 or more", "phải là số nguyên không âm")
    return min(int(text), limit)


def read_order(grammar: Grammar, kind: ResourceType, text: str) -> tuple[tuple[Order, ...], str]:
    """Return the keys of the order, and the text of those that were understood."""
    pieces = text.split(",") if text else []
    if len(pieces) > MOST_KEYS:
        raise refuse("_sort", f"may have {MOST_KEYS} keys at most", f"có tối đa {MOST_KEYS} khóa")
    orders, kept = [], []
    for piece in pieces:
        with grammar.leniently():
            orders.append(_key(kind, piece))
            kept.append(piece)
    return tuple(orders), ",".join(kept)


def _key(kind: ResourceType, piece: str) -> Order:
    parameter = find(kind, piece.removeprefix("-"))
    if parameter is None or parameter.kind == "special":
        raise refuse(
            "_sort", f"must name search parameters of {kind.name}", f"phải là tham số tìm kiếm của {kind.name}"
        )
    return Order(parameter, piece.startswith("-"))
