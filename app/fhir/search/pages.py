"""A list of matches in pages: what links to pages hold, and a page as a Bundle. https://hl7.org/fhir/R4/http.html#paging"""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.fhir.asked import Pairs
from app.fhir.asking import Asking
from app.fhir.links import PARAMETER
from app.fhir.search.find import Page, Start
from app.fhir.search.included import Included, included
from app.fhir.search.place import Place
from app.fhir.search.query import Query
from app.fhir.search.refusal import refuse
from app.fhir.search.searchset import Link, searchset
from app.fhir.service import Service
from app.store.database import Reader
from app.store.moment import Moment

_FORM = ("_format", "_pretty")
_COUNT = "_count"


class Followed(NamedTuple):
    """A link that is followed: its sealed text, and a `_count` beside it, which is the size of pages from here on."""

    text: str
    size: Pairs

    @property
    def query(self) -> str:
        """The link as a query again."""
        return urlencode([(PARAMETER, self.text), *self.size])


class Linked(NamedTuple):
    """What a link to a page holds: the parameters of the list, where the page begins, how many matches there are."""

    pairs: Pairs
    start: Start
    total: int | None


def followed(pairs: Pairs) -> Followed | None:
    """Return the link to a page that is followed, None where there is none.

    Some libraries add their own `_count` to every link. Raises BadParameter for anything else beside it: what other
    parameters say was settled by the first page.
    """
    given = [pair for pair in pairs if pair[0] not in _FORM]
    sealed = [value for name, value in given if name == PARAMETER]
    if not sealed:
        return None
    size = [pair for pair in given if pair[0] == _COUNT]
    if len(sealed) > 1 or len(size) > 1 or len(given) > len(sealed) + len(size):
        raise refuse(
            PARAMETER,
            "takes nothing beside it but one _count: follow the link as it is",
            "chỉ có thể đi cùng một _count: hãy dùng nguyên liên kết",
        )
    return Followed(sealed[0], size)


def linked(service: Service, asking: Asking, address: str, link: Followed) -> Linked:
    """Return what a link to a page of an address holds. Raises BadParameter for one of another caller or address."""
    content = service.links.open(asking.caller, address, link.text)
    low, high, running = content["moment"]
    start = Start(Moment(low, high, tuple(running)), content["keys"], content["back"])
    held = [(name, value) for name, value in content["query"] if not (link.size and name == _COUNT)]
    return Linked([*held, *link.size], start, content["total"])


def place_of(service: Service, asking: Asking) -> Place:
    """Return what conditions need to know of the service and of the request."""
    limited = not service.caller.everyone
    return Place(service.registry.person, service.settings.time_zone, service.clock(), asking.base, limited=limited)


async def page_text(
    service: Service,
    reader: Reader,
    asking: Asking,
    address: str,
    queries: list[Query],
    page: Page,
    start: Start | None = None,
    link: Followed | None = None,
) -> str:
    """Return a page of an address as the JSON of a Bundle, with what the first of the queries lets come along.

    `start` and `link` are where the page began and the link that led to it.
    """
    query = queries[0]
    own = link.query if link else urlencode(query.applied)
    here = f"{asking.base}/{address}" if address else asking.base
    links = [Link("self", f"{here}?{own}")]
    for relation, content in _others(query, page, start):
        text = service.links.seal(asking.caller, address, content)
        links.append(Link(relation, f"{here}?{PARAMETER}={text}"))
    more = await _along(service, reader, asking, query, page)
    service.trail.saw((row["kind"], row["id"], row["person"]) for row in (*page.rows, *more.rows))
    return searchset(asking.base, page, more, links, query)


async def _along(service: Service, reader: Reader, asking: Asking, query: Query, page: Page) -> Included:
    if not query.includes or not page.rows or page.moment is None:
        return Included()
    most = service.settings.page_limit
    return await included(reader, query.includes, page.rows, page.moment, place_of(service, asking), most)


def _others(query: Query, page: Page, start: Start | None) -> list[tuple[str, dict[str, Any]]]:
    """Return the pages that a page links to: the first, the one before, the one after."""
    if not page.rows or page.moment is None:
        return []
    shared = {"query": query.applied, "moment": page.moment[:3], "total": page.total}
    ends = [[row[f"cursor{index}"] for index in range(page.width)] for row in (page.rows[0], page.rows[-1])]
    backwards = bool(start and start.backwards)
    before = bool(start and start.values) and (page.more or not backwards)
    after = page.more or backwards
    if not before and not after:
        return []
    found = [("first", {**shared, "keys": None, "back": False})]
    found += [("prev", {**shared, "keys": ends[0], "back": True})] if before else []
    found += [("next", {**shared, "keys": ends[1], "back": False})] if after else []
    return found
