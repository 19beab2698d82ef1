"""The work of a command in one transaction, committed before anything is printed; and the days that options name."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TypeVar

from app.cli.database import database, settings
from app.config import Settings
from app.errors import BadParameter
from app.store.database import Connection
from app.store.pool import alone
from app.store.version import require_newest

T = TypeVar("T")


def run(work: Callable[[Connection, Settings], Awaitable[T]]) -> T:
    """Do the work at one moment and commit it; return what it returns."""
    chosen = settings()
    with database(chosen) as url:
        return asyncio.run(_in_transaction(chosen, url, work))


async def _in_transaction(chosen: Settings, url: str, work: Callable[[Connection, Settings], Awaitable[T]]) -> T:
    await require_newest(url)
    async with alone(url) as connection, connection.transaction(isolation="repeatable_read"):
        return await work(connection, chosen)


def day_of(text: str) -> date | None:
    """Return the day an option names, None for none. Raises BadParameter for what is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadParameter.of("A day is written YYYY-MM-DD.", "Ngày viết dạng YYYY-MM-DD.") from None


def midnight(text: str, chosen: Settings) -> datetime:
    """Return when the day that an option names begins."""
    day = day_of(text) or date.min
    return datetime(day.year, day.month, day.day, tzinfo=chosen.time_zone)
