"""The service on a real database, beside a plain copy of its records: steps are done to both, answers compared."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import httpx
from fastapi import FastAPI

from app.indicators.keeping import Keeping
from app.indicators.level import Where, levels
from app.indicators.recount import recount
from app.indicators.registry import indicators
from app.indicators.rollup import fold
from app.store.database import Connection
from app.store.moment import Moment, find, take
from tests.properties.histories import UNITS, Step, reference
from tests.properties.oracle import Records, count, first_day, is_merged, last_day, merge, merge_of, unmerge, year_after

ALWAYS_ASKED = (date(1, 1, 1), date(2024, 2, 29), date(2025, 7, 1), date(2026, 11, 22), date(9999, 12, 31))
_DAY = timedelta(days=1)


class Kept(NamedTuple):
    """What was known: the moment's text, its time if it was recorded, and the records as they were."""

    text: str
    at: datetime | None
    records: Records


class World:
    """An open service, a connection of the test's own, and the records as the service last served them."""

    def __init__(self, url: str, app: FastAPI, client: httpx.AsyncClient, connection: Connection) -> None:
        self.url = url
        self.service, self.client, self.connection = app.state.service, client, connection
        self.keeping: Keeping = app.state.running.keeping
        self.places = app.state.running.places
        self.epoch: int = self.service.epoch
        self.records: dict[str, dict] = {}
        self.kept: list[Kept] = []

    async def clear(self) -> None:
        """Forget everything but the moments, which stay true of nothing."""
        names = [name for kind in self.service.registry for name in _tables(kind)]
        # The tables are nearly empty: deleting is quicker than new files for each, which truncating makes.
        every = ("rollup_horizon", "rollup", "ledger", "span", "claim", *names)
        await self.connection.execute(";".join(f"delete from {name}" for name in every))
        self.records, self.kept = {}, []

    async def do(self, step: Step) -> None:
        """Do a step over HTTP (or beside it: fold, take, ask) and read again what it may have changed."""
        match step.what:
            case "put" | "delete":
                self._require(await self._send(step))
                await self.read([reference(step)])
            case "transaction" | "batch":
                entries = [_entry(part) for part in step.argument]
                bundle = {"resourceType": "Bundle", "type": step.what, "entry": entries}
                self._require(await self.client.post("", json=bundle))
                await self.read(map(reference, step.argument))
            case "create":
                await self._create(step.argument)
            case "merge" | "unmerge":
                await self._join(step.what, *step.argument)
            case "fold":
                await fold(self.connection, self.epoch, least=1)
            case "take":
                await self.take()
            case "ask":
                await self.ask()

    async def _send(self, step: Step) -> httpx.Response:
        if step.what == "delete":
            return await self.client.delete(f"/{step.argument}")
        return await self.client.put(f"/{reference(step)}", json=step.argument)

    async def _create(self, record: dict) -> None:
        number = record["identifier"][0]
        criteria = f"identifier={number['system']}|{number['value']}"
        sent = {name: value for name, value in record.items() if name != "id"}
        answer = await self.client.post("/Coverage", json=sent, headers={"if-none-exist": criteria})
        self._require(answer)
        if answer.is_success:
            await self.read([f"Coverage/{answer.json()['id']}"])

    async def _join(self, what: str, source: str, target: str) -> None:
        """Merge or undo; the answer must be what the merges in force make of it."""
        named = (("source-patient", source), ("target-patient", target))
        sent = [{"name": name, "valueReference": {"reference": reference}} for name, reference in named]
        body = {"resourceType": "Parameters", "parameter": sent}
        answer = await self.client.post(f"/Patient/${what}", json=body)
        if what == "merge":
            status, made = merge(self.records, source, target)
            self.records |= {merge_of(source): made} if made else {}
        else:
            status, ended = unmerge(self.records, source, target)
            self.records.pop(merge_of(source) if ended else "", None)
        # A record that was deleted is gone, one that never was is not found.
        assert answer.status_code in ({404, 410} if status == 404 else {status}), answer.text
        await self.read([source, target])

    def _require(self, answer: httpx.Response) -> None:
        # Refused are a record of nobody, a number that another holds, the end of a patient who has records.
        assert answer.is_success or answer.status_code in (409, 422), answer.text

    async def read(self, references: Iterable[str]) -> None:
        """Read the records from the service, so that a write that was refused leaves the copy as it was."""
        for one in references:
            answer = await self.client.get(f"/{one}")
            if answer.is_success:
                self.records[one] = answer.json()
            else:
                assert answer.status_code in (404, 410), answer.text
                assert not is_merged(self.records, one), "a merged record was deleted"
                self.records.pop(one, None)

    async def take(self) -> None:
        """Record a moment that knows all that is committed, and keep it with the records."""
        await take(self.connection, self.epoch, always=True)
        at = await self.connection.fetchval("select max(at) from moment")
        self.kept.append(Kept("", at, dict(self.records)))

    async def ask(self) -> None:
        """Ask for a level, and keep the moment that the answer names with the records."""
        found = await levels(self.connection, Where(UNITS, None), self.numbers, date(2026, 1, 1), None, self.epoch)
        self.kept.append(Kept(str(found.moment), None, dict(self.records)))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all series."""
        return tuple(self.keeping.numbers.values())

    async def counted(self, day: date, moment: Moment | None = None) -> Counter[tuple[str, str, str]]:
        """Return what the ledger says, in the oracle's words."""
        names = {number: code.partition("@")[0] for code, number in self.keeping.numbers.items()}
        found = await levels(self.connection, Where(UNITS, None), self.numbers, day, moment, self.epoch)
        return Counter({(names[row.series], row.key, row.sex): row.people for row in found.rows})

    async def require_now(self, days: Iterable[date]) -> None:
        """The ledger says what a recount of the records says, on each day."""
        for day in days:
            require_same(await self.counted(day), count(self.records, day), f"on {day}")

    async def require_kept(self, days: Sequence[date]) -> None:
        """At every moment that was kept, the ledger says what a recount of the records of then says."""
        for kept in self.kept:
            moment = await find(self.connection, kept.text, kept.at, self.epoch)
            for day in days:
                known = f"on {day} as known at {kept.text or kept.at}"
                require_same(await self.counted(day, moment), count(kept.records, day), known)

    async def require_no_difference(self) -> None:
        """Columns, spans, ledger and roll-ups are what the records give, in the service's own recount."""
        zone = self.service.settings.time_zone
        found = await recount(self.connection, self.service.registry, indicators(), self.keeping, zone)
        assert found.difference == 0, found
        query = "select count(*) from span where unit <> all($1::text[])"
        elsewhere = await self.connection.fetchval(query, list(UNITS))
        assert elsewhere == 0


def require_same(found: Counter[tuple[str, str, str]], expected: Counter[tuple[str, str, str]], when: str) -> None:
    """What was found is what is expected, also where a count is negative."""
    differ = {key: (found[key], expected[key]) for key in found | expected if found[key] != expected[key]}
    differ |= {key: (people, expected[key]) for key, people in found.items() if people < 0}
    assert not differ, f"{when}: (found, expected) is {differ}"


def edges(records: Iterable[dict]) -> list[date]:
    """Return every day that the records name, with the days beside it and a year later, and some of always."""
    named = {day for record in records for day in _days(record)}
    later = {year_after(day) for day in named if day.year < 9000}
    near = {day + step * _DAY for day in named | later if 1 < day.year < 9999 for step in (-1, 0, 1)}
    return sorted(near | set(ALWAYS_ASKED))


def _days(element: object) -> Iterable[date]:
    if isinstance(element, dict):
        for name, value in element.items():
            if name in ("start", "end", "birthDate", "deceasedDateTime", "occurrenceDateTime"):
                yield from (first_day(value), last_day(value))
            else:
                yield from _days(value)
    elif isinstance(element, list):
        for value in element:
            yield from _days(value)


def _entry(step: Step) -> dict:
    if step.what == "delete":
        return {"request": {"method": "DELETE", "url": step.argument}}
    return {"resource": json.loads(json.dumps(step.argument)), "request": {"method": "PUT", "url": reference(step)}}


def _tables(kind) -> list[str]:
    return [kind.tables.name, kind.tables.past.name, *(table.name for table in kind.tables.prefixes.values())]
