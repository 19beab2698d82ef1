"""The OpenID Connect provider of this installation: what it says of itself, its keys, its answer to a code.

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from app.access.call import call, is_safe, no_answer
from app.access.sealed import began_elsewhere

FRESH = 3600.0
"""Seconds for which what a provider says of itself, and its keys, are taken as they were."""
BETWEEN = 30.0
"""Seconds between two looks for a key that is not known."""
PAUSE = 5.0
"""Seconds for which a provider that failed is not asked again: people would queue behind each other."""
_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Registration:
    """How this service is known to its provider; `secret` is "" for a public client."""

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)  # A repr may reach a log.
    scope: str = "openid"


@dataclass
class Provider:
    """Asks a provider and remembers the answers. `clock` counts seconds and never goes back."""

    known_as: Registration
    hosts: Collection[str]
    clock: Callable[[], float] = time.monotonic
    _said: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _said_at: float = float("-inf")
    _failed_at: float = float("-inf")
    _keys: tuple[Mapping[str, Any], ...] = ()
    _keys_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def said(self) -> Mapping[str, Any]:
        """Return the provider's metadata. Raises Unavailable for one that says it is another issuer."""
        async with self._lock:
            if self.clock() - self._said_at >= FRESH:
                await self._ask()
            return self._said

    async def _ask(self) -> None:
        if self.clock() - self._failed_at < PAUSE:
            raise no_answer()
        self._failed_at = self.clock()
        found = await call(self.known_as.issuer.rstrip("/") + _WELL_KNOWN, self.hosts)
        if found.get("issuer") != self.known_as.issuer:
            raise no_answer()
        self._said, self._said_at, self._failed_at = found, self.clock(), float("-inf")

    async def endpoint(self, name: str) -> str:
        """Return the address of an endpoint, "" for one that the provider does not have."""
        address = (await self.said()).get(f"{name}_endpoint", "")
        if address and not (isinstance(address, str) and is_safe(address)):
            raise no_answer()
        return address

    async def keys(self, kid: str | None) -> tuple[Mapping[str, Any], ...]:
        """Return the keys of that id, all of them without one; an unknown id is looked for at most every BETWEEN."""
        address = (await self.said()).get("jwks_uri")
        async with self._lock:
            age = self.clock() - self._keys_at
            if age >= FRESH or (age >= BETWEEN and not _named(self._keys, kid)):
                # The time counts also where the provider fails: it is not asked more often then.
                self._keys_at = self.clock()
                self._keys = _keys_of(await call(str(address), self.hosts))
            return _named(self._keys, kid)

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """Give the code back for tokens. Raises Unauthenticated where it is not taken.

        https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3, https://www.rfc-editor.org/rfc/rfc7636#section-4.5
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        more, headers = self._proof(await self.said())
        found = await call(await self.endpoint("token"), self.hosts, {**form, **more}, headers)
        if "error" in found:
            raise began_elsewhere()
        return found

    def _proof(self, said: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is added to form and headers to say who asks (RFC 6749 section 2.3.1)."""
        client_id, secret = self.known_as.client_id, self.known_as.secret
        if not secret:
            return {"client_id": client_id}, {}
        taken = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if isinstance(taken, list) and "client_secret_basic" not in taken:
            return {"client_id": client_id, "client_secret": secret}, {}
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _named(keys: tuple[Mapping[str, Any], ...], kid: str | None) -> tuple[Mapping[str, Any], ...]:
    return tuple(key for key in keys if kid is None or key.get("kid") == kid)


def _keys_of(found: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    keys = found.get("keys")
    if not isinstance(keys, list):
        raise no_answer()
    return tuple(key for key in keys if isinstance(key, dict) and key.get("use", "sig") == "sig")
