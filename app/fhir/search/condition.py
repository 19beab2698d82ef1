"""From a criterion to a condition in SQL; values are parameters of the statement, never part of its text.

https://hl7.org/fhir/R4/search.html#ptypes
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.fhir.instant import FOREVER, NEVER, Range, moment
from app.fhir.resource_type import ResourceType
from app.fhir.search.parameter import Parameter
from app.fhir.search.query import Criterion, plain, refuse, split, unescape
from app.fhir.search.values import LONGEST, SEPARATOR, bounded, texts

_PREFIXED = re.compile(r"(?P<prefix>[a-z]{2})?(?P<rest>.*)", re.DOTALL)
_DATE_FORMS = "a date like 2026, 2026-03, 2026-03-02 or 2026-03-02T08:00:00+07:00, after eq ne gt lt ge le sa eb ap"
_LAST_SIGN = "\U0010ffff"
_EARTH_KM = 6371.0088
_NEAR_PARTS = 4


class Place(NamedTuple):
    """What conditions need to know: the type asked, the zone of days, the time of asking, this server's address."""

    kind: ResourceType
    zone: ZoneInfo
    now: datetime
    base: str


class Arguments(list):
    """The values of a statement in order."""

    def add(self, value: Any) -> str:
        """Keep a value and return its placeholder."""
        self.append(value)
        return f"${len(self)}"


def condition(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    """Return the SQL condition for a criterion. Raises BadParameter for a value of the wrong form."""
    parameter = criterion.parameter
    if criterion.modifier == "missing":
        return _missing(criterion)
    if parameter.name in ("_id", "_lastUpdated"):
        return _HEAD[parameter.name](criterion, place, arguments)
    return _KINDS[parameter.kind](criterion, place, arguments)


def _missing(criterion: Criterion) -> str:
    if criterion.values not in (("true",), ("false",)):
        raise refuse(f"{criterion.parameter.name}:missing", "must be true or false", "phải là true hoặc false")
    return f"({_present(criterion.parameter)}) is {'not ' if criterion.values == ('true',) else ''}true"


def _present(parameter: Parameter) -> str:
    if parameter.name in ("_id", "_lastUpdated"):
        return "true"
    if parameter.absent:
        return "true"
    columns = [f'"{column.name}" is not null' for column in parameter.columns()[:1]]
    if parameter.owner:
        columns.append("patient_id <> ''")
    return " or ".join(columns)


def _id(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    test = f"id = any({arguments.add(plain(criterion.values))}::text[])"
    return f"not {test}" if criterion.modifier == "not" else test


def _last_updated(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    low, high = "updated_at", "updated_at + interval '1 millisecond'"
    return _any_of(_compare(criterion, value, place, arguments, low, high) for value in criterion.values)


_HEAD = {"_id": _id, "_lastUpdated": _last_updated}


def _any_of(tests: Any) -> str:
    return "(" + " or ".join(tests) + ")"


def _token(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    parameter = criterion.parameter
    column = f'"{parameter.column}"'
    forms, systems = token_forms(parameter, criterion.values)
    tests = [f"{column} && {arguments.add(forms)}::text[]"] if forms else []
    tests += [f"exists (select from unnest({column}) v where v ^@ {arguments.add(system)}::text)" for system in systems]
    if parameter.absent and parameter.absent in forms:
        tests.append(f"{column} is null")
    test = _any_of(tests or ["false"])
    return f"({test}) is not true" if criterion.modifier == "not" else test


def token_forms(parameter: Parameter, pieces: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the kept forms to look for, and the beginnings (`system|`, any code)."""
    forms, systems = [], []
    for piece in pieces:
        parts = plain(split(piece, "|"))
        if len(parts) > 2:
            raise refuse(
                parameter.name,
                "must be code, system|code, |code or system|",
                "phải là code, system|code, |code hoặc system|",
            )
        if len(parts) == 1:
            forms.append(bounded(f" {parts[0].lower()}"))
        elif parameter.system:
            forms += [f" {parts[1].lower()}"] if parts[0] == parameter.system and parts[1] else []
            systems += [" "] if parts[0] == parameter.system and not parts[1] else []
        elif parts[1]:
            forms.append(bounded(f"{parts[0]}|{parts[1].lower()}"))
        else:
            systems.append(f"{parts[0]}|")
    return forms, systems


def _string(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    column = f'"{criterion.parameter.column}"'
    wanted = plain(criterion.values)
    if criterion.modifier == "exact":
        kept = [form for value in wanted for form in texts(value, place.zone)]
        return f"{column} && {arguments.add(kept)}::text[]"
    folded = [criterion.parameter.normal(value) for value in wanted]
    if not all(folded):
        raise refuse(criterion.parameter.name, "must hold a letter or a digit", "phải có ít nhất một chữ hoặc số")
    if criterion.modifier == "contains":
        test = f"strpos(split_part(v, '{SEPARATOR}', 1), {{}}) > 0"
        return _any_of(
            f"exists (select from unnest({column}) v where {test.format(arguments.add(value))})" for value in folded
        )
    return _any_of(_starts(criterion.parameter, place, value, arguments) for value in folded)


def _starts(parameter: Parameter, place: Place, value: str, arguments: Arguments) -> str:
    whole = f'exists (select from unnest("{parameter.column}") v where v ^@ {{}}::text)'
    if not parameter.indexed:
        return whole.format(arguments.add(value))
    table = place.kind.tables.prefixes[parameter.column].name
    found = f"id in (select p.id from {table} p where {between(value[:LONGEST], arguments)})"
    return found if len(value) <= LONGEST else f"({found} and {whole.format(arguments.add(value))})"


def between(value: str, arguments: Arguments) -> str:
    """Return the condition that a word p.fold begins with `value`, as a range that an index serves."""
    return f"p.fold >= {arguments.add(value)} and p.fold < {arguments.add(value + _LAST_SIGN)}"


def _date(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    column = criterion.parameter.column
    if criterion.parameter.many:
        tests = _any_of(
            _compare(criterion, value, place, arguments, "lower(v)", "upper(v)") for value in criterion.values
        )
        return f'exists (select from unnest("{column}") v where {tests})'
    low, high = f'"{column}_low"', f'"{column}_high"'
    return _any_of(_compare(criterion, value, place, arguments, low, high) for value in criterion.values)


def _compare(criterion: Criterion, value: str, place: Place, arguments: Arguments, low: str, high: str) -> str:
    """Return the comparison of a range [low, high) with a date and its prefix.

    https://hl7.org/fhir/R4/search.html#prefix
    """
    prefix, asked = _asked(criterion.parameter, value, place)
    if prefix == "ap":
        asked = _about(asked, place.now)
    form = _RANGES[prefix]
    # A statement has a place for each of its values: a bound that the prefix does not need is none.
    from_, until = (
        f"{arguments.add(time)}::timestamptz" if name in form else ""
        for name, time in zip(("{from_}", "{until}"), asked, strict=True)
    )
    return form.format(low=low, high=high, from_=from_, until=until)


_LIES_IN = "({low} >= {from_} and {low} < {until} and {high} <= {until})"
_RANGES = {
    "eq": _LIES_IN,
    "ne": f"not {_LIES_IN}",
    "gt": "{high} > {until}",
    "lt": "{low} < {from_}",
    "ge": f"({{high}} > {{until}} or {_LIES_IN})",
    "le": f"({{low}} < {{from_}} or {_LIES_IN})",
    "sa": "{low} >= {until}",
    "eb": "{high} <= {from_}",
    "ap": "({low} < {until} and {high} > {from_})",
}


def _asked(parameter: Parameter, value: str, place: Place) -> tuple[str, Range]:
    form = _PREFIXED.fullmatch(unescape(value).replace(" ", "+"))
    prefix = (form["prefix"] if form else None) or "eq"
    try:
        # In an address a plus sign that was not encoded arrives as a blank.
        asked = moment(form["rest"] if form else "", place.zone)
    except ValueError:
        asked = None
    if asked is None or prefix not in _RANGES:
        raise refuse(
            parameter.name,
            f"must be {_DATE_FORMS}",
            "phải là ngày dạng 2026, 2026-03, 2026-03-02 hoặc 2026-03-02T08:00:00+07:00,"
            " có thể đứng sau eq ne gt lt ge le sa eb ap",
        )
    return prefix, asked


def _about(asked: Range, now: datetime) -> Range:
    """Widen by a tenth of the distance to now, as the specification recommends."""
    margin = abs(now - asked.low) / 10
    low = NEVER if asked.low - NEVER < margin else asked.low - margin
    return Range(low, FOREVER if FOREVER - asked.high < margin else asked.high + margin)


def _reference(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    parameter = criterion.parameter
    column = f'"{parameter.column}"'
    if criterion.modifier == "identifier":
        if parameter.owner and len(parameter.targets) == 1:
            raise refuse(f"{parameter.name}:identifier", "is not supported here", "không được hỗ trợ ở đây")
        return f"{column} && {arguments.add([f' {value}' for value in plain(criterion.values)])}::text[]"
    targets = [target for value in plain(criterion.values) for target in _targets(criterion, value, place)]
    tests = []
    if parameter.owner:
        mark = f"{parameter.owner}/"
        owners = [target.removeprefix(mark) for target in targets if target.startswith(mark)]
        tests.append(f"patient_id = any({arguments.add(owners)}::text[])")
    if parameter.columns():
        tests.append(f"{column} && {arguments.add(targets)}::text[]")
    return _any_of(tests)


def _targets(criterion: Criterion, value: str, place: Place) -> list[str]:
    """Return the stored references that a value means: relative and with this server's address."""
    relative = value.removeprefix(f"{place.base}/") if place.base else value
    if "/" in relative or ":" in relative:
        return [relative, f"{place.base}/{relative}"] if place.base and ":" not in relative else [relative]
    types = (criterion.modifier,) if criterion.modifier else criterion.parameter.targets
    named = [f"{name}/{relative}" for name in types]
    return [*named, *(f"{place.base}/{name}" for name in named)] if place.base else named


def _quantity(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    return _any_of(_one_quantity(criterion.parameter, value, arguments) for value in criterion.values)


def _one_quantity(parameter: Parameter, value: str, arguments: Arguments) -> str:
    number, *unit = plain(split(value, "|"))
    form = _PREFIXED.fullmatch(number)
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


def _near(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    return _any_of(_one_near(criterion.parameter, value, arguments) for value in criterion.values)


def _one_near(parameter: Parameter, value: str, arguments: Arguments) -> str:
    """Return the condition of lying within a distance. https://hl7.org/fhir/R4/location.html#search"""
    given = plain(split(value, "|"))
    parts = [*given, "", "", ""]
    try:
        latitude, longitude, distance = float(parts[0]), float(parts[1]), float(parts[2] or 10)
    except ValueError:
        latitude = 1000.0
        longitude = distance = 0.0
    metres = {"": 1.0, "km": 1.0, "m": 0.001}.get(parts[3]) if len(given) <= _NEAR_PARTS else None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= distance < 1e6) or metres is None:
        raise refuse(
            parameter.name,
            "must be latitude|longitude|distance|km (or m)",
            "phải là vĩ độ|kinh độ|khoảng cách|km (hoặc m)",
        )
    at, east, far = (f"{arguments.add(item)}::float8" for item in (latitude, longitude, distance * metres))
    column = f'"{parameter.column}"'
    haversine = (
        f"power(sind(({column}[1] - {at}) / 2), 2)"
        f" + cosd({at}) * cosd({column}[1]) * power(sind(({column}[2] - {east}) / 2), 2)"
    )
    # FHIR lets a position lie beyond the poles; such a place is near nothing, and no root is taken of less than 0.
    return f"(abs({column}[1]) <= 90 and 2 * {_EARTH_KM} * asin(sqrt(least(1, greatest(0, {haversine})))) <= {far})"


def _uri(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    return f'"{criterion.parameter.column}" && {arguments.add(plain(criterion.values))}::text[]'


_KINDS: dict[str, Callable[[Criterion, Place, Arguments], str]] = {
    "token": _token,
    "string": _string,
    "date": _date,
    "reference": _reference,
    "quantity": _quantity,
    "special": _near,
    "uri": _uri,
}
