"""What programs do at the door: ask for a token, end one, ask what one says.

https://hl7.org/fhir/smart-app-launch/backend-services.html, https://www.rfc-editor.org/rfc/rfc7009,
https://www.rfc-editor.org/rfc/rfc7662
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from asyncpg import Pool

from app.access import clients, tokens
from app.access.assertions import spend
from app.access.clients import Client
from app.access.compact import Compact, is_signed
from app.access.keys import PROGRAMS, PublicKey, read_keys
from app.access.narrowing import narrowed
from app.access.outbound import Outbound
from app.access.proving import presented, proof
from app.access.published import Published
from app.access.refusals import bad_assertion, not_proven
from app.access.scope import read_scopes
from app.access.tokens import LONGEST, Token
from app.store.database import Reader
from app.store.pool import lend


class Granted(NamedTuple):
    """A token that was given: its text, what it grants, for how many seconds."""

    token: str
    scopes: str
    seconds: int


class Programs:
    """Lets registered programs in. `audiences` are the addresses that an assertion may be meant for.

    Everything that decides is in the database, so it makes no difference which worker is asked.
    """

    def __init__(
        self, pool: Pool, clock: Callable[[], datetime], outbound: Outbound, lifetime: timedelta = LONGEST
    ) -> None:
        self._pool, self._clock, self._outbound = pool, clock, outbound
        self._lifetime = min(lifetime, LONGEST)
        self._published: dict[tuple[str, str, datetime | None], Published] = {}

    async def prove(self, assertion: str, audiences: Collection[str], said: str = "") -> Client:
        """Return the client whose assertion this is, and use the assertion up; `said` is the id named beside it.

        Raises Unauthenticated for one that proves nothing, Unavailable where a client's published keys are away.
        """
        compact = presented(assertion)
        async with lend(self._pool) as connection:
            client = await _named(connection, compact, said)
        key = await self._key(client, compact)
        if key is None or not is_signed(compact, key):
            raise not_proven()
        shown = proof(compact, client.id, audiences, self._clock())
        async with lend(self._pool) as connection:
            first = await spend(connection, client.id, shown.jti, shown.expires)
        if not first:
            raise bad_assertion(
                "This assertion was used before; make a new one, with another jti, for each request.",
                "Xác nhận này đã dùng; hãy tạo xác nhận mới với jti khác cho mỗi yêu cầu.",
            )
        return client

    async def token(self, client: Client, scopes: str) -> Granted:
        """Give a client that has proven itself a token for what it asks for and is registered for.

        Raises BadParameter where that is nothing.
        """
        granted = narrowed(scopes, read_scopes(client.scopes))
        now = self._clock()
        token = Token(
            client.id,
            client.generation,
            "",
            client.organization,
            granted.text,
            client.places,
            now,
            now + self._lifetime,
        )
        async with lend(self._pool) as connection:
            text = await tokens.mint(connection, token)
        return Granted(text, granted.text, int(self._lifetime.total_seconds()))

    async def revoke(self, token: str, client: str | None) -> bool:
        """End a token if it is this client's (None: an administrator's word), and say whether there was one."""
        digest = tokens.digest_of(token)
        if digest is None:
            return False
        async with lend(self._pool) as connection, connection.transaction():
            return await tokens.revoke(connection, digest, client, self._clock())

    async def introspect(self, token: str, client: str | None) -> Token | None:
        """Return what a valid token says, None for any other and for that of another client than this."""
        digest = tokens.digest_of(token)
        if digest is None:
            return None
        async with lend(self._pool) as connection:
            found = await tokens.find(connection, digest, self._clock())
        return found.token if found is not None and client in (None, found.token.client) else None

    async def _key(self, client: Client, compact: Compact) -> PublicKey | None:
        """Return the registered key that an assertion names, None where there is none."""
        # An address of keys in the assertion is taken for nothing but a repetition of the registered one.
        if "jku" in compact.header and (client.jwks_url is None or compact.header["jku"] != client.jwks_url):
            return None
        kid = compact.text("kid")
        if client.jwks_url is None:
            return read_keys((client.jwks or "").encode(), PROGRAMS).get(kid)
        name = (client.id, client.jwks_url, client.rotated_at)
        if name not in self._published:
            for old in [one for one in self._published if one[0] == client.id]:
                del self._published[old]
            self._published[name] = Published(partial(self._outbound.fetch, client.jwks_url), PROGRAMS)
        return await self._published[name].key(kid)


async def _named(reader: Reader, compact: Compact, said: str) -> Client:
    """Return the client that an assertion claims to be of, which is all that is taken from it so far."""
    name = compact.claims.get("iss")
    if not isinstance(name, str) or len(name) > 64 or not name.isprintable() or said not in ("", name):
        raise not_proven()
    client = await clients.find(reader, name)
    if client is None or client.disabled_at is not None:
        raise not_proven()
    return client
