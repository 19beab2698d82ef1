"""The order of results, and the cursor that says where a page ended. https://hl7.org/fhir/R4/search.html#sort

Missing values come last, whichever the direction; the id decides last, so that an order is always whole.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from app.errors import BadParameter
from app.fhir.search.condition import Arguments
from app.fhir.search.parameter import Parameter
from app.fhir.search.query import Order, refuse


class Key(NamedTuple):
    """One key: an expression over the row, its SQL type, and its direction."""

    expression: str
    sql_type: str
    descending: bool


def keys(order: Sequence[Order]) -> list[Key]:
    """Return the keys of an order, the id last."""
    found = [Key(*_expression(item.parameter), item.descending) for item in order]
    return found if any(key.expression == "id" for key in found) else [*found, Key("id", "text", False)]


def _expression(parameter: Parameter) -> tuple[str, str]:
    if parameter.name == "_id":
        return "id", "text"
    if parameter.name == "_lastUpdated":
        return "updated_at", "timestamptz"
    column = parameter.column
    if parameter.kind == "date":
        return (f'lower("{column}"[1])', "timestamptz") if parameter.many else (f'"{column}_low"', "timestamptz")
    if parameter.kind == "quantity":
        return f'"{column}_value"', "numeric"
    if not parameter.columns():
        return "patient_id", "text"
    return f'"{column}"[1]', "text"


def order_by(found: Sequence[Key]) -> str:
    """Return the ORDER BY list."""
    return ", ".join(f"{key.expression} {'desc' if key.descending else 'asc'} nulls last" for key in found)


def after(found: Sequence[Key], values: Sequence[str | None], arguments: Arguments) -> str:
    """Return the condition of standing after the row whose keys were `values`."""
    if not found:
        return "false"
    key, value = found[0], values[0]
    rest = after(found[1:], values[1:], arguments)
    if value is None:
        return f"({key.expression} is null and {rest})"
    bound = f"{arguments.add(value)}::text::{key.sql_type}"
    beyond = f"{key.expression} {'<' if key.descending else '>'} {bound}"
    if key.expression == "id":
        return beyond
    return f"({beyond} or {key.expression} is null or ({key.expression} = {bound} and {rest}))"


def write_cursor(values: Sequence[str | None], total: int) -> str:
    """Return a cursor for the row with these keys; it carries the total along."""
    return urlsafe_b64encode(json.dumps([total, *values]).encode()).decode().rstrip("=")


def read_cursor(text: str, width: int) -> tuple[int, list[str | None]]:
    """Return total and keys from a cursor. Raises BadParameter when it is none of this order."""
    try:
        total, *values = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError):
        raise _foreign() from None
    if not isinstance(total, int) or len(values) != width or not all(isinstance(v, str | None) for v in values):
        raise _foreign()
    return total, values


def _foreign() -> BadParameter:
    return refuse(
        "_cursor",
        "is not one of this search; follow the next link as it is",
        "không thuộc lần tìm này; hãy dùng nguyên liên kết next",
    )
