"""One request, one transaction, committed before the answer; begun again when another writer was in the way."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

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
from app.fhir.write.current import Widened
from app.store.database import Connection
from app.store.pool import lend

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
        try:
            async with lend(service.writing) as connection, connection.transaction():
                result = await work(connection)
            return result
        except _AGAIN:
            continue
        except AWAY as error:
            raise unavailable() from error
    raise unavailable()


def unavailable() -> Unavailable:
    """Return the error of a database that is away or busy."""
    return Unavailable.of(
        "The database is away or busy; send the same request again later.",
        "Cơ sở dữ liệu đang bận hoặc gián đoạn; hãy gửi lại yêu cầu này sau.",
    )
