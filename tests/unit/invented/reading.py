"""A register of 4,000 people, and how the tests read it."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from app.exchange.invented import (
    Plan,
    invent,
)

COMMUNES = (("02683", "Xã Bát Xát"), ("02695", "Xã Trịnh Tường"), ("02701", "Xã Y Tý"))
PROVINCE = ("15", "Tỉnh Lào Cai")
LAST = date(2026, 10, 31)
SID = "http://fhir.ehealth.gov.vn/core/sid"


def plan_of(people: int, insured: int | None = None, last: date = LAST, **changes) -> Plan:
    return Plan(people, insured, last, **{"communes": COMMUNES, "province": PROVINCE, **changes})


@cache
def register(people: int = 4000) -> tuple[dict, ...]:
    return tuple(resource for household in invent(plan_of(people)) for resource in household)


def of_type(name: str, resources=None) -> list[dict]:
    return [r for r in (register() if resources is None else resources) if r["resourceType"] == name]


def owner(resource: dict) -> str:
    reference = resource.get("subject") or resource.get("beneficiary") or resource.get("patient")
    return (reference or {"reference": f"Patient/{resource['id']}"})["reference"].removeprefix("Patient/")


def system_value(patient: dict, system: str) -> str | None:
    return next((i["value"] for i in patient["identifier"] if i["system"] == system), None)


def dates(part, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from dates(value, f"{path}.{key}" if path else key)
    elif isinstance(part, list):
        for value in part:
            yield from dates(value, path)
    elif isinstance(part, str) and re.match(r"\d{4}-\d{2}-\d{2}", part):
        yield path, part[:10]


def in_force(card: dict, day: str) -> bool:
    period = card["period"]
    return card["status"] == "active" and period["start"] <= day <= period.get("end", "9999")


def current(patient: dict) -> dict:
    return next(a for a in patient["address"] if "end" not in a.get("period", {}))


def ward(address: dict) -> str:
    nested = address["extension"][0]["extension"]
    return next((e["valueCodeableConcept"]["coding"][0]["code"] for e in nested if e["url"] == "ward"), "")


@cache
def births() -> dict[str, str]:
    return {p["id"]: p["birthDate"] for p in of_type("Patient")}


def plus_months(day: str, months: int) -> str:
    year, month = divmod(int(day[:4]) * 12 + int(day[5:7]) - 1 + months, 12)
    return f"{year:04d}-{month + 1:02d}-{day[8:10]}"
