"""A search request read into conditions, order and page; what is not understood is refused, never ignored.

With lenient handling what is not understood is left out and reported. https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.errors import Fault
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.criteria import Grammar, read_condition
from app.fhir.search.criterion import Condition, links, tests
from app.fhir.search.include import Include, read_include
from app.fhir.search.refusal import refuse
from app.fhir.search.result import RESULT, Order, Results, base_name, read_order, read_results
from app.fhir.shape import Shape

MOST_CRITERIA = 50
MOST_VALUES = 1000
"""Values in all conditions together: with every type searched at once they stay below what a statement takes."""
MOST_LINKS = 64
"""Searches inside the conditions, by chains and `_has`: the planner needs its time for each."""


@dataclass(frozen=True)
class Query:
    """What was asked of a type: conditions that must all hold, the order, the page, what comes along.

    `applied` are the parameters as understood, `ignored` what lenient handling left out. Without `registry`
    chains cannot be read.
    """

    kind: ResourceType
    criteria: tuple[Condition, ...]
    order: tuple[Order, ...]
    count: int
    total: str = "accurate"
    shape: Shape | None = None
    includes: tuple[Include, ...] = ()
    applied: tuple[tuple[str, str], ...] = ()
    ignored: tuple[Fault, ...] = ()

    def also(self, condition: Condition) -> "Query":
        """Return the query with one more condition, which its links do not show."""
        return replace(self, criteria=(*self.criteria, condition))

    def showing(self, pair: tuple[str, str]) -> "Query":
        """Return the query with one more parameter in its links."""
        return replace(self, applied=(pair, *self.applied))


def read_query(
    kind: ResourceType,
    pairs: Iterable[tuple[str, str]],
    *,
    size: int,
    limit: int,
    registry: Registry | None = None,
    lenient: bool = False,
) -> Query:
    """Read name-value pairs. Raises BadParameter naming the first parameter that is not understood."""
    grammar = Grammar(registry or Registry([kind]), lenient)
    results = read_results([(name, value) for name, value in pairs if base_name(name) in RESULT], size, limit)
    criteria: list[Condition] = []
    applied: list[tuple[str, str]] = []
    for name, value in pairs:
        if base_name(name) in RESULT:
            continue
        condition = _condition(grammar, kind, name, value)
        if condition:
            criteria.append(condition)
            applied.append((name, value))
            _require_few(criteria)
    order, sorted_by = read_order(grammar, kind, results.sort)
    brought = (item for given in dict.fromkeys(results.includes) for item in read_include(grammar, kind, *given))
    includes = tuple(brought)
    applied += _shown(results, sorted_by, includes)
    return Query(
        kind,
        tuple(criteria),
        order,
        results.size,
        results.total,
        results.shape,
        includes,
        tuple(applied),
        tuple(grammar.ignored),
    )


def _condition(grammar: Grammar, kind: ResourceType, name: str, value: str) -> Condition | None:
    """Return a condition, None for one that lenient handling leaves out."""
    with grammar.leniently():
        return read_condition(grammar, kind, name, value)
    return None


def _require_few(criteria: Sequence[Condition]) -> None:
    """Raise BadParameter for more than one statement can ask, or in too long a time."""
    if len(criteria) > MOST_CRITERIA:
        raise refuse("?", f"may stand {MOST_CRITERIA} times at most", f"tối đa {MOST_CRITERIA} điều kiện")
    if sum(len(test.values) for asked in criteria for test in tests(asked)) > MOST_VALUES:
        raise refuse(
            "?",
            f"may have {MOST_VALUES} values at most in all conditions together; search in parts",
            f"tối đa {MOST_VALUES} giá trị trong mọi điều kiện; hãy tìm từng phần",
        )
    if sum(links(asked) for asked in criteria) > MOST_LINKS:
        raise refuse(
            "?",
            f"may be chained {MOST_LINKS} times at most in all conditions and types together; name the types",
            f"tối đa {MOST_LINKS} lần nối tiếp trong mọi điều kiện và loại; hãy ghi rõ loại",
        )


def _shown(results: Results, sorted_by: str, includes: Sequence[Include]) -> list[tuple[str, str]]:
    """Return the parameters of the result as they were applied."""
    kept = [("_sort", sorted_by)] if sorted_by else []
    written = {item.written for item in includes}
    kept += [given for given in results.includes if given in written]
    return [*kept, *results.shown, ("_count", str(results.size))]
