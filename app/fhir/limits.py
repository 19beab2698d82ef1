"""Scopes that are limited to a search: `system/Encounter.rs?class=AMB` lets its holder see such visits and no others.

A statement that reads for such a caller begins with queries of the tables' names, in which only what the search finds
is left; so it holds wherever a table is read, as the rule of what is seen does.
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from asyncpg import Pool, Record

from app.access.caller import Caller
from app.access.rule import Sight
from app.access.scope import Criteria
from app.access.seeing import Seeing
from app.errors import Forbidden
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.condition import condition
from app.fhir.search.criterion import Criterion
from app.fhir.search.place import Arguments, Place, any_of
from app.fhir.search.query import read_query
from app.store.database import Connection

_BEGIN = re.compile(r"\s*(explain \(format json\) )?(with (?!recursive))?", re.IGNORECASE)


class Limits:
    """What a caller's scopes are limited to, and statements within that. `place` says what conditions need to know."""

    def __init__(self, registry: Registry, caller: Caller, place: Place, schema: str) -> None:
        self._registry, self._grants, self._place, self._schema = registry, caller.grants, place, schema
        self._kinds = [kind for kind in registry if self._of(kind, "rs")]

    def _of(self, kind: ResourceType, letters: str) -> list[tuple[Criteria, ...]]:
        found = (self._grants.limits(kind.name, letter) for letter in letters)
        return [alternatives for alternatives in found if alternatives]

    def within(self, query: str, args: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        """Return a statement that reads, with its values, within the limits."""
        if not self._kinds:
            return query, args
        arguments = Arguments(args)
        tables = [f"{name} as not materialized ({text})" for name, text in self._tables(arguments)]
        form = cast("re.Match[str]", _BEGIN.match(query))
        rest = query[form.end() :]
        more = ", " if form[2] else " "
        return f"{form[1] or ''}with {', '.join(tables)}{more}{rest}", arguments

    def _tables(self, arguments: Arguments) -> Iterator[tuple[str, str]]:
        """Yield the name of each table that is limited, with the query that stands for it."""
        for kind in self._kinds:
            for table, past in ((kind.tables.name, False), (kind.tables.past.name, True)):
                yield table, self._table(kind, table, "rs", arguments, past=past)
            for words in kind.tables.prefixes.values():
                found = self._table(kind, kind.tables.name, "rs", arguments)
                yield (
                    words.name,
                    f"select * from {self._schema}.{words.name} w where w.id in (select id from ({found}) l)",
                )

    def _table(self, kind: ResourceType, table: str, letters: str, arguments: Arguments, *, past: bool = False) -> str:
        tests = self._tests(kind, letters, arguments, past=past)
        # A deletion says nothing but that there was a record; it stays for those who saw it.
        return f"select * from {self._schema}.{table} where body is null or {' and '.join(tests)}"

    def _tests(self, kind: ResourceType, letters: str, arguments: Arguments, *, past: bool = False) -> Iterator[str]:
        place = self._place._replace(kind=kind, past=past)
        for alternatives in self._of(kind, letters):
            yield any_of(
                "(" + " and ".join(condition(item, place, arguments) for item in read_limit(kind, criteria)) + ")"
                for criteria in alternatives
            )

    async def require(self, connection: Connection, kind: ResourceType, letter: str, ids: Iterable[str]) -> None:
        """Raise Forbidden when a record that was written, or is about to be, is not within the limits of a letter."""
        arguments = Arguments()
        listed = arguments.add(sorted(ids))
        tests = list(self._tests(kind, letter, arguments))
        if not tests:
            return
        outside = await connection.fetchval(
            f"select exists (select from public.{kind.tables.name} where id = any({listed}::text[])"
            f" and body is not null and ({' and '.join(tests)}) is not true)",
            *arguments,
        )
        if outside:
            raise Forbidden.of(
                f"The token's scope for {kind.name} is limited to a search that this record does not fulfil.",
                f"Phạm vi của token với {kind.name} chỉ gồm các hồ sơ thỏa điều kiện; hồ sơ này không thỏa.",
                kind.name,
            )


def read_limit(kind: ResourceType, criteria: Criteria) -> list[Criterion]:
    """Read the search of a scope. Raises BadParameter for what is not understood, and Forbidden for what leads on."""
    query = read_query(kind, criteria, size=1, limit=1)
    if len(query.criteria) != len(criteria) or not all(isinstance(item, Criterion) for item in query.criteria):
        raise Forbidden.of(
            "A scope may be limited by parameters of the type itself, without chains.",
            "Phạm vi chỉ được giới hạn bằng tham số của chính loại đó, không nối chuỗi.",
            "scope",
        )
    return [cast("Criterion", item) for item in query.criteria]


class Within:
    """A connection that reads within limits."""

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self._connection, self._limits = connection, limits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, query: str, /, *args: Any) -> list[Record]:
        """Return all rows."""
        text, values = self._limits.within(query, args)
        return await self._connection.fetch(text, *values)

    async def fetchrow(self, query: str, /, *args: Any) -> Record | None:
        """Return the first row, None without one."""
        text, values = self._limits.within(query, args)
        return await self._connection.fetchrow(text, *values)

    async def fetchval(self, query: str, /, *args: Any) -> Any:
        """Return the first column of the first row, None without one."""
        text, values = self._limits.within(query, args)
        return await self._connection.fetchval(text, *values)


class LimitedSeeing(Seeing):
    """A pool as a caller sees it whose scopes are limited."""

    def __init__(self, pool: Pool, sight: Sight, limits: Limits) -> None:
        super().__init__(pool, sight)
        self._limits = limits

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Lend a connection that reads within the limits."""
        async with super().acquire() as connection:
            yield cast("Connection", Within(connection, self._limits))

    async def fetch(self, query: str, /, *args: Any) -> list[Record]:
        """Return all rows."""
        return await super().fetch(*self._within(query, args))

    async def fetchrow(self, query: str, /, *args: Any) -> Record | None:
        """Return the first row, None without one."""
        return await super().fetchrow(*self._within(query, args))

    async def fetchval(self, query: str, /, *args: Any) -> Any:
        """Return the first column of the first row, None without one."""
        return await super().fetchval(*self._within(query, args))

    def _within(self, query: str, args: Sequence[Any]) -> tuple[Any, ...]:
        text, values = self._limits.within(query, args)
        return (text, *values)
