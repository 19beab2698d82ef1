"""The running service as a value: what every interaction is given."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asyncpg import Pool

from app.config import Settings
from app.fhir.resource_type import Registry
from app.fhir.validation import Validator
from app.store.database import Connection

Keeper = Callable[[Connection, Sequence[str], int], Awaitable[None]]
"""Brings what is derived from the records of these persons up to date, in their writing transaction (epoch last)."""


def now() -> datetime:
    """Return the time in UTC, to the millisecond that FHIR instants here have."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Service:
    """Settings, types, validator, the shifted epoch (store/moment.py), and what is kept with each write.

    `pool` lends connections for reading, `writing` for transactions.
    """

    settings: Settings
    registry: Registry
    validator: Validator
    pool: Pool
    writing: Pool
    epoch: int
    keepers: tuple[Keeper, ...] = ()
    clock: Callable[[], datetime] = now

    @property
    def base(self) -> str:
        """The address of the FHIR interface as it is configured, "" when it is taken from requests."""
        return self.settings.base_url or ""
