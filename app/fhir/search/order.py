"""The order of results, and where a page begins in it. https://hl7.org/fhir/R4/search.html#sort

Missing values come last, whichever the direction; the type and the id decide last, so that an order is always whole.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments
from app.fhir.search.result import Order

Values = Sequence[str | None]


class Key(NamedTuple):
    """One key: an expression over the row, its SQL type, its direction, and whether it may be missing."""

    expression: str
    sql_type: str
    descending: bool = False
    nullable: bool = False


class Part(NamedTuple):
    """A part of an order that an index can walk: the condition of belonging to it, and its ORDER BY list."""

    where: str
    order_by: str


def keys(order: Sequence[Order], type_name: str = "") -> list[Key]:
    """Return the keys of an order over rows of a type, the id last; with a name the type before it.

    These two follow the direction of the key before them, so that an index on it and the id serves both ways.
    """
    found = [_key(item.parameter, item.descending) for item in order]
    if any(key.expression == "id" for key in found) and not type_name:
        return found
    falling = bool(found) and found[-1].descending
    kind = [Key(f"'{type_name}'::text", "text", falling)] if type_name else []
    return [*found, *kind, Key("id", "text", falling)]


def _key(parameter: Parameter, descending: bool) -> Key:
    if parameter.name == "_id":
        return Key("id", "text", descending)
    if parameter.name == "_lastUpdated":
        return Key("updated_at", "timestamptz", descending)
    column = parameter.column
    if parameter.kind == "date":
        expression = f'lower("{column}"[1])' if parameter.many else f'"{column}_low"'
        return Key(expression, "timestamptz", descending, True)
    if parameter.kind == "quantity":
        return Key(f'"{column}_value"', "numeric", descending, True)
    if not parameter.columns():
        # A record that belongs to nobody has an empty id there; what is missing comes last.
        return Key("nullif(patient_id, '')", "text", descending, True)
    return Key(f'"{column}"[1]', "text", descending, True)


def in_index(order: Sequence[Order]) -> bool:
    """Say whether an index lists the records in an order, as far as its first key decides."""
    if not order:
        return True
    first = order[0].parameter
    return first.name in ("_id", "_lastUpdated") or (first.kind == "date" and first.indexed)


def named(found: Sequence[Key]) -> list[Key]:
    """Return the same keys as columns key0, key1 ... of a subquery."""
    return [key._replace(expression=f"key{index}") for index, key in enumerate(found)]


def columns(found: Sequence[Key]) -> str:
    """Return the keys as a list of columns named key0, key1 ..."""
    return ", ".join(f"{key.expression} as key{index}" for index, key in enumerate(found))


def order_by(found: Sequence[Key], *, backwards: bool) -> str:
    """Return the ORDER BY list; backwards it is turned round, missing values first."""
    return ", ".join(_direction(key, backwards) for key in found)


def _direction(key: Key, backwards: bool) -> str:
    way = "desc" if key.descending != backwards else "asc"
    nulls = (" nulls first" if backwards else " nulls last") if key.nullable else ""
    return f"{key.expression} {way}{nulls}"


def parts(found: Sequence[Key], values: Values | None, arguments: Arguments, *, backwards: bool) -> list[Part]:
    """Return the rows beyond `values` (all without them) as parts, of which each lies in one order of an index.

    Where the first key may be missing, those that have it are one part and those without it another: no index
    lists both in the order that is asked for.
    """
    first, rest = found[0], found[1:]
    if not first.nullable:
        return [
            Part(
                beyond(found, values, arguments, backwards) if values else "true", order_by(found, backwards=backwards)
            )
        ]
    held, absent = f"{first.expression} is not null", f"{first.expression} is null"
    present = first._replace(nullable=False)
    have = Part(held, order_by([present, *rest], backwards=backwards))
    lack = Part(absent, order_by(rest, backwards=backwards))
    if not values:
        return [have, lack]
    if values[0] is None:
        within = f"{absent} and {beyond(rest, values[1:], arguments, backwards)}"
        return [lack._replace(where=within), *([have] if backwards else [])]
    within = f"{held} and {beyond([present, *rest], values, arguments, backwards)}"
    return [have._replace(where=within), *([] if backwards else [lack])]


def beyond(found: Sequence[Key], values: Values, arguments: Arguments, backwards: bool) -> str:
    """Return the condition of standing after (backwards: before) the row whose keys were `values`."""
    if not found:
        return "false"
    if len(found) > 1 and not any(key.nullable for key in found) and len({key.descending for key in found}) == 1:
        return _row_beyond(found, values, arguments, backwards)
    key, value = found[0], values[0]
    rest = beyond(found[1:], values[1:], arguments, backwards) if len(found) > 1 else "false"
    if value is None:
        same = f"({key.expression} is null and {rest})"
        return f"({key.expression} is not null or {same})" if backwards else same
    bound = f"{arguments.add(value)}::text::{key.sql_type}"
    sign = "<" if key.descending != backwards else ">"
    further = f"{key.expression} {sign} {bound}"
    if rest == "false":
        return further
    # What stands first says nothing more than the rest; it is there for the index.
    whole = f"{key.expression} {sign}= {bound} and ({further} or {rest})"
    return f"({whole} or {key.expression} is null)" if key.nullable and not backwards else f"({whole})"


def _row_beyond(found: Sequence[Key], values: Values, arguments: Arguments, backwards: bool) -> str:
    """Return the same as one comparison of rows, which an index walks from the first row that it is true of."""
    sign = "<" if found[0].descending != backwards else ">"
    bounds = ", ".join(
        f"{arguments.add(value)}::text::{key.sql_type}" for key, value in zip(found, values, strict=True)
    )
    return f"({', '.join(key.expression for key in found)}) {sign} ({bounds})"
