"""A search by the beginning of a name, helped by the table of words: how many it finds, and which.

A word's row names the word before it of the same record (`prior`), in the order of bytes: of the words of a
record that begin so, exactly one has none such before it, and that one stands for the record. So records are
counted in the index alone. The words are those of live records only.
https://hl7.org/fhir/R4/search.html#string
"""

from typing import NamedTuple

from app.fhir.search.criterion import Criterion
from app.fhir.search.kinds.string import between
from app.fhir.search.place import Arguments, Place
from app.fhir.search.query import Query
from app.fhir.search.text import plain
from app.fhir.search.values import LONGEST
from app.store.database import Reader
from app.store.estimate import estimated


class Words(NamedTuple):
    """A table of words and the condition on its rows `p` by which each record that matches stands in one of them."""

    table: str
    once: str


def prefixes(query: Query) -> list[Criterion]:
    """Return the conditions of a query that the tables of words answer."""
    return [item for item in query.criteria if isinstance(item, Criterion) and _is_prefix(item)]


def _is_prefix(criterion: Criterion) -> bool:
    parameter = criterion.parameter
    if not parameter.indexed or parameter.kind != "string" or criterion.modifier:
        return False
    folded = [parameter.normal(value) for value in plain(criterion.values)]
    return len(folded) == 1 and 0 < len(folded[0]) <= LONGEST


def words(query: Query, place: Place, arguments: Arguments) -> Words | None:
    """Return where all matches stand, None when the query asks for anything but the beginning of one name."""
    if len(query.criteria) != 1 or not prefixes(query):
        return None
    return _words(prefixes(query)[0], place, arguments)


def _words(criterion: Criterion, place: Place, arguments: Arguments) -> Words:
    parameter = criterion.parameter
    value = parameter.normal(plain(criterion.values)[0])
    begins = between(value, arguments)
    once = f"{begins} and (p.prior is null or p.prior < {arguments.add(value)})"
    return Words(place.kind.tables.prefixes[parameter.column].name, once)


def counted(query: Query, place: Place, arguments: Arguments) -> str:
    """Return the query that counts the matches in the index of words, "" where it cannot."""
    found = None if place.few else words(query, place, arguments)
    return f"select count(*) from {found.table} p where {found.once}" if found else ""


async def matched(reader: Reader, query: Query, place: Place, most: int) -> int:
    """Return how many records the rarest of the beginnings of names in a query finds, counted as far as `most`."""
    found = []
    for criterion in prefixes(query):
        arguments = Arguments()
        table, once = _words(criterion, place._replace(kind=query.kind), arguments)
        text = f"select count(*) from (select from {table} p where {once} limit {most}) found"
        found.append(await reader.fetchval(text, *arguments))
    return min(found)


async def expected(reader: Reader, query: Query) -> int:
    """Return how many rows of words the planner expects of the one beginning of a name that a query asks for."""
    arguments = Arguments()
    criterion = prefixes(query)[0]
    value = criterion.parameter.normal(plain(criterion.values)[0])
    table = query.kind.tables.prefixes[criterion.parameter.column].name
    return await estimated(reader, f"select from {table} p where {between(value, arguments)}", arguments)


def words_order(query: Query) -> bool:
    """Say whether the rows of words alone answer a query: one beginning of a name, in an order that they know."""
    if len(query.criteria) != 1 or len(query.order) > 1:
        return False
    beside = prefixes(query)[0].parameter.beside
    return all(item.parameter.name in (beside, "_id") for item in query.order)
