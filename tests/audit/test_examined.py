"""What `tramy doctor` finds of the audit and of the views, well and not."""

import asyncpg
import pytest

from app.access.rule import WRITER
from app.audit.examined import unchangeable
from app.cli.doctor import audit, months, seen


@pytest.mark.parametrize("check", [seen, audit, months])
async def test_a_migrated_database_is_well(connection: asyncpg.Connection, check) -> None:
    assert (await check(connection)).ok is True


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (seen, "drop view seen_some.patient"),
        (seen, "drop schema seen_every_all cascade"),
        (audit, f"grant update on audit to {WRITER}"),
        (audit, f"grant delete on audit_seal to {WRITER}"),
        (audit, f"grant truncate on audit_rest to {WRITER}"),
        (months, "do $$ begin execute 'drop table audit_' || to_char(now() at time zone 'UTC', 'YYYY_MM'); end $$"),
    ],
)
async def test_what_is_missing_or_too_much_is_found(connection: asyncpg.Connection, check, broken: str) -> None:
    await connection.execute(broken)
    found = await check(connection)
    assert found.ok is False
    assert found.mend.en
    assert found.mend.vi


async def test_the_owner_may_do_all(connection: asyncpg.Connection) -> None:
    owner = await connection.fetchval("select current_user")
    assert (await unchangeable(connection, owner)).ok is False
