"""Access tokens of an outside provider: taken when signed for us, with the rights its claims name."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access.external import External, Provider
from app.access.outbound import Outbound
from app.api.sign_in.opening import place_of
from app.config import Settings
from app.places import load
from tests.api.sign_in.door import Clock, Worker, worker
from tests.api.sign_in.publisher import Publisher, publishing
from tests.api.sign_in.signing import Kit, ec, encoded, key_set, rsa
from tests.api.sign_in.test_forged_assertions import keyed, parts, raw, tampered, unsigned, weak

Issued = Callable[[Kit], str]

PLACE_OF = place_of(load(), Settings(), lambda: datetime.now(UTC))


class Issuer(Kit):
    """The provider: it makes access tokens, with some part changed."""

    issuer = ""

    def claims(self, **changed: Any) -> dict[str, Any]:
        plain = {
            "iss": self.issuer,
            "aud": "tramy",
            "sub": "user-7",
            "client_id": "portal",
            "exp": self.now + 300,
            "iat": self.now,
            "scope": "openid system/Patient.rs",
            "tramy_places": ["00004@2025-07"],
            "tramy_organization": "Organization/tyt-1",
        }
        return {name: value for name, value in {**plain, **changed}.items() if value is not ...}


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Publisher]:
    async with publishing() as made:
        document = {"issuer": made.base, "jwks_uri": f"{made.base}/jwks"}
        made.documents["/.well-known/openid-configuration"] = json.dumps(document)
        keys = json.loads(key_set(ec("p384"), ec("p256", "P-256"), rsa("rsa"), ec("p521", "P-521")))
        keys["keys"].append({**rsa("enc").as_dict(private=False), "use": "enc"})
        made.documents["/jwks"] = json.dumps(keys)
        yield made


@pytest.fixture(scope="module")
async def outside(new_database, provider: Publisher) -> AsyncIterator[Worker]:
    external = External(Provider(provider.base, "tramy"), Outbound((provider.host,)), PLACE_OF)
    async with worker(await new_database(), Clock(), external=external) as made:
        yield made


@pytest.fixture
def issuer(outside: Worker, provider: Publisher) -> Issuer:
    made = Issuer("vendor", outside.clock.now.timestamp(), ec("p384"))
    made.issuer = provider.base
    return made


SIGNED = {
    "ES384": (ec("p384"), "ES384"),
    "ES256": (ec("p256", "P-256"), "ES256"),
    "RS256": (rsa("rsa"), "RS256"),
    "RS384": (rsa("rsa"), "RS384"),
    "PS256": (rsa("rsa"), "PS256"),
}


@pytest.mark.parametrize("name", SIGNED)
async def test_a_token_of_the_provider_is_taken(outside: Worker, issuer: Issuer, name: str) -> None:
    key, algorithm = SIGNED[name]
    token = issuer.assertion({"alg": algorithm, "kid": key.kid}, key=key, algorithm=algorithm)
    answer = await outside.ask(token)
    assert answer.status_code == 200
    assert answer.json() == {
        "client": f"{issuer.issuer}|portal",
        "user": "user-7",
        "scopes": "system/Patient.rs",
        "places": ["00004@2025-07"],
        "units": ["00004@2025-07"],
        "organization": "Organization/tyt-1",
        "holders": ["00004@2025-07", "Organization/tyt-1"],
    }


def header(**changed: Any) -> Issued:
    return lambda kit: kit.assertion(header=changed)


def claims(**changed: Any) -> Issued:
    return lambda kit: kit.assertion(claims=changed)


def at(**seconds: float) -> Issued:
    return lambda kit: kit.assertion(claims={name: kit.now + ahead for name, ahead in seconds.items()})


FORGED: dict[str, Issued] = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg HS256 keyed with the public key": keyed(lambda kit: kit.key.as_pem(private=False), "HS256"),
    "alg HS384 keyed with the public key": keyed(lambda kit: json.dumps(kit.key.as_dict(private=False)).encode()),
    "alg of the key's other kind": header(alg="RS256"),
    "alg ES256 on P-384": header(alg="ES256"),
    "alg RS512": lambda kit: kit.assertion({"alg": "RS512", "kid": "rsa"}, key=rsa("rsa"), algorithm="RS512"),
    "kid missing": header(kid=...),
    "kid unknown": header(kid="p384-2"),
    "kid a path": header(kid="../../jwks"),
    "kid of a key for encryption": lambda kit: kit.assertion(
        {"alg": "RS256", "kid": "enc"}, key=rsa("enc"), algorithm="RS256"
    ),
    "kid of a curve that is not taken": header(kid="p521", alg="ES512"),
    "jku to a stranger": header(jku="http://evil.test/keys"),
    "jwk in the header": lambda kit: kit.assertion({"jwk": ec("x").as_dict(private=False)}, key=ec("x")),
    "x5c in the header": header(x5c=["MIIB"]),
    "x5u in the header": header(x5u="http://evil.test/"),
    "crit in the header": header(crit=["b64"], b64=True),
    "typ of an ID token of another kind": header(typ="logout+jwt"),
    "typ a number": header(typ=1),
    "signed by another issuer": lambda kit: kit.assertion(key=ec("another-issuer")),
    "signed by RSA of 1024 bits": lambda kit: kit.assertion({"alg": "RS256"}, key=weak(), algorithm="RS256"),
    "signature empty": parts(lambda p: [p[0], p[1], ""]),
    "signature cut": parts(lambda p: [p[0], p[1], p[2][:-4]]),
    "claims tampered with": tampered(1, tramy_places=["VN"]),
    "header tampered with": tampered(0, kid="rsa"),
    "iss of another": claims(iss="https://evil.test"),
    "iss with a slash": lambda kit: kit.assertion(claims={"iss": kit.claims()["iss"] + "/"}),
    "iss missing": claims(iss=...),
    "iss a list": lambda kit: kit.assertion(claims={"iss": [kit.claims()["iss"]]}),
    "aud missing": claims(aud=...),
    "aud of another": claims(aud="account"),
    "aud longer": claims(aud="tramy-admin"),
    "aud a list without us": claims(aud=["account", "tramy2"]),
    "aud an object": claims(aud={"tramy": True}),
    "exp passed": at(exp=-1),
    "exp missing": claims(exp=...),
    "exp a text": lambda kit: kit.assertion(claims={"exp": str(kit.now + 300)}),
    "exp huge": claims(exp=10**40),
    "exp true": claims(exp=True),
    "nbf in the future": at(nbf=120),
    "iat in the future": at(iat=120),
    "an ID token by its hash": claims(at_hash="x"),
    "an ID token by its type": claims(typ="ID"),
    "a refresh token": claims(typ="Refresh"),
    "nobody": claims(sub=..., client_id=...),
    "claims a list": raw(claims=b"[]"),
    "iss twice": lambda kit: raw(
        claims=json.dumps(kit.claims()).replace("{", '{"iss": "https://evil.test", ', 1).encode()
    )(kit),
    "four parts": parts(lambda p: [*p, ""]),
    "encrypted": parts(lambda p: [*p, p[0], p[1]]),
    "20 kB": claims(x="a" * 20_000),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token_of_the_provider_is_refused(outside: Worker, issuer: Issuer, name: str) -> None:
    answer = await outside.ask(FORGED[name](issuer))
    assert answer.status_code == 401
    assert "client" not in answer.json()


SEES = {
    "no place": ({"tramy_places": ...}, [], [], "Organization/tyt-1"),
    "no organisation": ({"tramy_organization": ...}, ["00004@2025-07"], ["00004@2025-07"], ""),
    "neither": ({"tramy_places": ..., "tramy_organization": ...}, [], [], ""),
    "places null": ({"tramy_places": None}, [], [], "Organization/tyt-1"),
    "places a number": ({"tramy_places": 4}, [], [], "Organization/tyt-1"),
    "places with a number": (
        {"tramy_places": ["00004@2025-07", 4]},
        ["00004@2025-07"],
        ["00004@2025-07"],
        "Organization/tyt-1",
    ),
    "places an object": ({"tramy_places": {"VN": True}}, [], [], "Organization/tyt-1"),
    "places empty": ({"tramy_places": []}, [], [], "Organization/tyt-1"),
    "a place that is unknown": (
        {"tramy_places": ["00004@2025-07", "99999@2025-07"]},
        ["00004@2025-07"],
        ["00004@2025-07"],
        "Organization/tyt-1",
    ),
    "unknown places alone": ({"tramy_places": ["99999", "00004@1900"]}, [], [], "Organization/tyt-1"),
    "a place by its code": ({"tramy_places": ["00004"]}, ["00004@2025-07"], ["00004@2025-07"], "Organization/tyt-1"),
    "two places in a text": ({"tramy_places": "00004 00008"}, [], [], "Organization/tyt-1"),
    "a place with a wildcard": ({"tramy_places": ["%"]}, [], [], "Organization/tyt-1"),
    "places in a text": ({"tramy_places": "00004@2025-07"}, ["00004@2025-07"], ["00004@2025-07"], "Organization/tyt-1"),
    "an organisation that is none": ({"tramy_organization": "tyt 1"}, ["00004@2025-07"], ["00004@2025-07"], ""),
    "a list of organisations": (
        {"tramy_organization": ["Organization/a", "Organization/b"]},
        ["00004@2025-07"],
        ["00004@2025-07"],
        "",
    ),
}


@pytest.mark.parametrize("name", SEES)
async def test_a_claim_that_is_missing_or_not_understood_shows_nothing(
    outside: Worker, issuer: Issuer, name: str
) -> None:
    changed, places, units, organization = SEES[name]
    who = (await outside.ask(issuer.assertion(claims=changed))).json()
    assert (who["places"], who["units"], who["organization"]) == (places, units, organization)
    assert who["holders"] == [*units, *([organization] if organization else [])]


SCOPES = {
    "a text": ("system/Patient.rs openid", "system/Patient.rs"),
    "a list": (["system/Patient.rs", "profile"], "system/Patient.rs"),
    "missing": (..., ""),
    "null": (None, ""),
    "an object": ({"system/*.cruds": 1}, ""),
    "with a number": (["system/*.cruds", 1], ""),
    "only of others": ("openid email", ""),
    "three hundred": ("system/Patient.rs " * 300, " ".join(["system/Patient.rs"] * 100)),
}


@pytest.mark.parametrize("name", SCOPES)
async def test_only_scopes_that_are_understood_count(outside: Worker, issuer: Issuer, name: str) -> None:
    given, expected = SCOPES[name]
    who = (await outside.ask(issuer.assertion(claims={"scope": given}))).json()
    assert who["scopes"] == expected


async def test_several_audiences_may_be_named(outside: Worker, issuer: Issuer) -> None:
    assert (await outside.ask(issuer.assertion(claims={"aud": ["account", "tramy"]}))).status_code == 200


async def test_a_program_alone_has_no_user(outside: Worker, issuer: Issuer) -> None:
    who = (await outside.ask(issuer.assertion(claims={"sub": "portal"}))).json()
    assert who["user"] == ""


async def test_a_program_of_the_provider_is_not_the_one_registered_here(outside: Worker, issuer: Issuer) -> None:
    await outside.register("portal")
    who = (await outside.ask(issuer.assertion())).json()
    assert who["client"] != "portal"


async def test_a_token_ends_with_its_time_also_in_memory(outside: Worker, issuer: Issuer) -> None:
    token = issuer.assertion(claims={"exp": issuer.now + 30})
    assert (await outside.ask(token)).status_code == 200
    outside.clock.now += timedelta(seconds=31)
    assert (await outside.ask(token)).status_code == 401
    outside.clock.now -= timedelta(seconds=31)


async def test_claims_may_lie_within_others(new_database, provider: Publisher) -> None:
    chosen = Provider(provider.base, "tramy", "access.scopes", "access.places", "https://tramy.vn/org")
    external = External(chosen, Outbound((provider.host,)), PLACE_OF)
    async with worker(await new_database(), Clock(), external=external) as door:
        made = Issuer("vendor", door.clock.now.timestamp(), ec("p384"))
        made.issuer = provider.base
        within = {"access": {"scopes": "system/Patient.r", "places": ["VN"]}, "https://tramy.vn/org": "Organization/b"}
        who = (await door.ask(made.assertion(claims=within))).json()
    assert (who["scopes"], who["places"], who["organization"]) == ("system/Patient.r", ["VN"], "Organization/b")


DISCOVERY: dict[str, str] = {
    "another issuer": '{"issuer": "https://evil.test", "jwks_uri": "%s/jwks"}',
    "keys on a host that is not listed": '{"issuer": "%s", "jwks_uri": "http://localhost:1/jwks"}',
    "keys in a file": '{"issuer": "%s", "jwks_uri": "file:///etc/passwd"}',
    "no address of keys": '{"issuer": "%s"}',
    "no JSON": "<html>%s",
}


@pytest.mark.parametrize("name", DISCOVERY)
async def test_no_token_is_taken_when_the_provider_cannot_be_believed(new_database, name: str) -> None:
    async with publishing() as published:
        published.documents["/.well-known/openid-configuration"] = DISCOVERY[name] % published.base
        published.documents["/jwks"] = key_set(ec("p384"))
        external = External(Provider(published.base, "tramy"), Outbound((published.host,)), PLACE_OF)
        async with worker(await new_database(), Clock(), external=external) as door:
            made = Issuer("vendor", door.clock.now.timestamp(), ec("p384"))
            made.issuer = published.base
            for _ in range(3):
                assert (await door.ask(made.assertion())).status_code == 503
    assert published.asked.count("/.well-known/openid-configuration") == 1


async def test_without_a_provider_no_signed_token_is_taken(new_database) -> None:
    async with worker(await new_database(), Clock()) as door:
        made = Issuer("vendor", door.clock.now.timestamp(), ec("p384"))
        assert (await door.ask(made.assertion())).status_code == 401
        assert (await door.ask(f"{encoded({})}.{encoded({})}.{encoded(b'x')}")).status_code == 401
