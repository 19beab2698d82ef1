"""A page of search results as a Bundle: matches, what comes along, and what is to be said of them.

https://hl7.org/fhir/R4/http.html#search
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from asyncpg import Record

from app.errors import Fault
from app.fhir.listed import bundle_text
from app.fhir.outcome import outcome
from app.fhir.search.find import Page
from app.fhir.search.included import Included
from app.fhir.search.query import Query
from app.fhir.shape import Shape, shaped

_CAPPED = Fault(
    "too-costly",
    "More records were to come along than are given at once: ask for fewer matches a page (_count).",
    "Số hồ sơ kèm theo vượt giới hạn: hãy giảm số kết quả mỗi trang (_count).",
    severity="warning",
)


class Link(NamedTuple):
    """A link of a Bundle: its relation and its address."""

    relation: str
    url: str


def searchset(base: str, page: Page, more: Included, links: list[Link], query: Query) -> str:
    """Return the Bundle as JSON."""
    total = page.total if query.total != "none" else None
    listed = [(link.relation, link.url) for link in links]
    return bundle_text("searchset", listed, _entries(base, page, more, query), total)


def _entries(base: str, page: Page, more: Included, query: Query) -> Iterator[str]:
    for row in page.rows:
        yield _entry(base, row, "match", query.shape)
    for row in more.rows:
        yield _entry(base, row, "include", query.shape)
    faults = [*query.ignored, *([_CAPPED] if more.capped else [])]
    if faults:
        yield f'{{"resource":{json.dumps(outcome(faults), ensure_ascii=False)},"search":{{"mode":"outcome"}}}}'


def _entry(base: str, row: Record, mode: str, shape: Shape | None) -> str:
    body = shaped(row["body"], row["kind"], shape) if shape else row["body"]
    url = json.dumps(f"{base}/{row['kind']}/{row['id']}")
    return f'{{"fullUrl":{url},"resource":{body},"search":{{"mode":"{mode}"}}}}'
