"""Quantities: numbers within the digits given, with their unit as stated. https://hl7.org/fhir/R4/search.html#quantity"""

from decimal import Decimal, InvalidOperation

from app.fhir.search.criterion import Criterion
from app.fhir.search.kinds.date import PREFIXED
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain, split


def quantity(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    """Return the condition that a quantity stands so to one of the values."""
    return any_of(_one_quantity(criterion.parameter, value, arguments) for value in criterion.values)


def _one_quantity(parameter: Parameter, value: str, arguments: Arguments) -> str:
    number, *unit = plain(split(value, "|"))
    form = PREFIXED.fullmatch(number)
    prefix = (form["prefix"] if form else None) or "eq"
    try:
        exact = Decimal(form["rest"] if form else "")
    except InvalidOperation:
        exact = Decimal("NaN")
    if (
        not exact.is_finite()
        or len(unit) not in (0, 2)
        or prefix not in _NUMBERS
        or len(number) > 40
        or abs(exact.adjusted()) > 30
    ):
        raise refuse(parameter.name, "must be a number, or number|system|code", "phải là số, hoặc số|hệ mã|đơn vị")
    column = f'"{parameter.column}_value"'
    margin = Decimal((0, (5,), int(exact.as_tuple().exponent) - 1)) if prefix != "ap" else abs(exact) / 10
    middle, low, high = (f"{arguments.add(item)}::numeric" for item in (exact, exact - margin, exact + margin))
    test = _NUMBERS[prefix].format(column=column, exact=middle, low=low, high=high)
    # Every placeholder must stand in the statement, also where a prefix needs only some of them.
    test = f"({test} and ({middle}, {low}, {high}) is not null)"
    if not any(unit):
        return test
    forms = [f"{unit[0]}|{unit[1].lower()}" if unit[0] else f" {unit[1].lower()}"]
    return f'({test} and "{parameter.column}_unit" && {arguments.add(forms)}::text[])'


_WITHIN = "({column} >= {low} and {column} < {high})"
_NUMBERS = {
    "eq": _WITHIN,
    "ap": _WITHIN,
    "ne": f"not {_WITHIN}",
    "gt": "{column} > {exact}",
    "lt": "{column} < {exact}",
    "ge": "{column} >= {exact}",
    "le": "{column} <= {exact}",
    "sa": "{column} > {exact}",
    "eb": "{column} < {exact}",
}
