"""Strings: beginnings of words without case and accents, exact texts, parts. https://hl7.org/fhir/R4/search.html#string"""

from app.fhir.search.criterion import Criterion
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain
from app.fhir.search.values import LONGEST, SEPARATOR, texts

_LAST_SIGN = "\U0010ffff"


def string(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    """Return the condition that a text begins so, is so, or holds it."""
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
        return any_of(
            f"exists (select from unnest({column}) v where {test.format(arguments.add(value))})" for value in folded
        )
    return any_of(_starts(criterion.parameter, place, value, arguments) for value in folded)


def _starts(parameter: Parameter, place: Place, value: str, arguments: Arguments) -> str:
    whole = f'exists (select from unnest("{parameter.column}") v where v ^@ {{}}::text)'
    # The table of words knows live records only, and is no help where few records are looked at anyway.
    if not parameter.indexed or place.past or place.few:
        return whole.format(arguments.add(value))
    tables = place.kind.tables
    words, test = tables.prefixes[parameter.column].name, between(value[:LONGEST], arguments)
    if place.probe:
        # As a value of its own it stays a look at one record: the planner cannot turn it into a join.
        found = f"coalesce((select true from {words} p where p.id = {tables.name}.id and {test} limit 1), false)"
    else:
        found = f"id in (select p.id from {words} p where {test})"
    return found if len(value) <= LONGEST else f"({found} and {whole.format(arguments.add(value))})"


def between(value: str, arguments: Arguments) -> str:
    """Return the condition that a word p.fold begins with `value`, as a range that an index serves."""
    return f"p.fold >= {arguments.add(value)} and p.fold < {arguments.add(value + _LAST_SIGN)}"
