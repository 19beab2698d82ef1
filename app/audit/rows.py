"""Rows of the audit as the text that seals are made over: every column, in the order of transaction and id.

The text is that of COPY, one line a row, which begins with the transaction; the settings that shape it are fixed.
https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from collections.abc import Awaitable, Callable, Iterable

from app.audit.writing import columns
from app.store.database import Connection

FORM = 1
"""The number of the form below; a column that is added later makes another one, and seals say theirs."""
_COLUMNS = ", ".join(("tx", "id", *columns))
_SETTINGS = (
    "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local statement_timeout = 0;"
    " set local idle_in_transaction_session_timeout = 0; set local enable_seqscan = off"
)
_PATIENCE = 24 * 3600.0
Output = Callable[[bytes], Awaitable[None]]


async def settle(connection: Connection) -> None:
    """Fix the settings that shape the text, for the transaction that the connection is in."""
    await connection.execute(_SETTINGS)


async def between(
    connection: Connection, low: int, high: int, output: Output, *, without: Iterable[int] = (), where: str = ""
) -> None:
    """Give the text of the rows whose transaction is from `low` to before `high`, and none of `without`."""
    # COPY takes no parameters; these are whole numbers.
    left = "".join(f" and tx <> {int(tx)}" for tx in without)
    await _copied(connection, f"tx >= {int(low)} and tx < {int(high)}{left}", where, output)


async def of(connection: Connection, numbers: Iterable[int], output: Output, *, where: str = "") -> None:
    """Give the text of the rows of these transactions."""
    listed = ",".join(str(int(tx)) for tx in sorted(numbers))
    if listed:
        await _copied(connection, f"tx in ({listed})", where, output)


async def _copied(connection: Connection, which: str, where: str, output: Output) -> None:
    query = f"select {_COLUMNS} from audit where {which}{where} order by tx, id"
    await connection.copy_from_query(query, output=output, timeout=_PATIENCE)
