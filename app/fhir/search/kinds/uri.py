"""Addresses: exactly, or above and below by the parts of their path. https://hl7.org/fhir/R4/search.html#uri"""

from app.fhir.search.criterion import Criterion
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.text import plain


def uri(criterion: Criterion, _place: Place, arguments: Arguments) -> str:
    """Return the condition of having one of the addresses, one that begins with it, or one that it begins with."""
    column, wanted = f'"{criterion.parameter.column}"', plain(criterion.values)
    if not criterion.modifier:
        return f"{column} && {arguments.add(wanted)}::text[]"
    form = "v ^@ ({}::text || '/')" if criterion.modifier == "below" else "{}::text ^@ (v || '/')"
    tests = [
        f"exists (select from unnest({column}) v where v = {place} or {form.format(place)})"
        for place in (arguments.add(value.rstrip("/")) for value in wanted)
    ]
    return any_of(tests)
