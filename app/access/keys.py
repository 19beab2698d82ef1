"""Public keys of programs and providers, read from a JSON Web Key Set; never a private or a shared one.

https://www.rfc-editor.org/rfc/rfc7517, https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from app.access.strict import read_object
from app.errors import BadParameter

Kinds = Mapping[str, tuple[str, ...]]
"""The algorithms for each kind of key: RSA, or the name of a curve."""
PROGRAMS: Kinds = {"RSA": ("RS384",), "P-384": ("ES384",)}
"""What programs sign with, as SMART has it."""
PROVIDERS: Kinds = {"RSA": ("RS256", "RS384", "PS256"), "P-256": ("ES256",), "P-384": ("ES384",)}
"""What providers of OpenID Connect sign with."""
_SECRET = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_KID = re.compile(r"[!-~]{1,200}", re.ASCII)
_BITS = range(2048, 8193)
_MOST = 50


class PublicKey(NamedTuple):
    """A public key: its id, what it may sign with, and the key itself."""

    kid: str
    algorithms: tuple[str, ...]
    key: ECKey | RSAKey


def read_keys(raw: bytes, kinds: Kinds, *, lenient: bool = False) -> dict[str, PublicKey]:
    """Return the keys of a set by their ids.

    With `lenient` keys of other kinds are left out: what others publish may hold them. Raises BadParameter for a set
    that is none, holds a private or shared key, or a key that cannot be used here.
    """
    found: dict[str, PublicKey] = {}
    for item in _listed(raw):
        if _SECRET & item.keys() or item.get("kty") == "oct":
            raise _private()
        key = _read(item, kinds)
        if key is not None and key.kid not in found:
            found[key.kid] = key
        elif not lenient:
            raise _unusable(kinds)
    if not found:
        raise _unusable(kinds)
    return found


def _listed(raw: bytes) -> list[dict[str, Any]]:
    try:
        listed = read_object(raw).get("keys")
    except ValueError:
        listed = None
    if not isinstance(listed, list) or len(listed) > _MOST or not all(isinstance(item, dict) for item in listed):
        raise BadParameter.of(
            f'Expected a JSON Web Key Set: {{"keys": [...]}} with at most {_MOST} keys.',
            f'Cần một JSON Web Key Set: {{"keys": [...]}}, tối đa {_MOST} khóa.',
            "jwks",
        )
    return listed


def _read(item: dict[str, Any], kinds: Kinds) -> PublicKey | None:
    """Read one public key, None for one that cannot be used."""
    kid, kind = item.get("kid"), item.get("crv") if item.get("kty") == "EC" else item.get("kty")
    algorithms = kinds.get(kind, ()) if isinstance(kind, str) else ()
    if "alg" in item:
        algorithms = tuple(name for name in algorithms if name == item["alg"])
    if not isinstance(kid, str) or not _KID.fullmatch(kid) or not algorithms or not _signs(item):
        return None
    try:
        key = _imported(item)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return PublicKey(kid, algorithms, key) if key is not None else None


def _signs(item: dict[str, Any]) -> bool:
    operations = item.get("key_ops", ["verify"])
    return item.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _imported(item: dict[str, Any]) -> ECKey | RSAKey | None:
    """Import the numbers of a key and nothing else of what stands beside them; None for an RSA key of another size."""
    if item["kty"] == "EC":
        key = ECKey.import_key({name: item[name] for name in ("kty", "crv", "x", "y")})
        # The point is looked at when the key is made, and it is made here, not at the first signature.
        return key if key.public_key else None
    modulus = int.from_bytes(urlsafe_b64decode(item["n"] + "=" * (-len(item["n"]) % 4)), "big")
    return (
        RSAKey.import_key({name: item[name] for name in ("kty", "n", "e")}) if modulus.bit_length() in _BITS else None
    )


def _private() -> BadParameter:
    return BadParameter.of(
        "The set holds a private or shared key. Such a key must not leave the program it belongs to: make a new pair, "
        "and give only the public part.",
        "Tệp chứa khóa bí mật hoặc khóa dùng chung. Khóa đó không được rời khỏi phần mềm sở hữu: hãy tạo cặp khóa mới "
        "và chỉ nộp phần công khai.",
        "jwks",
    )


def _unusable(kinds: Kinds) -> BadParameter:
    names = ", ".join(kinds).replace("RSA", f"RSA ({_BITS.start}-{_BITS.stop - 1} bits)")
    return BadParameter.of(
        f"Each key needs a kid of its own, be meant for signatures, and be one of: {names}.",
        f"Mỗi khóa cần có kid riêng, dùng để ký, và thuộc loại: {names}.",
        "jwks",
    )
