"""What is asked for: how many people, how many of them insured, where, and until which day."""

import re
from dataclasses import KW_ONLY, dataclass
from datetime import date

from app.errors import BadParameter

MOST_PEOPLE = 30_000_000
"""Above this, six digits under each of the 63 prefixes no longer give everyone a national number of their own."""
MOST_COMMUNES = 899
"""A facility code has three digits after the province's two."""
FIRST_YEAR, LAST_YEAR = 2005, 2199
"""Nobody may be born before 1900, where the century digit of national numbers begins."""
_SHARE = ("0 to the number of people", "từ 0 đến số người")
_YEARS = (f"a year from {FIRST_YEAR} to {LAST_YEAR}", f"năm từ {FIRST_YEAR} đến {LAST_YEAR}")
_UNITS = ("distinct codes of letters and digits, with names", "các mã khác nhau gồm chữ và số, kèm tên")
_CODE = re.compile(r"[0-9A-Za-z]{1,12}")


@dataclass(frozen=True)
class Plan:
    """A register to invent, of one province.

    `insured` people have a card in force on `last_day`, exactly; None is 93.2 %. Nothing that has happened is dated
    after `last_day` (a day in Asia/Ho_Chi_Minh). `communes`, `neighbours` and `province` are (code, name) in the
    unit list `unit_version`. People who moved came from, or went to, a neighbour; without `neighbours` they came
    from another commune of the plan, or from an address that names the province only, and went to such an address.
    BadParameter if it cannot be done.
    """

    people: int
    insured: int | None
    last_day: date
    seed: int = 20260701
    _: KW_ONLY
    communes: tuple[tuple[str, str], ...]
    province: tuple[str, str]
    unit_version: str = "2025-07"
    neighbours: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _need(1 <= self.people <= MOST_PEOPLE, "people", f"1 to {MOST_PEOPLE}", f"từ 1 đến {MOST_PEOPLE}")
        _need(self.insured is None or 0 <= self.insured <= self.people, "insured", *_SHARE)
        _need(FIRST_YEAR <= self.last_day.year <= LAST_YEAR, "last_day", *_YEARS)
        _need(0 <= self.seed < 2**64, "seed", "0 to 2^64 - 1", "từ 0 đến 2^64 - 1")
        _need(
            1 <= len(self.communes) <= MOST_COMMUNES, "communes", f"1 to {MOST_COMMUNES}", f"từ 1 đến {MOST_COMMUNES}"
        )
        units = self.communes + self.neighbours
        distinct = len({code for code, _ in units}) == len(units)
        _need(distinct and all(map(_unit, units)), "communes", *_UNITS)
        _need(bool(re.fullmatch("[0-9]{2}", self.province[0])), "province", "a code of two digits", "mã gồm hai chữ số")

    @property
    def covered(self) -> int:
        """How many people have a card in force on the last day."""
        return (self.people * 932 + 500) // 1000 if self.insured is None else self.insured


def _unit(unit: tuple[str, str]) -> bool:
    return bool(_CODE.fullmatch(unit[0])) and bool(unit[1].strip())


def _need(holds: bool, name: str, en: str, vi: str) -> None:
    if not holds:
        raise BadParameter.of(f"{name}: expected {en}", f"{name}: cần {vi}", name)
