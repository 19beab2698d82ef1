"""Which keys are taken from a set: public ones of a kind that is used, and no others."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.access.key_pair import make_pair, write_private
from app.access.keys import PROGRAMS, PROVIDERS, read_keys
from app.errors import BadParameter, Conflict

EC = ECKey.generate_key("P-384", {"kid": "a"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "r"}, private=True)


def listed(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def public(key: Any, **changed: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **changed}


def test_keys_of_both_kinds_are_taken_with_their_algorithm() -> None:
    found = read_keys(listed(public(EC), public(RSA, use="sig", alg="RS384", key_ops=["verify"])), PROGRAMS)
    assert {kid: key.algorithms for kid, key in found.items()} == {"a": ("ES384",), "r": ("RS384",)}


REFUSED: dict[str, bytes] = {
    "a private EC key": listed(EC.as_dict(private=True)),
    "a private RSA key": listed(RSA.as_dict(private=True)),
    "a private key beside a public one": listed(public(RSA), EC.as_dict(private=True)),
    "a shared key": listed(OctKey.generate_key(256, {"kid": "o"}).as_dict()),
    "a shared key without its value": listed({"kty": "oct", "kid": "o"}),
    "P-256": listed(public(ECKey.generate_key("P-256", {"kid": "s"}))),
    "P-521": listed(public(ECKey.generate_key("P-521", {"kid": "l"}))),
    "Ed25519": listed(public(OKPKey.generate_key("Ed25519", {"kid": "e"}))),
    "RSA of 1024 bits": listed({**RSAKey(generate_private_key(65537, 1024), None).as_dict(private=False), "kid": "w"}),
    "no kid": listed({k: v for k, v in public(EC).items() if k != "kid"}),
    "an empty kid": listed(public(EC, kid="")),
    "a kid with a blank": listed(public(EC, kid="a b")),
    "a kid that is a number": listed(public(EC, kid=1)),
    "a kid twice": listed(public(EC), public(RSA, kid="a")),
    "for encryption": listed(public(EC, use="enc")),
    "for other operations": listed(public(EC, key_ops=["deriveKey"])),
    "of another algorithm": listed(public(EC, alg="ES256")),
    "of the algorithm none": listed(public(EC, alg="none")),
    "a point beside the curve": listed(public(EC, x=public(EC)["y"])),
    "a point of no number": listed(public(EC, x="!")),
    "no y": listed({k: v for k, v in public(EC).items() if k != "y"}),
    "an exponent of 1": listed(public(RSA, e="AQ")),
    "an even exponent": listed(public(RSA, e="Ag")),
    "no keys": listed(),
    "keys no list": b'{"keys": {}}',
    "keys of texts": b'{"keys": ["a"]}',
    "a list": b"[]",
    "no JSON": b"-----BEGIN PUBLIC KEY-----",
    "not UTF-8": b"\xff",
    "keys twice": b'{"keys": [], "keys": []}',
    "too many": listed(*[public(EC, kid=str(number)) for number in range(51)]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_set_with_anything_else_is_refused(name: str) -> None:
    with pytest.raises(BadParameter):
        read_keys(REFUSED[name], PROGRAMS)


def test_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(BadParameter) as caught:
        read_keys(listed(EC.as_dict(private=True)), PROGRAMS)
    assert EC.as_dict(private=True)["d"] not in str(caught.value)


def test_of_what_others_publish_the_keys_that_are_not_used_are_left_out() -> None:
    keys = listed(public(EC, use="enc", kid="x"), public(RSA), public(EC), {"kty": "new", "kid": "n"})
    assert read_keys(keys, PROVIDERS, lenient=True).keys() == {"r", "a"}


def test_also_others_may_not_publish_a_private_key() -> None:
    with pytest.raises(BadParameter):
        read_keys(listed(public(RSA), EC.as_dict(private=True)), PROVIDERS, lenient=True)


def test_a_pair_made_here_can_be_registered_and_its_private_part_is_the_owners(tmp_path: Path) -> None:
    pair = make_pair("tyt-1-1")
    assert read_keys(pair.public.encode(), PROGRAMS).keys() == {"tyt-1-1"}
    with pytest.raises(BadParameter):
        read_keys(listed(json.loads(pair.private)), PROGRAMS)
    file = tmp_path / "key.json"
    write_private(file, pair.private)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(Conflict):
        write_private(file, pair.private)
    assert json.loads(file.read_text())["kid"] == "tyt-1-1"
