"""Lists of people and visits: names in the order of birth dates, chains, what comes along, counts; over HTTP."""

import random
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

import asyncpg

from bench.client import request, run
from bench.figure import Figure, times
from bench.run import Run
from bench.server import tramy
from bench.usage import Meter

LONGEST = 20.0
"""Seconds for one kind of list: what is slow is measured less often."""
_WARM = 12
_WINDOW = 100
"""Days of the 1,000 on which the visits lie: a tenth of them."""


class Kind(NamedTuple):
    """A kind of list: what it is called, its addresses, the time asked in ms, and what it finds."""

    work: str
    addresses: Sequence[str]
    asked: float | None
    note: str


async def measure(given: Run) -> list[Figure]:
    """Ask for lists of other people, names and days each time."""
    connection = await asyncpg.connect(given.databases.url)
    try:
        kinds = [*await _by_name(connection, given), *await _by_visit(connection, given)]
    finally:
        await connection.close()
    with tramy({"TRAMY_DATABASE_URL": given.databases.url}) as server:
        meter = Meter(server.pid, given.databases.pid)
        return [await _figure(server.port, kind, meter) for kind in kinds if kind.addresses]


async def _by_name(connection: asyncpg.Connection, given: Run) -> list[Kind]:
    """Return lists by the beginning of a name, grouped by the share of people that it finds."""
    shares = await _shares(connection, given.sizes.people)
    groups = {
        "0.5 to 2 %": [word for word, share in shares if 0.005 <= share <= 0.02],
        "30 to 45 %": [word for word, share in shares if 0.3 <= share <= 0.45],
    }
    everything = [word for word, _ in shares]
    number = given.sizes.searches
    draw = random.Random(7)

    def listed(words: Sequence[str], **more: str) -> list[str]:
        chosen = [draw.choice(words) for _ in range(number)] if words else []
        return [_address("Patient", name=word, _sort="birthdate", _count="20", **more) for word in chosen]

    return [
        Kind("20 people by name prefix, by birth date, no total", listed(everything, _total="none"), 10, _told(shares)),
        *(
            Kind(f"the same with the exact total; it matches {group}", listed(words), limit, f"{len(words)} prefixes")
            for (group, words), limit in zip(groups.items(), (20, 100), strict=True)
        ),
    ]


async def _shares(connection: asyncpg.Connection, people: int) -> list[tuple[str, float]]:
    """Return beginnings of names, of one to three words and of parts of words, with the share of people they find."""
    share = min(100.0, 500_000 / people)
    rows = await connection.fetch(
        "select array_agg(distinct split_part(fold, ' ', 1)) as ones,"
        " array_agg(distinct split_part(fold, ' ', 1) || ' ' || split_part(fold, ' ', 2)) as twos"
        " from (select fold from patient_name_prefix tablesample bernoulli ($1)) s",
        share,
    )
    words = sorted({*rows[0]["ones"], *rows[0]["twos"]})
    begins = {word[:length] for word in words for length in (2, 3, 5, len(word)) if len(word) >= length}
    found = []
    sample = random.Random(3).sample(sorted(begins), min(200, len(begins)))
    for word in (*sample, "nguyen", "nguy", "ng", "nguyen th"):
        count = await connection.fetchval(
            "select count(*) from patient_name_prefix where fold >= $1 and fold < $2 and (prior is null or prior < $1)",
            word,
            word + "\U0010ffff",
        )
        found.append((word, (count or 0) / people))
    return sorted(set(found))


def _told(shares: Sequence[tuple[str, float]]) -> str:
    ordered = sorted(share for _, share in shares)
    return f"{len(ordered)} prefixes; half match under {ordered[len(ordered) // 2]:.2%}, at most {ordered[-1]:.0%}"


async def _by_visit(connection: asyncpg.Connection, given: Run) -> list[Kind]:
    visits = int(await connection.fetchval("select count(*) from encounter") or 0)
    rows = await connection.fetch(
        "select identifier[1] as token from patient order by random() limit $1", given.sizes.searches
    )
    tokens = [row["token"] for row in rows]
    draw = random.Random(5)
    days = [date(2024, 3, 1) + timedelta(days=draw.randrange(900)) for _ in range(given.sizes.searches)]
    return [*_of_people(tokens, f"{visits:,} visits"), *_of_days(days, visits)]


def _of_people(tokens: Sequence[str], told: str) -> list[Kind]:
    """Return lists of the visits of one person, who is known by an identifier."""
    return [
        Kind(
            "visits by chain (subject:Patient.identifier)",
            [_address("Encounter", **{"subject:Patient.identifier": token}) for token in tokens],
            20,
            told,
        ),
        Kind(
            "one person with visits (_revinclude)",
            [_address("Patient", identifier=token, _revinclude="Encounter:patient") for token in tokens],
            20,
            told,
        ),
    ]


def _of_days(days: Sequence[date], visits: int) -> list[Kind]:
    """Return lists of the visits of days, and of the people who came on them."""
    told = f"{visits:,} visits"
    windows = [(day, day + timedelta(days=_WINDOW)) for day in days]
    through = "_has:Encounter:patient:date"
    return [
        Kind(
            "people by _has (a visit on a day) and the beginning of a name",
            [_address("Patient", **{through: str(day), "name": "le thi"}) for day in days],
            None,
            told,
        ),
        Kind(
            "people by _has (a visit on a day)",
            [_address("Patient", **{through: str(day)}) for day in days],
            20,
            f"{told}; about {visits // 1000:,} of them on a day",
        ),
        Kind(
            "50 visits of a day with their people (_include)",
            [_address("Encounter", date=str(day), _include="Encounter:patient") for day in days],
            20,
            told,
        ),
        Kind(
            "_summary=count of visits in 100 days (10 %)",
            [
                f"{_address('Encounter', _summary='count')}&date=ge{begin}&date=lt{end}"
                for begin, end in windows
                if end < date(2026, 11, 1)
            ],
            150,
            told,
        ),
    ]


def _address(kind: str, **parameters: str) -> str:
    return f"/fhir/{kind}?{urlencode(parameters)}"


async def _figure(port: int, kind: Kind, meter: Meter) -> Figure:
    requests = [request("GET", address) for address in kind.addresses]
    meter = Meter(meter.server, meter.postgres)
    await run(port, requests[:_WARM], status=200, concurrency=1)
    meter.start()
    began = time.monotonic()
    traffic = await run(port, requests, status=200, concurrency=1, seconds=LONGEST)
    meter.stop(len(traffic.latencies))
    measured = times(traffic.latencies)
    note = f"1 at once; {len(traffic.latencies)} requests in {time.monotonic() - began:.0f} s; {kind.note}"
    return Figure(
        f"{kind.work}, over HTTP",
        measured["p95"],
        "ms p95",
        kind.asked,
        "under",
        **measured,
        cost=meter.cost(),
        note=note,
    )
