"""What a provider signed: ID tokens and logout tokens, believed only after every check of their specifications.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from app.access.provider import Provider
from app.errors import Unauthenticated

SKEW = 60
"""Seconds by which two clocks may differ."""
OLDEST = 600
"""Seconds after which a token is no answer to the question that was asked."""
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",)}
_HEADERS = {"alg", "kid", "typ", "x5t", "x5t#S256"}
"""What a header may name: nothing that brings a key along, or changes how the rest is read."""
_SHORTEST_N = 342
"""The base64url length of an RSA modulus of 2048 bits."""
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


async def identity(provider: Provider, answer: Mapping[str, Any], nonce: str, now: datetime) -> Mapping[str, Any]:
    """Return the claims of the ID token in an answer of the token endpoint.

    Raises Unauthenticated, the same for whatever is wrong: who forges learns nothing from it.
    """
    token = answer.get("id_token")
    algorithm, claims = await _signed(provider, token, now)
    stated, access = claims.get("nonce"), answer.get("access_token")
    if not isinstance(stated, str) or not hmac.compare_digest(stated.encode(), nonce.encode()):
        raise _refused()
    if "at_hash" in claims and claims["at_hash"] != _half_hash(algorithm, access):
        raise _refused()
    return claims


async def logout(provider: Provider, token: str, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a logout token: whose sessions have ended at the provider.

    https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
    """
    _, claims = await _signed(provider, token, now, subject=False)
    events = claims.get("events")
    named = isinstance(claims.get("sub"), str) or isinstance(claims.get("sid"), str)
    if not isinstance(events, Mapping) or _LOGOUT not in events or "nonce" in claims or not named:
        raise _refused()
    return claims


async def _signed(
    provider: Provider, token: object, now: datetime, *, subject: bool = True
) -> tuple[str, Mapping[str, Any]]:
    """Return algorithm and claims of a token that this provider signed for us, just now."""
    if not isinstance(token, str):
        raise _refused()
    try:
        algorithm, claims = await _opened(provider, token)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise _refused() from None
    if not isinstance(claims, dict) or not _is_ours(provider, claims, now.timestamp()):
        raise _refused()
    if subject and not (isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255):
        raise _refused()
    return algorithm, claims


async def _opened(provider: Provider, token: str) -> tuple[str, Any]:
    """Return algorithm and content of a token, whose signature is by a key of the provider."""
    headers = jws.extract_compact(token.encode("ascii")).headers()
    algorithm, kid = headers["alg"], headers.get("kid")
    if not headers.keys() <= _HEADERS or not isinstance(algorithm, str) or not (kid is None or isinstance(kid, str)):
        raise _refused()
    # Without an id the key must be the only one for this algorithm.
    found = [key for key in await provider.keys(kid) if algorithm in algorithms(key)]
    if len(found) != 1:
        raise _refused()
    key = (RSAKey if found[0]["kty"] == "RSA" else ECKey).import_key(_public(found[0]))
    return algorithm, json.loads(jws.deserialize_compact(token, key, algorithms=[algorithm]).payload)


def algorithms(key: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the algorithms for which a key may be used: those of its kind, and of these the one it names."""
    kind = key.get("kty")
    fitting: tuple[str, ...] = ()
    if kind == "RSA" and len(str(key.get("n", ""))) >= _SHORTEST_N:
        fitting = _RSA
    elif kind == "EC":
        fitting = _CURVES.get(str(key.get("crv")), ())
    return tuple(name for name in fitting if key.get("alg", name) == name)


def _public(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}


def _is_ours(provider: Provider, claims: Mapping[str, Any], now: float) -> bool:
    """Say whether a token is by this issuer, for this service alone, and of now."""
    ours, audience = provider.known_as, claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if claims.get("iss") != ours.issuer or not isinstance(audiences, list) or ours.client_id not in audiences:
        return False
    # azp names the one it was made for; with several audiences it must be there.
    if claims.get("azp", ours.client_id if len(audiences) == 1 else None) != ours.client_id:
        return False
    issued, ends, begins = _time(claims.get("iat")), _time(claims.get("exp")), _time(claims.get("nbf", 0))
    return now - OLDEST <= issued <= now + SKEW and now < ends + SKEW and begins <= now + SKEW


def _time(stated: object) -> float:
    """Return a time of a claim; what is no time is none that fits."""
    return stated if isinstance(stated, int | float) and not isinstance(stated, bool) else float("nan")


def _half_hash(algorithm: str, access: object) -> str | None:
    """Return what at_hash must be: the left half of the access token's hash, None without an access token."""
    if not isinstance(access, str):
        return None
    digest = hashlib.new(f"sha{algorithm[2:]}", access.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def _refused() -> Unauthenticated:
    return Unauthenticated.of(
        "What the provider signed cannot be accepted; sign in again, and tell your administrator if it stays so.",
        "Không chấp nhận được xác nhận của hệ thống đăng nhập; hãy đăng nhập lại, nếu vẫn lỗi hãy báo người quản trị.",
    )
