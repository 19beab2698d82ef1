"""Access tokens of ours that are forged, altered, ended or not where they belong: each is a 401 without data."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.access.tokens import ADMINISTRATOR, Token, mint
from app.store.pool import lend
from tests.api.sign_in.door import Worker
from tests.api.sign_in.signing import Kit, ec, encoded

ALTERED: dict[str, Callable[[str], str]] = {
    "first letter after the mark": lambda t: t[:6] + ("A" if t[6] != "A" else "B") + t[7:],
    "last letter": lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"),
    "cut by one": lambda t: t[:-1],
    "longer by one": lambda t: t + "A",
    "the mark alone": lambda _: "tramy_",
    "without the mark": lambda t: t[6:],
    "the mark in capitals": lambda t: "TRAMY_" + t[6:],
    "other case": str.swapcase,
    "the reverse": lambda t: t[::-1],
    "zeros": lambda _: "tramy_" + "A" * 43,
    "a wildcard": lambda _: "tramy_" + "%" * 43,
    "SQL": lambda _: "'or'1'='1",
    "NUL": lambda t: t[:-1] + "\0",
    "latin letters beyond ASCII": lambda t: t[:-1] + "é",
    "100 kB": lambda t: t + "A" * 100_000,
    "two of them": lambda t: f"{t} {t}",
    "with a comma": lambda t: f"{t},{t}",
    "an unsigned JWT": lambda _: f"{encoded({'alg': 'none'})}.{encoded({'sub': 'vendor'})}.",
    "null": lambda _: "null",
    "undefined": lambda _: "undefined",
}


@pytest.mark.parametrize("name", ALTERED)
async def test_an_altered_token_is_refused(door: Worker, kit: Kit, name: str) -> None:
    token = await door.token(kit)
    header = b"Bearer " + ALTERED[name](token).encode("latin-1")
    answer = await door.http.get("/who", headers=[(b"authorization", header)])
    assert answer.status_code == 401
    assert "client" not in answer.json()
    assert answer.headers["www-authenticate"] == 'Bearer realm="tramy", error="invalid_token"'
    assert (await door.ask(token)).status_code == 200


HEADERS: dict[str, Callable[[str], list[tuple[str, str]]]] = {
    "none": lambda _: [],
    "empty": lambda _: [("Authorization", "")],
    "no scheme": lambda t: [("Authorization", t)],
    "the scheme alone": lambda _: [("Authorization", "Bearer")],
    "Basic": lambda t: [("Authorization", f"Basic {t}")],
    "Basic with a password": lambda _: [("Authorization", "Basic dmVuZG9yOng=")],
    "another scheme": lambda t: [("Authorization", f"Token {t}")],
    "two headers": lambda t: [("Authorization", f"Bearer {t}"), ("Authorization", f"Bearer {t}")],
    "a tab between": lambda t: [("Authorization", f"Bearer\t{t}")],
    "in another header": lambda t: [("X-Authorization", f"Bearer {t}")],
    "in a cookie": lambda t: [("Cookie", f"access_token={t}")],
}


@pytest.mark.parametrize("name", HEADERS)
async def test_a_token_counts_in_one_header_of_its_scheme_only(door: Worker, kit: Kit, name: str) -> None:
    answer = await door.http.get("/who", headers=HEADERS[name](await door.token(kit)))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="tramy"')


async def test_a_token_in_the_address_counts_for_nothing(door: Worker, kit: Kit) -> None:
    token = await door.token(kit)
    assert (await door.http.get("/who", params={"access_token": token})).status_code == 401


async def test_the_scheme_may_be_written_in_either_case(door: Worker, kit: Kit) -> None:
    token = await door.token(kit)
    for scheme in ("bearer", "BEARER", "Bearer"):
        answer = await door.http.get("/who", headers={"Authorization": f"{scheme} {token}"})
        assert answer.status_code == 200


async def test_an_assertion_is_no_access_token(door: Worker, kit: Kit) -> None:
    assert (await door.ask(kit.assertion())).status_code == 401


async def test_the_digest_that_is_stored_is_no_token(door: Worker, kit: Kit) -> None:
    await door.token(kit)
    digest = await door.pool.fetchval("select hash from access_token limit 1")
    for text in (digest.hex(), encoded(digest), f"tramy_{encoded(digest)}"):
        assert (await door.ask(text)).status_code == 401


async def _minted(door: Worker, **changed: object) -> str:
    now = door.clock.now
    plain = Token(ADMINISTRATOR, None, "an", "", "system/Patient.rs", ("VN",), now, now + timedelta(minutes=5), "an")
    async with lend(door.pool) as connection:
        return await mint(connection, plain._replace(**changed))


async def test_a_token_minted_on_the_machine_counts(door: Worker) -> None:
    who = (await door.ask(await _minted(door))).json()
    assert (who["client"], who["user"], who["places"]) == (ADMINISTRATOR, "an", ["VN"])


async def test_no_token_is_minted_for_longer_than_fifteen_minutes(door: Worker) -> None:
    token = await _minted(door, expires_at=door.clock.now + timedelta(days=1))
    said = (await door.http.post("/auth/introspect", data={"token": token}, headers=await _admin(door))).json()
    assert said["exp"] - said["iat"] == 900


async def _admin(door: Worker) -> dict[str, str]:
    return {"Authorization": f"Bearer {await _minted(door, scopes='tramy/admin')}"}


ROWS = {
    "expired": {"expires_at": timedelta(0)},
    "issued in the future": {"issued_at": timedelta(hours=1), "expires_at": timedelta(hours=2)},
    "of a client that is not there": {"client": "gone", "generation": 1, "minted_by": None},
    "of nobody": {"generation": None, "minted_by": None},
    "of another generation": {"client": "vendor", "generation": 1, "minted_by": None},
}


@pytest.mark.parametrize("name", ROWS)
async def test_a_row_that_grants_nothing_now_is_refused(door: Worker, kit: Kit, name: str) -> None:
    now = door.clock.now
    changed = {key: now + value if isinstance(value, timedelta) else value for key, value in ROWS[name].items()}
    assert (await door.ask(await _minted(door, **changed))).status_code == 401


async def test_a_key_of_a_client_signs_no_access_token(door: Worker, kit: Kit) -> None:
    claims = {"scope": "system/*.cruds", "aud": "tramy", "client_id": "vendor"}
    forged = kit.assertion({"typ": "at+jwt"}, claims, key=ec("vendor-ec"))
    assert (await door.ask(forged)).status_code == 401
