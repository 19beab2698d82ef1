"""Where a person lives on each day: one commune a day, from the addresses of a Patient.

Precedence: home (also an address without a use, and a past home: `old` with an end) before temporary, then
the latest start first, of equal starts the earliest end, at last the order sent. An address counts when its
commune is coded: by VN Core's administrative address (its `ward`) or by the plain coded commune. Days without
such an address are unassigned (unit "").
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from math import inf
from typing import NamedTuple

from app.fhir.instant import local_days, period_days
from app.fhir.resource_type import Reading
from app.places import Stated, load
from app.resources.days import ALWAYS, Span, intersect, of_period, subtract
from app.resources.systems import ADMINISTRATIVE_ADDRESS, COMMUNE

_RANK = {None: 0, "home": 0, "old": 0, "temp": 1}
UNASSIGNED = ""


class Residence(NamedTuple):
    """The stated commune keys with their days, and whether the era of a code had to be guessed."""

    days: dict[str, list[Span]]
    guessed: bool


def residence(tree: dict, reading: Reading) -> Residence:
    """Return where the person lives on each day of life; nothing for one who is inactive or dead without a date."""
    life = lifetime(tree, reading)
    if life is None:
        return Residence({}, guessed=False)
    days: dict[str, list[Span]] = defaultdict(list)
    taken: list[Span] = []
    guessed = False
    for unit, span, guess in _addresses(tree, reading):
        alive = intersect(span, life)
        parts = subtract(alive, taken) if alive else []
        days[unit] += parts
        taken += parts
        guessed = guessed or (guess and bool(parts))
    days[UNASSIGNED] += subtract(life, taken)
    return Residence({unit: spans for unit, spans in days.items() if spans}, guessed)


def lived(tree: dict, reading: Reading) -> set[str]:
    """Return every stated commune of an address that was or is lived at, whether or not the person counts there."""
    addresses = (item for item in tree.get("address", ()) if item.get("use") in _RANK)
    return {stated.key for item in addresses if (stated := _stated(item, reading))}


def lifetime(tree: dict, reading: Reading) -> Span | None:
    """Return the days from birth to the day before death.

    ASSUMPTION: of a birth or death known by month or year only, the first possible day counts.
    """
    if tree.get("active") is False or tree.get("deceasedBoolean") is True:
        return None
    born = local_days(tree["birthDate"], reading.zone).first.toordinal() if "birthDate" in tree else -inf
    died = local_days(tree["deceasedDateTime"], reading.zone).first.toordinal() if "deceasedDateTime" in tree else inf
    return intersect(Span(born, died), ALWAYS)


def _addresses(tree: dict, reading: Reading) -> list[tuple[str, Span, bool]]:
    """Return the coded addresses, the one that decides first."""
    found = []
    for position, address in enumerate(tree.get("address", ())):
        # An old address that does not say when it ended tells of no day on which it was the home.
        if address.get("use") not in _RANK or (address.get("use") == "old" and _until(address, reading) is None):
            continue
        span = of_period(address.get("period"), reading.zone)
        stated = _stated(address, reading)
        if stated and span.start < span.end:
            found.append((_RANK[address.get("use")], -span.start, span.end, position, stated.key, span, stated.guessed))
    return [(key, span, guess) for *_, key, span, guess in sorted(found)]


def _stated(address: dict, reading: Reading) -> Stated | None:
    """Return the first coded commune that is known: a coding may be followed by its translation."""
    received, until = reading.received.astimezone(reading.zone).date(), _until(address, reading)
    every = (load().state(code, version, received, until) for code, version in _coded(address))
    return next((stated for stated in every if stated.key), None)


def _until(address: dict, reading: Reading) -> date | None:
    return period_days(address.get("period", {}), reading.zone).last


def _coded(address: dict) -> Iterator[tuple[str, str | None]]:
    """Yield code and version of the commune, as VN Core or as the plain form has it."""
    for extension in address.get("extension", ()):
        if extension.get("url") == ADMINISTRATIVE_ADDRESS:
            wards = (part for part in extension.get("extension", ()) if part.get("url") == "ward")
            codings = [coding for ward in wards for coding in ward.get("valueCodeableConcept", {}).get("coding", ())]
        elif extension.get("url") == COMMUNE:
            codings = [extension.get("valueCoding", {})]
        else:
            continue
        yield from ((coding["code"], coding.get("version")) for coding in codings if "code" in coding)
