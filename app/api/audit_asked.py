"""Who asks the audit, and with which words: the parameters of `/audit` and those of an AuditEvent search.

https://hl7.org/fhir/R4/auditevent.html#search
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from app.access.caller import Caller
from app.audit import place
from app.audit.query import Query
from app.audit.trail import Trail
from app.errors import BadParameter
from app.fhir.instant import Range, moment
from app.store.database import Reader

MOST = 1000
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Asking:
    """Who asks, and what an answer needs: `server` is the address of the FHIR base."""

    caller: Caller
    reader: Reader
    trail: Trail
    zone: ZoneInfo
    server: str


def plain_query(pairs: Pairs, zone: ZoneInfo) -> Query:
    """Return the query of `/audit`. Raises BadParameter for a parameter that is unknown or not understood."""
    return _query(pairs, zone, _PLAIN)


def event_query(pairs: Pairs, zone: ZoneInfo) -> Query:
    """Return the query of a search for AuditEvents. Raises BadParameter as `plain_query` does."""
    return _query(pairs, zone, _EVENT)


Taken = Callable[[Query, str, ZoneInfo], Query]


def _query(pairs: Pairs, zone: ZoneInfo, known: Mapping[str, Taken]) -> Query:
    query, seen = Query(), set[str]()
    for name, text in pairs:
        if name not in known:
            raise BadParameter.of(f"Parameters here: {', '.join(known)}.", f"Tham số: {', '.join(known)}.", name)
        if "\0" in text or not text or (name in seen and name != "date"):
            raise _refused(name, "one value", "một giá trị")
        seen.add(name)
        query = known[name](query, text, zone)
    return query


def _text(field: str) -> Taken:
    return lambda query, text, _zone: replace(query, **{field: text})


def _listed(field: str) -> Taken:
    return lambda query, text, _zone: replace(query, **{field: tuple(text.split(","))})


def _person(query: Query, text: str, _zone: ZoneInfo) -> Query:
    return replace(query, person=text.removeprefix("Patient/"))


def _bound(field: str) -> Taken:
    def taken(query: Query, text: str, zone: ZoneInfo) -> Query:
        return replace(query, **{field: _range(text, zone, field).low})

    return taken


def _date(query: Query, text: str, zone: ZoneInfo) -> Query:
    prefix = text[:2] if text[:2] in _PREFIXES else ""
    low, high = _PREFIXES[prefix](_range(text.removeprefix(prefix), zone, "date"))
    since = max((bound for bound in (query.since, low) if bound), default=None)
    until = min((bound for bound in (query.until, high) if bound), default=None)
    return replace(query, since=since, until=until)


def _agent(query: Query, text: str, _zone: ZoneInfo) -> Query:
    return replace(query, organization=text) if text.startswith("Organization/") else replace(query, agent=text)


def _entity(query: Query, text: str, _zone: ZoneInfo) -> Query:
    if text.startswith("Patient/") and query.person is None:
        return _person(query, text, _zone)
    return replace(query, record=text)


def _type(query: Query, text: str, _zone: ZoneInfo) -> Query:
    # Every event here is of this one type, so that the others find nothing.
    return query if text.rpartition("|")[2] == "rest" else replace(query, actions=("",))


def _token(field: str) -> Taken:
    def taken(query: Query, text: str, _zone: ZoneInfo) -> Query:
        words = [word.rpartition("|")[2] for word in text.split(",")]
        # Searches are told apart only where both words of R4 for them are the same thing here.
        both = ["search"] if field == "interactions" and "search-type" in words else []
        return replace(query, **{field: (*words, *both)})

    return taken


def _count(query: Query, text: str, _zone: ZoneInfo) -> Query:
    if not (text.isascii() and text.isdecimal() and 1 <= len(text) <= 9) or int(text) < 1:
        raise _refused("_count", "a whole number from 1", "số nguyên từ 1")
    return replace(query, count=min(int(text), MOST))


def _page(query: Query, text: str, _zone: ZoneInfo) -> Query:
    before = place.read(text)
    if before is None:
        raise _refused("page", "what a link of an answer has", "giá trị trong liên kết của câu trả lời")
    return replace(query, before=before)


def _newest_first(query: Query, text: str, _zone: ZoneInfo) -> Query:
    if text != "-date":
        raise _refused("_sort", "-date, the newest first", "-date, mới nhất trước")
    return query


def _range(text: str, zone: ZoneInfo, name: str) -> Range:
    try:
        return moment(text, zone)
    except (ValueError, OverflowError):
        raise _refused(name, "a date or time such as 2026-11-22", "ngày hoặc giờ như 2026-11-22") from None


def _refused(name: str, en: str, vi: str) -> BadParameter:
    return BadParameter.of(f"Expected {en}.", f"Cần {vi}.", name)


_PREFIXES: dict[str, Callable[[Range], tuple[Any, Any]]] = {
    "": lambda it: it,
    "eq": lambda it: it,
    "ge": lambda it: (it.low, None),
    "gt": lambda it: (it.high, None),
    "sa": lambda it: (it.high, None),
    "le": lambda it: (None, it.high),
    "lt": lambda it: (None, it.low),
    "eb": lambda it: (None, it.low),
}
_PLAIN: dict[str, Taken] = {
    "person": _person,
    "record": _text("record"),
    "client": _text("client"),
    "user": _text("user"),
    "organization": _text("organization"),
    "address": _text("address"),
    "request": _text("request"),
    "action": _listed("actions"),
    "outcome": _listed("outcomes"),
    "interaction": _listed("interactions"),
    "since": _bound("since"),
    "until": _bound("until"),
    "count": _count,
    "page": _page,
}
_EVENT: dict[str, Taken] = {
    "patient": _person,
    "entity": _entity,
    "agent": _agent,
    "agent:identifier": _agent,
    "address": _text("address"),
    "action": _token("actions"),
    "outcome": _token("outcomes"),
    "subtype": _token("interactions"),
    "type": _type,
    "date": _date,
    "_sort": _newest_first,
    "_count": _count,
    "_page": _page,
}
