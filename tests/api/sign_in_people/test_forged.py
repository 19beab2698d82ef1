"""What a provider did not sign for us, just now, signs nobody in. Each forgery is a test of its own.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.api.sign_in_people.conftest import World
from tests.api.sign_in_people.provider import CLIENT, EC, RSA, STRANGER, Provider, left_half

Claims = dict[str, Any]


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def part(value: object) -> str:
    return b64(json.dumps(value).encode())


def unsigned(algorithm: str) -> Callable[[Provider, Claims], str]:
    return lambda _provider, claims: f"{part({'alg': algorithm})}.{part(claims)}."


def by_public_key(form: str) -> Callable[[Provider, Claims], str]:
    """Sign with HS256, where the public key, which everybody has, is the secret."""

    def sign(_provider: Provider, claims: Claims) -> str:
        secret = RSA.as_pem(private=False) if form == "pem" else json.dumps(RSA.as_dict(private=False)).encode()
        signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(claims)}"
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    return sign


def with_header(**header: Any) -> Callable[[Provider, Claims], str]:
    """Sign rightly, with more in the header."""

    def sign(_provider: Provider, claims: Claims) -> str:
        return raw_rs256({"alg": "RS256", "kid": "rsa", **header}, claims, RSA)

    return sign


def raw_rs256(header: Claims, claims: Claims, key: Any) -> str:
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{b64(key.private_key.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


def changed(how: Callable[[list[str]], list[str] | str]) -> Callable[[Provider, Claims], str]:
    def sign(provider: Provider, claims: Claims) -> str:
        made = how(provider.signed(claims).split("."))
        return made if isinstance(made, str) else ".".join(made)

    return sign


def other_claims(parts: list[str]) -> list[str]:
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    return [parts[0], part({**claims, "role": "ministry", "places": ["VN"]}), parts[2]]


FORGED: dict[str, Callable[[Provider, Claims], str]] = {
    "algorithm none": unsigned("none"),
    "algorithm None": unsigned("None"),
    "algorithm nOnE": unsigned("nOnE"),
    "algorithm empty": unsigned(""),
    "HS256 with the public key as PEM": by_public_key("pem"),
    "HS256 with the public key as JWK": by_public_key("jwk"),
    "a key of another with the same id": lambda _p, c: raw_rs256({"alg": "RS256", "kid": "rsa"}, c, STRANGER),
    "a key in the header": with_header(jwk=STRANGER.as_dict(private=False)),
    "an address of keys": with_header(jku="http://127.0.0.1:9/keys"),
    "an address of certificates": with_header(x5u="http://127.0.0.1:9/x"),
    "certificates": with_header(x5c=["AAAA"]),
    "a critical extension": with_header(crit=["exp"], exp=1),
    "a payload that is not encoded": with_header(crit=["b64"], b64=False),
    "a header with a zip": with_header(zip="DEF"),
    "a key id that is no text": with_header(kid=["rsa"]),
    "a key id that is a path": with_header(kid="../../etc/passwd"),
    "a key id that is SQL": with_header(kid="' or 1=1 --"),
    "an unknown key id": with_header(kid="unknown"),
    "the key of another kind": with_header(kid="ec"),
    "an algorithm that is no text": with_header(alg=5),
    "no algorithm": lambda _p, c: f"{part({'kid': 'rsa'})}.{part(c)}.AAAA",
    "claims changed": changed(other_claims),
    "no signature": changed(lambda p: [p[0], p[1], ""]),
    "half a signature": changed(lambda p: [p[0], p[1], p[2][:171]]),
    "a signature and more": changed(lambda p: [p[0], p[1], f"{p[2]}AAAA"]),
    "two parts": changed(lambda p: p[:2]),
    "four parts": changed(lambda p: [*p, p[2]]),
    "five parts": changed(lambda p: [*p, p[1], p[2]]),
    "a space before": changed(lambda p: f" {'.'.join(p)}"),
    "no base64": changed(lambda p: [p[0], "%%%", p[2]]),
    "no letters of ASCII": changed(lambda p: f"{'.'.join(p)}é"),
    "a NUL": changed(lambda p: f"{'.'.join(p)}\0"),
    "empty": lambda _p, _c: "",
    "a megabyte": lambda _p, _c: "A" * 900_000,
    "dots alone": lambda _p, _c: "..",
    "a token in a token": lambda p, c: raw_rs256({"alg": "RS256", "kid": "rsa"}, {"t": p.signed(c)}, RSA),
    "claims that are a list": lambda p, c: raw_rs256({"alg": "RS256", "kid": "rsa"}, [c], RSA),
    "a header that is a list": lambda _p, c: f"{part(['RS256'])}.{part(c)}.AAAA",
    "a header a thousand deep": lambda _p, c: f"{b64(b'[' * 300)}.{part(c)}.AAAA",
}


WRONG: dict[str, Claims] = {
    "another issuer": {"iss": "https://evil.example"},
    "the issuer and a slash": {"iss": "/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "other"},
    "an audience that begins like ours": {"aud": f"{CLIENT}-2"},
    "audiences without ours": {"aud": ["a", "b"]},
    "audiences without a party": {"aud": [CLIENT, "b"]},
    "audiences for another party": {"aud": [CLIENT, "b"], "azp": "b"},
    "another party": {"azp": "b"},
    "an audience that is an object": {"aud": {CLIENT: True}},
    "no audience": {"aud": None},
    "expired": {"exp": -61},
    "no expiry": {"exp": None},
    "an expiry that is text": {"exp": "9999999999"},
    "an expiry that is true": {"exp": True},
    "an expiry that is no number": {"exp": float("nan")},
    "not yet valid": {"nbf": 120},
    "issued in the future": {"iat": 120},
    "issued long ago": {"iat": -700},
    "no time of issue": {"iat": None},
    "another nonce": {"nonce": "n" * 43},
    "no nonce": {"nonce": None},
    "a nonce that is a list": {"nonce": ["n"]},
    "an empty nonce": {"nonce": ""},
    "no person": {"sub": None},
    "an empty person": {"sub": ""},
    "a person that is a number": {"sub": 5},
    "a person of 256 letters": {"sub": "u" * 256},
    "the hash of another access token": {"at_hash": left_half("another")},
    "a hash that is null": {"at_hash": 0},
}


async def refused(world: World, browser: httpx.AsyncClient) -> None:
    back = await world.begin(browser)
    answer = await browser.get(back.headers["location"])
    assert answer.status_code == 401, answer.text
    assert "tramy" not in browser.cookies
    assert await world.pool.fetchval("select count(*) from session") == 0
    assert "Mẫu" not in answer.text
    assert world.noted == []


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_or_malformed_token_signs_nobody_in(world: World, browser: httpx.AsyncClient, name: str) -> None:
    world.provider.token = lambda claims: FORGED[name](world.provider, claims)
    await refused(world, browser)


@pytest.mark.parametrize("name", WRONG)
async def test_a_token_that_is_signed_and_not_for_us_now_signs_nobody_in(
    world: World, browser: httpx.AsyncClient, name: str
) -> None:
    now = int(world.clock().timestamp())
    wrong = dict(WRONG[name])
    for time in {"iat", "exp", "nbf"} & wrong.keys():
        if isinstance(wrong[time], int) and not isinstance(wrong[time], bool):
            wrong[time] += now
    if wrong.get("iss") == "/":
        wrong["iss"] = f"{world.provider.issuer}/"
    world.provider.claims = wrong
    await refused(world, browser)


async def test_the_same_token_without_a_fault_signs_in(world: World, browser: httpx.AsyncClient) -> None:
    now = int(world.clock().timestamp())
    world.provider.claims = {"exp": now - 59, "nbf": now + 59, "azp": CLIENT, "at_hash": left_half("truy-cập")}
    back = await world.begin(browser)
    assert (await browser.get(back.headers["location"])).status_code == 303


async def test_a_token_by_an_elliptic_key_signs_in(world: World, browser: httpx.AsyncClient) -> None:
    world.provider.key, world.provider.header = EC, {"alg": "ES384", "kid": "ec"}
    back = await world.begin(browser)
    assert (await browser.get(back.headers["location"])).status_code == 303


async def test_without_a_key_id_the_only_key_of_the_kind_is_meant(world: World, browser: httpx.AsyncClient) -> None:
    world.provider.header = {"alg": "RS256"}
    back = await world.begin(browser)
    assert (await browser.get(back.headers["location"])).status_code == 303


async def test_without_a_key_id_one_of_several_keys_is_not_guessed(world: World, browser: httpx.AsyncClient) -> None:
    second = RSAKey.generate_key(2048, {"kid": "second"})
    world.provider.header, world.provider.published = {"alg": "RS256"}, [RSA, second]
    await refused(world, browser)


@pytest.mark.parametrize(
    "published",
    [
        pytest.param({**RSA.as_dict(private=False), "alg": "PS256"}, id="made for another algorithm"),
        pytest.param({**RSA.as_dict(private=False), "use": "enc"}, id="made for encryption"),
        pytest.param({**RSA.as_dict(private=False), "n": RSA.as_dict()["n"][:170]}, id="of 1024 bits"),
        pytest.param({**RSA.as_dict(private=False), "kty": "oct", "k": "AAAA"}, id="symmetric"),
        pytest.param({**RSA.as_dict(private=False), "n": 5}, id="without a modulus"),
        pytest.param({**ECKey.generate_key("P-256").as_dict(private=False), "kid": "rsa"}, id="of another kind"),
        pytest.param({"kid": "rsa"}, id="without a kind"),
    ],
)
async def test_a_key_that_is_not_for_this_is_not_used(
    world: World, browser: httpx.AsyncClient, published: Claims
) -> None:
    class Given:
        def as_dict(self, private: bool) -> Claims:
            return published

    world.provider.published = [Given()]  # type: ignore[list-item]
    await refused(world, browser)


async def test_a_key_of_1024_bits_is_not_used_though_it_signed_rightly(
    world: World, browser: httpx.AsyncClient
) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    numbers = weak.public_key().public_numbers()

    class Given:
        private_key = weak

        def as_dict(self, private: bool) -> Claims:
            n, e = (b64(value.to_bytes(size, "big")) for value, size in ((numbers.n, 128), (numbers.e, 3)))
            return {"kty": "RSA", "kid": "rsa", "n": n, "e": e}

    world.provider.published = [Given()]  # type: ignore[list-item]
    world.provider.token = lambda claims: raw_rs256({"alg": "RS256", "kid": "rsa"}, claims, Given)
    await refused(world, browser)


async def test_a_symmetric_key_that_a_provider_publishes_is_not_used(world: World, browser: httpx.AsyncClient) -> None:
    secret = OctKey.generate_key(256, {"kid": "oct"})
    world.provider.published = [secret]
    world.provider.key, world.provider.header = secret, {"alg": "HS256", "kid": "oct"}
    await refused(world, browser)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        pytest.param(JSONResponse({"id_token": 5}), 401, id="no token"),
        pytest.param(JSONResponse({}), 401, id="nothing"),
        pytest.param(JSONResponse([]), 503, id="a list"),
        pytest.param(Response("<html>"), 503, id="a page"),
        pytest.param(Response(b"\xff\xfe"), 503, id="no text"),
        pytest.param(Response(b"[" * 100_000), 503, id="very deep"),
        pytest.param(Response(b'{"a":"' + b"a" * 1024 * 1024 + b'"}'), 503, id="over a megabyte"),
        pytest.param(RedirectResponse("http://127.0.0.1:9/"), 503, id="a redirect"),
        pytest.param(JSONResponse({"error": "invalid_client"}, 401), 503, id="our secret is wrong"),
        pytest.param(JSONResponse({"error": "invalid_grant"}, 400), 401, id="the code is wrong"),
        pytest.param(JSONResponse({"error": "x"}, 500), 503, id="its own error"),
    ],
)
async def test_an_answer_that_is_none_signs_nobody_in(
    world: World, browser: httpx.AsyncClient, raw: Response, status: int
) -> None:
    world.provider.raw = raw
    back = await world.begin(browser)
    assert (await browser.get(back.headers["location"])).status_code == status
    assert await world.pool.fetchval("select count(*) from session") == 0


async def test_a_hash_of_an_access_token_that_did_not_come_signs_nobody_in(
    world: World, browser: httpx.AsyncClient
) -> None:
    world.provider.claims, world.provider.answer = {"at_hash": left_half("truy-cập")}, {"access_token": None}
    await refused(world, browser)
