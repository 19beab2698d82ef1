"""search of one type. https://hl7.org/fhir/R4/http.html#search"""

from typing import NamedTuple
from urllib.parse import urlencode

from app.fhir.asked import Pairs
from app.fhir.conditional import search_place
from app.fhir.resource_type import ResourceType
from app.fhir.search.find import find
from app.fhir.search.query import read_query
from app.fhir.service import Service
from app.store.database import Reader


class Found(NamedTuple):
    """A page: (id, body) of each match, the exact total, and the queries of the links."""

    kind: ResourceType
    rows: list[tuple[str, str]]
    total: int
    self_query: str
    next_query: str


async def search(service: Service, database: Reader, kind: ResourceType, pairs: Pairs) -> Found:
    """Return a page of what matches. Raises BadParameter for what is not understood."""
    settings = service.settings
    query = read_query(kind, pairs, size=settings.page_size, limit=settings.page_limit)
    place = search_place(service, kind)
    page = await find(database, query, place)
    applied = list(query.applied)
    cursor = [("_cursor", query.cursor)] if query.cursor else []
    following = urlencode([*applied, ("_cursor", page.cursor)]) if page.cursor else ""
    rows = [(row["id"], row["body"]) for row in page.rows]
    return Found(kind, rows, page.total, urlencode([*applied, *cursor]), following)
