"""Random histories of invented people: their records, and the steps by which the records change.

The values are few, so that periods meet, overlap and end on the days at which something else begins.
"""

from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.properties.oracle import VN_CORE, first_day, last_day

PEOPLE = ("a", "b", "c")
NATIONAL_ID = f"{VN_CORE}/sid/national_id"
INSURANCE_NUMBER = f"{VN_CORE}/sid/insurance_number"
E_BOOK = "https://tramy.vn/sid/so-suc-khoe-dien-tu"
COMMUNE = "https://tramy.vn/fhir/StructureDefinition/commune"
ADMINISTRATIVE_ADDRESS = f"{VN_CORE}/StructureDefinition/extension-administrative-address"

UNITS = (
    "",
    *(f"{code}@2004" for code in ("00001", "00004", "00008", "23938")),
    *(f"{code}@2025-07" for code in ("00004", "00008", "11948", "23938")),
)
"""Every stated commune that the codes below can mean."""

DATES = (
    *("1990-05-17", "2023-03-01", "2024-02", "2024-02-28", "2024-02-29", "2024-03-01", "2024", "2025-02-28"),
    *("2025-03-01T23:30:00Z", "2025-03-02T06:30:00+07:00", "2025-03-02", "2025-06-30", "2025-07-01", "2025"),
    *("2025-06-30T16:59:59Z", "2025-06-30T17:00:00Z", "2025-12-31", "2026-01-01", "2026-06", "2026-12-31"),
    "9999-12-31",
)
dates = st.sampled_from(DATES[:-1])


class Step(NamedTuple):
    """One thing that happens.

    put, delete, create (conditional), transaction, batch, merge, unmerge, fold, take, ask.
    """

    what: str
    argument: Any = None


def periods() -> st.SearchStrategy[dict]:
    """Periods whose start is not after their end, each end left out now and then."""
    pairs = st.tuples(st.none() | dates, st.none() | st.sampled_from(DATES)).filter(_forward)
    return pairs.map(lambda pair: {name: day for name, day in zip(("start", "end"), pair, strict=True) if day})


def _forward(pair: tuple[str | None, str | None]) -> bool:
    start, end = pair
    return bool(start or end) and (not start or not end or first_day(start) < last_day(end))


def with_parts(fixed: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict]:
    """Dicts of the fixed members and some of the optional ones."""
    return st.fixed_dictionaries({}, optional=optional).map(lambda parts: {**fixed, **parts})


def codings() -> st.SearchStrategy[dict]:
    codes = st.sampled_from(("00001", "00004", "00008", "11948", "23938", "99999", "01"))
    versions = st.sampled_from(("2004", "2025-07", "2020", "2026-01-15", "2025", "2025-06"))
    return codes.flatmap(lambda code: with_parts({"code": code}, version=versions))


def addresses() -> st.SearchStrategy[dict]:
    plain = codings().map(lambda coding: {"url": COMMUNE, "valueCoding": coding})
    core = st.lists(codings(), min_size=1, max_size=2).map(
        lambda found: {
            "url": ADMINISTRATIVE_ADDRESS,
            "extension": [{"url": "ward", "valueCodeableConcept": {"coding": found}}],
        }
    )
    return with_parts(
        {"text": "Thôn Mẫu 1"},
        use=st.sampled_from(("home", "home", "temp", "old", "billing", "work")),
        period=periods(),
        extension=st.lists(plain | core, min_size=1, max_size=1),
    )


@st.composite
def identifiers(draw: st.DrawFn, person: str) -> dict:
    """An identifier of a person; now and then the national number is another person's."""
    whose = draw(st.sampled_from((person,) * 6 + PEOPLE))
    digits = f"{PEOPLE.index(whose) + 1:09}"
    system, value = draw(
        st.sampled_from(
            (
                (NATIONAL_ID, f"010{digits}"),
                (INSURANCE_NUMBER, f"GD4010{digits}"),
                (E_BOOK, f"so-{digits}"),
                ("https://tram.example/ma-so", digits),
            )
        )
    )
    return draw(with_parts({"system": system, "value": value}, period=periods()))


@st.composite
def patients(draw: st.DrawFn, person: str) -> dict:
    death = draw(
        st.sampled_from(({}, {}, {}, {}, {"deceasedBoolean": True}, {"deceasedBoolean": False}))
        | dates.map(lambda day: {"deceasedDateTime": day})
    )
    parts = with_parts(
        {"resourceType": "Patient", "id": person, "name": [{"text": "Lý Thị Mẫu"}], **death},
        active=st.sampled_from((True, True, True, False)),
        gender=st.sampled_from(("male", "female", "other", "unknown")),
        birthDate=st.sampled_from(("1990-05-17", "1990", "2024-02-29", "2025-06", "2025-07-01")),
        address=st.lists(addresses(), min_size=1, max_size=3),
        identifier=st.lists(identifiers(person), min_size=1, max_size=3),
    )
    return draw(parts)


def visits(number: int) -> st.SearchStrategy[dict]:
    made = {
        "resourceType": "Encounter",
        "id": f"v{number}",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    }
    # Now and then it is nobody's visit, or on no day.
    subjects = st.sampled_from((*(PEOPLE * 3), "")).map(lambda person: {"subject": _patient(person)} if person else {})
    times = (periods() | periods() | periods() | st.just({})).map(lambda when: {"period": when} if when else {})
    parts = st.tuples(subjects, times).map(lambda pair: {**made, **pair[0], **pair[1]})
    return parts.flatmap(lambda visit: _status(visit, ("finished",) * 5 + ("planned", "entered-in-error")))


def doses(number: int) -> st.SearchStrategy[dict]:
    when = dates.map(lambda day: {"occurrenceDateTime": day}) | st.just({"occurrenceString": "khi còn nhỏ"})
    made = st.tuples(st.sampled_from(PEOPLE), when).map(
        lambda pair: {
            "resourceType": "Immunization",
            "id": f"d{number}",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "102"}]},
            "patient": _patient(pair[0]),
            **pair[1],
        }
    )
    return made.flatmap(lambda dose: _status(dose, ("completed",) * 4 + ("not-done", "entered-in-error")))


def cards(number: int) -> st.SearchStrategy[dict]:
    made = st.sampled_from(PEOPLE).flatmap(
        lambda person: with_parts(
            {
                "resourceType": "Coverage",
                "id": f"k{number}",
                "beneficiary": _patient(person),
                "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
            },
            type=st.sampled_from(("PUBLICPOL", "BHYT", "EHCPOL")).map(lambda code: {"coding": [{"code": code}]}),
            identifier=st.just([{"system": INSURANCE_NUMBER, "value": "0109999999"}])
            | st.just([{"system": "https://tram.example/the", "value": "7"}]),
            period=periods(),
        )
    )
    return made.flatmap(lambda card: _status(card, ("active",) * 5 + ("cancelled", "entered-in-error")))


def _patient(person: str) -> dict:
    return {"reference": f"Patient/{person}"}


def _status(record: dict, choices: tuple[str, ...]) -> st.SearchStrategy[dict]:
    return st.sampled_from(choices).map(lambda status: {**record, "status": status})


def records() -> st.SearchStrategy[dict]:
    """A record of one of a few ids, so that most replace another."""
    return (
        st.sampled_from(PEOPLE).flatmap(patients)
        | st.integers(1, 2).flatmap(visits)
        | doses(1)
        | st.integers(1, 2).flatmap(cards)
    )


REFERENCES = (
    *(f"Patient/{person}" for person in PEOPLE),
    *("Encounter/v1", "Encounter/v2", "Immunization/d1", "Coverage/k1", "Coverage/k2"),
)


def changes() -> st.SearchStrategy[Step]:
    """Steps that write one record or delete one."""
    put = st.builds(Step, st.just("put"), records())
    delete = st.builds(Step, st.just("delete"), st.sampled_from(REFERENCES + REFERENCES[len(PEOPLE) :]))
    return put | put | put | delete


def bundles() -> st.SearchStrategy[Step]:
    parts = st.lists(changes(), min_size=1, max_size=5, unique_by=lambda step: reference(step))
    return st.builds(Step, st.sampled_from(("transaction", "transaction", "batch")), parts)


def reference(step: Step) -> str:
    """Return the reference of the record that a put or delete is about."""
    if step.what == "delete":
        return step.argument
    return f"{step.argument['resourceType']}/{step.argument['id']}"


def conditional() -> st.SearchStrategy[Step]:
    """Creates of a card, only when there is none of its number."""
    return st.builds(Step, st.just("create"), cards(9).map(_numbered))


def _numbered(card: dict) -> dict:
    return {**card, "identifier": [{"system": INSURANCE_NUMBER, "value": "0109999900"}]}


def merges() -> st.SearchStrategy[Step]:
    """Merges and undos of two records, now and then of one with itself."""
    pairs = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE))
    references = pairs.map(lambda pair: tuple(f"Patient/{person}" for person in pair))
    return st.builds(Step, st.sampled_from(("merge", "merge", "unmerge")), references)


def others() -> st.SearchStrategy[Step]:
    return st.sampled_from((Step("fold"), Step("take"), Step("ask")))


@st.composite
def histories(draw: st.DrawFn, longest: int = 16) -> list[Step]:
    """Everyone is registered first, with something to correct; then anything happens."""
    first = [patients(person) for person in PEOPLE] + [visits(1), doses(1), cards(1)]
    later = changes() | changes() | changes() | bundles() | merges() | merges() | conditional() | others()
    return [Step("put", draw(record)) for record in first] + draw(
        st.lists(later, min_size=longest // 2, max_size=longest)
    )
