"""What ends a right ends it at once in every worker; while changes cannot be heard, nothing is kept in memory."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest

from app.access import clients
from app.errors import Unauthenticated
from app.store.pool import lend
from tests.api.sign_in.door import Clock, Worker, form, worker
from tests.api.sign_in.signing import Kit, ec, key_set

Change = Callable[[asyncpg.Connection, Worker, Kit], Awaitable[None]]


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.001)


async def _removed_and_added(connection, door: Worker, kit: Kit) -> None:
    found = await clients.find(connection, kit.client)
    assert found
    await clients.remove(connection, kit.client)
    await clients.add(connection, found._replace(generation=clients.new_generation()))


CHANGES: dict[str, Change] = {
    "disabled": lambda connection, door, kit: clients.disable(connection, kit.client, door.clock.now),
    "removed": lambda connection, door, kit: clients.remove(connection, kit.client),
    "rotated": lambda connection, door, kit: clients.rotate(
        connection, kit.client, key_set(ec("new")), None, door.clock.now
    ),
    "removed and added again": _removed_and_added,
}


@pytest.mark.parametrize("name", CHANGES)
async def test_tokens_of_a_client_end_in_every_worker_when_it_is(two, name: str) -> None:
    one, other = two
    kit = await one.register(f"ended-{list(CHANGES).index(name)}")
    token = await one.token(kit)
    await until(lambda: other.authority.keeps and one.authority.keeps)
    for door in two:
        assert (await door.ask(token)).status_code == 200
    async with lend(one.pool) as connection:
        await CHANGES[name](connection, one, kit)
    for door in two:
        await until(lambda door=door: _refuses(door, token), 1)


async def _refuses(door: Worker, token: str) -> bool:
    return (await door.ask(token)).status_code == 401


async def test_a_revoked_token_ends_in_every_worker_and_others_stay(two, kit: Kit) -> None:
    one, other = two
    token, stays = await one.token(kit), await one.token(kit)
    await until(lambda: other.authority.keeps)
    for text in (token, stays):
        assert (await other.ask(text)).status_code == 200
    answer = await one.http.post("/auth/revoke", data=form(kit.assertion(), token=token))
    assert answer.status_code == 200
    await until(lambda: _refuses(other, token), 1)
    assert (await one.ask(token)).status_code == 401
    assert (await other.ask(stays)).status_code == 200


async def test_a_disabled_and_enabled_client_gets_no_old_token_back(door: Worker) -> None:
    kit = await door.register("back")
    token = await door.token(kit)
    async with lend(door.pool) as connection:
        await clients.disable(connection, "back", door.clock.now)
        await clients.enable(connection, "back")
    await until(lambda: _refuses(door, token), 1)


async def test_old_keys_are_refused_and_new_ones_taken_at_once(two) -> None:
    kit = await two[0].register("turned")
    async with lend(two[0].pool) as connection:
        await clients.rotate(connection, "turned", key_set(ec("turned-new")), None, two[0].clock.now)
    for door in two:
        assert (await door.sign_in(kit.assertion())).status_code == 401
        assert (await door.sign_in(Kit("turned", kit.now, ec("turned-new")).assertion())).status_code == 200


async def test_tokens_may_outlive_a_rotation_when_that_is_asked_for(door: Worker) -> None:
    token = await door.token(await door.register("kept"))
    async with lend(door.pool) as connection:
        await clients.rotate(connection, "kept", key_set(ec("kept-new")), None, door.clock.now, keep=True)
    assert (await door.ask(token)).status_code == 200


async def test_while_changes_cannot_be_heard_nothing_is_kept(new_database) -> None:
    url, clock = await new_database(), Clock()
    async with worker(url, clock) as door:
        token = await door.token(await door.register("vendor"))
        await until(lambda: door.authority.keeps)
        assert (await door.ask(token)).status_code == 200
        await door.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'tramy-access' and datname = current_database()"
        )
        await until(lambda: not door.authority.keeps)
        # Nobody is told of this change: only a look at the database shows it.
        await door.pool.execute("update access_token set revoked_at = now()")
        assert (await door.ask(token)).status_code == 401
        await until(lambda: door.authority.keeps)
        assert (await door.ask(token)).status_code == 401


async def test_without_listening_every_token_is_looked_up(new_database) -> None:
    url, clock = await new_database(), Clock()
    async with worker(url, clock) as door:
        token = await door.token(await door.register("vendor"))
    async with worker(url, clock) as door, door.authority.listening("postgresql://nobody@127.0.0.1:1/none"):
        assert not door.authority.keeps
        assert (await door.ask(token)).status_code == 200
        await door.pool.execute("update access_token set revoked_at = now()")
        assert (await door.ask(token)).status_code == 401


async def test_a_change_while_a_token_is_looked_up_is_not_missed(door: Worker, kit: Kit) -> None:
    """Revoke and ask at once, over and over: after the change was heard no caller may have stayed in memory."""
    await until(lambda: door.authority.keeps)
    for _ in range(30):
        token = await door.token(kit)
        asked = [asyncio.create_task(door.ask(token)) for _ in range(3)]
        await door.http.post("/auth/revoke", data=form(kit.assertion(), token=token))
        await asyncio.gather(*asked)
        await until(lambda token=token: _refuses(door, token), 1)


async def test_a_token_in_memory_costs_microseconds(door: Worker, kit: Kit) -> None:
    token = await door.token(kit)
    await until(lambda: door.authority.keeps)
    await door.authority.caller(token)

    async def cost() -> float:
        begun = time.perf_counter()
        for _ in range(2000):
            await door.authority.caller(token)
        return (time.perf_counter() - begun) / 2000

    best = min([await cost() for _ in range(20)])
    assert best < 10e-6, f"{best * 1e6:.1f} µs"


async def test_a_token_in_memory_ends_with_its_time(new_database) -> None:
    clock = Clock()
    async with worker(await new_database(), clock) as door:
        token = await door.token(await door.register("vendor"))
        await until(lambda: door.authority.keeps)
        assert (await door.authority.caller(token)) is (await door.authority.caller(token))
        clock.now += timedelta(minutes=15)
        with pytest.raises(Unauthenticated):
            await door.authority.caller(token)
