"""Where a page stands in a history, and how that is written into a link and read from it.

Pages of one history are all read at the moment of its first page: what is written in between neither moves a
version to another page nor appears. https://hl7.org/fhir/R4/http.html#paging
"""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from app.errors import BadParameter
from app.fhir.history.query import Query
from app.fhir.instant import Range
from app.fhir.links import PARAMETER
from app.store.moment import Moment


class Mark(NamedTuple):
    """A version's place in the order: by time, then by type and id; within one record by version."""

    time: datetime
    type: str
    id: str
    version: int


class Page(NamedTuple):
    """A page that a link leads to: `size` versions from the one numbered `start`, counted from 0.

    It lies next to the version `mark`: from it on (`first`), behind it (`next`) or before it (`prev`). `top` is the
    newest version of all, `total` the number of all, None where it is not wanted.
    """

    query: Query
    moment: Moment
    total: int | None
    top: Mark
    way: Literal["first", "next", "prev"]
    mark: Mark
    start: int
    size: int


def content_of(page: Page) -> list[Any]:
    """Return a page as JSON, to be sealed into a link."""
    query, moment = page.query, page.moment
    return [
        [query.size, query.since and _text(query.since), query.at and [_text(time) for time in query.at], query.total],
        [moment.low, moment.high, moment.running],
        page.total,
        [_text(page.top.time), *page.top[1:]],
        page.way,
        [_text(page.mark.time), *page.mark[1:]],
        page.start,
        page.size,
    ]


def page_of(content: Any) -> Page:
    """Return the page that was sealed. Raises BadParameter for one that another release of the program sealed."""
    try:
        asked, known, total, top, way, mark, start, size = content
        limit, since, at, counted = asked
        query = Query(limit, since and _time(since), at and Range(_time(at[0]), _time(at[1])), counted)
        low, high, running = known
        return Page(query, Moment(low, high, tuple(running)), total, _mark(*top), way, _mark(*mark), start, size)
    except (TypeError, ValueError, IndexError):
        raise BadParameter.of(
            "This page link is of an earlier release; ask for the history again.",
            "Liên kết trang này thuộc phiên bản phần mềm cũ; hãy yêu cầu lại lịch sử.",
            PARAMETER,
        ) from None


def _mark(time: str, type_name: str, record_id: str, version: int) -> Mark:
    return Mark(_time(time), type_name, record_id, version)


def _text(time: datetime) -> str:
    return time.isoformat()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
