"""How long it takes to be told that there is no such record does not say whether another station has it."""

import gc
import random
import time
from statistics import median
from typing import Any

import httpx
import pytest

from tests.access.world import NOBODYS, OTHERS, OWN, PATCH, Two, record

PAIRS = 400
TRIES = 3


async def seconds(who: httpx.AsyncClient, asked: dict[str, Any]) -> float:
    begun = time.perf_counter()
    await who.request(**asked)
    return time.perf_counter() - begun


async def medians(who: httpx.AsyncClient, asked: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Return the median time of each, asked in turns in a random order."""
    spent: dict[str, list[float]] = {end: [] for end in asked}
    choice = random.Random(1)
    gc.collect()
    for _ in range(PAIRS):
        for end in choice.sample(list(asked), len(asked)):
            spent[end].append(await seconds(who, asked[end]))
    return {end: median(times) for end, times in spent.items()}


EDIT = [{"op": "add", "path": "/language", "value": "en"}]
ASKED: dict[str, dict[str, Any]] = {
    "read": {"method": "GET", "url": "/Patient/nguoi-{end}"},
    "read of a visit": {"method": "GET", "url": "/Encounter/kham-{end}"},
    "vread": {"method": "GET", "url": "/Encounter/kham-{end}/_history/1"},
    "history": {"method": "GET", "url": "/Patient/nguoi-{end}/_history"},
    "search": {"method": "GET", "url": "/Encounter?patient=nguoi-{end}"},
    "chain": {"method": "GET", "url": "/Encounter?patient._id=nguoi-{end}"},
    "everything": {"method": "GET", "url": "/Patient/nguoi-{end}/$everything"},
    "patch": {"method": "PATCH", "url": "/Encounter/kham-{end}", "json": EDIT, "headers": PATCH},
    "hang": {"method": "PUT", "url": f"/Encounter/kham-{OWN}", "json": "{end}"},
}


def about(asked: dict[str, Any], end: str) -> dict[str, Any]:
    made = {**asked, "url": asked["url"].replace("{end}", end)}
    if asked.get("json") == "{end}":
        made["json"] = record("Encounter", f"kham-{OWN}", f"nguoi-{end}")
    return made


@pytest.mark.parametrize("name", list(ASKED))
async def test_anothers_record_takes_as_long_as_nobodys(two: Two, name: str) -> None:
    asked = {end: about(ASKED[name], end) for end in (OTHERS, NOBODYS)}
    for request in asked.values():
        for _ in range(10):
            await two.other.request(**request)
    for _ in range(TRIES):
        taken = await medians(two.other, asked)
        if abs(taken[OTHERS] - taken[NOBODYS]) <= 0.15 * taken[NOBODYS] + 0.0002:
            return
    assert taken[OTHERS] == pytest.approx(taken[NOBODYS], rel=0.15, abs=0.0002)
