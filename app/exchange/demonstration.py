"""The demonstration: an invented register sent through the write path, and the figures that come of it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import SQLModel

from app.config import Settings
from app.errors import Conflict
from app.exchange.invented import Plan, facilities, households, invent, tally
from app.exchange.load.item import Item
from app.exchange.load.report import Report
from app.exchange.load.run import Loading
from app.indicators.answer import Figure, value
from app.indicators.keeping import open_keeping
from app.indicators.registry import indicators
from app.places import Place, load
from app.resources.registry import registry
from app.store.pool import alone

PROVINCE = "15@2025-07"
COMMUNES = ("02683", "02686", "02695", "02701", "02707", "02725", "02728")
"""The communes of the former district of Bát Xát."""
MANY = 15_000
"""People from which on the register has several communes."""
_KEPT = (
    *("alembic_version", "epoch", "moment", "series", "unit_area"),
    *("audit", "audit_seal", "audit_retired", "client", "assertion", "access_token", "session"),
)


@dataclass(frozen=True)
class Households:
    """A slice of the register; its resources are made where they are loaded."""

    plan: Plan
    start: int
    stop: int

    def items(self) -> Iterator[Item]:
        """Yield the resources of the households, each person's together."""
        for household in invent(self.plan, self.start, self.stop):
            for resource in household:
                yield _item(resource)


@dataclass(frozen=True)
class Facilities:
    """The stations, rooms and staff that records refer to."""

    plan: Plan

    def items(self) -> Iterator[Item]:
        """Yield the resources."""
        return (_item(resource) for resource in facilities(self.plan))


def _item(resource: dict) -> Item:
    return Item("demo", resource["resourceType"], "", json.dumps(resource, ensure_ascii=False).encode())


def plan_for(people: int, insured: int | None, last_day: date) -> Plan:
    """Return a register with exactly so many residents, and so many of them insured, on its last day.

    Besides them it has the people that every register has: dead, moved away, entered by mistake.
    """
    places = load()
    province = places.unit(PROVINCE)
    chosen = [unit for unit in places.communes(province) if unit.code in COMMUNES]
    communes = tuple((unit.code, unit.name) for unit in chosen)[: None if people >= MANY else 1]
    size = people
    while True:
        wanted = (people * 932 + 500) // 1000 if insured is None else insured
        plan = Plan(size, wanted, last_day, communes=communes, province=(province.code, province.name))
        residents = tally(plan).residents
        if residents == people:
            return plan
        size += people - residents


async def make_room(url: str, plan: Plan) -> None:
    """Clear an earlier demonstration of another size. Raises Conflict when other people are held."""
    async with alone(url) as connection:
        person = registry().person.tables.name
        others = await connection.fetchval(f"select exists (select from {person} where id not like 'demo-%')")
        if others:
            raise Conflict.of(
                "The database holds people who are not of the demonstration; choose another folder with TRAMY_DATA.",
                "Cơ sở dữ liệu đang có hồ sơ thật; hãy chọn thư mục khác bằng TRAMY_DATA.",
            )
        held = await connection.fetchval(f"select count(*) from {person}")
        if held not in (0, plan.people):
            names = [table.name for table in SQLModel.metadata.sorted_tables if table.name not in _KEPT]
            await connection.execute(f"truncate {', '.join(names)}")


def send(settings: Settings, url: str, plan: Plan, workers: int, progress: Callable[[Report], None]) -> Report:
    """Send the register through the write path on several processes and return the report."""
    with Loading(settings, url, workers, progress) as loading:
        loading.deal(0, Facilities(plan))
        total = households(plan)
        for number, start in enumerate(range(0, total, 100)):
            loading.deal(number, Households(plan, start, min(start + 100, total)))
        loading.drain()
        return loading.report


async def figures(url: str, plan: Plan) -> Mapping[str, list[tuple[Place, Figure]]]:
    """Return each indicator for each commune of the register on its last day."""
    places = load()
    province = places.unit(PROVINCE)
    wanted = {code for code, _ in plan.communes}
    async with alone(url) as connection:
        keeping = await open_keeping(connection, indicators())
        found = {}
        for code, item in indicators().items():
            answer = await value(connection, keeping, item, places, province, plan.last_day, by="commune")
            found[code] = [(part, figure) for part, figure in answer.groups if part and part.code in wanted]
        return found


def whole(parts: list[tuple[Place, Figure]]) -> Figure:
    """Return the figure of all communes together."""
    return Figure(sum(f.numerator for _, f in parts), sum(f.denominator for _, f in parts))
