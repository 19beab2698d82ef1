"""Sessions of people: who signed in, with what role, where, until when. https://pages.nist.gov/800-63-4/sp800-63b/session/

The browser holds 256 random bits, the table only their hash. Each request asks the table, so that an end is one at
once, in every worker. No name is stored.
"""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from asyncpg import Pool
from sqlalchemy import ARRAY, Column, Index, Table
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.claims import Holding
from app.access.roles import ROLES
from app.errors import Unauthenticated
from app.store.advisory import lock_names
from app.store.database import Connection
from app.store.pool import lend
from app.store.record import CODE, TIME

SESSION = Table(
    "session",
    SQLModel.metadata,
    Column("id", CODE, primary_key=True),
    Column("subject", CODE, nullable=False),
    Column("provider_session", CODE, nullable=False),
    Column("role", CODE, nullable=False),
    Column("organization", CODE, nullable=False),
    Column("places", ARRAY(CODE), nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("seen_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Index("session_subject", "subject", "created_at"),
    Index("session_expires", "expires_at"),
)
"""Each session by the hash of its cookie: the person's id at the provider, role, organisation, places, times."""

PROGRAM = "tramy"
"""The program by which people ask: this one."""
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_KEPT = timedelta(days=1)
"""How long an ended session stays in the table: what was done in it is in the audit."""
_READ = "subject, role, organization, places, created_at, seen_at, expires_at"


class Session(NamedTuple):
    """A session that is open."""

    subject: str
    role: str
    organization: str
    places: tuple[str, ...]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Limits(NamedTuple):
    """When a session ends unused, when in any case, and how many one person may have."""

    idle: timedelta
    whole: timedelta
    most: int


Noted = Callable[[Connection, str, str, Holding], Awaitable[None]]
"""Told in the transaction: `sign-in` or `sign-out`, the person's id, and what the person holds."""


async def unnoted(_connection: Connection, _what: str, _subject: str, _holding: Holding) -> None:
    """Note nothing."""


@dataclass
class Sessions:
    """Opens, reads and ends sessions; `issuer` is the provider whose sessions these are, those of another are none."""

    pool: Pool
    issuer: str
    limits: Limits
    units_of: Callable[[tuple[str, ...]], tuple[str, ...]]
    clock: Callable[[], datetime]
    noted: Noted = unnoted
    _callers: dict[tuple[str, Holding], Caller] = field(default_factory=dict, repr=False)

    async def open(self, subject: str, holding: Holding, provider_session: str = "", before: str = "") -> str:
        """Return the cookie of a new session; that of the session before it, if there was one, is worth nothing."""
        cookie, now = secrets.token_urlsafe(32), self.clock()
        async with lend(self.pool) as connection, connection.transaction():
            await lock_names(connection, [f"session {subject}"])
            await self._end(connection, "id = $2", self._key(before), now)
            await connection.execute(
                "insert into session (id, subject, provider_session, role, organization, places,"
                " created_at, seen_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
                self._key(cookie),
                subject,
                provider_session,
                *(holding.role, holding.organization, list(holding.places)),
                now,
                now + self.limits.whole,
            )
            await self._end_oldest(connection, subject, now)
            await connection.execute("delete from session where expires_at <= $1", now - _KEPT)
            await self.noted(connection, "sign-in", subject, holding)
        return cookie

    async def session(self, cookie: str) -> Session:
        """Return the open session of a cookie, and keep it from ending unused. Raises Unauthenticated without one."""
        if not _COOKIE.fullmatch(cookie):
            raise _none()
        now, key = self.clock(), self._key(cookie)
        async with lend(self.pool) as connection:
            row = await connection.fetchrow(
                f"select {_READ} from session where id = $1 and ended_at is null and expires_at > $2 and seen_at > $3",
                *(key, now, now - self.limits.idle),
            )
            if row is None:
                raise _none()
            if now - row["seen_at"] >= self.limits.idle / 30:
                # Not at every request: a person reads many records in a minute, and half an hour is what counts.
                await connection.execute(
                    "update session set seen_at = $2 where id = $1 and seen_at < $2 and ended_at is null", key, now
                )
        return Session(**{**row, "places": tuple(row["places"])})

    async def caller(self, cookie: str) -> Caller:
        """Return who asks with a cookie. Raises Unauthenticated for one that is not, or no longer, of a session."""
        found = await self.session(cookie)
        known = (found.subject, Holding(found.role, found.places, found.organization))
        caller = self._callers.get(known)
        if caller is None:
            if len(self._callers) >= 1000:
                self._callers.clear()
            caller = self._callers[known] = _caller(*known, self.units_of)
        return caller

    async def end(self, cookie: str) -> None:
        """End the session of a cookie; without one nothing happens."""
        async with lend(self.pool) as connection, connection.transaction():
            await self._end(connection, "id = $2", self._key(cookie), self.clock())

    async def end_of(self, subject: str = "", provider_session: str = "") -> None:
        """End what has ended at the provider: that session of it, or without one all of the person."""
        condition, value = (
            ("provider_session = $2", provider_session) if provider_session else ("subject = $2", subject)
        )
        async with lend(self.pool) as connection, connection.transaction():
            await self._end(connection, condition, value, self.clock())

    async def _end_oldest(self, connection: Connection, subject: str, now: datetime) -> None:
        """End the oldest sessions of a person, so many that no more than the limit are open."""
        open_ones = "select id from session where subject = $2 and ended_at is null and expires_at > $1"
        await self._end(
            connection,
            f"id in ({open_ones} and seen_at > $3 order by created_at desc, id offset $4)",
            *(subject, now, now - self.limits.idle, self.limits.most),
        )

    async def _end(self, connection: Connection, which: str, value: str, now: datetime, *more: object) -> None:
        rows = await connection.fetch(
            f"update session set ended_at = $1 where ended_at is null and {which}"
            " returning subject, role, places, organization",
            *(now, value, *more),
        )
        for row in rows:
            holding = Holding(row["role"], tuple(row["places"]), row["organization"])
            await self.noted(connection, "sign-out", row["subject"], holding)

    def _key(self, cookie: str) -> str:
        return hashlib.sha256(f"{self.issuer}\n{cookie}".encode()).hexdigest()


def _caller(subject: str, holding: Holding, units_of: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Caller:
    """Return who asks; a role that is no longer in the table holds nothing, whatever else is in the session."""
    role = ROLES.get(holding.role)
    if role is None:
        return Caller(PROGRAM, user=subject)
    places = role.within(holding.places)
    return Caller(
        PROGRAM,
        organization=holding.organization,
        places=places,
        grants=role.grants,
        user=subject,
        role=role.word,
        units=units_of(places) if places else (),
    )


def _none() -> Unauthenticated:
    return Unauthenticated.of(
        "You are not signed in, or your session has ended; sign in at /auth/login",
        "Bạn chưa đăng nhập hoặc phiên đã kết thúc; hãy đăng nhập tại /auth/login",
    )
