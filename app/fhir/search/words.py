"""A search by the beginning of a name alone, answered from the table of words without a look at the records.

The words are those of live records only. https://hl7.org/fhir/R4/search.html#string
"""

from typing import NamedTuple

from app.fhir.search.condition import Arguments, Place, between
from app.fhir.search.query import Query, plain
from app.fhir.search.values import LONGEST


class Words(NamedTuple):
    """A table of words and the condition on its rows `p`, with the values of both."""

    table: str
    where: str
    arguments: Arguments


def words(query: Query, place: Place) -> Words | None:
    """Return where the ids of all matches stand, None when the query asks for anything else."""
    if len(query.criteria) != 1:
        return None
    criterion = query.criteria[0]
    parameter = criterion.parameter
    folded = [parameter.normal(value) for value in plain(criterion.values)]
    if not parameter.indexed or parameter.kind != "string" or criterion.modifier:
        return None
    if not all(0 < len(value) <= LONGEST for value in folded):
        return None
    arguments = Arguments()
    tests = " or ".join(between(value, arguments) for value in folded)
    return Words(place.kind.tables.prefixes[parameter.column].name, f"({tests})", arguments)
