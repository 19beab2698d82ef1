"""People as rows of a table, and the FHIR records that they stand for.

Words of a row: a period is `first..last` (both included, either may be missing); a commune is `code@version`
or a bare code; a word in front says the use of an address or the status of a record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VN_CORE = "http://fhir.ehealth.gov.vn/core/sid"
SYSTEMS = {
    "căn-cước": f"{VN_CORE}/national_id",
    "thẻ": f"{VN_CORE}/insurance_number",
    "sổ": "https://tramy.vn/sid/so-suc-khoe-dien-tu",
    "trạm": "https://tram.example/ma-so",
}
NUMBERS = {"căn-cước": "0101900001{:02}", "thẻ": "GD40101234567{:02}", "sổ": "so-{:02}", "trạm": "{:02}"}
COMMUNE = "https://tramy.vn/fhir/StructureDefinition/commune"
USES = ("home", "temp", "old", "work", "billing")


@dataclass(frozen=True)
class Person:
    """One row: who it is, where homes are, and what is on record."""

    sex: str = "female"
    born: str = "1990-05-17"
    died: str | bool | None = None
    active: bool | None = None
    homes: tuple[str, ...] = ("00004@2025-07",)
    numbers: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    doses: tuple[str, ...] = ()


def bundle(people: tuple[Person, ...]) -> dict[str, Any]:
    """Return one transaction that registers everyone with all that is on record."""
    entries = [record for number, person in enumerate(people, 1) for record in records(person, number)]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": record, "request": {"method": "PUT", "url": f"{record['resourceType']}/{record['id']}"}}
            for record in entries
        ],
    }


def records(person: Person, number: int) -> Iterator[dict[str, Any]]:
    """Yield the Patient `mau-<number>` and its visits, doses and cards."""
    yield patient(person, number)
    reference = {"reference": f"Patient/mau-{number}"}
    for index, text in enumerate(person.visits):
        status, when = worded(text, "finished")
        visit = {"resourceType": "Encounter", "id": f"v-{number}-{index}", "status": status, "subject": reference}
        yield visit | {"class": {"code": "AMB"}, "period": period(when)}
    for index, text in enumerate(person.doses):
        status, when = worded(text, "completed")
        dose = {"resourceType": "Immunization", "id": f"d-{number}-{index}", "status": status, "patient": reference}
        given = {"occurrenceString": when} if when.isalpha() else {"occurrenceDateTime": when}
        yield dose | {"vaccineCode": {"coding": [{"code": "102"}]}, **given}
    for index, text in enumerate(person.cards):
        yield card(text, f"k-{number}-{index}", reference)


def card(text: str, record_id: str, reference: dict[str, str]) -> dict[str, Any]:
    """Return a Coverage: a status other than active, `private` or `unnumbered` may stand before its period."""
    word, when = worded(text, "active")
    status = "active" if word in ("private", "unnumbered") else word
    made = {"resourceType": "Coverage", "id": record_id, "status": status, "beneficiary": reference}
    made |= {"payor": [{"display": "Bảo hiểm xã hội Việt Nam"}]}
    made |= {"type": {"coding": [{"code": "EHCPOL" if word == "private" else "PUBLICPOL"}]}}
    if word not in ("private", "unnumbered"):
        made |= {"identifier": [{"system": SYSTEMS["thẻ"], "value": "GD4010123456789"}]}
    return made | ({"period": period(when)} if when else {})


def patient(person: Person, number: int) -> dict[str, Any]:
    """Return the Patient of a row."""
    made: dict[str, Any] = {"resourceType": "Patient", "id": f"mau-{number}", "name": [{"text": "Lý Thị Mẫu"}]}
    told = {"gender": person.sex, "birthDate": person.born}
    made |= {name: value for name, value in told.items() if value}
    made |= {} if person.active is None else {"active": person.active}
    if person.died is not None:
        made |= {"deceasedBoolean" if isinstance(person.died, bool) else "deceasedDateTime": person.died}
    if person.homes:
        made |= {"address": [address(text) for text in person.homes]}
    if person.numbers:
        made |= {"identifier": [identifier(text, number) for text in person.numbers]}
    return made


def address(text: str) -> dict[str, Any]:
    """Return an Address from `use commune period`, each of which may be missing; `-` is no commune."""
    words = text.split()
    made: dict[str, Any] = {"text": "Thôn Mẫu 1"}
    for word in words:
        if word in USES:
            made["use"] = word
        elif ".." in word:
            made["period"] = period(word)
        elif word != "-":
            code, _, version = word.partition("@")
            coding = {"code": code} | ({"version": version} if version else {})
            made["extension"] = [{"url": COMMUNE, "valueCoding": coding}]
    return made


def identifier(text: str, number: int) -> dict[str, Any]:
    """Return an Identifier from `kind period`; the period may be missing."""
    kind, _, when = text.partition(" ")
    made = {"system": SYSTEMS[kind], "value": NUMBERS[kind].format(number)}
    return made | ({"period": period(when)} if when else {})


def worded(text: str, usual: str) -> tuple[str, str]:
    """Split a status word from what follows; without one it is the usual."""
    word, _, rest = text.partition(" ")
    return (word, rest) if word.isascii() and word.replace("-", "").isalpha() and len(word) > 2 else (usual, text)


def period(text: str) -> dict[str, str]:
    """Return the Period of `first..last`; a single day or time is only its start."""
    start, _, end = text.partition("..")
    return {name: day for name, day in (("start", start), ("end", end)) if day}
