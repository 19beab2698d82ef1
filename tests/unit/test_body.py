"""The stored body: members exactly as they were sent, id and meta set."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.fhir.body import assemble, stamp
from app.fhir.json import members

TIME = datetime(2026, 3, 1, 23, 30, 0, 123000, tzinfo=UTC)
META = '"meta":{"versionId":"3","lastUpdated":"2026-03-01T23:30:00.123Z"'


@pytest.mark.parametrize(
    ("sent", "rest"),
    [
        ('{"resourceType":"Patient"}', "}}"),
        ('{"gender":"male","resourceType":"Patient","id":"other"}', '},"gender":"male"}'),
        ('{"x":1.50,"y":1E2,"z":100000000000000000000.01}', '},"x":1.50,"y":1E2,"z":100000000000000000000.01}'),
        ('{"b":[ 1 , 2 ],"a":{"k" : "\\u0110"}}', '},"b":[ 1 , 2 ],"a":{"k" : "\\u0110"}}'),
        ('{"meta":{"versionId":"9","lastUpdated":"1999"}}', "}}"),
        ('{"meta":{"tag":[ {"code":"x"}],"versionId":"9","source":"u"}}', ',"tag":[ {"code":"x"}],"source":"u"}}'),
        ('{"name":"Lý"}', '},"name":"Lý"}'),
    ],
)
def test_members_keep_their_bytes(sent: str, rest: str) -> None:
    body = assemble(members(sent.encode()), "Patient", "a", 3, TIME)
    assert body == f'{{"resourceType":"Patient","id":"a",{META}{rest}'
    assert json.loads(body)["meta"]["versionId"] == "3"


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (TIME, "2026-03-01T23:30:00.123Z"),
        (TIME.replace(microsecond=0), "2026-03-01T23:30:00.000Z"),
        (datetime(2026, 3, 2, 6, 30, tzinfo=timezone(timedelta(hours=7))), "2026-03-01T23:30:00.000Z"),
    ],
)
def test_an_instant_is_in_utc_with_milliseconds(time: datetime, text: str) -> None:
    assert stamp(time) == text
