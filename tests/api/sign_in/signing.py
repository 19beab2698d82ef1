"""Keys of invented programs, and assertions and tokens made by hand, so that any part of them can be wrong."""

import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

Key = ECKey | RSAKey
AUDIENCE = "http://tramy.test/auth/token"


@cache
def ec(name: str, curve: str = "P-384") -> ECKey:
    return ECKey.generate_key(curve, {"kid": name}, private=True)


@cache
def rsa(name: str, bits: int = 2048) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": name}, private=True)


def key_set(*keys: Key) -> str:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


def encoded(raw: bytes | Mapping[str, Any]) -> str:
    data = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sealed(header: bytes | Mapping[str, Any], claims: bytes | Mapping[str, Any], key: Any, algorithm: str) -> str:
    """Sign with an algorithm, whatever the header says."""
    signed = f"{encoded(header)}.{encoded(claims)}"
    signature = JWSRegistry(algorithms=[algorithm]).get_alg(algorithm).sign(signed.encode(), key)
    return f"{signed}.{encoded(signature)}"


class Kit:
    """What a program has: its id, its keys, and the time; it makes assertions with some part changed."""

    def __init__(self, client: str, now: float, key: Key | None = None) -> None:
        self.client, self.now = client, int(now)
        self.key = key or ec(f"{client}-ec")
        self.algorithm = "RS384" if isinstance(self.key, RSAKey) else "ES384"

    def header(self, **changed: Any) -> dict[str, Any]:
        return _without_gaps({"alg": self.algorithm, "typ": "JWT", "kid": self.key.kid, **changed})

    def claims(self, **changed: Any) -> dict[str, Any]:
        plain = {
            "iss": self.client,
            "sub": self.client,
            "aud": AUDIENCE,
            "exp": self.now + 240,
            "jti": str(uuid.uuid4()),
        }
        return _without_gaps({**plain, **changed})

    def assertion(
        self,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        key: Any = None,
        algorithm: str = "",
    ) -> str:
        """Make an assertion; a member that is changed to `...` is left out."""
        return sealed(
            self.header(**(header or {})), self.claims(**(claims or {})), key or self.key, algorithm or self.algorithm
        )


def _without_gaps(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}
