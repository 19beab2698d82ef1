"""A search parameter as a value: its name, where it looks, and the columns it fills.

The kinds are those of https://hl7.org/fhir/R4/search.html#ptypes; each fills typed columns of the type's
table, so that current and past versions answer the same conditions.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Float, Numeric
from sqlalchemy.dialects.postgresql import TSTZRANGE

from app.fhir.fold import fold
from app.fhir.path import Walk, walk
from app.store.record import CODE, TIME, Column

Kind = Literal["token", "string", "date", "reference", "quantity", "special", "uri"]


@dataclass(frozen=True)
class Parameter:
    """A search parameter of a resource type.

    `values` turns one value found at a path into what the column keeps, `normal` a string that is searched
    for; `system` is the code system of a parameter on a bare `code`; `targets` are the types a reference may
    name; `owner` is the type of what a record belongs to, when the parameter names that (`patient_id` holds its
    id); `many` says that a date may repeat; `indexed` asks for an index; `absent` is the token of a record
    without the element; `beside` names the date parameter in whose order matches of an indexed string are often
    wanted.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    values: Callable[[Any, ZoneInfo], list]
    system: str = ""
    targets: tuple[str, ...] = ()
    many: bool = False
    indexed: bool = False
    owner: str = ""
    absent: str = ""
    beside: str = ""
    normal: Callable[[str], str] = fold
    walks: tuple[Walk, ...] = field(init=False, repr=False, compare=False)
    members: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "walks", tuple(walk(path) for path in self.paths))
        # The members of a resource at which its paths begin: where none is present there is nothing to read.
        object.__setattr__(self, "members", frozenset(re.split(r"[.\[]", path)[0] for path in self.paths))

    @property
    def column(self) -> str:
        """The name of its column, or the stem of its columns' names."""
        return self.name.lstrip("_").replace("-", "_")

    def columns(self) -> tuple[Column, ...]:
        """Return the columns it fills."""
        return _COLUMNS[self.kind](self)

    def read(self, tree: dict, zone: ZoneInfo) -> Mapping[str, Any]:
        """Return the column values for a resource; columns without a value are left out."""
        if self.owner and len(self.targets) == 1:
            return {}
        found = [kept for path in self.walks for value in path(tree) for kept in self.values(value, zone)]
        return _FILL[self.kind](self, found) if found else {}


def _array_columns(parameter: Parameter) -> tuple[Column, ...]:
    index = "gin" if parameter.indexed else ""
    return (Column(parameter.column, ARRAY(CODE), index),)


def _reference_columns(parameter: Parameter) -> tuple[Column, ...]:
    return () if parameter.owner and len(parameter.targets) == 1 else _array_columns(parameter)


def _string_columns(parameter: Parameter) -> tuple[Column, ...]:
    beside = f"{parameter.beside.replace('-', '_')}_low" if parameter.beside else ""
    return (Column(parameter.column, ARRAY(CODE), "prefix" if parameter.indexed else "", beside),)


def _date_columns(parameter: Parameter) -> tuple[Column, ...]:
    if parameter.many:
        return (Column(parameter.column, ARRAY(TSTZRANGE())),)
    index = "btree" if parameter.indexed else ""
    low, high = f"{parameter.column}_low", f"{parameter.column}_high"
    return (Column(low, TIME, index, high), Column(high, TIME, index, low))


def _quantity_columns(parameter: Parameter) -> tuple[Column, ...]:
    return (
        Column(f"{parameter.column}_value", Numeric()),
        Column(f"{parameter.column}_unit", ARRAY(CODE)),
    )


def _special_columns(parameter: Parameter) -> tuple[Column, ...]:
    return (Column(parameter.column, ARRAY(Float())),)


_COLUMNS: dict[str, Callable[[Parameter], tuple[Column, ...]]] = {
    "token": _array_columns,
    "reference": _reference_columns,
    "uri": _array_columns,
    "string": _string_columns,
    "date": _date_columns,
    "quantity": _quantity_columns,
    "special": _special_columns,
}


def _fill_array(parameter: Parameter, found: list) -> Mapping[str, Any]:
    return {parameter.column: list(dict.fromkeys(found))}


def _fill_date(parameter: Parameter, found: list) -> Mapping[str, Any]:
    if parameter.many:
        return {parameter.column: found}
    return {f"{parameter.column}_low": found[0].low, f"{parameter.column}_high": found[0].high}


def _fill_quantity(parameter: Parameter, found: list) -> Mapping[str, Any]:
    value, units = found[0]
    return {f"{parameter.column}_value": value, f"{parameter.column}_unit": units}


def _fill_special(parameter: Parameter, found: list) -> Mapping[str, Any]:
    return {parameter.column: found[0]}


_FILL: dict[str, Callable[[Parameter, list], Mapping[str, Any]]] = {
    "token": _fill_array,
    "reference": _fill_array,
    "uri": _fill_array,
    "string": _fill_array,
    "date": _fill_date,
    "quantity": _fill_quantity,
    "special": _fill_special,
}
