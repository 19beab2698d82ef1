"""Which columns of a type figures rest on."""

import re
from collections.abc import Iterable

from app.fhir.resource_type import ResourceType
from app.indicators.fact import Expression


def used(kind: ResourceType, expressions: Iterable[Expression]) -> set[str]:
    """Return the columns of a type that are derived for indicators, and those that the text of a fact names."""
    texts = " ".join(fact.rows for expression in expressions for fact in expression.facts())
    named = set(re.findall(r"\w+", texts))
    derived = {column.name for column in kind.derived.columns} if kind.derived else set()
    taken_out = {column.name for parameter in kind.search for column in parameter.columns()}
    return derived | (taken_out & named)
