"""search of a type, of a compartment and of the whole system, by address or form. https://hl7.org/fhir/R4/http.html#search"""

from dataclasses import dataclass, replace

from app.errors import NotFound
from app.fhir.asked import Asked, Pairs
from app.fhir.asking import Asking
from app.fhir.resource_type import ResourceType
from app.fhir.search.compartment import kinds, within
from app.fhir.search.find import find
from app.fhir.search.pages import followed, linked, page_text, place_of
from app.fhir.search.query import Query, read_query
from app.fhir.search.refusal import refuse
from app.fhir.service import Service
from app.store.database import Reader

_TYPE = "_type"


@dataclass(frozen=True)
class Scope:
    """What is searched: an address below the base, its types, and the person whose compartment it is."""

    address: str
    kinds: tuple[ResourceType, ...]
    owner: str = ""

    @property
    def several(self) -> bool:
        """Whether `_type` may choose among the types."""
        return len(self.kinds) > 1


async def search_page(service: Service, reader: Reader, asking: Asking, what: Asked) -> str:
    """Return a page of what matches, as the JSON of a Bundle.

    Raises BadParameter for what is not understood, and for a page link that was changed or is of another caller.
    """
    scope, place = scope_of(service, what), place_of(service, asking)
    link = followed(what.pairs)
    if link is None:
        queries = read_queries(service, scope, what.pairs, lenient=asking.lenient)
        page = await find(reader, queries, place, None, service.epoch)
        return await page_text(service, reader, asking, scope.address, queries, page)
    held = linked(service, asking, scope.address, link)
    queries = read_queries(service, scope, held.pairs)
    page = await find(reader, queries, place, held.start, service.epoch)
    page = page._replace(total=held.total)
    return await page_text(service, reader, asking, scope.address, queries, page, held.start, link)


def scope_of(service: Service, what: Asked) -> Scope:
    """Return what an address searches. Raises NotFound for a type that is not served or has no place there."""
    registry = service.registry
    if what.interaction == "search-system":
        return Scope("", tuple(registry))
    if what.interaction == "search":
        return Scope(what.typed.name, (what.typed,))
    address = f"{what.typed.name}/{what.id}/{what.other}"
    found = kinds(registry) if what.other == "*" else [registry[what.other]]
    if any(within(kind, registry.person, what.id) is None for kind in found):
        listed = ", ".join(kind.name for kind in kinds(registry))
        raise NotFound.of(
            f"This type has no place in the compartment of a person; those that have: {listed}.",
            f"Loại này không thuộc hồ sơ của một người; các loại thuộc hồ sơ: {listed}.",
        )
    return Scope(address, tuple(found), what.id)


def read_queries(service: Service, scope: Scope, pairs: Pairs, *, lenient: bool = False) -> list[Query]:
    """Return the query of each type that is searched; all of them ask the same. Raises BadParameter."""
    chosen = _chosen(scope, [value for name, value in pairs if name == _TYPE])
    rest = [pair for pair in pairs if pair[0] != _TYPE or not scope.several]
    settings, registry = service.settings, service.registry
    queries = []
    for kind in chosen:
        query = read_query(
            kind, rest, size=settings.page_size, limit=settings.page_limit, registry=service.searchable, lenient=lenient
        )
        inside = within(kind, registry.person, scope.owner) if scope.owner else None
        queries.append(_counted(service, query.also(inside) if inside else query))
    _require_one_order(queries)
    if len(chosen) < len(scope.kinds):
        listed = (_TYPE, ",".join(kind.name for kind in chosen))
        return [query.showing(listed) for query in queries]
    return queries


def _counted(service: Service, query: Query) -> Query:
    """Return the query with an exact total where the planner's estimate would be of records that are not seen."""
    open_to_all = service.sees_all and not service.limits
    return query if open_to_all or query.total != "estimate" else replace(query, total="accurate")


def _chosen(scope: Scope, given: list[str]) -> tuple[ResourceType, ...]:
    """Return the types that `_type` names, all without it."""
    if not given or not scope.several:
        return scope.kinds
    names = {name for text in given for name in text.split(",")}
    served = [kind.name for kind in scope.kinds]
    if len(given) > 1 or not names <= set(served):
        raise refuse(_TYPE, f"must name some of {', '.join(served)}", f"phải là một số trong {', '.join(served)}")
    return tuple(kind for kind in scope.kinds if kind.name in names)


def _require_one_order(queries: list[Query]) -> None:
    """Raise BadParameter where types keep a key of the order in different ways."""
    if len({tuple(item.parameter.kind for item in query.order) for query in queries}) > 1:
        raise refuse("_sort", "must be the same kind of value in every type", "phải cùng kiểu giá trị ở mọi loại")
