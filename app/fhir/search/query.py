"""A search request read into criteria, order and page; what is not understood is refused, never ignored.

https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.errors import BadParameter
from app.fhir.resource_type import ResourceType
from app.fhir.search import values
from app.fhir.search.parameter import Parameter

META = (
    Parameter("_profile", "uri", ("meta.profile",), values.uris),
    Parameter("_security", "token", ("meta.security",), values.codings),
    Parameter("_source", "uri", ("meta.source",), values.uris),
    Parameter("_tag", "token", ("meta.tag",), values.codings),
)
COMMON = (
    Parameter("_id", "token", (), values.codes),
    Parameter("_lastUpdated", "date", (), values.times),
    *META,
)
_COMMON = {parameter.name: parameter for parameter in COMMON}
MODIFIERS = {
    "token": ("missing", "not"),
    "string": ("missing", "exact", "contains"),
    "date": ("missing",),
    "reference": ("missing", "identifier"),
    "quantity": ("missing",),
    "special": ("missing",),
    "uri": ("missing",),
}
RESULT = ("_count", "_sort", "_cursor", "_total", "_format", "_pretty")
MOST_VALUES = 500
MOST_CRITERIA = 50
MOST_KEYS = 10


class Criterion(NamedTuple):
    """One condition: a parameter, its modifier, and values of which one must match (split, not yet unescaped)."""

    parameter: Parameter
    modifier: str
    values: tuple[str, ...]


class Order(NamedTuple):
    """One key of the order: a parameter, and whether the greatest comes first."""

    parameter: Parameter
    descending: bool


@dataclass(frozen=True)
class Query:
    """What was asked of a type: conditions that must all hold, the order, the page."""

    kind: ResourceType
    criteria: tuple[Criterion, ...]
    order: tuple[Order, ...]
    count: int
    cursor: str
    applied: tuple[tuple[str, str], ...]


def read_query(kind: ResourceType, pairs: Iterable[tuple[str, str]], *, size: int, limit: int) -> Query:
    """Read name-value pairs. Raises BadParameter naming the first parameter that is not understood."""
    criteria: list[Criterion] = []
    results: dict[str, str] = {}
    for name, value in pairs:
        if name in RESULT:
            if name in results:
                raise refuse(name, "may be given once", "chỉ được dùng một lần")
            results[name] = value
        elif value:
            criteria.append(_criterion(kind, name, value))
        else:
            raise refuse(name, "has no value", "không có giá trị")
    if len(criteria) > MOST_CRITERIA:
        raise refuse("?", f"may stand {MOST_CRITERIA} times at most", f"tối đa {MOST_CRITERIA} điều kiện")
    order = _order(kind, results.get("_sort", ""))
    count = _count(results.get("_count"), size, limit)
    if results.get("_total", "accurate") != "accurate":
        raise refuse("_total", "can only be accurate here", "ở đây chỉ hỗ trợ accurate")
    applied = [(_shown(criterion), ",".join(criterion.values)) for criterion in criteria]
    applied += [(name, results[name]) for name in ("_sort", "_total") if name in results]
    return Query(kind, tuple(criteria), order, count, results.get("_cursor", ""), (*applied, ("_count", str(count))))


def refuse(name: str, en: str, vi: str) -> BadParameter:
    """Return the error for a parameter; `name` is shown only when it cannot hold a person's data."""
    shown = name if re.fullmatch(r"[\w:.-]{1,80}", name) else "?"
    return BadParameter.of(f"Search parameter {shown} {en}.", f"Tham số tìm kiếm {shown}: {vi}.", shown)


def unescape(text: str) -> str:
    r"""Return `text` without the backslashes before `\\ , | $`. https://hl7.org/fhir/R4/search.html#escaping"""
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


def find(kind: ResourceType, name: str) -> Parameter | None:
    """Return the parameter of that name, the type's own or a common one."""
    return kind.parameters.get(name) or _COMMON.get(name)


def _criterion(kind: ResourceType, given: str, value: str) -> Criterion:
    name, _, modifier = given.partition(":")
    parameter = find(kind, name)
    if parameter is None:
        known = ", ".join(sorted({*kind.parameters, *_COMMON}))
        raise refuse(given, f"is not known for {kind.name}; known are {known}", f"không có ở {kind.name}; có: {known}")
    if modifier and not _allowed(parameter, modifier):
        allowed = ", ".join((*MODIFIERS[parameter.kind], *parameter.targets))
        raise refuse(
            given,
            f"has a modifier that is not supported; supported are {allowed}",
            f"hậu tố không được hỗ trợ; có: {allowed}",
        )
    pieces = tuple(split(value, ","))
    if len(pieces) > MOST_VALUES or not all(pieces):
        raise refuse(
            given,
            f"must have 1 to {MOST_VALUES} values, none empty",
            f"phải có từ 1 đến {MOST_VALUES} giá trị, không để trống",
        )
    return Criterion(parameter, modifier, pieces)


def _allowed(parameter: Parameter, modifier: str) -> bool:
    return modifier in MODIFIERS[parameter.kind] or modifier in parameter.targets


def _order(kind: ResourceType, text: str) -> tuple[Order, ...]:
    orders = []
    pieces = text.split(",") if text else []
    if len(pieces) > MOST_KEYS:
        raise refuse("_sort", f"may have {MOST_KEYS} keys at most", f"có tối đa {MOST_KEYS} khóa")
    for piece in pieces:
        name = piece.removeprefix("-")
        parameter = find(kind, name)
        if parameter is None or parameter.kind == "special":
            raise refuse(
                "_sort", f"must name search parameters of {kind.name}", f"phải là tham số tìm kiếm của {kind.name}"
            )
        orders.append(Order(parameter, piece.startswith("-")))
    return tuple(orders)


def _count(text: str | None, size: int, limit: int) -> int:
    if text is None:
        return size
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise refuse("_count", "must be a whole number, 0 or more", "phải là số nguyên không âm")
    return min(int(text), limit)


def _shown(criterion: Criterion) -> str:
    return criterion.parameter.name + (f":{criterion.modifier}" if criterion.modifier else "")


def plain(pieces: Sequence[str]) -> list[str]:
    """Return the pieces without their escapes."""
    return [unescape(piece) for piece in pieces]
