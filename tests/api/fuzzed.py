"""Odd requests for the tests that attack the service, and what every answer to one must be like.

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

import os
import time
from typing import Any
from urllib.parse import quote

import httpx

MARK = "zqDauVetqz"
"""A text that stands in what is sent, and may stand in no refusal: it could be a person's."""
LONGEST = float(os.environ.get("FUZZ_LONGEST", "3"))
"""Seconds that an answer may take on a small database: on a machine that does nothing else, 1 is enough."""
FORM = {"content-type": "application/x-www-form-urlencoded"}

ODD = (
    "",
    ",",
    "|",
    "||",
    "|||",
    "$",
    "\\",
    "\\\\",
    "\\,",
    "\\|",
    "a\\",
    "a,",
    ",a",
    "a|",
    "|a",
    "a|b|c|d",
    "%",
    "_",
    "'",
    '"',
    "\x00",
    "\x01\x1d\x1e\x1f\x7f",
    "\x1d",
    "\x1f",
    "\ud800",
    "\U0010ffff",
    "\u202e\u200d\u0301",
    "İıŉßς",
    " ",
    "  a  ",
    "+",
    "*",
    "true",
    "false",
    "null",
    "-1",
    "0",
    "1e400",
    "-1e-400",
    "NaN",
    "Infinity",
    "9" * 400,
    "1." + "0" * 300,
    "٣",
    "0000",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:60+14:00",
    "0001-01-01T00:00:00+14:00",
    "10000-01-01",
    "-0001-01-01",
    "2026-02-30",
    "2026-13",
    "2026-03-02T24:00:00Z",
    "2026-03-02T08:00:00+99:99",
    "2026-03-02T08:00:00.123456789Z",
    "2026-03-02T08:00",
    "ge2026",
    "apge2026",
    "xx1",
    "ap1",
    "ap9999-12-31",
    "ap0001-01-01",
    "sa9999",
    "Patient/",
    "/",
    "Patient/1/_history/1",
    "http://tramy.test/fhir/Patient/1",
    "http://x/|1",
    "urn:uuid:1",
    "91|181|1|km",
    "1|1|1e308|km",
    "1|1|nan|km",
    "90|180|0|m",
    "-90|-180",
    "(" * 200,
    "a" * 3000,
    ",".join("ab" for _ in range(400)),
    ",".join("ab" for _ in range(600)),
    "|".join("ab" for _ in range(600)),
    "{0.__class__}",
    "' or 1=1 --",
    "\r\nX-Injected: 1",
)
"""Values that a search parameter hardly expects."""


def encoded(name: str, value: str) -> str:
    """Return a parameter for an address; half of a surrogate pair becomes bytes that are no UTF-8."""
    return f"{quote(name, safe=':')}={quote(value.encode('utf-8', 'surrogatepass'))}"


def require_sound(answer: httpx.Response, asked: Any, took: float = 0.0) -> None:
    """Fail for an answer that is a fault of the service, or late, or says too little or repeats a value."""
    shown = str(asked)[:300]
    assert answer.status_code < 500, (shown, answer.text[:500])
    assert took < LONGEST, (shown, took)
    if answer.status_code < 400 or answer.request.method == "HEAD":
        return
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", shown
    assert outcome["issue"], shown
    for issue in outcome["issue"]:
        assert issue["severity"] in ("fatal", "error", "warning", "information"), shown
        assert issue["code"], shown
        assert issue["diagnostics"], shown
        assert issue["details"]["text"], shown
    assert MARK.lower() not in answer.text.lower(), (shown, answer.text[:500])
    assert all(MARK.lower() not in value.lower() for value in answer.headers.values()), shown


async def send(client: httpx.AsyncClient, method: str, address: str, **more: Any) -> httpx.Response:
    """Send a request and return its answer, which is as `require_sound` asks."""
    began = time.perf_counter()
    answer = await client.request(method, address, **more)
    require_sound(answer, (method, address, more), time.perf_counter() - began)
    return answer
