"""The statement of a page, in one of four ways; each asks for one row more than is shown.

`plan` leaves the way to the planner. `list` finds all matches first and puts them in order then. `walk` goes along
the order and looks at each record's words, and gives up after a while. `words` puts the matches of one beginning
of a name in order in their index of words.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from app.fhir.search.condition import condition
from app.fhir.search.criterion import Reverse
from app.fhir.search.linked import owners
from app.fhir.search.order import Key, Part, Values, columns, keys, named, order_by, parts
from app.fhir.search.place import Arguments, Place
from app.fhir.search.query import Query
from app.fhir.search.words import counted, prefixes, words
from app.store.moment import Moment
from app.store.taken import TAKEN
from app.store.visible import Seen

Way = Literal["plan", "list", "walk", "words"]
FARTHEST = 1000
"""Records that a walk looks at before it gives up: what is asked for may all lie at the other end of the order."""


class Start(NamedTuple):
    """Where a page begins: at a moment, beyond the row with these keys (None: at the end of the order)."""

    moment: Moment
    values: Values | None = None
    backwards: bool = False


class Source(NamedTuple):
    """A table, its condition of holding what matches, and the part of it that does not depend on words."""

    table: str
    test: str
    live: str


class Statement:
    """The statement of a page of queries that ask the same of one type or several."""

    def __init__(self, queries: Sequence[Query], place: Place, start: Start | None, way: Way) -> None:
        self._queries, self._query, self._start, self._way = queries, queries[0], start, way
        self._arguments = Arguments()
        self._place = place._replace(seen=self._seen())
        self._backwards = bool(start and start.backwards)
        self._shown = named(keys(self._query.order, type_name(queries, self._query)))

    def written(self) -> tuple[str, Arguments]:
        """Return the text and its values."""
        text = self._of_words() if self._way == "words" else self._of_rows()
        return text, self._arguments

    def _seen(self) -> Seen | None:
        if self._start is None:
            return None
        low, high, running = self._start.moment[:3]
        return Seen(*(self._arguments.add(value) for value in (low, high, list(running))))

    @property
    def _limit(self) -> int:
        return self._query.count + 1

    def _selected(self) -> str:
        """Return what every page selects: the keys as text, and of the first page its moment and the total."""
        cursors = ", ".join(f"key{index}::text as cursor{index}" for index in range(len(self._shown)))
        if self._start:
            return cursors
        if self._query.total != "accurate":
            return f"{cursors}, {TAKEN}"
        listed = self._way == "list"
        total = "select count(*) from matching" if listed else counting(self._queries, self._place, self._arguments)
        return f"{cursors}, {TAKEN}, ({total}) as total"

    def _of_rows(self) -> str:
        order = order_by(self._shown, backwards=self._backwards)
        if self._way == "list":
            return self._of_list(order)
        listed = " union all ".join(text for query in self._queries for text in self._branches(query))
        shown = f"kind, id, person, body, {self._selected()}"
        return f"select {shown} from ({listed}) page order by {order} limit {self._limit}"

    def _of_list(self, order: str) -> str:
        """Return the page of few matches, all of which are found first."""
        # Of one type as it is now, the bodies of those that are shown are looked up at the end.
        slim = len(self._queries) == 1 and self._place.seen is None
        place = self._place._replace(kind=self._query.kind)
        people = by_owners(self._query, place, self._arguments) if slim and len(self._shown) == 1 else ""
        found = f"select {self._head(self._query, body=False)} from {people}" if people else self._found(not slim)
        listed = " union all ".join(
            self._limited("select *", "matching", "true", part) for part in self._parts(self._shown)
        )
        body = f" join {self._query.kind.tables.name} r using (id)" if slim else ""
        return (
            f"with matching as materialized ({found}) select kind, id, person, body, {self._selected()}"
            f" from ({listed}) page{body} order by {order} limit {self._limit}"
        )

    def _found(self, body: bool) -> str:
        """Return the query of all matches."""
        return " union all ".join(
            f"select {self._head(query, body=body)} from {source.table} where {source.test}"
            for query in self._queries
            for source in self._sources(query)
        )

    def _of_words(self) -> str:
        """Return the page from the index of words; only the records that are shown are looked at."""
        found = words(self._query, self._place, self._arguments)
        table, once = found or ("", "false")
        kind, order = self._query.kind, order_by(self._shown, backwards=False)
        name, person = kind.tables.name, kind.person if kind.person == "''" else f"r.{kind.person}"
        listed = columns(keys(self._query.order))
        return (
            f"with page as (select {listed}, p.id from {table} p where {once} order by {order} limit {self._limit})"
            f" select '{kind.name}' as kind, r.id, {person} as person, r.body, {self._selected()}"
            f" from page join {name} r using (id) order by {order}"
        )

    def _head(self, query: Query, *, body: bool = True) -> str:
        listed = columns(keys(query.order, type_name(self._queries, query)))
        head = f"'{query.kind.name}'::text as kind, id, {query.kind.person}::text as person"
        return f"{head}, {'body, ' if body else ''}{listed}"

    def _parts(self, found: Sequence[Key]) -> list[Part]:
        values = self._start.values if self._start else None
        return parts(found, values, self._arguments, backwards=self._backwards)

    def _branches(self, query: Query) -> list[str]:
        """Return the selects that go along the order, each with its own limit."""
        found = keys(query.order, type_name(self._queries, query))
        selected = f"select {self._head(query)}"
        texts = []
        for source in self._sources(query):
            made = self._parts(found)
            if self._way == "walk":
                walked = f"(select * from {source.table} where {source.live} and {made[0].where}"
                near = f"{walked} order by {made[0].order_by} limit {FARTHEST}) {source.table}"
                texts.append(self._limited(selected, near, source.test, made[0]._replace(where="true")))
            else:
                texts += [self._limited(selected, source.table, source.test, part) for part in made]
        return texts

    def _limited(self, selected: str, source: str, test: str, part: Part) -> str:
        return f"({selected} from {source} where {test} and {part.where} order by {part.order_by} limit {self._limit})"

    def _sources(self, query: Query) -> list[Source]:
        """Return the tables that hold what matches: the current one, and at a moment the past one too."""
        tables, live = query.kind.tables, "body is not null"
        here = self._place._replace(kind=query.kind, probe=self._way == "walk")
        now = where(query, here, self._arguments)
        seen = self._place.seen
        if seen is None:
            return [Source(tables.name, now, live)]
        past = tables.past.name
        then = where(query, here._replace(past=True, probe=False), self._arguments)
        current, before = seen.current(tables.name), seen.past(past)
        return [
            Source(tables.name, f"{now} and {current}", f"{live} and {current}"),
            Source(past, f"{then} and {before}", f"{live} and {before}"),
        ]


def type_name(queries: Sequence[Query], query: Query) -> str:
    """Return the type's name where it is a key of the order: where several types are searched."""
    return query.kind.name if len(queries) > 1 else ""


def where(query: Query, place: Place, arguments: Arguments) -> str:
    """Return the condition of being a live record that a query matches."""
    return " and ".join(["body is not null", *(condition(item, place, arguments) for item in query.criteria)])


def by_owners(query: Query, place: Place, arguments: Arguments) -> str:
    """Return what stands behind FROM for people who are found through their records alone, "" for other queries.

    Beside `_has` by records that belong to them they may be asked for by the beginning of a name: neither needs a
    look at the people themselves.
    """
    through = [item for item in query.criteria if isinstance(item, Reverse) and item.parameter.owner == query.kind.name]
    rest = [item for item in query.criteria if item not in through[:1]]
    named = prefixes(query)
    if not through or place.seen or any(item not in through and item not in named for item in rest):
        return ""
    ids = owners(through[0], place, arguments, condition)
    # Of those who are found so only the ids are there: names are looked up in their words.
    tests = [condition(item, place._replace(few=False), arguments) for item in rest]
    return f"({ids}) {query.kind.tables.name} where {' and '.join(['true', *tests])}"


def counting(queries: Sequence[Query], place: Place, arguments: Arguments) -> str:
    """Return the query of how many records match now."""
    counts = [_counting(query, place._replace(kind=query.kind), arguments) for query in queries]
    return counts[0] if len(counts) == 1 else f"select {' + '.join(f'({text})' for text in counts)}"


def _counting(query: Query, place: Place, arguments: Arguments) -> str:
    found = by_owners(query, place, arguments)
    if found:
        return f"select count(*) from {found}"
    test = counted(query, place, arguments)
    return test or f"select count(*) from {query.kind.tables.name} where {where(query, place, arguments)}"
