"""A person signs in, once, in one browser, and is told who they are here. https://www.rfc-editor.org/rfc/rfc9700"""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.access.roles import ROLES
from app.errors import Misconfigured
from tests.api.sign_in_people.conftest import HOME, PAGE, Make, World
from tests.api.sign_in_people.provider import CLIENT, RSA


async def test_a_person_signs_in_and_comes_back_to_where_they_wanted_to_go(
    world: World, browser: httpx.AsyncClient
) -> None:
    done = await world.sign_in(browser, "/indicators?place=24&on=2026-10-31#so-lieu")
    assert done.status_code == 303
    assert done.headers["location"] == "/indicators?place=24&on=2026-10-31#so-lieu"
    me = (await browser.get("/auth/me")).json()
    assert me["user"] == "u-1"
    assert me["role"] == {"code": "tram", "en": "Station staff", "vi": "Nhân viên trạm y tế"}
    assert me["people"] is True
    assert me["organization"] == "Organization/tyt-1"
    assert me["places"] == [{"key": "00004@2025-07", "name": "Phường Ba Đình", "level": "commune"}]
    assert {"scope": "tramy/missing", "en": "the people who are missing from a figure"}.items() <= {
        (name, item[name]) for item in me["permissions"] for name in item if item["scope"] == "tramy/missing"
    }
    assert (me["ends_at"], me["ends_unused_at"]) == ("2026-11-22T20:00:00Z", "2026-11-22T08:30:00Z")
    assert world.noted == [("sign-in", "u-1")]


async def test_the_caller_has_the_scopes_of_the_role_and_the_communes_of_the_places(
    world: World, browser: httpx.AsyncClient
) -> None:
    await world.sign_in(browser)
    who = (await browser.get("/who")).json()
    assert who["scopes"] == ROLES["tram"].scopes
    assert who["places"] == ["00004@2025-07"]
    assert {"00004@2025-07", "00004@2004"} <= set(who["units"])
    assert len(who["units"]) < 40


async def test_what_is_asked_of_the_provider_has_state_nonce_and_pkce_and_differs_each_time(
    browser: httpx.AsyncClient,
) -> None:
    asked = []
    for _ in range(2):
        sent = await browser.get("/auth/login")
        asked.append({name: item[0] for name, item in parse_qs(urlsplit(sent.headers["location"]).query).items()})
    first, second = asked
    assert first["response_type"] == "code"
    assert first["client_id"] == CLIENT
    assert first["redirect_uri"] == f"{HOME}/auth/callback"
    assert first["scope"] == "openid"
    assert first["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]
    assert "code_verifier" not in first


async def test_nothing_is_stored_for_a_sign_in_that_is_only_begun(world: World, browser: httpx.AsyncClient) -> None:
    await world.begin(browser)
    assert await world.pool.fetchval("select count(*) from session") == 0
    assert await world.pool.fetchval("select count(*) from spent_sign_in") == 0


async def test_neither_the_cookie_nor_the_name_of_a_person_is_stored(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    held = str(dict(await world.pool.fetchrow("select * from session")))
    assert browser.cookies["tramy"] not in held
    assert "Nguyễn" not in held


async def test_the_cookie_is_for_this_host_alone_and_for_no_script(world_of: Make, world: World) -> None:
    world = await world_of(base_url="https://ho-so.example/fhir")
    world.address = "https://ho-so.example"
    async with world.browser() as browser:
        done = await world.sign_in(browser)
        named = {text.partition("=")[0]: text for text in done.headers.get_list("set-cookie")}
        kept = named["__Host-tramy"].lower()
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(kept.split("; "))
        assert "domain" not in kept
        assert "max-age" not in kept
        assert "max-age=0" in named["__Host-tramy-sign-in"].lower()
        assert (await browser.get("/auth/me")).status_code == 200
        # The name without the prefix is of no use there: a page of a neighbouring host could have set it.
        value = browser.cookies["__Host-tramy"]
        browser.cookies.clear()
        assert (await browser.get("/auth/me", headers={"cookie": f"tramy={value}"})).status_code == 401


@pytest.mark.parametrize("path", ["/auth/login", "/auth/callback", "/auth/me"])
async def test_no_answer_may_be_kept_or_named_to_others(browser: httpx.AsyncClient, world: World, path: str) -> None:
    await world.sign_in(browser)
    answer = await browser.get(path, headers={"accept": "text/html"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_callback_with_another_state_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    state = parse_qs(urlsplit(back).query)["state"][0]
    for wrong in ("", state[:-1], f"{state}A", state.swapcase(), "é"):
        answer = await browser.get(back.replace(state, wrong))
        assert answer.status_code == 401
        assert "tramy" not in browser.cookies
    assert (await browser.get(back)).status_code == 303


async def test_a_callback_that_names_a_parameter_twice_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    assert (await browser.get(f"{back}&code=code-other")).status_code == 401


async def test_a_callback_is_taken_once(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    pending = browser.cookies["tramy-sign-in"]
    assert (await browser.get(back)).status_code == 303
    asked = list(world.provider.asked)
    answer = await browser.get(back, headers={"cookie": f"tramy-sign-in={pending}"})
    assert answer.status_code == 401
    assert world.provider.asked == asked


async def test_of_callbacks_at_once_in_two_workers_one_is_taken(
    world: World, world_of: Make, browser: httpx.AsyncClient
) -> None:
    other = await world_of()
    back = (await world.begin(browser)).headers["location"]
    cookie = {"cookie": f"tramy-sign-in={browser.cookies['tramy-sign-in']}"}
    async with world.browser() as one, other.browser() as two:
        answers = await asyncio.gather(*(each.get(back, headers=cookie) for each in (one, two) * 4))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 7


async def test_the_code_of_another_browser_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    async with world.browser() as attacker:
        stolen = (await world.begin(attacker)).headers["location"]
        own = (await world.begin(browser)).headers["location"]
        # The whole answer of another, as a link to click on; then only its code, in one's own answer.
        assert (await browser.get(stolen)).status_code == 401
        code = parse_qs(urlsplit(stolen).query)["code"][0]
        mine = parse_qs(urlsplit(own).query)["code"][0]
        assert (await browser.get(own.replace(mine, code))).status_code == 401
    assert "tramy" not in browser.cookies


async def test_an_answer_of_another_provider_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    assert (await browser.get(back.replace("&iss=", "&iss=x"))).status_code == 401


async def test_an_answer_without_the_issuer_it_promised_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    assert (await browser.get(back.partition("&iss=")[0])).status_code == 401


@pytest.mark.parametrize("cookie", ["", "A", "A" * 5000, "=" * 40, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "é"])
async def test_a_cookie_of_a_sign_in_that_was_made_up_is_refused(
    world: World, browser: httpx.AsyncClient, cookie: str
) -> None:
    back = (await world.begin(browser)).headers["location"]
    browser.cookies.clear()
    answer = await browser.get(back, headers={"cookie": f"tramy-sign-in={cookie}".encode()})
    assert answer.status_code == 401


async def test_a_cookie_of_a_sign_in_that_was_changed_is_refused(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    sealed = browser.cookies["tramy-sign-in"]
    browser.cookies.clear()
    for at in range(0, len(sealed) - 4, 7):
        changed = f"{sealed[:at]}{'B' if sealed[at] == 'A' else 'A'}{sealed[at + 1 :]}"
        assert (await browser.get(back, headers={"cookie": f"tramy-sign-in={changed}"})).status_code == 401


async def test_a_sign_in_lasts_ten_minutes(world: World, browser: httpx.AsyncClient) -> None:
    back = (await world.begin(browser)).headers["location"]
    sealed = browser.cookies["tramy-sign-in"]
    world.clock.move(minutes=10)
    assert (await browser.get(back, headers={"cookie": f"tramy-sign-in={sealed}"})).status_code == 401


async def test_what_the_provider_declined_is_told_without_what_it_said(
    world: World, browser: httpx.AsyncClient
) -> None:
    back = (await world.begin(browser)).headers["location"]
    state = parse_qs(urlsplit(back).query)["state"][0]
    said = {
        "error": "access_denied",
        "error_description": "<b>Nguyễn</b>",
        "state": state,
        "iss": world.provider.issuer,
    }
    answer = await browser.get("/auth/callback", params=said, headers={"accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert "Đăng nhập lại" in answer.text
    assert "Nguyễn" not in answer.text


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nset-cookie: x=y",
        " //evil.example",
        "/a\\b",
        "",
        "/" + "a" * 2001,
        "/đường",
    ],
)
async def test_nobody_is_sent_elsewhere_after_a_sign_in(browser: httpx.AsyncClient, to: str) -> None:
    answer = await browser.get("/auth/login", params={"to": to})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil" not in answer.text


async def test_a_session_that_was_there_before_is_worth_nothing_after(world: World, browser: httpx.AsyncClient) -> None:
    await world.sign_in(browser)
    first = browser.cookies["tramy"]
    await world.sign_in(browser)
    assert browser.cookies["tramy"] != first
    async with world.browser() as other:
        assert (await other.get("/auth/me", headers={"cookie": f"tramy={first}"})).status_code == 401
    assert (await browser.get("/auth/me")).status_code == 200


async def test_a_cookie_that_was_planted_never_becomes_a_session(world: World, browser: httpx.AsyncClient) -> None:
    planted = "p" * 43
    browser.cookies.set("tramy", planted, domain="127.0.0.1", path="/")
    await world.sign_in(browser)
    async with world.browser() as attacker:
        assert (await attacker.get("/auth/me", headers={"cookie": f"tramy={planted}"})).status_code == 401


@pytest.mark.parametrize("host", ["ho-so.example", "127.0.0.1.evil.example", "10.0.0.5:8000"])
async def test_away_from_this_machine_nobody_signs_in_without_a_configured_https_address(
    world: World, host: str
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=f"https://{host}") as browser:
        answer = await browser.get("/auth/login")
    assert answer.status_code == 403
    assert "TRAMY_BASE_URL" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("base_url", ["http://ho-so.example/fhir", "http://10.0.0.5:8000"])
async def test_an_address_without_https_is_refused_at_the_start(world_of: Make, base_url: str) -> None:
    with pytest.raises(Misconfigured, match="TRAMY_BASE_URL"):
        await world_of(base_url=base_url)


async def test_a_forged_host_does_not_change_where_the_provider_sends_people(world_of: Make, world: World) -> None:
    world = await world_of(base_url="https://ho-so.example/benh-an/fhir")
    async with world.browser() as browser:
        sent = await browser.get("/auth/login", headers={"host": "evil.example"})
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://ho-so.example/benh-an/auth/callback"]


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1.evil.example", "27.0.0.1")])
async def test_a_provider_whose_host_is_not_listed_is_refused_at_the_start(
    world: World, world_of: Make, hosts: tuple[str, ...]
) -> None:
    with pytest.raises(Misconfigured, match="TRAMY_OUTBOUND_HOSTS"):
        await world_of(outbound_hosts=hosts)
    assert world.provider.asked == []


@pytest.mark.parametrize(
    "issuer",
    ["http://ho-so.example", "https://an:bi@127.0.0.1", "https://127.0.0.1\\@evil", "http://[::1", "ftp://127.0.0.1"],
)
async def test_a_provider_is_called_by_https_unless_on_this_machine(world_of: Make, issuer: str) -> None:
    with pytest.raises(Misconfigured):
        await world_of(oidc_issuer=issuer, outbound_hosts=("ho-so.example", "127.0.0.1", "::1"))


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint"])
@pytest.mark.parametrize(
    "address", ["http://evil.example/x", "https://127.0.0.1.evil.example/x", "file:///etc/passwd", 5]
)
async def test_an_address_that_the_provider_names_is_not_called_if_its_host_is_not_listed(
    world: World, browser: httpx.AsyncClient, name: str, address: object
) -> None:
    back = await world.begin(browser)
    world.people.sign_in.provider._said = {**world.people.sign_in.provider._said, name: address}
    assert (await browser.get(back.headers["location"])).status_code in (500, 503)


@pytest.mark.parametrize("text", ["", "two\nlines", "bí mật", "a" * 2000])
async def test_a_secret_that_is_no_secret_is_refused_at_the_start(world_of: Make, tmp_path: Path, text: str) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(text, encoding="utf-8")
    for path in (wrong, tmp_path / "none", tmp_path):
        with pytest.raises(Misconfigured, match="TRAMY_OIDC_CLIENT_SECRET_FILE"):
            await world_of(oidc_client_secret_file=path)


async def test_a_provider_that_says_it_is_another_is_not_used(world: World, browser: httpx.AsyncClient) -> None:
    world.provider.metadata = {"issuer": "https://evil.example"}
    assert (await browser.get("/auth/login")).status_code == 503


@pytest.mark.parametrize("address", ["http://evil.example/authorize", "javascript:alert(1)", 5, "https:///x", "//x"])
async def test_a_browser_is_not_sent_to_an_address_that_is_not_https(
    world: World, browser: httpx.AsyncClient, address: object
) -> None:
    world.provider.metadata = {"authorization_endpoint": address}
    assert (await browser.get("/auth/login")).status_code == 503


async def test_without_a_provider_there_is_no_signing_in(world: World, browser: httpx.AsyncClient) -> None:
    world.app.state.people = None
    for path in ("/auth/login", "/auth/callback", "/auth/me"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.post("/auth/logout", headers=PAGE)).status_code == 404


async def test_keys_are_kept_and_looked_for_again_at_most_every_half_minute(
    world: World, browser: httpx.AsyncClient
) -> None:
    seconds = [0.0]
    world.people.sign_in.provider.clock = lambda: seconds[0]
    await world.sign_in(browser)
    await world.sign_in(browser)
    assert world.provider.asked.count("keys") == 1
    assert world.provider.asked.count("discovery") == 1
    fresh = type(RSA).generate_key(2048, {"kid": "new"})
    world.provider.key, world.provider.header = fresh, {"alg": "RS256", "kid": "new"}
    world.provider.published = [fresh]
    for seconds[0], status in ((29.0, 401), (31.0, 303)):
        assert (await world.sign_in(browser)).status_code == status
    world.provider.header["kid"] = "unknown"
    for seconds[0] in (32.0, 33.0):
        assert (await world.sign_in(browser)).status_code == 401
    assert world.provider.asked.count("keys") == 2


async def test_a_provider_that_failed_is_not_asked_again_for_five_seconds(
    world: World, browser: httpx.AsyncClient
) -> None:
    seconds = [0.0]
    world.people.sign_in.provider.clock = lambda: seconds[0]
    world.provider.metadata = {"issuer": "https://evil.example"}
    for seconds[0] in (0.0, 1.0, 4.9):
        assert (await browser.get("/auth/login")).status_code == 503
    assert world.provider.asked.count("discovery") == 1
    world.provider.metadata, seconds[0] = {}, 5.0
    assert (await browser.get("/auth/login")).status_code == 303
