"""One request, one transaction, committed before the answer; begun again when another writer was in the way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from asyncpg.exceptions import (
    DeadlockDetectedError,
    InsufficientResourcesError,
    InterfaceError,
    InternalClientError,
    OperatorInterventionError,
    PostgresConnectionError,
    SerializationError,
    UniqueViolationError,
)

from app.errors import Unavailable
from app.fhir.service import Service
from app.fhir.write.admit import Presented, admit
from app.fhir.write.change import STATUS, Written
from app.fhir.write.current import Widened
from app.store.database import Connection

Result = TypeVar("Result")
ATTEMPTS = 10
_AGAIN = (Widened, DeadlockDetectedError, SerializationError, UniqueViolationError)
# The connection is lost, the server stops or starts or cancelled a statement, or it has run out of something.
AWAY = (
    PostgresConnectionError,
    OperatorInterventionError,
    InsufficientResourcesError,
    InterfaceError,
    # What the driver says of a connection that broke in the middle of an exchange.
    InternalClientError,
    OSError,
    TimeoutError,
)


async def in_transaction(service: Service, work: Callable[[Connection], Awaitable[Result]]) -> Result:
    """Run `work` in a transaction and commit; an answer is returned only after the commit.

    Raises Unavailable when the database is away, or when others were in the way every time; then the
    transaction may be sent again, and nothing is half applied.
    """
    for _ in range(ATTEMPTS):
        service.trail.begin()
        try:
            async with lending(service) as connection, connection.transaction():
                result = await work(connection)
                parts = await service.trail.write(connection, service.epoch, _status(service, result))
        except _AGAIN:
            continue
        except Presented as met:
            async with lending(service) as connection, connection.transaction():
                await admit(service, connection, met.people)
            continue
        except AWAY as error:
            raise unavailable() from error
        except BaseException:
            service.trail.begin()
            raise
        service.trail.done(parts)
        return result
    service.trail.begin()
    raise unavailable()


def _status(service: Service, result: object) -> int:
    """Return the status that a result will be answered with."""
    if service.trail.current.said.get("interaction") == "bundle":
        return 200
    if isinstance(result, list):
        # Of what a condition found: none or several were deleted.
        return _status(service, result[0]) if len(result) == 1 else STATUS["absent"]
    return STATUS[result.outcome] if isinstance(result, Written) else getattr(result, "status", 200)


@asynccontextmanager
async def lending(service: Service) -> AsyncIterator[Connection]:
    """Lend a connection that writes, told whom the caller sees."""
    async with service.writing.acquire() as connection:
        await connection.see(service.writer)
        yield cast("Connection", connection)


def unavailable() -> Unavailable:
    """Return the error of a database that is away or busy."""
    return Unavailable.of(
        "The database is away or busy; send the same request again later.",
        "Cơ sở dữ liệu đang bận hoặc gián đoạn; hãy gửi lại yêu cầu này sau.",
    )
