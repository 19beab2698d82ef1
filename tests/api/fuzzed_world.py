"""A small world of records of every type that differ in what searches look at, the same for the same seed."""

from collections.abc import Callable
from random import Random
from typing import Any

import httpx

from tests.api.records import example

Tree = dict[str, Any]
World = dict[str, dict[str, Tree]]
LETTERS = {
    "Patient": "p",
    "Organization": "o",
    "Location": "l",
    "Practitioner": "d",
    "Encounter": "e",
    "Immunization": "i",
    "Coverage": "c",
}
SIZE = 14
NAMES = ("Lý Thị Mẫu", "Hoà", "Hòa", "Hoa", "ĐẶNG Văn Đức", "an", "An Nhiên", "anh", "a,b", "100% An", "a|b", "a\\b")
NAMES += ("𠀀 Nguyễn", "ß", "O'Brien", "x" * 700, "x" * 701, "Ｆｕｌｌ", "Đ")
DAYS = ("2026", "2026-03", "2026-03-02", "1990-05-17", "0001-01-01", "9999-12-31", "2025-12-31")
TIMES = (*DAYS, "2026-03-02T08:00:00+07:00", "2026-03-01T23:30:00Z", "2026-03-02T00:00:00.123Z", "2025-12-31T17:00:00Z")


async def fill(client: httpx.AsyncClient, seed: int) -> World:
    """Store the world, change a part of it, delete some of it, and return what is there."""
    random, world = Random(seed), {name: {} for name in LETTERS}
    for name, letter in LETTERS.items():
        for number in range(SIZE):
            await _put(client, world, name, f"{letter}{number}", random)
    for name, letter in LETTERS.items():
        for number in range(0, SIZE, 2):
            await _put(client, world, name, f"{letter}{number}", random)
    for name in ("Encounter", "Immunization", "Coverage", "Organization", "Location", "Practitioner"):
        for number in (3, 4):
            record = f"{LETTERS[name]}{number}"
            assert (await client.delete(f"/{name}/{record}")).status_code == 204
            del world[name][record]
    return world


async def _put(client: httpx.AsyncClient, world: World, name: str, record: str, random: Random) -> None:
    sent = {**_FORMS[name](random), "resourceType": name, "id": record}
    answer = await client.put(f"/{name}/{record}", json=sent)
    assert answer.status_code in (200, 201), (sent, answer.text)
    world[name][record] = sent


def _some(random: Random, **made: Callable[[], Any]) -> Tree:
    """Return about half of the elements."""
    return {name: make() for name, make in made.items() if random.random() < 0.6}


def _to(random: Random, name: str) -> Tree:
    mark = random.choice(("{}/{}{}", "{}/{}{}", "http://tramy.test/fhir/{}/{}{}", "{}/{}{}/_history/1"))
    return {"reference": mark.format(name, LETTERS[name], random.randrange(SIZE))}


def _plain(random: Random, name: str) -> Tree:
    return {"reference": f"{name}/{LETTERS[name]}{random.randrange(SIZE)}"}


def _coded(random: Random) -> Tree:
    coding = {"code": random.choice(("x", "X", "y", "z"))}
    coding |= _some(random, system=lambda: random.choice(("http://a", "http://b")), display=lambda: "Sốt rét")
    return {"coding": [coding], **_some(random, text=lambda: "Rét run")}


def _identifier(random: Random) -> Tree:
    kind = {"coding": [{"system": "http://t", "code": "MR"}], "text": "Mã số"}
    made = _some(random, system=lambda: random.choice(("http://a", "http://b")), type=lambda: kind)
    return {**made, "value": random.choice(("x", "X", "y", "x|y", "a b", "Mã"))}


def _common(random: Random) -> Tree:
    meta = {
        "tag": [{"system": "http://t", "code": random.choice(("T", "t", "u"))}],
        "profile": [random.choice(("http://p/a", "http://p/a/b", "http://p/ab"))],
        "source": random.choice(("http://s/1", "http://s/2")),
    }
    return _some(random, meta=lambda: meta, identifier=lambda: [_identifier(random) for _ in range(2)])


def _human(random: Random) -> Tree:
    def name() -> Tree:
        return {"family": random.choice(NAMES), "given": random.sample(NAMES, 2), "text": random.choice(NAMES)}

    def telecom() -> Tree:
        return {"system": random.choice(("phone", "email")), "value": random.choice(("090", "A@x.vn", "a@x.vn"))}

    address = {"use": "home", "city": random.choice(("Hà Nội", "Ha Noi", "Huế")), "country": "VN", "line": ["Ngõ 1"]}
    return _common(random) | _some(
        random,
        name=lambda: [name() for _ in range(random.randint(1, 2))],
        gender=lambda: random.choice(("male", "female", "other")),
        birthDate=lambda: random.choice(DAYS),
        active=lambda: random.choice((True, False)),
        telecom=lambda: [telecom() for _ in range(2)],
        address=lambda: [address],
    )


def _patient(random: Random) -> Tree:
    return _human(random) | _some(
        random,
        managingOrganization=lambda: _to(random, "Organization"),
        generalPractitioner=lambda: [_to(random, "Practitioner"), _to(random, "Organization")],
        deceasedDateTime=lambda: random.choice(TIMES),
    )


def _practitioner(random: Random) -> Tree:
    return _human(random) | _some(random, communication=lambda: [_coded(random)])


def _organization(random: Random) -> Tree:
    made = {"name": random.choice(NAMES)}
    more = {"partOf": lambda: _to(random, "Organization"), "type": lambda: [_coded(random)]}
    return _common(random) | made | _some(random, **more, active=lambda: random.choice((True, False)))


def _location(random: Random) -> Tree:
    made = {"name": random.choice(NAMES), "status": random.choice(("active", "inactive"))}
    position = {"latitude": random.choice((21, 10.5)), "longitude": 105.8}
    return (
        _common(random)
        | made
        | _some(
            random,
            partOf=lambda: _to(random, "Location"),
            managingOrganization=lambda: _to(random, "Organization"),
            position=lambda: position,
        )
    )


def _encounter(random: Random) -> Tree:
    act = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": random.choice(("AMB", "IMP"))}
    period = _some(random, start=lambda: "2026-03-01", end=lambda: random.choice(("2026-03-02", "2026-04", "2027")))
    length = {"value": random.choice((1, 1.5, 2, 10)), "system": "http://unitsofmeasure.org", "code": "min"}
    made = {"status": random.choice(("finished", "planned", "in-progress")), "class": act}
    made |= {"period": period} if period else {}
    return (
        _common(random)
        | made
        | _some(
            random,
            subject=lambda: _plain(random, "Patient"),
            reasonCode=lambda: [_coded(random)],
            type=lambda: [_coded(random)],
            length=lambda: length,
            location=lambda: [{"location": _to(random, "Location"), "period": {"start": random.choice(TIMES)}}],
            participant=lambda: [{"individual": _to(random, "Practitioner"), "type": [_coded(random)]}],
            serviceProvider=lambda: _to(random, "Organization"),
            partOf=lambda: _to(random, "Encounter"),
        )
    )


def _immunization(random: Random) -> Tree:
    made = {"status": random.choice(("completed", "not-done")), "vaccineCode": _coded(random)}
    made |= {"patient": _plain(random, "Patient"), "occurrenceDateTime": random.choice(TIMES)}
    return (
        _common(random)
        | made
        | _some(
            random,
            lotNumber=lambda: random.choice(("MAU-1", "mau", "m")),
            performer=lambda: [{"actor": _to(random, "Practitioner")}],
            reaction=lambda: [{"date": random.choice(TIMES)} for _ in range(2)],
            location=lambda: _to(random, "Location"),
        )
    )


def _coverage(random: Random) -> Tree:
    made = {"status": random.choice(("active", "cancelled")), "beneficiary": _plain(random, "Patient")}
    made["payor"] = [_to(random, random.choice(("Organization", "Patient")))]
    return (
        example("Coverage")
        | {"identifier": [_identifier(random)], "type": _coded(random)}
        | _common(random)
        | made
        | _some(
            random,
            subscriber=lambda: _to(random, "Patient"),
            dependent=lambda: random.choice(("a", "Ab")),
        )
    )


_FORMS: dict[str, Callable[[Random], Tree]] = {
    "Patient": _patient,
    "Organization": _organization,
    "Location": _location,
    "Practitioner": _practitioner,
    "Encounter": _encounter,
    "Immunization": _immunization,
    "Coverage": _coverage,
}
