"""A random mix of requests over all routes: granted, refused, broken, in bundles, by several callers and by nobody."""

import json
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from tests.access.world import FORM, IDS, NUMBER, OTHERS, OWN, PATCH, patient, record, visit


class Sent(NamedTuple):
    """What was answered to a request: its id, its method, its status, and how many entries of a batch."""

    request: str
    method: str
    status: int
    entries: int


_READS = (
    "/Patient/nguoi-{end}",
    "/Patient/nguoi-{end}/_history",
    "/Patient/nguoi-{end}/_history/1",
    "/Encounter/kham-{end}",
    "/Encounter/xoa-{end}",
    "/Encounter?patient=nguoi-{end}&_include=*",
    "/Patient?identifier=010190000001",
    "/Patient?_count=1",
    "/Patient?khong-co=1",
    "/Patient/{{}}",
    "/Khong/co",
    "/Patient/nguoi-{end}/$everything",
    "/Patient/nguoi-{end}/$summary",
    "/Patient/nguoi-{end}/$khong-co",
    "/Patient/nguoi-{end}/*",
    "/_history?_count=2",
    "/$meta",
    "/metadata",
    "/StructureDefinition?_count=1",
    "/_jobs/khong",
    "/AuditEvent",
    "http://tramy.test/indicators",
    "http://tramy.test/indicators/khong-co",
    "http://tramy.test/audit",
    "http://tramy.test/notices",
    "http://tramy.test/khong-co",
    "http://tramy.test/docs",
    "http://tramy.test/openapi.json",
    "http://tramy.test/.well-known/smart-configuration",
    "/Patient?name=%ff",
    "/Patient?name=%00",
    "/Patient/nguoi-{end}%2f..%2f",
)


def requests(choice: random.Random, number: int) -> dict[str, Any]:
    """Return one request of the mix."""
    end = choice.choice((OTHERS, OWN, "ko0"))
    way = choice.randrange(12)
    address = choice.choice(_READS).format(end=end)
    fresh = f"tron-{number}"
    if way < 4:
        return {"method": choice.choice(("GET", "GET", "HEAD", "OPTIONS", "PUT")), "url": address}
    if way == 4:
        owner = choice.choice((f"nguoi-{OWN}", f"nguoi-{OTHERS}", "ko"))
        return {
            "method": "POST",
            "url": "/Encounter",
            "json": {k: v for k, v in visit("x", owner).items() if k != "id"},
        }
    if way == 5:
        person = patient(fresh, choice.choice(("00004", "00008")), choice.choice(("", "010190000001")))
        return {"method": "PUT", "url": f"/Patient/{fresh}", "json": person}
    if way == 6:
        edit = [{"op": "add", "path": "/language", "value": choice.choice(("vi", "en"))}]
        return {"method": "PATCH", "url": f"/Encounter/kham-{end}", "json": edit, "headers": PATCH}
    if way == 7:
        kind = choice.choice(list(IDS))
        made = {k: v for k, v in record(kind, "x", f"nguoi-{OWN}").items() if k != "id"}
        return {"method": "POST", "url": f"/{kind}", "json": made}
    if way == 8:
        return {
            "method": "DELETE",
            "url": choice.choice((f"/Encounter/{fresh}", f"/Patient/nguoi-{end}", "/Encounter?_id=ko")),
        }
    if way == 9:
        return {
            "method": "POST",
            "url": choice.choice(("/Patient/_search", "/Khong/_search")),
            "content": f"_id=nguoi-{end}",
            "headers": FORM,
        }
    if way == 10:
        return {
            "method": "POST",
            "url": "/",
            "content": choice.choice(("", "{", '{"resourceType":"Patient"}', "[]" * 9)),
        }
    return {"method": "POST", "url": "/", "json": _bundle(choice, number)}


def _bundle(choice: random.Random, number: int) -> dict[str, Any]:
    end = choice.choice((OTHERS, OWN, "ko0"))
    entries: list[dict[str, Any]] = [
        {"request": {"method": "GET", "url": f"Patient/nguoi-{end}"}},
        {"request": {"method": "GET", "url": f"Encounter?patient=nguoi-{end}"}},
        {"request": {"method": "POST", "url": "Encounter"}, "resource": visit("x", f"nguoi-{end}")},
        {
            "request": {"method": "PUT", "url": f"Location/tron-{number}"},
            "resource": record("Location", f"tron-{number}", ""),
        },
        {"request": {"method": "DELETE", "url": f"Encounter/kham-{NUMBER[:3]}-{number}"}},
        {"request": {"method": "GET", "url": "Khong/co"}},
        {"request": {"method": "GET", "url": f"Patient/nguoi-{end}/$everything"}},
        {"request": {"method": "LINK", "url": "x"}},
        {"request": {"method": "PATCH", "url": f"Encounter/kham-{end}"}, "resource": {"resourceType": "Binary"}},
    ]
    form = choice.choice(("batch", "batch", "transaction"))
    return {"resourceType": "Bundle", "type": form, "entry": choice.sample(entries, choice.randint(1, 6))}


async def send(who: httpx.AsyncClient, asked: Mapping[str, Any]) -> Sent:
    """Send a request and return what came of it."""
    answer = await who.request(**asked)
    entries = 0
    if answer.status_code == 200 and asked["url"] == "/" and asked["method"] == "POST":
        entries = len(json.loads(answer.text).get("entry", ()))
    return Sent(answer.headers["x-request-id"], asked["method"], answer.status_code, entries)
