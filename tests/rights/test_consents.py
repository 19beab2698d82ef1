"""Consents and written requests: what is evidence, and what may be given to whom because of it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg
import pytest

from app.access.rights.consent import Statement, add_consent, consents, withdraw
from app.access.rights.sharing import BASES, BY_REQUEST, PARTNERS, Recipient, may_share
from app.errors import BadParameter, NotFound
from tests.rights.conftest import NOW, STATION

TODAY = date(2026, 11, 20)
TEXT = "a" * 64
HOSPITAL = Recipient("Organization/bv-1", "care-provider")
REQUEST = Statement(
    "mau-1", "written-request", "care", "Organization/bv-1", "self", "paper", TEXT, NOW, date(2026, 1, 1)
)


async def refused(connection: asyncpg.Connection, recipient: Recipient = HOSPITAL, **asked: str) -> list[str]:
    """Return who of two people is refused."""
    basis, purpose = asked.get("basis", "statement"), asked.get("purpose", "care")
    return await may_share(connection, ["mau-2", "mau-1"], recipient, purpose, basis, TODAY)


async def test_without_a_statement_nobody_is_shared(connection: asyncpg.Connection) -> None:
    assert await refused(connection) == ["mau-1", "mau-2"]


async def test_a_written_request_opens_the_records_of_who_signed_it(connection: asyncpg.Connection) -> None:
    await add_consent(connection, STATION, REQUEST, NOW)
    assert await refused(connection) == ["mau-2"]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "consent"},
        {"purpose": "research"},
        {"recipient": "Organization/bv-2"},
        {"recipient": "health-insurer"},
        {"valid_from": date(2026, 11, 21)},
        {"valid_until": date(2026, 11, 19)},
    ],
    ids=str,
)
async def test_a_care_provider_gets_nothing_by_another_kind_purpose_recipient_or_day(
    connection: asyncpg.Connection, changes: dict
) -> None:
    await add_consent(connection, STATION, replace(REQUEST, **changes), NOW)
    assert "mau-1" in await refused(connection)


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("kind", ["consent", "written-request"])
async def test_only_a_written_request_opens_to_care_providers_and_insurers(
    connection: asyncpg.Connection, partner: str, kind: str
) -> None:
    await add_consent(connection, STATION, replace(REQUEST, kind=kind, recipient=partner), NOW)
    found = await refused(connection, Recipient("", partner))
    assert ("mau-1" in found) == (partner in BY_REQUEST and kind == "consent")


async def test_a_withdrawal_ends_it_and_the_evidence_of_both_stays(connection: asyncpg.Connection) -> None:
    given = await add_consent(connection, STATION, REQUEST, NOW)
    await withdraw(connection, STATION, given, "paper", "b" * 64, NOW)
    assert "mau-1" in await refused(connection)
    held = await consents(connection, ["mau-1"])
    assert [(row["kind"], row["withdraws"]) for row in held] == [("written-request", None), ("withdrawal", given)]
    assert held[0]["text_hash"] == TEXT


async def test_what_is_withdrawn_is_withdrawn_once(connection: asyncpg.Connection) -> None:
    given = await add_consent(connection, STATION, REQUEST, NOW)
    await withdraw(connection, STATION, given, "paper", "b" * 64, NOW)
    with pytest.raises(NotFound):
        await withdraw(connection, STATION, given, "paper", "b" * 64, NOW)


async def test_an_objection_closes_what_a_request_opened_until_it_is_withdrawn(connection: asyncpg.Connection) -> None:
    await add_consent(connection, STATION, REQUEST, NOW)
    objection = await add_consent(connection, STATION, replace(REQUEST, kind="objection"), NOW)
    assert "mau-1" in await refused(connection)
    await withdraw(connection, STATION, objection, "paper", "b" * 64, NOW)
    assert "mau-1" not in await refused(connection)


@pytest.mark.parametrize("basis", [code for code in BASES if code != "statement"])
async def test_where_the_law_allows_it_no_statement_is_asked(connection: asyncpg.Connection, basis: str) -> None:
    assert await refused(connection, basis=basis) == []


@pytest.mark.parametrize(("basis", "partner"), [("because", "research"), ("statement", "friend"), ("", "research")])
async def test_an_unknown_basis_or_partner_opens_nothing(
    connection: asyncpg.Connection, basis: str, partner: str
) -> None:
    with pytest.raises(BadParameter):
        await refused(connection, Recipient("", partner), basis=basis)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "silence"),
        ("channel", "rumour"),
        ("purpose", ""),
        ("purpose", "two words"),
        ("recipient", ""),
        ("text_hash", "A" * 64),
        ("text_hash", ""),
        ("valid_until", date(2025, 12, 31)),
        ("given_by", "neighbour"),
        ("given_by", "guardian"),
    ],
)
async def test_what_proves_nothing_is_not_kept(connection: asyncpg.Connection, field: str, value: object) -> None:
    with pytest.raises(BadParameter):
        await add_consent(connection, STATION, replace(REQUEST, **{field: value}), NOW)
    assert await consents(connection, ["mau-1"]) == []


@pytest.mark.parametrize(
    ("born", "given_by", "kept"),
    [
        (date(2019, 11, 21), "guardian", True),
        (date(2019, 11, 21), "both", False),
        (date(2019, 11, 20), "both", True),
        (date(2019, 11, 20), "guardian", False),
        (date(2010, 11, 21), "self", False),
        (date(2010, 11, 20), "self", True),
        (date(1950, 1, 1), "guardian", True),
        (None, "self", True),
    ],
)
async def test_who_signs_for_a_child_goes_by_age(
    connection: asyncpg.Connection, born: date | None, given_by: str, kept: bool
) -> None:
    statement = replace(REQUEST, given_by=given_by, relation="mother", given_at=datetime(2026, 11, 20, tzinfo=UTC))
    if kept:
        await add_consent(connection, STATION, statement, NOW, born)
    else:
        with pytest.raises(BadParameter):
            await add_consent(connection, STATION, statement, NOW, born)
