"""Page 1,000 of a search against page 2, over HTTP: the links are followed one after the other."""

import asyncio
import json
import time
from urllib.parse import urlsplit

from bench.client import request, signed
from bench.figure import Figure, percentile
from bench.run import Run
from bench.server import tramy

ASKED = 1.5
PAGES = 1000
_NEAR = 25
"""Pages on either side whose middle is compared, since one page alone says little."""
_SEARCHES = {
    "in the order of ids": "/fhir/Patient?_count=20",
    "by birth date": "/fhir/Patient?_count=20&_sort=birthdate",
    "by birth date, latest first": "/fhir/Patient?_count=20&_sort=-birthdate",
    "a name prefix that a third of the people have": "/fhir/Patient?_count=20&name=nguyen&_sort=birthdate",
    "visits by time of change": "/fhir/Encounter?_count=20&_sort=_lastUpdated",
}


async def measure(given: Run) -> list[Figure]:
    """Follow the links of several searches."""
    pages = min(PAGES, given.sizes.people // 40)
    with tramy({"TRAMY_DATABASE_URL": given.databases.url}) as server:
        return [await _figure(server.port, name, address, pages) for name, address in _SEARCHES.items()]


async def _figure(port: int, name: str, address: str, pages: int) -> Figure:
    spent = await _follow(port, f"{address}&_total=none", pages)
    early, late = spent[1 : 1 + 2 * _NEAR], spent[-2 * _NEAR :]
    ratio = percentile(late, 0.5) / percentile(early, 0.5)
    note = f"20 a page; p50 of pages 2 to {2 * _NEAR + 1}: {1000 * percentile(early, 0.5):.1f} ms, of the last"
    return Figure(
        f"page {pages:,} against page 2, {name}",
        ratio,
        "times",
        ASKED,
        "under",
        p50=1000 * percentile(late, 0.5),
        p95=1000 * percentile(late, 0.95),
        note=f"{note} {2 * _NEAR} of {len(spent):,}: {1000 * percentile(late, 0.5):.1f} ms",
    )


async def _follow(port: int, address: str, pages: int) -> list[float]:
    """Return the seconds of each page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    spent = []
    try:
        while address and len(spent) < pages:
            began = time.perf_counter()
            writer.write(signed(request("GET", address)))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            body = json.loads(await reader.readexactly(length))
            spent.append(time.perf_counter() - began)
            links = {link["relation"]: link["url"] for link in body["link"]}
            following = urlsplit(links.get("next", ""))
            address = f"{following.path}?{following.query}" if following.path else ""
    finally:
        writer.close()
    return spent
