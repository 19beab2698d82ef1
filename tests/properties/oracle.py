"""A recount that owes nothing to the service: plain comparisons, for one day, from the JSON of records.

The definitions are those of the indicators' documents (QĐ 318/QĐ-TTg 2022, QĐ 2373/QĐ-BYT 2022), in the words
of the service: a day is a day in Viet Nam, a birth counts from its day, a death ends with the day before.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

Records = Mapping[str, dict]
"""The current version of each record as it is served, by reference ("Patient/a").

Beside them stand the merges in force, which no record need tell: "Merge/a" is {"resourceType": "Merge", "source":
"Patient/a", "target": "Patient/b"}. Merged records are one person, who lives where the last target says.
"""

VIET_NAM = timedelta(hours=7)
LISTS = Path(__file__).resolve().parents[2] / "schemas" / "places"
NEW_BOUNDARIES = date(2025, 7, 1)
VN_CORE = "http://fhir.ehealth.gov.vn/core"
NUMBERS = {f"{VN_CORE}/sid/national_id", f"{VN_CORE}/sid/insurance_number"}
BOOKS = {"https://tramy.vn/sid/so-suc-khoe-dien-tu"}


def _codes(name: str) -> frozenset[str]:
    with (LISTS / name).open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file))


COMMUNES = {"2004": _codes("communes_before_2025.csv"), "2025-07": _codes("communes_2025.csv")}


def count(records: Records, day: date) -> Counter[tuple[str, str, str]]:
    """Return how many people are in each (series, stated commune, sex); series as `resident`, `managed` ..."""
    found: Counter[tuple[str, str, str]] = Counter()
    for reference, unit, sex in residents(records, day):
        for series in ("resident", *series_of(records, reference, day)):
            found[series, unit, sex] += 1
    return found


def residents(records: Records, day: date) -> Iterator[tuple[str, str, str]]:
    """Yield (reference, stated commune or "", sex) of everyone who lives anywhere on the day."""
    for reference, record in records.items():
        if record["resourceType"] == "Patient" and head(records, reference) == reference and lives(record, day):
            yield reference, home(record, day), record.get("gender", "unknown")


def series_of(records: Records, reference: str, day: date) -> Iterator[str]:
    """Yield the indicators that count the person, who is a resident."""
    mine = [record for record in records.values() if owner(record) and head(records, owner(record)) == reference]
    mine += [
        record
        for other, record in records.items()
        if record["resourceType"] == "Patient" and head(records, other) == reference
    ]
    if any(contact <= day < year_after(contact) for contact in contacts(mine)):
        yield "managed"
    if any(in_force(card, day) for card in cards(mine)):
        yield "insured"
    if is_identified(mine, day) and has_book(mine, day):
        yield "e-book"


def head(records: Records, reference: str) -> str:
    """Return the record that stands for the person of a record."""
    while into := records.get(merge_of(reference)):
        reference = into["target"]
    return reference


def merge_of(reference: str) -> str:
    """Return under which name the merge of a record stands."""
    return f"Merge/{reference.partition('/')[2]}"


def is_merged(records: Records, reference: str) -> bool:
    """Say whether a merge in force names the record."""
    every = (record for record in records.values() if record["resourceType"] == "Merge")
    return any(reference in (record["source"], record["target"]) for record in every)


def merge(records: Records, source: str, target: str) -> tuple[int, dict | None]:
    """Return the status that a merge must answer with, and the merge where there is one to keep."""
    if source == target:
        return 400, None
    if source not in records or target not in records:
        return 404, None
    if head(records, source) == head(records, target):
        return (200 if merge_of(source) in records else 409), None
    if merge_of(source) in records:
        return 409, None
    return 200, {"resourceType": "Merge", "source": source, "target": target}


def unmerge(records: Records, source: str, target: str) -> tuple[int, bool]:
    """Return the status that an undo must answer with, and whether it ends a merge."""
    if source == target:
        return 400, False
    if source not in records or target not in records:
        return 404, False
    held = records.get(merge_of(source))
    return (409, False) if held and held["target"] != target else (200, held is not None)


def lives(patient: dict, day: date) -> bool:
    if patient.get("active") is False or patient.get("deceasedBoolean") is True:
        return False
    if "birthDate" in patient and day < first_day(patient["birthDate"]):
        return False
    return "deceasedDateTime" not in patient or day < first_day(patient["deceasedDateTime"])


def home(patient: dict, day: date) -> str:
    """Return the stated commune: of a home before a temporary one, of the latest start, of the earliest end."""
    received = local_day(patient["meta"]["lastUpdated"])
    choices = []
    for address in patient.get("address", []):
        period = address.get("period", {})
        if address.get("use") in ("work", "billing") or (address.get("use") == "old" and "end" not in period):
            continue
        unit = commune(address, received)
        if unit and in_force({"period": period}, day):
            start = first_day(period["start"]) if "start" in period else date.min
            end = last_day(period["end"]) if "end" in period else date.max
            choices.append((address.get("use") != "temp", start, -end.toordinal(), -len(choices), unit))
    return max(choices)[-1] if choices else ""


def commune(address: dict, received: date) -> str:
    """Return the first coded commune that is in a list of units, as code@version."""
    ended = address.get("period", {}).get("end")
    guess = min(received, last_day(ended)) if ended else received
    return next(filter(None, (stated(coding, guess) for coding in codings(address))), "")


def codings(address: dict) -> Iterator[dict]:
    for extension in address.get("extension", []):
        if extension["url"].endswith("/commune"):
            yield extension["valueCoding"]
        for part in extension.get("extension", []):
            if part["url"] == "ward":
                yield from part["valueCodeableConcept"]["coding"]


def stated(coding: dict, guess: date) -> str:
    version, code = coding.get("version"), coding.get("code")
    if version not in COMMUNES:
        known = last_day(version) if version else guess
        # A year in which the lists changed says nothing.
        era = guess if version == "2025" else known
        version = "2004" if era < NEW_BOUNDARIES else "2025-07"
    other = "2004" if version == "2025-07" else "2025-07"
    return next((f"{code}@{name}" for name in (version, other) if code in COMMUNES[name]), "")


def contacts(mine: list[dict]) -> Iterator[date]:
    yield from visits(mine)
    for record in mine:
        given = record["resourceType"] == "Immunization" and record["status"] == "completed"
        if given and "occurrenceDateTime" in record:
            yield first_day(record["occurrenceDateTime"])


def visits(mine: list[dict]) -> Iterator[date]:
    for record in mine:
        if record["resourceType"] == "Encounter" and record["status"] == "finished":
            period = record.get("period", {})
            if when := period.get("start") or period.get("end"):
                yield first_day(when)


def cards(mine: list[dict]) -> Iterator[dict]:
    for record in mine:
        if record["resourceType"] == "Coverage" and record["status"] == "active":
            coded = {coding.get("code") for coding in record.get("type", {}).get("coding", [])}
            numbered = any(item.get("system", "").endswith("/insurance_number") for item in identifiers(record))
            if numbered or coded & {"PUBLICPOL", "BHYT"}:
                yield record


def is_identified(mine: list[dict], day: date) -> bool:
    if any(item["system"] in NUMBERS and in_force(item, day) for item in of_patients(mine)):
        return True
    return any(identifiers(card) for card in cards(mine))


def has_book(mine: list[dict], day: date) -> bool:
    if any(item["system"] in BOOKS and in_force(item, day) for item in of_patients(mine)):
        return True
    return any(visit <= day for visit in visits(mine))


def of_patients(mine: list[dict]) -> list[dict]:
    return [item for record in mine if record["resourceType"] == "Patient" for item in identifiers(record)]


def identifiers(record: dict) -> list[dict]:
    return [item for item in record.get("identifier", []) if "value" in item]


def in_force(element: dict, day: date) -> bool:
    """Say whether the day is in the element's period, whose last day is included."""
    period = element.get("period", {})
    if "start" in period and day < first_day(period["start"]):
        return False
    return "end" not in period or day <= last_day(period["end"])


def owner(record: dict) -> str:
    element = record.get("subject") or record.get("patient") or record.get("beneficiary") or {}
    return element.get("reference", "")


def first_day(text: str) -> date:
    """Return the first possible day of a year, month, day or time."""
    return local_day(text) if "T" in text else date.fromisoformat(text + "-01" * (2 - text.count("-")))


def last_day(text: str) -> date:
    """Return the last possible day of a year, month, day or time."""
    if len(text) == 4:
        return date(int(text), 12, 31)
    if len(text) == 7:
        day = date.fromisoformat(f"{text}-28")
        while (day + timedelta(days=1)).month == day.month:
            day += timedelta(days=1)
        return day
    return first_day(text)


def local_day(text: str) -> date:
    return (datetime.fromisoformat(text).astimezone(UTC) + VIET_NAM).date()


def year_after(day: date) -> date:
    """Return the same day of the next year, 28 February for 29 February; the calendar ends with 9999-12-31."""
    if day.year == date.max.year:
        return date.max
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
