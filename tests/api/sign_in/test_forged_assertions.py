"""Assertions that are forged, malformed or used before: none gets a token."""

import asyncio
import hmac
import json
import random
import string
from collections.abc import Callable

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc.jwk import RSAKey

from tests.api.sign_in.door import Clock, Worker, worker
from tests.api.sign_in.publisher import Publisher
from tests.api.sign_in.signing import AUDIENCE, Kit, decoded, ec, encoded, rsa, sealed

Forgery = Callable[[Kit], str]


def with_header(**changed: object) -> Forgery:
    return lambda kit: kit.assertion(header=changed)


def with_claims(**changed: object) -> Forgery:
    return lambda kit: kit.assertion(claims=changed)


def at(**seconds: float) -> Forgery:
    """Say times that lie so many seconds ahead of now."""
    return lambda kit: kit.assertion(claims={name: kit.now + ahead for name, ahead in seconds.items()})


def unsigned(algorithm: str) -> Forgery:
    return lambda kit: f"{encoded(kit.header(alg=algorithm))}.{encoded(kit.claims())}."


def keyed(secret: Callable[[Kit], bytes], algorithm: str = "HS384") -> Forgery:
    """Sign with the public key as if it were a shared secret."""

    def made(kit: Kit) -> str:
        signed = f"{encoded(kit.header(alg=algorithm))}.{encoded(kit.claims())}"
        return f"{signed}.{encoded(hmac.digest(secret(kit), signed.encode(), algorithm.replace('HS', 'sha')))}"

    return made


def parts(change: Callable[[list[str]], list[str] | str]) -> Forgery:
    def changed(kit: Kit) -> str:
        found = change(kit.assertion().split("."))
        return found if isinstance(found, str) else ".".join(found)

    return changed


def raw(header: bytes | None = None, claims: bytes | None = None) -> Forgery:
    """Sign bytes that are no proper JSON."""

    def made(kit: Kit) -> str:
        return sealed(header or kit.header(), claims or kit.claims(), kit.key, kit.algorithm)

    return made


def twice(kit: Kit, name: str, first: object) -> bytes:
    """Return claims that name a member twice, the proper one last."""
    return json.dumps(kit.claims()).replace("{", f"{{{json.dumps(name)}: {json.dumps(first)}, ", 1).encode()


def number(kit: Kit, exp: bytes) -> bytes:
    """Return proper claims with exp written as these digits."""
    return json.dumps(kit.claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": ' + exp)


def tampered(index: int, **changed: object) -> Forgery:
    """Change a part after it was signed."""

    def change(found: list[str]) -> list[str]:
        found[index] = encoded({**json.loads(decoded(found[index])), **changed})
        return found

    return parts(change)


def other_signer(kit: Kit) -> str:
    return kit.assertion(key=ec("stranger"))


def flipped(found: list[str]) -> list[str]:
    """Change the last letter of the signature so that it decodes to the same bytes: the signature has 96 of them."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = found[2][-1]
    return [*found[:2], found[2][:-1] + letters[letters.index(last) ^ 1]]


def der(kit: Kit) -> str:
    """Write the signature as ASN.1, which JWS does not."""
    head, _, signature = kit.assertion().rpartition(".")
    pair = decoded(signature)
    r, s = int.from_bytes(pair[:48], "big"), int.from_bytes(pair[48:], "big")
    return f"{head}.{encoded(encode_dss_signature(r, s))}"


FORGED: dict[str, Forgery] = {
    # Algorithms.
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg nOnE": unsigned("nOnE"),
    "alg none with the signature left": parts(lambda p: [encoded({"alg": "none", "typ": "JWT"}), *p[1:]]),
    "alg HS384 keyed with the public key as JSON": keyed(
        lambda kit: json.dumps(kit.key.as_dict(private=False)).encode()
    ),
    "alg HS384 keyed with the public key as PEM": keyed(lambda kit: kit.key.as_pem(private=False)),
    "alg HS256 keyed with the public key as DER": keyed(lambda kit: kit.key.as_der(private=False), "HS256"),
    "alg RS384 on an EC key": with_header(alg="RS384"),
    "alg ES384 on an RSA key": lambda kit: kit.assertion({"kid": "vendor-rsa"}),
    "alg RS256 on the RSA key": lambda kit: kit.assertion(
        {"alg": "RS256", "kid": "vendor-rsa"}, key=rsa("vendor-rsa"), algorithm="RS256"
    ),
    "alg PS384 on the RSA key": lambda kit: kit.assertion(
        {"alg": "PS384", "kid": "vendor-rsa"}, key=rsa("vendor-rsa"), algorithm="PS384"
    ),
    "alg es384": with_header(alg="es384"),
    "alg missing": with_header(alg=...),
    "alg a list": with_header(alg=["ES384"]),
    "alg a number": with_header(alg=384),
    # The id of the key.
    "kid missing": with_header(kid=...),
    "kid empty": with_header(kid=""),
    "kid unknown": with_header(kid="vendor-ec-2"),
    "kid a path": with_header(kid="../../etc/passwd"),
    "kid SQL": with_header(kid="' or 1=1 --"),
    "kid NUL": with_header(kid="vendor-ec\0"),
    "kid a list": with_header(kid=["vendor-ec"]),
    "kid an object": with_header(kid={"$ne": ""}),
    "kid of the client's other key": with_header(kid="vendor-rsa"),
    "kid a lone surrogate": raw(header=b'{"alg":"ES384","typ":"JWT","kid":"\\ud800"}'),
    # Keys brought along.
    "jku to a stranger": with_header(jku="http://evil.test/keys"),
    "jku null": with_header(jku=None),
    "jwk in the header": lambda kit: kit.assertion(
        {"jwk": ec("stranger").as_dict(private=False), "kid": "stranger"}, key=ec("stranger")
    ),
    "jwk beside the right signature": with_header(jwk={"kty": "EC"}),
    "x5u in the header": with_header(x5u="http://evil.test/chain.pem"),
    "x5c in the header": with_header(x5c=["MIIB"]),
    "crit in the header": with_header(crit=["exp"], exp=1),
    "crit empty": with_header(crit=[]),
    "b64 false": with_header(b64=False),
    "zip in the header": with_header(zip="DEF"),
    # The type.
    "typ missing": with_header(typ=...),
    "typ of an access token": with_header(typ="at+jwt"),
    # Who it is of, and for whom.
    "iss of another client": with_claims(iss="neighbour"),
    "iss and sub of another client": with_claims(iss="neighbour", sub="neighbour"),
    "iss missing": with_claims(iss=...),
    "iss a list": with_claims(iss=["vendor"]),
    "iss unknown": with_claims(iss="nobody", sub="nobody"),
    "iss SQL": with_claims(iss="' or 1=1 --", sub="' or 1=1 --"),
    "iss NUL": with_claims(iss="vendor\0", sub="vendor\0"),
    "iss a lone surrogate": with_claims(iss="\ud800", sub="\ud800"),
    "iss in other letters": with_claims(iss="Vendor", sub="Vendor"),
    "sub another": with_claims(sub="neighbour"),
    "sub missing": with_claims(sub=...),
    "aud missing": with_claims(aud=...),
    "aud of another server": with_claims(aud="https://evil.test/auth/token"),
    "aud a list": with_claims(aud=[AUDIENCE]),
    "aud a list with another": with_claims(aud=[AUDIENCE, "https://evil.test/auth/token"]),
    "aud a beginning": with_claims(aud=AUDIENCE[:-1]),
    "aud longer": with_claims(aud=AUDIENCE + ".evil.test"),
    "aud with a slash": with_claims(aud=AUDIENCE + "/"),
    "aud the origin": with_claims(aud="http://tramy.test"),
    "aud the FHIR base": with_claims(aud="http://tramy.test/fhir"),
    "aud in capitals": with_claims(aud=AUDIENCE.upper()),
    # Times.
    "exp passed": at(exp=-1),
    "exp now": at(exp=0),
    "exp an hour ahead": at(exp=3600),
    "exp 302 seconds ahead": at(exp=302),
    "exp missing": with_claims(exp=...),
    "exp null": with_claims(exp=None),
    "exp a text": lambda kit: kit.assertion(claims={"exp": str(kit.now + 240)}),
    "exp a fraction": at(exp=240.5),
    "exp true": with_claims(exp=True),
    "exp huge": with_claims(exp=10**30),
    "exp infinite": lambda kit: raw(claims=number(kit, b"1e999"))(kit),
    "exp of 5,000 digits": lambda kit: raw(claims=number(kit, b"9" * 5000))(kit),
    "exp NaN": with_claims(exp=float("nan")),
    "exp negative": with_claims(exp=-(2**40)),
    "nbf in the future": at(nbf=120),
    "nbf a text": with_claims(nbf="0"),
    "iat in the future": at(iat=120),
    "iat of yesterday": at(iat=-86400),
    "iat null": with_claims(iat=None),
    # The id that is used once.
    "jti missing": with_claims(jti=...),
    "jti empty": with_claims(jti=""),
    "jti a number": with_claims(jti=1),
    "jti of 201 letters": with_claims(jti="a" * 201),
    "jti NUL": with_claims(jti="a\0"),
    "jti a lone surrogate": with_claims(jti="\ud800"),
    # Signatures.
    "signed by a stranger": other_signer,
    "signed with P-256": lambda kit: kit.assertion({"alg": "ES256"}, key=ec("small", "P-256"), algorithm="ES256"),
    "signed with RSA of 1024 bits": lambda kit: kit.assertion({"alg": "RS384"}, key=weak(), algorithm="RS384"),
    "signature empty": parts(lambda p: [p[0], p[1], ""]),
    "signature cut": parts(lambda p: [p[0], p[1], p[2][:-8]]),
    "signature of zeros": parts(lambda p: [p[0], p[1], encoded(bytes(96))]),
    "signature in ASN.1": der,
    "signature longer": parts(lambda p: [p[0], p[1], encoded(decoded(p[2]) + b"\0")]),
    "signature of another assertion": lambda kit: (
        kit.assertion().rpartition(".")[0] + "." + kit.assertion().rpartition(".")[2]
    ),
    "claims tampered with": tampered(1, exp=2_000_000_000),
    "header tampered with": tampered(0, x="y"),
    # Form.
    "empty": lambda _: ".",
    "one part": parts(lambda p: p[0]),
    "two parts": parts(lambda p: p[:2]),
    "four parts": parts(lambda p: [*p, ""]),
    "five parts, as if encrypted": parts(lambda p: [*p, p[0], p[1]]),
    "padding": parts(lambda p: [p[0], p[1], p[2] + "="]),
    "standard base64": parts(lambda p: ["+/+/", p[1], p[2]]),
    "letters that are no base64": parts(lambda p: [p[0], p[1] + "!", p[2]]),
    "a blank in front": parts(lambda p: " " + ".".join(p)),
    "a line break at the end": parts(lambda p: ".".join(p) + "\n"),
    "digits that are not ASCII": parts(lambda p: ".".join(p) + "٣"),
    "100 kB": with_claims(x="a" * 100_000),
    "10 kB": with_claims(x="a" * 10_000),
    "the JSON form": lambda kit: json.dumps(
        dict(zip(("protected", "payload", "signature"), kit.assertion().split("."), strict=True))
    ),
    "nested": lambda kit: raw(claims=kit.assertion().encode())(kit),
    "claims a list": raw(claims=b"[]"),
    "claims a text": raw(claims=b'"vendor"'),
    "claims no JSON": raw(claims=b"{"),
    "claims not UTF-8": raw(claims=b'{"iss":"\xff"}'),
    "claims 3,000 deep": raw(claims=b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "header a list": raw(header=b"[]"),
    "header with alg twice": raw(header=b'{"alg":"none","alg":"ES384","typ":"JWT","kid":"vendor-ec"}'),
    "iss twice": lambda kit: raw(claims=twice(kit, "iss", "neighbour"))(kit),
    "exp twice": lambda kit: raw(claims=twice(kit, "exp", 1))(kit),
}


def weak():
    # The library warns of so short a key; here it stands for what a stranger sends.
    return RSAKey(generate_private_key(65537, 1024), None)


def refused(answer: httpx.Response) -> bool:
    return (
        answer.status_code in (400, 401, 413)
        and answer.json()["error"] in ("invalid_client", "invalid_request")
        and "access_token" not in answer.json()
    )


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_assertion_is_refused(door: Worker, kit: Kit, name: str) -> None:
    if await _absent(door, "neighbour"):
        await door.register("neighbour")
    answer = await door.sign_in(FORGED[name](kit))
    assert refused(answer), answer.text
    assert (await door.sign_in(kit.assertion())).status_code == 200


async def _absent(door: Worker, client: str) -> bool:
    return not await door.pool.fetchval("select true from client where id = $1", client)


def test_there_are_at_least_sixty_forgeries() -> None:
    assert len(FORGED) >= 60


async def test_a_second_text_of_the_same_signature_is_refused(door: Worker, kit: Kit) -> None:
    rsa_kit = Kit("vendor", kit.now, rsa("vendor-rsa"))
    # 256 bytes leave four bits of the last letter unused.
    answer = await door.sign_in(parts(flipped)(rsa_kit))
    assert refused(answer)


@pytest.mark.parametrize("key", [ec("vendor-ec"), rsa("vendor-rsa")], ids=["ES384", "RS384"])
async def test_no_single_letter_may_be_changed(door: Worker, kit: Kit, key) -> None:
    chance, letters = random.Random(20261122), string.ascii_letters + string.digits + "-_.=+/"
    assertion = Kit("vendor", kit.now, key).assertion()
    for _ in range(150):
        at = chance.randrange(len(assertion))
        other = chance.choice([letter for letter in letters if letter != assertion[at]])
        assert refused(await door.sign_in(assertion[:at] + other + assertion[at + 1 :]))
    assert (await door.sign_in(assertion)).status_code == 200


async def test_a_stranger_learns_no_more_than_a_client_with_the_wrong_key(door: Worker, kit: Kit) -> None:
    wrong = [FORGED[name](kit) for name in ("iss unknown", "kid unknown", "signed by a stranger")]
    answers = [(await door.sign_in(assertion)).json() for assertion in wrong]
    assert answers[0] == answers[1] == answers[2]


async def test_an_assertion_is_taken_once(two, kit: Kit) -> None:
    assertion = kit.assertion()
    assert (await two[0].sign_in(assertion)).status_code == 200
    assert refused(await two[0].sign_in(assertion))
    assert refused(await two[1].sign_in(assertion))


async def test_another_assertion_with_the_id_of_one_before_is_refused(door: Worker, kit: Kit) -> None:
    assert (await door.sign_in(kit.assertion(claims={"jti": "once"}))).status_code == 200
    assert refused(await door.sign_in(kit.assertion(claims={"jti": "once"})))


async def test_two_clients_may_use_the_same_id(door: Worker, kit: Kit) -> None:
    other = await door.register("same-id")
    for one in (kit, other):
        assert (await door.sign_in(one.assertion(claims={"jti": "shared"}))).status_code == 200


async def test_of_eight_at_once_at_two_workers_one_is_taken(two, kit: Kit) -> None:
    for _ in range(5):
        assertion = kit.assertion()
        answers = await asyncio.gather(*(two[number % 2].sign_in(assertion) for number in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


async def test_an_assertion_is_taken_once_also_after_a_restart(new_database) -> None:
    url, clock = await new_database(), Clock()
    async with worker(url, clock) as door:
        kit = await door.register("vendor")
        assertion = kit.assertion()
        assert (await door.sign_in(assertion)).status_code == 200
    async with worker(url, clock) as door:
        assert refused(await door.sign_in(assertion))


async def test_an_assertion_is_used_up_by_whatever_it_was_shown_for(door: Worker, kit: Kit) -> None:
    assertion = kit.assertion()
    answer = await door.sign_in(assertion, "system/Nothing.r?a=b tramy/admin")
    assert answer.status_code in (200, 400)
    assert refused(await door.sign_in(assertion))


async def test_a_jku_is_not_followed(door: Worker, kit: Kit, publisher: Publisher) -> None:
    publisher.documents["/evil"] = json.dumps({"keys": [ec("stranger").as_dict(private=False)]})
    forged = kit.assertion({"jku": f"{publisher.base}/evil", "kid": "stranger"}, key=ec("stranger"))
    assert refused(await door.sign_in(forged))
    assert "/evil" not in publisher.asked
