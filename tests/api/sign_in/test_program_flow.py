"""A program signs in, asks, and signs out: over HTTP, with real keys."""

import re
from datetime import timedelta

import pytest

from app.access import clients
from app.store.pool import lend
from tests.api.sign_in.door import Clock, Worker, form, worker
from tests.api.sign_in.publisher import Publisher
from tests.api.sign_in.signing import Kit, ec, key_set, rsa

WELL_KNOWN = "/.well-known/smart-configuration"


@pytest.mark.parametrize("path", [WELL_KNOWN, f"/fhir{WELL_KNOWN}"])
async def test_a_program_finds_the_door_by_itself(door: Worker, path: str) -> None:
    found = (await door.http.get(path)).json()
    assert found["token_endpoint"] == "http://tramy.test/auth/token"
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert set(found["token_endpoint_auth_signing_alg_values_supported"]) == {"ES384", "RS384"}
    assert {"client-confidential-asymmetric", "permission-v2"} <= set(found["capabilities"])


@pytest.mark.parametrize("key", [ec("vendor-ec"), rsa("vendor-rsa")], ids=["ES384", "RS384"])
async def test_a_program_that_proves_who_it_is_gets_a_token_and_may_use_it(door: Worker, kit: Kit, key) -> None:
    answer = await door.sign_in(Kit("vendor", kit.now, key).assertion())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert said | {"access_token": ""} == {
        "access_token": "",
        "token_type": "bearer",
        "expires_in": 900,
        "scope": "system/Patient.rs",
    }
    assert re.fullmatch(r"tramy_[A-Za-z0-9_-]{43}", said["access_token"])
    who = (await door.ask(said["access_token"])).json()
    assert who == {
        "client": "vendor",
        "user": "",
        "scopes": "system/Patient.rs",
        "places": ["00004@2025-07"],
        "units": ["00004@2025-07"],
        "organization": "Organization/tyt-1",
        "holders": ["00004@2025-07", "Organization/tyt-1"],
    }


async def test_no_token_is_kept_as_it_is(door: Worker, kit: Kit) -> None:
    token = await door.token(kit)
    async with lend(door.pool) as connection:
        rows = await connection.fetch("select t::text as row from access_token t")
    assert rows
    assert not any(token in row["row"] or token[6:] in row["row"] for row in rows)


async def test_a_token_ends_after_fifteen_minutes(new_database, kit: Kit) -> None:
    clock = Clock()
    async with worker(await new_database(), clock) as door:
        token = await door.token(await door.register("vendor"))
        clock.now += timedelta(seconds=899)
        assert (await door.ask(token)).status_code == 200
        clock.now += timedelta(seconds=1)
        assert (await door.ask(token)).status_code == 401


async def test_the_worker_that_did_not_give_a_token_takes_it(two, kit: Kit) -> None:
    assert (await two[1].ask(await two[0].token(kit))).status_code == 200


GRANTED = {
    "what is registered": ("system/Patient.rs", "system/Patient.rs", "system/Patient.rs"),
    "fewer letters": ("system/Patient.cruds", "system/Patient.rs", "system/Patient.rs"),
    "one type of all": ("system/Patient.r", "system/*.rs", "system/Patient.r"),
    "all types of one": ("system/*.cruds", "system/Patient.rs", "system/Patient.rs"),
    "our own": ("tramy/indicators tramy/admin", "tramy/indicators system/*.rs", "tramy/indicators"),
    "words of others are left out": ("openid system/Patient.rs", "system/*.rs", "system/Patient.rs"),
    "a restriction stays": (
        "system/Encounter.rs",
        "system/Encounter.rs?class=AMB",
        "system/Encounter.rs?class=AMB",
    ),
    "a restriction of one's own is added": (
        "system/Encounter.rs?status=finished",
        "system/Encounter.rs?class=AMB",
        "system/Encounter.rs?status=finished&class=AMB",
    ),
    "another restriction does not widen": (
        "system/Encounter.rs?class=IMP",
        "system/Encounter.rs?class=AMB",
        "system/Encounter.rs?class=IMP&class=AMB",
    ),
    "the wider of two": (
        "system/Encounter.rs",
        "system/Encounter.rs?class=AMB system/Encounter.rs",
        "system/Encounter.rs",
    ),
}


@pytest.mark.parametrize("name", GRANTED)
async def test_a_token_grants_what_is_asked_for_and_registered(door: Worker, name: str) -> None:
    asked, registered, expected = GRANTED[name]
    kit = await door.register(f"granted-{list(GRANTED).index(name)}", registered)
    answer = await door.sign_in(kit.assertion(), asked)
    assert answer.json()["scope"] == expected


NOTHING = {
    "another type": "system/Coverage.rs",
    "other letters": "system/Patient.c",
    "another context": "user/Patient.rs",
    "not registered of ours": "tramy/admin",
    "no scope": "patient",
    "two hundred": "system/Patient.rs " * 200,
    "SMART 1": "system/Patient.read",
}


@pytest.mark.parametrize("name", NOTHING)
async def test_nothing_is_granted_of_what_is_not_registered(door: Worker, name: str) -> None:
    kit = await door.register(f"nothing-{list(NOTHING).index(name)}", "system/Patient.rs")
    answer = await door.sign_in(kit.assertion(), NOTHING[name])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert answer.json()["error_description_vi"]


REQUESTS = {
    "another grant": ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    "no grant": ({"grant_type": ""}, 400, "invalid_request"),
    "no scope": ({"scope": ""}, 400, "invalid_scope"),
    "no assertion": ({"client_assertion": ""}, 400, "invalid_request"),
    "no type of assertion": ({"client_assertion_type": ""}, 400, "invalid_request"),
    "another type of assertion": ({"client_assertion_type": "saml2-bearer"}, 400, "invalid_request"),
    "a secret": ({"client_secret": "x"}, 400, "invalid_request"),
    "the id of another": ({"client_id": "other"}, 401, "invalid_client"),
    "an id with NUL": ({"client_id": "vendor\0"}, 400, "invalid_request"),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_that_breaks_the_form_is_declined_by_its_name(door: Worker, kit: Kit, name: str) -> None:
    changed, status, error = REQUESTS[name]
    answer = await door.http.post("/auth/token", data=form(kit.assertion(), **{"scope": "system/Patient.rs"} | changed))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[ !#-\[\]-~]+", answer.json()["error_description"])


@pytest.mark.parametrize("path", ["/auth/token", "/auth/introspect", "/auth/revoke"])
async def test_two_proofs_at_once_are_declined(door: Worker, kit: Kit, path: str) -> None:
    headers = {"Authorization": f"Bearer {await door.token(kit)}"}
    data = form(kit.assertion(), scope="system/Patient.rs", token="x")
    answer = await door.http.post(path, data=data, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


BODIES = {
    "JSON": (b"{}", "application/json", 400),
    "a field twice": (b"scope=a&scope=b", "application/x-www-form-urlencoded", 400),
    "broken UTF-8": (b"scope=%ff", "application/x-www-form-urlencoded", 400),
    "raw bytes": (b"scope=\xff", "application/x-www-form-urlencoded", 400),
    "100 fields": (b"a=1&" * 100, "application/x-www-form-urlencoded", 400),
    "nothing": (b"", "application/x-www-form-urlencoded", 400),
    "a megabyte": (b"scope=" + b"a" * 2**20, "application/x-www-form-urlencoded", 413),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_small_form_is_declined(door: Worker, name: str) -> None:
    body, kind, status = BODIES[name]
    answer = await door.http.post("/auth/token", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert "error" in answer.json()


async def test_a_token_is_not_given_for_a_request_by_get(door: Worker, kit: Kit) -> None:
    answer = await door.http.get("/auth/token", params=form(kit.assertion(), scope="system/Patient.rs"))
    assert answer.status_code == 405


async def test_a_client_learns_what_its_own_token_says(door: Worker, kit: Kit) -> None:
    token = await door.token(kit)
    said = (await door.http.post("/auth/introspect", data=form(kit.assertion(), token=token))).json()
    assert said["active"] is True
    assert (said["client_id"], said["scope"]) == ("vendor", "system/Patient.rs")
    assert said["exp"] - said["iat"] == 900


async def test_a_client_learns_nothing_of_the_token_of_another(door: Worker, kit: Kit) -> None:
    other = await door.register("curious")
    said = await door.http.post("/auth/introspect", data=form(other.assertion(), token=await door.token(kit)))
    assert said.json() == {"active": False}


async def test_a_client_cannot_end_the_token_of_another(door: Worker, kit: Kit) -> None:
    other, token = await door.register("jealous"), await door.token(kit)
    answer = await door.http.post("/auth/revoke", data=form(other.assertion(), token=token))
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await door.ask(token)).status_code == 200


async def test_an_administrator_learns_of_any_token_and_ends_any(door: Worker, kit: Kit) -> None:
    token = await door.token(kit)
    admin = await door.token(await door.register("admin", "tramy/admin"), "tramy/admin")
    headers = {"Authorization": f"Bearer {admin}"}
    assert (await door.http.post("/auth/introspect", data={"token": token}, headers=headers)).json()["active"]
    assert (await door.http.post("/auth/revoke", data={"token": token}, headers=headers)).status_code == 200
    assert (await door.http.post("/auth/introspect", data={"token": token}, headers=headers)).json() == {
        "active": False
    }


@pytest.mark.parametrize("path", ["/auth/introspect", "/auth/revoke"])
async def test_a_token_without_administration_does_not_ask_about_tokens(door: Worker, kit: Kit, path: str) -> None:
    token = await door.token(kit)
    answer = await door.http.post(path, data={"token": token}, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")


@pytest.mark.parametrize("path", ["/auth/introspect", "/auth/revoke"])
async def test_nobody_asks_about_tokens_without_proof(door: Worker, kit: Kit, path: str) -> None:
    answer = await door.http.post(path, data={"token": await door.token(kit)})
    assert answer.status_code == 400


async def test_a_token_that_is_none_is_ended_as_well(door: Worker, kit: Kit) -> None:
    assert (await door.http.post("/auth/revoke", data=form(kit.assertion(), token="x"))).status_code == 200


async def test_keys_are_taken_from_the_registered_address(door: Worker, publisher: Publisher) -> None:
    publisher.documents["/keys"] = key_set(ec("published-ec"), ec("unused-ec", "P-256"))
    await door.register("published", jwks=None, jwks_url=f"{publisher.base}/keys")
    kit = Kit("published", door.clock.now.timestamp())
    assert (await door.sign_in(kit.assertion())).status_code == 200
    named = kit.assertion(header={"jku": f"{publisher.base}/keys"})
    assert (await door.sign_in(named)).status_code == 200
    assert publisher.asked.count("/keys") == 1


async def test_unknown_ids_of_keys_do_not_make_the_service_ask_again(door: Worker, publisher: Publisher) -> None:
    publisher.documents["/flood"] = key_set(ec("flood-ec"))
    await door.register("flood", jwks=None, jwks_url=f"{publisher.base}/flood")
    kit = Kit("flood", door.clock.now.timestamp())
    for number in range(20):
        assert (await door.sign_in(kit.assertion(header={"kid": str(number)}))).status_code == 401
    assert publisher.asked.count("/flood") == 1


async def test_a_client_whose_keys_are_away_may_come_again(door: Worker, publisher: Publisher) -> None:
    await door.register("away", jwks=None, jwks_url=f"{publisher.base}/away")
    answer = await door.sign_in(Kit("away", door.clock.now.timestamp()).assertion())
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"]


async def test_with_a_configured_address_an_assertion_for_another_host_is_refused(door_url: str, kit: Kit) -> None:
    clock = Clock()
    async with worker(door_url, clock, base_url="https://ho-so.example/fhir") as door:
        assert (await door.sign_in(kit.assertion())).status_code == 401
        meant = kit.assertion(claims={"aud": "https://ho-so.example/auth/token"})
        assert (await door.sign_in(meant)).status_code == 200
        found = (await door.http.get(WELL_KNOWN)).json()
        assert found["token_endpoint"] == "https://ho-so.example/auth/token"


@pytest.mark.parametrize("host", ["a b", "x/y", 'a"b', "tramy.test@evil.test"])
async def test_a_host_that_is_none_is_not_repeated(door: Worker, host: str) -> None:
    answer = await door.http.get(WELL_KNOWN, headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text


async def test_what_is_long_over_is_swept_and_the_rest_stays(new_database) -> None:
    clock = Clock()
    async with worker(await new_database(), clock) as door:
        kit = await door.register("vendor")
        token = await door.token(kit)
        await door.authority.sweep(clock.now + timedelta(minutes=13))
        assert (await door.ask(token)).status_code == 200
        assert await _rows(door) == (1, 1)
        await door.authority.sweep(clock.now + timedelta(days=2))
        assert await _rows(door) == (0, 0)


async def _rows(door: Worker) -> tuple[int, int]:
    async with lend(door.pool) as connection:
        return (
            await connection.fetchval("select count(*) from assertion"),
            await connection.fetchval("select count(*) from access_token"),
        )


async def test_a_disabled_client_gets_no_token_and_an_enabled_one_does(door: Worker) -> None:
    kit = await door.register("switched")
    async with lend(door.pool) as connection:
        await clients.disable(connection, "switched", door.clock.now)
        assert (await door.sign_in(kit.assertion())).status_code == 401
        await clients.enable(connection, "switched")
    assert (await door.sign_in(kit.assertion())).status_code == 200
