"""The word lists under schemas/demo, read once: names, schedules, reasons and shapes of households, all invented."""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.exchange.invented.draws import weighted

FOLDER = Path(__file__).resolve().parents[3] / "schemas" / "demo"


class Shape(NamedTuple):
    """Who lives in a household; the ages are of the youngest child, or of the adults where there is none."""

    adults: int
    children: int
    elders: int
    low: int
    high: int


class Visit(NamedTuple):
    """A kind of contact: MA_LOAI_KCB code (QĐ 1804/2026), encounter class, where, and when (hours of the day)."""

    type: str
    type_name: str
    class_: str
    class_name: str
    at_hospital: bool
    opens: int
    closes: int
    minutes: int
    days: int
    reason: str


class Dose(NamedTuple):
    """One dose of the child schedule: days after birth, days after the dose before, share given in per cent."""

    cvx: str
    dose: int
    due: int
    gap: int
    uptake: float
    sex: str
    first_day: str


class AdultDose(NamedTuple):
    """A vaccine given to grown people, with the ages (years) and the share who had it."""

    cvx: str
    from_age: int
    until_age: int
    sex: str
    share: float


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Read one list; not to be changed by whoever asks."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


@cache
def shapes(size: int) -> tuple[Shape, ...]:
    """Give the shapes of households of this size (1 to 7)."""
    fields = Shape._fields
    found = [r for r in rows("households") if int(r["size"]) == size]
    return weighted((Shape(*(int(r[f]) for f in fields)), int(r["weight"])) for r in found)


@cache
def visits() -> tuple[Visit, ...]:
    """Give the kinds of contact."""
    return weighted((_visit(r), int(r["weight"])) for r in rows("visits"))


def _visit(r: dict[str, str]) -> Visit:
    hours = (int(r["opens"]), int(r["closes"]), int(r["minutes"]), int(r["days"]))
    names = (r["type"], r["type_name"], r["class"], r["class_name"])
    return Visit(*names, r["place"] == "hospital", *hours, r["reason"])


@cache
def reasons(kind: str, age: int) -> tuple[tuple[str, str], ...]:
    """Give the ICD-10 codes and names a person of this age (years) comes with."""
    found = [r for r in rows("reasons") if r["kind"] == kind and _of_age(r, age)]
    return weighted(((r["code"], r["display"]), int(r["weight"])) for r in found)


@cache
def subjects(age: int, kinh: bool) -> tuple[tuple[str, str], ...]:
    """Give the subject codes and benefit digits of cards at this age (QĐ 1351/QĐ-BHXH of 2015)."""
    column = "kinh" if kinh else "other"
    found = [r for r in rows("subjects") if _of_age(r, age)]
    return weighted(((r["code"], r["benefit"]), int(r[column])) for r in found)


def _of_age(row: dict[str, str], age: int) -> bool:
    return int(row["from_age"]) <= age < int(row["until_age"])


@cache
def schedule() -> tuple[Dose, ...]:
    """Give the child schedule, by vaccine and then by dose."""
    return tuple(
        Dose(
            *(r["cvx"], int(r["dose"]), int(r["due_days"]), int(r["gap_days"])),
            *(float(r["uptake"]) / 100, r["sex"], r["first_day"]),
        )
        for r in rows("schedule")
    )


@cache
def adult_doses() -> tuple[AdultDose, ...]:
    """Give the vaccines of grown people."""
    return tuple(
        AdultDose(r["cvx"], int(r["from_age"]), int(r["until_age"]), r["sex"], int(r["per_mille"]) / 1000)
        for r in rows("adult-doses")
    )


@cache
def vaccines() -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    """Give each CVX code its name and the (ICD-10 code, name) of the diseases it is against."""
    diseases = {r["code"]: r["display"] for r in rows("diseases")}
    return {r["cvx"]: (r["display"], tuple((d, diseases[d]) for d in r["diseases"].split())) for r in rows("vaccines")}


@cache
def groups(province: str) -> tuple[tuple[tuple[str, str], ...], float]:
    """Give the ethnic groups beside the Kinh in a province of 2025, and the share of the Kinh (0 to 1)."""
    found = [((r["group"], r["name"]), int(r["per_mille"])) for r in rows("groups") if r["province"] == province]
    return weighted(found), 1 - sum(weight for _, weight in found) / 1000


@cache
def prefixes(province: str, version: str) -> tuple[str, ...]:
    """Give the prefixes of national numbers, those of this province first; they were never renumbered."""
    own, others = [], []
    for r in rows("prefixes"):
        (own if r["province"] == province_of_2025(province, version) else others).append(r["prefix"])
    own.sort(key=lambda prefix: (version == "2004" and prefix != f"0{province}", prefix))
    return tuple(own + others)


@cache
def province_of_2025(province: str, version: str) -> str:
    """Give the province of today a code of the old list belongs to; a code of today's list is itself."""
    if version != "2004":
        return province
    return next((r["province"] for r in rows("prefixes") if r["prefix"] == f"0{province}"), province)


Names = tuple[tuple[str, ...], ...]


@cache
def names(group: str, part: str, sex: str = "", generation: str = "") -> Names:
    """Give the words of one part of a name; a group without words of its own for that part uses the Kinh's."""
    found = [r for r in rows("names") if (r["group"], r["part"]) == (group, part) and _suits(r, sex, generation)]
    if not found:
        return names("01", part, sex, generation)
    return weighted((tuple(r["words"].split()), int(r["weight"])) for r in found)


def _suits(row: dict[str, str], sex: str, generation: str) -> bool:
    return row["sex"] in ("", sex) and row["generation"] in ("", generation)
