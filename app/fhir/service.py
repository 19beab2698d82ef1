"""The running service as a value: what every interaction is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from asyncpg import Pool

from app.config import Settings
from app.fhir.links import Links
from app.fhir.resource_type import Registry
from app.fhir.validation import Validator
from app.store.database import Connection


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


@dataclass(frozen=True)
class Service:
    """Settings, types, validator, the shifted epoch (store/moment.py), what is kept with each write, what seals links.

    `pool` lends connections for reading, `writing` for transactions.
    """

    settings: Settings
    registry: Registry
    validator: Validator
    pool: Pool
    writing: Pool
    epoch: int
    keeper: Keeper
    links: Links
    clock: Callable[[], datetime] = now

    @cached_property
    def beginning(self) -> str:
        """The statement that begins to keep what is derived for a new person, who cannot have records yet.

        In it the tables of records stand empty, so that the planner leaves them out.
        """
        tables = [kind.tables.name for kind in self.registry.owned]
        empty = (f"{name} as not materialized (select * from {name} where false)" for name in tables)
        return f"with {', '.join([*empty, self.keeper.beginning.strip().removeprefix('with ')])}"

    @property
    def base(self) -> str:
        """The address of the FHIR interface as it is configured, "" when it is taken from requests."""
        return self.settings.base_url or ""
