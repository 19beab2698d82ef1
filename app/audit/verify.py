"""Verifies the audit: each seal holds the one before it, and the rows are those that were sealed.

What is found is the first place where it breaks. A tail that was cut off, or a chain that was made anew as a whole,
is found against anchors: heads of the chain that were kept elsewhere.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from app.audit.retired import Retired, backed, retired
from app.audit.rows import settle
from app.audit.seal import BEGINNING, Seal, after, hashed, head, numbered
from app.audit.walk import Found, Walk
from app.errors import BadParameter
from app.store.database import Connection

Kind = Literal["rows", "seal", "missing", "tail", "anchor", "retired"]
SAYS: Mapping[Kind, tuple[str, str]] = {
    "rows": ("rows changed, missing or put in", "dòng bị sửa, bị xóa hoặc bị chèn"),
    "seal": ("the seal itself was changed", "chính niêm phong bị sửa"),
    "missing": ("the seal is missing", "thiếu niêm phong"),
    "tail": ("the tail was cut off: an anchor names this seal", "phần cuối bị cắt: mốc bên ngoài có niêm phong này"),
    "anchor": ("the chain is another than the anchor's", "chuỗi khác với mốc bên ngoài"),
    "retired": ("months were given up and no event tells of it", "có tháng đã hủy mà nhật ký không ghi việc hủy"),
}
"""What each kind of break is, in English and Vietnamese."""
_SEALS = 20_000
_ROWS = 200_000
_NAMED = 5_000
Progress = Callable[[int, int], None]
"""Called with how many rows are verified, and how many there are to verify."""


class Broken(NamedTuple):
    """The first break: what it is, the number of the seal, and the times between which it was sealed, where known."""

    kind: Kind
    number: int
    since: datetime | None
    until: datetime | None


class Verdict(NamedTuple):
    """How many rows and seals were verified, the last seal of them, and the first break."""

    rows: int
    seals: int
    head: Seal
    broken: Broken | None


async def verify(
    connection: Connection,
    *,
    since: int = 0,
    until: int | None = None,
    anchors: Mapping[int, bytes] = {},
    progress: Progress = lambda _done, _all: None,
) -> Verdict:
    """Verify the seals after number `since`, whose own hash is trusted, to `until`; compare with anchors.

    `anchors` are hashes by the number of their seal. Raises BadParameter when there is no seal `since`.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await settle(connection)
        begin = await _begin(connection, since)
        verdict = await _chain(connection, begin, until, progress)
        broken = verdict.broken or await _anchored(connection, anchors) or await _retirements(connection, verdict)
        return verdict._replace(broken=broken)


async def _begin(connection: Connection, since: int) -> Seal:
    if not since:
        return BEGINNING
    found = (await numbered(connection, [since])).get(since)
    if found is None:
        raise BadParameter.of("There is no seal of this number.", "Không có niêm phong mang số này.", "since")
    return found


async def _chain(connection: Connection, begin: Seal, until: int | None, progress: Progress) -> Verdict:
    given_up = await retired(connection)
    whole = (await head(connection)).total - begin.total
    walk, last = Walk(connection, begin), begin
    await walk.begin()
    while seals := _page(await after(connection, last.number, _SEALS), until):
        good, broken = _linked(last, seals)
        found = await walk.along(good) if good else []
        for place, one in enumerate(found):
            if not _as_sealed(one, given_up):
                before = good[place - 1] if place else last
                return _verdict(begin, before, Broken("rows", one.seal.number, _time(before), one.seal.at))
        last = good[-1] if good else last
        if broken:
            return _verdict(begin, last, broken)
        progress(last.total - begin.total, whole)
    return _verdict(begin, last, None)


def _verdict(begin: Seal, last: Seal, broken: Broken | None) -> Verdict:
    return Verdict(last.total - begin.total, last.number - begin.number, last, broken)


def _page(seals: list[Seal], until: int | None) -> list[Seal]:
    """Return the first of the seals, so many that their rows are sorted in memory, and none after `until`."""
    rows = 0
    for place, one in enumerate(seals):
        if until is not None and one.number > until:
            return seals[:place]
        rows += one.rows
        if rows >= _ROWS:
            return seals[: place + 1]
    return seals


def _linked(last: Seal, seals: list[Seal]) -> tuple[list[Seal], Broken | None]:
    """Return the seals up to the first that does not hold the one before it, and what is wrong with that."""
    for place, one in enumerate(seals):
        if one.number != last.number + 1:
            return seals[:place], Broken("missing", last.number + 1, _time(last), one.at)
        if hashed(one, last.hash) != one.hash:
            return seals[:place], Broken("seal", one.number, _time(last), one.at)
        last = one
    return seals, None


def _time(seal: Seal) -> datetime | None:
    """Return the time of a seal; before the first there is none."""
    return seal.at if seal.number else None


def _as_sealed(found: Found, given_up: list[Retired]) -> bool:
    """Say whether the rows are those that were sealed, or what is left of them after a month was given up."""
    if found.rows == found.seal.rows and found.digest == found.seal.digest:
        return True
    # Of several months that were given up the last one says what was left after it.
    left = next((one.left(found.seal.number) for one in reversed(given_up) if one.covers(found.seal.number)), None)
    return left == (found.rows, found.digest)


async def _anchored(connection: Connection, anchors: Mapping[int, bytes]) -> Broken | None:
    """Return the first anchor that the chain contradicts."""
    numbers = sorted(anchors)
    for place in range(0, len(numbers), _NAMED):
        named = numbers[place : place + _NAMED]
        seals = await numbered(connection, named)
        for number in named:
            if number not in seals:
                return Broken("tail", number, (await head(connection)).at, None)
            if seals[number].hash != anchors[number]:
                return Broken("anchor", number, None, seals[number].at)
    return None


async def _retirements(connection: Connection, verdict: Verdict) -> Broken | None:
    """Return the break of months that are said to be given up while no event tells of it."""
    given_up = await retired(connection)
    if not given_up or await backed(connection, given_up):
        return None
    return Broken("retired", given_up[-1].last, None, verdict.head.at)
