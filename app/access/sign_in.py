"""How a person signs in: the authorization code flow with PKCE, state and nonce. https://www.rfc-editor.org/rfc/rfc9700

A sign-in can be finished once, in the browser that began it, within ten minutes.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from asyncpg import Pool
from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from app.access.claims import Paths, held
from app.access.id_token import identity, logout
from app.access.provider import Provider
from app.access.sealed import KEPT, Pending, began_elsewhere, seal, unseal
from app.access.session import Sessions
from app.errors import BadParameter, Unauthenticated
from app.store.pool import lend
from app.store.record import CODE, TIME

SPENT = Table(
    "spent_sign_in",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("expires_at", TIME, nullable=False),
)
"""The hash of what was used once and must not be used again, until it would not be taken anyway."""
_LONGEST_CODE = 2048
_TARGET = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1999}")


class Begun(NamedTuple):
    """A sign-in that was begun: where the browser goes, and the cookie it comes back with."""

    address: str
    cookie: str


class Finished(NamedTuple):
    """A sign-in that is done: the cookie of the session, and where the browser wanted to go."""

    cookie: str
    target: str


@dataclass(frozen=True)
class SignIn:
    """Signs people in with a provider; `place_of` returns the key of a place stated by code, "" for none."""

    provider: Provider
    sessions: Sessions
    pool: Pool
    paths: Paths
    place_of: Callable[[str], str]
    clock: Callable[[], datetime]
    key: bytes = field(repr=False)

    async def begin(self, redirect_uri: str, target: str) -> Begun:
        """Begin. Raises BadParameter for a target that is not a path of this service."""
        require_own(target)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        address = await self.provider.endpoint("authorization")
        asked = {
            "response_type": "code",
            "client_id": self.provider.known_as.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.provider.known_as.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        until = (self.clock() + KEPT).timestamp()
        joint = "&" if urlsplit(address).query else "?"
        return Begun(
            f"{address}{joint}{urlencode(asked)}", seal(self.key, Pending(state, nonce, verifier, target, until))
        )

    async def finish(self, redirect_uri: str, cookie: str, answer: Mapping[str, str], before: str) -> Finished:
        """Finish with what the provider sent the browser back with; `before` is the cookie of a session, if any.

        Raises Unauthenticated for whatever is not the one answer to what was begun.
        """
        now = self.clock()
        pending = unseal(self.key, cookie, now)
        if not hmac.compare_digest(pending.state.encode(), answer.get("state", "").encode()):
            raise began_elsewhere()
        await self._spend(f"state {pending.state}", now)
        await self._require_issuer(answer)
        code = answer.get("code", "")
        if "error" in answer or not 0 < len(code) <= _LONGEST_CODE:
            raise _declined()
        tokens = await self.provider.exchange(code, pending.verifier, redirect_uri)
        claims = await identity(self.provider, tokens, pending.nonce, now)
        return Finished(await self._opened(claims, before), pending.target)

    async def end_at_provider(self, token: str) -> None:
        """End the sessions that a logout token names; each token is taken once."""
        now = self.clock()
        claims = await logout(self.provider, token, now)
        await self._spend(f"logout {claims.get('jti')}", now)
        await self.sessions.end_of(_text(claims, "sub"), _text(claims, "sid"))

    async def end_session_address(self, home: str) -> str:
        """Return where a browser ends its session at the provider too, and comes back from; "" without such a place.

        https://openid.net/specs/openid-connect-rpinitiated-1_0.html
        """
        # No ID token is kept to show there, for it has the person's name in it: the provider asks the person instead.
        address = await self.provider.endpoint("end_session")
        asked = {"client_id": self.provider.known_as.client_id, "post_logout_redirect_uri": f"{home}/"}
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}" if address else ""

    async def _opened(self, claims: Mapping[str, Any], before: str) -> str:
        holding = held(claims, self.paths, self.place_of)
        return await self.sessions.open(claims["sub"], holding, _text(claims, "sid"), before)

    async def _require_issuer(self, answer: Mapping[str, str]) -> None:
        """Refuse an answer by another provider than the one asked. https://www.rfc-editor.org/rfc/rfc9207"""
        stated = answer.get("iss")
        promised = (await self.provider.said()).get("authorization_response_iss_parameter_supported") is True
        if (stated is None and promised) or stated not in (None, self.provider.known_as.issuer):
            raise began_elsewhere()

    async def _spend(self, what: str, now: datetime) -> None:
        """Use something up: of two that use it, also at once and in other workers, one is refused."""
        async with lend(self.pool) as connection:
            await connection.execute("delete from spent_sign_in where expires_at <= $1", now)
            first = await connection.fetchval(
                "insert into spent_sign_in (id, expires_at) values ($1, $2) on conflict do nothing returning true",
                hashlib.sha256(what.encode()).hexdigest(),
                now + 2 * KEPT,
            )
        if not first:
            raise began_elsewhere()


def require_own(target: str) -> None:
    """Raise BadParameter for a target that is not a path of this service: nobody is sent elsewhere from here."""
    if not _TARGET.fullmatch(target):
        raise BadParameter.of(
            "Expected a path of this service that begins with one slash.",
            "Cần một đường dẫn của hệ thống này, bắt đầu bằng một dấu gạch chéo.",
            "to",
        )


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    return found if isinstance(found, str) and len(found) <= 255 else ""


def _declined() -> Unauthenticated:
    return Unauthenticated.of(
        "The provider did not sign you in; begin again at /auth/login, or ask your administrator for access.",
        "Hệ thống đăng nhập chưa xác nhận bạn; hãy đăng nhập lại tại /auth/login hoặc liên hệ người quản trị.",
    )
