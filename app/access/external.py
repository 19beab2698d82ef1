"""Access tokens of the installation's own OpenID provider: verified here with the keys it publishes.

https://www.rfc-editor.org/rfc/rfc9068, https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.access.caller import Caller
from app.access.claims import PlaceOf, claim, organization_at, places_at
from app.access.compact import Compact, is_signed, read_compact
from app.access.keys import PROVIDERS
from app.access.outbound import Outbound
from app.access.proving import SKEW, is_time
from app.access.published import Published
from app.access.refusals import no_token
from app.access.scope import known, read_scopes
from app.access.strict import read_object
from app.config import Settings
from app.errors import Unavailable

_MOST = 16_384
_TYPES = ("jwt", "at+jwt", "application/at+jwt")
_REMEMBERED = timedelta(minutes=1)
"""For how long a token counts without a look at the keys: one that was withdrawn must not count for longer."""


@dataclass(frozen=True)
class Provider:
    """What is configured of a provider: its issuer, the audience that means us, and which claims say what.

    A claim is named by its path, `realm_access.roles` for one in another.
    """

    issuer: str
    audience: str
    scope_claim: str = "scope"
    places_claim: str = "tramy_places"
    organization_claim: str = "tramy_organization"


def provider_of(settings: Settings) -> Provider | None:
    """Return the provider that is configured, None without an issuer and an audience."""
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    return Provider(
        settings.oidc_issuer,
        settings.oidc_audience,
        settings.oidc_scope_claim,
        settings.oidc_places_claim,
        settings.oidc_organization_claim,
    )


class External:
    """Verifies the tokens of one provider, with the keys found through its discovery document."""

    def __init__(self, provider: Provider, outbound: Outbound, place_of: PlaceOf) -> None:
        self._provider, self._outbound, self._place_of = provider, outbound, place_of
        self._keys = Published(self._ask, PROVIDERS)

    async def caller(
        self, token: str, now: datetime, units_of: Callable[[tuple[str, ...]], tuple[str, ...]]
    ) -> tuple[Caller, datetime]:
        """Return who a token belongs to, and until when that may be kept in memory.

        A claim of places or organisation that is missing, or not understood, gives none. Raises Unauthenticated.
        """
        try:
            compact = read_compact(token, _MOST)
        except ValueError:
            raise no_token() from None
        await self._require_signed(compact)
        self._require_ours(compact, now.timestamp())
        until = datetime.fromtimestamp(compact.claims["exp"], UTC)
        return self._caller(compact.claims, units_of), min(until, now + _REMEMBERED)

    async def _require_signed(self, compact: Compact) -> None:
        header = compact.header
        typ = header.get("typ", "JWT")
        if not isinstance(typ, str) or typ.lower() not in _TYPES or "jku" in header:
            raise no_token()
        key = await self._keys.key(compact.text("kid")) if compact.text("kid") else None
        if key is None or not is_signed(compact, key):
            raise no_token()

    def _require_ours(self, compact: Compact, now: float) -> None:
        claims, provider = compact.claims, self._provider
        aud, exp = claims.get("aud"), claims.get("exp")
        meant = aud if isinstance(aud, list) else [aud]
        if claims.get("iss") != provider.issuer or provider.audience not in meant or not is_time(exp) or exp <= now:
            raise no_token()
        # An ID token says who signed in at a program, not what may be done here; some providers sign it with one key.
        if "at_hash" in claims or claims.get("typ", "Bearer") != "Bearer":
            raise no_token()
        for name in {"nbf", "iat"} & claims.keys():
            if not is_time(claims[name]) or claims[name] > now + SKEW:
                raise no_token()

    def _caller(self, claims: Mapping[str, Any], units_of: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Caller:
        provider = self._provider
        client, user = (_text(claims.get("client_id") or claims.get("azp"))), _text(claims.get("sub"))
        if not client and not user:
            raise no_token()
        places = places_at(claims, provider.places_claim, self._place_of)
        return Caller(
            # A program of the provider is not the one that is registered here under the same id.
            f"{provider.issuer}|{client}",
            organization_at(claims, provider.organization_claim),
            places,
            read_scopes(known(_words(claim(claims, provider.scope_claim))[:100])),
            user if user != client else "",
            units=units_of(places),
        )

    async def _ask(self) -> bytes:
        """Return the provider's keys. Raises Unavailable where it does not name itself as it is configured."""
        document = await self._outbound.fetch(f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = read_object(document)
        except ValueError:
            found = {}
        if found.get("issuer") != self._provider.issuer or not isinstance(found.get("jwks_uri"), str):
            raise Unavailable.of(
                "The discovery document is not that of TRAMY_OIDC_ISSUER.",
                "Tài liệu cấu hình không thuộc TRAMY_OIDC_ISSUER.",
            )
        return await self._outbound.fetch(found["jwks_uri"])


def _words(value: Any) -> list[str]:
    """Return the words of a claim: a text with spaces between them, or a list of texts; otherwise none."""
    if isinstance(value, str):
        return value.split()
    listed = value if isinstance(value, list) else []
    return listed if all(isinstance(item, str) for item in listed) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 255 and value.isprintable() else ""
