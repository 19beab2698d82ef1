"""From a condition to SQL; values are parameters of the statement, never part of its text.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable

from app.fhir.search.criterion import Chain, Condition, Criterion, Hierarchy, Reverse, Within
from app.fhir.search.kinds.date import date, last_updated
from app.fhir.search.kinds.near import near
from app.fhir.search.kinds.quantity import quantity
from app.fhir.search.kinds.reference import reference
from app.fhir.search.kinds.string import string
from app.fhir.search.kinds.token import token
from app.fhir.search.kinds.uri import uri
from app.fhir.search.linked import chain, hierarchy, reverse, within
from app.fhir.search.parameter import Parameter
from app.fhir.search.place import Arguments, Place
from app.fhir.search.refusal import refuse
from app.fhir.search.text import plain


def condition(asked: Condition, place: Place, arguments: Arguments) -> str:
    """Return the SQL of a condition. Raises BadParameter for a value of the wrong form."""
    match asked:
        case Criterion():
            return _test(asked, place, arguments)
        case Chain():
            return chain(asked, place, arguments, condition)
        case Reverse():
            return reverse(asked, place, arguments, condition)
        case Hierarchy():
            return hierarchy(asked, place, arguments)
        case Within():
            return within(asked, place, arguments)


def _test(criterion: Criterion, place: Place, arguments: Arguments) -> str:
    parameter = criterion.parameter
    if criterion.modifier == "missing":
        return _missing(criterion)
    if parameter.name in _HEAD:
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


_HEAD = {"_id": _id, "_lastUpdated": last_updated}
_KINDS: dict[str, Callable[[Criterion, Place, Arguments], str]] = {
    "token": token,
    "string": string,
    "date": date,
    "reference": reference,
    "quantity": quantity,
    "special": near,
    "uri": uri,
}
