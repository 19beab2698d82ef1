"""Ten thousand requests with refusals and failures: each that was answered is in the audit with its status."""

import pytest

from tests.access.test_every_request_is_recorded import Watched, mix, require_recorded, watched

pytestmark = pytest.mark.slow
__all__ = ["watched"]


async def test_ten_thousand_requests_have_their_rows(watched: Watched) -> None:
    answered = await mix(watched, 10_000, 7, at_once=16)
    await require_recorded(watched, answered)


async def test_those_that_met_a_database_in_trouble_have_their_rows_if_they_were_answered(watched: Watched) -> None:
    """Connections are cut off all along: what is answered with anything but 5xx was recorded."""
    found = []
    for turn in range(40):
        found += await mix(watched, 50, 1000 + turn, at_once=8)
        await watched.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tramy'"
            " and datname = current_database() and pid <> pg_backend_pid() and random() < 0.3"
        )
    await require_recorded(watched, [item for item in found if item.status < 500])
    assert len([item for item in found if item.status < 500]) > 1500
