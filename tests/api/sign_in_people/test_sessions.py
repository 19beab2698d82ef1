"""A session ends unused, after its time, by logout, at the provider, and by a further one; no other site uses it.

https://pages.nist.gov/800-63-4/sp800-63b/session/
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.access.roles import ROLES
from tests.api.sign_in_people.conftest import HOME, PAGE, Make, World
from tests.api.sign_in_people.provider import CLIENT, SECRET
from tests.api.sign_in_people.test_forged import unsigned

EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


async def status(browser: httpx.AsyncClient) -> int:
    return (await browser.get("/who")).status_code


async def test_a_session_that_is_not_used_for_half_an_hour_ends(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    world.clock.move(minutes=29, seconds=59)
    assert await status(browser) == 200
    world.clock.move(minutes=29, seconds=59)
    assert await status(browser) == 200
    world.clock.move(minutes=30)
    assert await status(browser) == 401


async def test_use_within_a_minute_of_use_is_not_written(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    began = world.clock()
    seen = "select seen_at from session"
    world.clock.move(seconds=59)
    assert await status(browser) == 200
    assert await world.pool.fetchval(seen) == began
    world.clock.move(seconds=1)
    assert await status(browser) == 200
    assert await world.pool.fetchval(seen) == world.clock()


async def test_a_session_ends_after_twelve_hours_however_much_it_is_used(
    world: World, browser: httpx.AsyncClient
) -> None:
    await world.sign_in(browser)
    for _ in range(36):
        world.clock.move(minutes=19, seconds=59)
        assert await status(browser) == 200
    world.clock.move(seconds=36)
    assert await status(browser) == 401


async def test_the_limits_are_settings(world: World, world_of: Make) -> None:
    world = await world_of(session_idle=60.0, session_limit=300.0)
    async with world.browser() as browser:
        await world.sign_in(browser)
        for _ in range(6):
            world.clock.move(seconds=49)
            assert await status(browser) == 200
        world.clock.move(seconds=6)
        assert await status(browser) == 401
        await world.sign_in(browser)
        world.clock.move(seconds=60)
        assert await status(browser) == 401


async def test_logout_ends_the_session_at_once_in_every_worker(
    world: World, world_of: Make, browser: httpx.AsyncClient
) -> None:
    other = await world_of()
    await world.sign_in(browser)
    kept = {"cookie": f"tramy={browser.cookies['tramy']}"}
    async with other.browser() as elsewhere:
        assert (await elsewhere.get("/who", headers=kept)).status_code == 200
        done = await browser.post("/auth/logout", headers=PAGE)
        assert done.status_code == 303
        assert "tramy" not in browser.cookies
        for _ in range(2):
            assert (await elsewhere.get("/who", headers=kept)).status_code == 401
    assert world.noted == [("sign-in", "u-1"), ("sign-out", "u-1")]


async def test_logout_goes_on_to_the_provider_and_comes_back(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    done = await browser.post("/auth/logout", headers=PAGE)
    address = urlsplit(done.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{world.provider.issuer}/end"
    assert parse_qs(address.query) == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{HOME}/"]}
    assert done.headers["clear-site-data"] == '"cache", "storage"'


async def test_logout_works_where_the_provider_is_away_or_has_no_logout(world: World, world_of: Make) -> None:
    for metadata in ({"end_session_endpoint": ""}, {"end_session_endpoint": "javascript:x"}):
        world = await world_of()
        world.provider.metadata = metadata
        async with world.browser() as browser:
            await world.sign_in(browser)
            done = await browser.post("/auth/logout", headers=PAGE)
            assert (done.status_code, done.headers["location"]) == (303, f"{HOME}/")
            assert await status(browser) == 401


async def test_logout_without_a_session_is_no_error(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/auth/logout", headers=PAGE)).status_code == 303
    assert (await browser.get("/auth/logout")).status_code == 405


async def test_a_further_session_ends_the_oldest_of_the_same_person_alone(world: World) -> None:
    browsers = [world.browser() for _ in range(5)]
    async with browsers[0]:
        await world.sign_in(browsers[0], sub="u-2")
    for browser in browsers[1:]:
        world.clock.move(seconds=1)
        await world.sign_in(browser)
    assert [await status(browser) for browser in browsers[1:]] == [401, 200, 200, 200]
    assert await world.pool.fetchval("select count(*) from session where subject = 'u-2' and ended_at is null") == 1
    for browser in browsers[1:]:
        await browser.aclose()


async def test_of_sessions_opened_at_once_no_more_than_the_limit_stay(world: World) -> None:
    browsers = [world.browser() for _ in range(8)]
    await asyncio.gather(*(world.sign_in(browser) for browser in browsers))
    assert sorted([await status(browser) for browser in browsers]) == [200] * 3 + [401] * 5
    for browser in browsers:
        await browser.aclose()


@pytest.mark.parametrize("cookie", ["", "A", "A" * 43, "A" * 44, "' or 1=1 --" + "A" * 32, "é" * 43, "A" * 100_000])
async def test_a_cookie_that_was_made_up_is_nobody(world: World, browser: httpx.AsyncClient, cookie: str) -> None:
    await world.sign_in(browser)
    browser.cookies.clear()
    for path in ("/who", "/auth/me"):
        assert (await browser.get(path, headers={"cookie": f"tramy={cookie}".encode()})).status_code == 401


async def test_a_cookie_that_was_changed_by_a_letter_is_nobody(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    value = browser.cookies["tramy"]
    browser.cookies.clear()
    for at in range(0, 43, 3):
        changed = f"{value[:at]}{'B' if value[at] == 'A' else 'A'}{value[at + 1 :]}"
        assert (await browser.get("/who", headers={"cookie": f"tramy={changed}"})).status_code == 401


async def test_what_is_in_the_table_is_no_cookie(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    held = await world.pool.fetchval("select id from session")
    browser.cookies.clear()
    for value in (held, held[:43]):
        assert (await browser.get("/who", headers={"cookie": f"tramy={value}"})).status_code == 401


async def test_the_sessions_of_another_provider_are_none(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    world.people.sessions.issuer = "https://other.example"
    assert await status(browser) == 401


async def test_ended_sessions_and_used_sign_ins_do_not_pile_up(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    world.clock.move(hours=37)
    await world.sign_in(browser)
    assert await world.pool.fetchval("select count(*) from session") == 1
    assert await world.pool.fetchval("select count(*) from spent_sign_in") == 1


NOBODY: dict[str, dict[str, Any]] = {
    "no role": {"role": None},
    "an unknown role": {"role": "giam-doc"},
    "another case": {"role": "TRAM"},
    "a role with a space": {"role": "tram "},
    "two roles": {"role": ["tram", "auditor"]},
    "a role that is an object": {"role": {"tram": True}},
    "a role that is true": {"role": True},
    "a role within a text": {"role": "tram,officer"},
    "300 roles": {"role": ["tram", *map(str, range(300))]},
}


@pytest.mark.parametrize("name", NOBODY)
async def test_without_one_known_role_there_is_no_right_and_no_place(
    world: World, browser: httpx.AsyncClient, name: str
) -> None:
    await world.sign_in(browser, places=["VN", "24"], **NOBODY[name])
    who = (await browser.get("/who")).json()
    assert who == {"user": "u-1", "role": "", "units": [], "scopes": "", "places": [], "organization": ""}
    me = (await browser.get("/auth/me")).json()
    assert (me["role"], me["people"], me["places"], me["permissions"]) == (None, False, [], [])


async def test_a_known_role_among_the_roles_of_other_programs_is_taken(
    world: World, browser: httpx.AsyncClient
) -> None:
    await world.sign_in(browser, role=["offline_access", "uma_authorization", "officer"])
    assert (await browser.get("/who")).json()["role"] == "officer"


async def test_a_role_that_is_no_longer_in_the_table_holds_nothing(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    await world.pool.execute("update session set role = 'chief'")
    who = (await browser.get("/who")).json()
    assert (who["scopes"], who["units"], who["places"], who["organization"]) == ("", [], [], "")


@pytest.mark.parametrize(
    ("stated", "held"),
    [
        (None, []),
        ([], []),
        ("", []),
        ({"code": "00004"}, []),
        ([["00004"], 24, None, True], []),
        ("99999", []),
        ("00004 00008", []),
        ("%", []),
        ("0000", []),
        (["00004"] * 201, []),
        ("00004", ["00004@2025-07"]),
        (["00004", "99999"], ["00004@2025-07"]),
        (["00004@2004", "00004"], ["00004@2004", "00004@2025-07"]),
        (["24", "24"], ["24@2025-07"]),
    ],
)
async def test_a_place_that_is_missing_or_not_understood_gives_nothing(
    world: World, browser: httpx.AsyncClient, stated: Any, held: list[str]
) -> None:
    await world.sign_in(browser, places=stated)
    who = (await browser.get("/who")).json()
    assert who["places"] == held
    assert bool(who["units"]) == bool(held)


@pytest.mark.parametrize("role", list(ROLES))
async def test_the_country_is_a_place_of_those_roles_alone_that_may_have_it(
    world: World, browser: httpx.AsyncClient, role: str
) -> None:
    await world.sign_in(browser, role=role, places=["VN", "24"])
    who = (await browser.get("/who")).json()
    assert who["places"] == (["VN", "24@2025-07"] if ROLES[role].country else ["24@2025-07"])
    assert role in ("ministry", "administrator", "auditor") or "VN" not in who["places"]


@pytest.mark.parametrize("stated", [None, "", "tyt-1", "Patient/1", "Organization/", "Organization/a b", ["a", "b"], 5])
async def test_an_organisation_that_is_no_reference_is_none(
    world: World, browser: httpx.AsyncClient, stated: Any
) -> None:
    await world.sign_in(browser, organization=stated)
    assert (await browser.get("/who")).json()["organization"] == ""


async def test_the_claims_are_where_the_settings_say(world: World, world_of: Make) -> None:
    world = await world_of(
        oidc_role_claim="realm_access.roles", oidc_places_claim="https://tramy.vn/x", oidc_organization_claim="a.b.c"
    )
    claims = {
        "realm_access": {"roles": ["auditor"]},
        "https://tramy.vn/x": "24",
        "a": {"b": {"c": "Organization/so-y-te"}},
    }
    async with world.browser() as browser:
        await world.sign_in(browser, **claims)
        who = (await browser.get("/who")).json()
    assert (who["role"], who["places"], who["organization"]) == ("auditor", ["24@2025-07"], "Organization/so-y-te")


FOREIGN: list[tuple[str, Mapping[str, str]]] = [
    ("a page of another site", {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}),
    ("another site that says our origin", {"sec-fetch-site": "cross-site", "origin": HOME}),
    ("a neighbouring host", {"sec-fetch-site": "same-site"}),
    ("an address typed in", {"sec-fetch-site": "none"}),
    ("nothing said", {}),
    ("an old browser at another site", {"origin": "https://evil.example"}),
    ("a frame without an origin", {"origin": "null"}),
    ("our host on another port", {"origin": "http://127.0.0.1:9000"}),
    ("our host with more after it", {"origin": f"{HOME}.evil.example"}),
    ("our host by another scheme", {"origin": "https://127.0.0.1:8000"}),
    ("a referrer alone", {"referer": f"{HOME}/docs"}),
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(("_name", "headers"), FOREIGN, ids=[name for name, _ in FOREIGN])
async def test_a_page_of_another_site_changes_nothing(
    world: World, browser: httpx.AsyncClient, method: str, _name: str, headers: Mapping[str, str]
) -> None:
    await world.sign_in(browser)
    assert (await browser.request(method, "/who", headers=headers)).status_code == 403
    assert (await browser.post("/auth/logout", headers=headers)).status_code == 403
    assert await status(browser) == 200


@pytest.mark.parametrize("headers", [PAGE, {"origin": HOME}, {"sec-fetch-site": "same-origin", "origin": "null"}])
async def test_our_own_pages_change_things(
    world: World, browser: httpx.AsyncClient, headers: Mapping[str, str]
) -> None:
    await world.sign_in(browser)
    assert (await browser.post("/who", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("base_url", "origin", "right"),
    [
        ("https://ho-so.example/fhir", "https://ho-so.example", 401),
        ("https://ho-so.example:443/fhir", "https://ho-so.example", 401),
        ("https://ho-so.example:8443/a/fhir", "https://ho-so.example:8443", 401),
        ("https://ho-so.example:8443/fhir", "https://ho-so.example", 403),
    ],
)
async def test_our_origin_is_that_of_the_configured_address(
    world: World, world_of: Make, base_url: str, origin: str, right: int
) -> None:
    world = await world_of(base_url=base_url)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="http://inside") as browser:
        assert (await browser.post("/who", headers={"origin": origin})).status_code == right


def told(world: World, **changed: Any) -> str:
    """A logout token as the provider signs it; None takes a claim away."""
    claims = {**world.provider.usual(""), "events": EVENT, "jti": f"j-{world.clock()}", "nonce": None, **changed}
    return world.provider.signed({name: value for name, value in claims.items() if value is not None})


async def post(browser: httpx.AsyncClient, token: str) -> int:
    return (await browser.post("/auth/backchannel-logout", data={"logout_token": token})).status_code


async def test_the_provider_ends_one_session_or_all_of_a_person(world: World) -> None:
    async with world.browser() as one, world.browser() as two, world.browser() as three:
        await world.sign_in(one, sid="s-1")
        await world.sign_in(two, sid="s-2")
        await world.sign_in(three, sub="u-2", sid="s-3")
        world.provider.claims = {}
        assert await post(one, told(world, sid="s-1", jti="a")) == 200
        assert [await status(one), await status(two), await status(three)] == [401, 200, 200]
        assert await post(one, told(world, sid=None, jti="b")) == 200
        assert [await status(two), await status(three)] == [401, 200]


async def test_a_logout_token_is_taken_once(world: World, browser: httpx.AsyncClient) -> None:
    token = told(world, jti="once")
    assert [await post(browser, token), await post(browser, token)] == [200, 400]


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": None},
        {"events": {}},
        {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
        {"nonce": "n"},
        {"sub": None, "sid": None},
        {"aud": "other"},
        {"iss": "https://evil.example"},
        {"iat": 5},
        {"exp": 5},
    ],
    ids=str,
)
async def test_what_is_no_logout_token_ends_nothing(
    world: World, browser: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    await world.sign_in(browser)
    assert await post(browser, told(world, **wrong)) == 400
    assert await status(browser) == 200


async def test_a_logout_token_that_is_unsigned_or_missing_ends_nothing(
    world: World, browser: httpx.AsyncClient
) -> None:
    await world.sign_in(browser)
    claims = {**world.provider.usual(""), "events": EVENT}
    for token in (unsigned("none")(world.provider, claims), "", "x", json.dumps(claims)):
        assert await post(browser, token) == 400
    assert (await browser.post("/auth/backchannel-logout", content=b"logout_token=a&logout_token=b")).status_code == 400
    assert (await browser.post("/auth/backchannel-logout", content=b"a" * 100_000)).status_code == 413
    assert await status(browser) == 200


async def test_no_secret_of_a_session_is_in_what_an_object_shows(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    shown = repr(world.people)
    assert SECRET not in shown
    assert browser.cookies["tramy"] not in shown
