"""Which migration a database is at, and which is the newest: their numbers stand in the names of their files."""

from pathlib import Path

from app.errors import Misconfigured
from app.store.database import Connection
from app.store.pool import alone

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def history() -> list[str]:
    """Return the numbers of the migrations in order."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def newest() -> str:
    """Return the number of the newest migration."""
    return history()[-1]


async def applied_on(connection: Connection) -> str | None:
    """Return the migration that the database of a connection is at, None for an empty one."""
    if not await connection.fetchval("select to_regclass('alembic_version') is not null"):
        return None
    return await connection.fetchval("select version_num from alembic_version")


async def applied(url: str) -> str | None:
    """Return the migration that a database is at, None for an empty one."""
    async with alone(url) as connection:
        return await applied_on(connection)


async def require_newest(url: str) -> None:
    """Raise Misconfigured, saying what to run, when the schema is behind or ahead of this program."""
    at, wanted = await applied(url), newest()
    if at == wanted:
        return
    if at is not None and at > wanted:
        raise Misconfigured.of(
            f"The database is at migration {at}, newer than this program ({wanted}); install the newer program.",
            f"Cơ sở dữ liệu ở phiên bản {at}, mới hơn chương trình ({wanted}); hãy cài chương trình mới hơn.",
        )
    raise Misconfigured.of(
        f"The database is at migration {at or 'none'}, behind {wanted}; run: tramy migrate",
        f"Cơ sở dữ liệu ở phiên bản {at or 'trống'}, cũ hơn {wanted}; hãy chạy: tramy migrate",
    )
