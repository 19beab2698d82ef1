"""Dates as ranges by their precision, compared by prefix. https://hl7.org/fhir/R4/search.html#date"""

import re
from datetime import datetime

from app.fhir.instant import FOREVER, NEVER, Range, moment
from app.fhir.search.criterion import Criterion
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.refusal import refuse
from app.fhir.search.text import unescape

PREFIXED = re.compile(r"(?P<prefix>[a-z]{2})?(?P<rest>.*)", re.DOTALL)
_DATE_FORMS = "a date like 2026, 2026-03, 2026-03-02 or 2026-03-02T08:00:00+07:00, after eq ne gt lt ge le sa eb ap"


def date(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    """Return the condition that a date, or a Period, stands so to one of the dates."""
    column = criterion.parameter.column
    if criterion.parameter.many:
        tests = any_of(
            compare(criterion, value, place, arguments, "lower(v)", "upper(v)") for value in criterion.values
        )
        return f'exists (select from unnest("{column}") v where {tests})'
    low, high = f'"{column}_low"', f'"{column}_high"'
    return any_of(compare(criterion, value, place, arguments, low, high) for value in criterion.values)


def compare(criterion: Criterion, value: str, place: Place, arguments: Arguments, low: str, high: str) -> str:
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
    # The first part of ge and le says nothing more than the rest: it is there for the index.
    "ge": f"({{high}} > {{from_}} and ({{high}} > {{until}} or {_LIES_IN}))",
    "le": f"({{low}} < {{until}} and ({{low}} < {{from_}} or {_LIES_IN}))",
    "sa": "{low} >= {until}",
    "eb": "{high} <= {from_}",
    "ap": "({low} < {until} and {high} > {from_})",
}


def _asked(parameter: Parameter, value: str, place: Place) -> tuple[str, Range]:
    form = PREFIXED.fullmatch(unescape(value).replace(" ", "+"))
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


def last_updated(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    """Return the condition that the version was written so; its time is of a millisecond."""
    low, high = "updated_at", "updated_at + interval '1 millisecond'"
    return any_of(compare(criterion, value, place, arguments, low, high) for value in criterion.values)
