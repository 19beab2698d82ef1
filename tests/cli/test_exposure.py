"""A service that others can reach does not start before somebody is registered."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.cli.exposure import is_loopback, knows_anyone, require_callers
from app.config import Settings
from app.errors import Misconfigured
from tests.cli.test_commands import free_port, tramy
from tests.conftest import named


@pytest.fixture
async def bare(server: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database without any table."""
    own = await asyncpg.connect(server)
    await own.execute("create database bare_exposure")
    connection = await asyncpg.connect(named(server, "bare_exposure"))
    try:
        yield connection
    finally:
        await connection.close()
        await own.execute("drop database bare_exposure")
        await own.close()


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.5", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("2130706433", False),
        ("::ffff:0.0.0.0", False),
    ],
)
def test_a_host_is_loopback_only_where_no_other_machine_reaches_it(host, alone):
    assert is_loopback(host) is alone


async def test_only_a_client_that_is_not_disabled_counts(bare):
    assert not await knows_anyone(bare)
    await bare.execute("create table client (id text, disabled_at timestamptz)")
    assert not await knows_anyone(bare)
    await bare.execute("insert into client values ('a', now())")
    assert not await knows_anyone(bare)
    await bare.execute("insert into client values ('b', null)")
    assert await knows_anyone(bare)


async def test_without_anybody_only_loopback_is_served(server, bare):
    url = named(server, "bare_exposure")
    await require_callers(Settings(), url, "127.0.0.1")
    with pytest.raises(Misconfigured) as refused:
        await require_callers(Settings(), url, "0.0.0.0")
    (fault,) = refused.value.faults
    assert "tramy client add" in fault.en
    assert "tramy client add" in fault.vi
    await bare.execute("create table client (id text, disabled_at timestamptz)")
    await bare.execute("insert into client values ('b', null)")
    await require_callers(Settings(), url, "0.0.0.0")


def test_serve_tells_what_to_run(tmp_path: Path):
    assert tramy(tmp_path, "migrate").returncode == 0
    ran = tramy(tmp_path, "serve", "--host", "0.0.0.0", "--port", str(free_port()))
    assert ran.returncode == 2
    assert "tramy client add" in ran.stderr
    assert "nobody is registered" in ran.stderr
    assert "chưa đăng ký ai" in ran.stderr
