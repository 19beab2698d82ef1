"""The running service as a value: what every interaction is given."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Protocol, cast

from asyncpg import Pool

from app.access.caller import SYSTEM, Caller
from app.access.rule import Sight, sight_of
from app.access.scope import Grants
from app.access.seeing import Seeing, looking
from app.audit.trail import UNTOLD, Trail
from app.config import Settings
from app.fhir.limits import LimitedSeeing, Limits, Within
from app.fhir.links import Links
from app.fhir.resource_type import Registry
from app.fhir.search.place import Place
from app.fhir.validation import Validator
from app.store.database import Connection, Reader
from app.store.pool import Lender


class Keeper(Protocol):
    """Keeps what is derived from the records of persons, in the transaction that writes them."""

    @property
    def statement(self) -> str:
        """The statement, beginning with `with`: $1 are the persons' ids, $2 is the shifted epoch."""
        ...

    @property
    def beginning(self) -> str:
        """The statement for persons about whom nothing is kept yet, with the same values."""
        ...

    async def keep(self, connection: Connection, persons: Sequence[str], epoch: int) -> None:
        """Bring what is derived from the records of these persons up to date; none of them is merged."""
        ...

    async def keep_merged(self, connection: Connection, records: Sequence[str], epoch: int) -> None:
        """Do the same where persons have several records: `records` are all records of all persons touched."""
        ...


def now() -> datetime:
    """Return the time in UTC, to the millisecond that FHIR instants here have."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@lru_cache(maxsize=256)
def _searchable(registry: Registry, grants: Grants) -> Registry:
    return Registry(kind for kind in registry if grants.allows(kind.name, "s") or grants.allows(kind.name, "r"))


@lru_cache(maxsize=64)
def _beginning(tables: tuple[str, ...], keep: str) -> str:
    empty = (f"{name} as not materialized (select * from {name} where false)" for name in tables)
    return f"with {', '.join([*empty, keep.strip().removeprefix('with ')])}"


class Reading(Reader, Lender, Protocol):
    """What is read from: a pool, or one as a caller sees it."""


@dataclass(frozen=True)
class Service:
    """Settings, types, validator, the shifted epoch (store/moment.py), what is kept with each write, what seals links.

    Of the pools `writing` lends connections for transactions, `plain` for what is nobody's record, `reading` and
    `by_id` under the role that sees records through the rule alone (app/access/rule.py), the latter with statements
    that are planned once. An interaction reads from `pool`, and one record from `near`: as its caller sees them,
    after `seen_by`.
    """

    settings: Settings
    registry: Registry
    validator: Validator
    pool: Reading
    writing: Pool
    plain: Pool
    reading: Pool
    by_id: Pool
    near: Reading
    epoch: int
    keeper: Keeper
    links: Links
    clock: Callable[[], datetime] = now
    caller: Caller = SYSTEM
    trail: Trail = UNTOLD

    def seen_by(self, caller: Caller, trail: Trail) -> "Service":
        """Return the service as it is for one request of a caller: what it reads is what the caller sees."""
        # As `replace` does, at a tenth of its price: every request comes through here.
        seen = object.__new__(Service)
        seen.__dict__.update(self.__dict__, caller=caller, trail=trail)
        for name in ("sight", "limits"):
            seen.__dict__.pop(name, None)
        seen.__dict__.update(pool=seen.reader(self.reading), near=seen.reader(self.by_id))
        return seen

    def reader(self, pool: Pool) -> Seeing:
        """Return a pool as the caller sees it."""
        return LimitedSeeing(pool, self.sight, self.limits) if self.limits else Seeing(pool, self.sight)

    @cached_property
    def limits(self) -> Limits | None:
        """What the caller's scopes are limited to, None where they are not."""
        if not self.caller.grants.limited:
            return None
        place = Place(self.registry.person, self.settings.time_zone, self.clock(), self.base)
        return Limits(self.registry, self.caller, place, self.sight.schema)

    @cached_property
    def sight(self) -> Sight:
        """What the caller sees."""
        return sight_of(self.caller, (kind.name for kind in self.registry))

    @property
    def sees_all(self) -> bool:
        """Whether there is nothing here that the caller does not see, and may not write."""
        return self.caller.everyone and self.caller.may("tramy/protected")

    @property
    def writer(self) -> Sight:
        """What a connection is told that writes for the caller: the tables themselves, and whom the caller sees."""
        return Sight("public", self.sight.holders, f" {' '.join(kind.name for kind in self.registry)} ")

    @property
    def of_every_type(self) -> Seeing:
        """What the caller sees of people, in records of every type: a list of the missing says why they are."""
        return Seeing(self.reading, Sight(self.sight.schema, self.sight.holders, self.writer.types))

    @asynccontextmanager
    async def looking(self, connection: Connection) -> AsyncIterator[Connection]:
        """Let a transaction that writes look for records as the caller sees them, with the connection yielded."""
        if self.pool is self.plain:
            yield connection
            return
        async with looking(connection, self.sight, self.writer):
            yield self.within(connection)

    def within(self, connection: Connection) -> Connection:
        """Return a connection that reads within what the caller's scopes are limited to."""
        return cast("Connection", Within(connection, self.limits)) if self.limits else connection

    @property
    def searchable(self) -> Registry:
        """The types whose records the caller may look for."""
        return _searchable(self.registry, self.caller.grants)

    @property
    def beginning(self) -> str:
        """The statement that begins to keep what is derived for a new person, who cannot have records yet.

        In it the tables of records stand empty, so that the planner leaves them out.
        """
        return _beginning(tuple(kind.tables.name for kind in self.registry.owned), self.keeper.beginning)

    @property
    def base(self) -> str:
        """The address of the FHIR interface as it is configured, "" when it is taken from requests."""
        return self.settings.base_url or ""
