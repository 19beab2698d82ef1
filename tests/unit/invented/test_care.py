"""Visits and vaccinations in their time."""

import json
import re
from collections import defaultdict
from datetime import date
from itertools import pairwise

import pytest

from .reading import LAST, births, dates, of_type, owner, plus_months, register


def test_a_period_never_ends_before_it_starts():
    periods = re.findall(r'"period": (\{[^}]*\})', json.dumps(register()))
    both = [p for p in map(json.loads, periods) if p.keys() >= {"start", "end"}]
    assert len(both) > 5000
    assert all(p["start"] <= p["end"] for p in both)


def test_nothing_is_dated_after_the_last_day_but_what_may_be():
    day = LAST.isoformat()
    for resource in register():
        late = {path for path, value in dates(resource) if value > day}
        if resource["resourceType"] == "Coverage":
            not_yet = resource["period"]["start"] > day
            assert late <= ({"period.start", "period.end"} if not_yet else {"period.end"})
        elif resource.get("status") == "planned":
            assert late == {"period.start"}
        else:
            assert not late


def test_nothing_happens_before_birth_or_after_death():
    died = {p["id"]: p["deceasedDateTime"] for p in of_type("Patient") if "deceasedDateTime" in p}
    assert len(died) >= 10
    for resource in register():
        person = owner(resource)
        for path, value in dates(resource):
            assert value[: len(births()[person])] >= births()[person], path
            assert value <= died.get(person, "9999"), path


def test_visits_end_after_they_begin_within_working_hours():
    for visit in of_type("Encounter"):
        start = visit["period"]["start"]
        assert start.endswith("+07:00")
        assert "06:30" <= start[11:16] < "16:00"
        if visit["status"] == "finished":
            end = visit["period"]["end"]
            assert start < end
            assert end[11:16] < "18:00"
            assert visit["class"]["code"] == "IMP" or start[:10] == end[:10]


def test_some_visits_begin_before_seven_when_it_is_still_yesterday_in_utc():
    early = [v for v in of_type("Encounter") if v["period"]["start"][11:16] == "06:30"]
    assert 0.02 < len(early) / len(of_type("Encounter")) < 0.1


def which(immunization: dict) -> tuple[str, int]:
    protocol = immunization["protocolApplied"][0]
    return immunization["vaccineCode"]["coding"][0]["code"], protocol["doseNumberPositiveInt"]


@pytest.mark.parametrize(
    ("cvx", "dose", "months"),
    [
        ("102", 1, 2),
        ("178", 1, 2),
        ("10", 1, 5),
        ("10", 2, 9),
        ("05", 1, 9),
        ("134", 1, 12),
        ("04", 1, 18),
        ("01", 4, 18),
    ],
)
def test_no_dose_is_given_before_its_age(cvx, dose, months):
    given = [i for i in of_type("Immunization") if which(i) == (cvx, dose)]
    assert len(given) > 20
    for one in given:
        birth = births()[owner(one)]
        assert one["occurrenceDateTime"][:10] >= plus_months(birth, months)


def test_hpv_is_given_to_girls_from_the_day_it_is_free():
    sexes = {p["id"]: p.get("gender") for p in of_type("Patient")}
    given = [i for i in of_type("Immunization") if which(i)[0] == "62"]
    assert given
    assert all(i["occurrenceDateTime"][:10] >= "2026-07-01" and sexes[owner(i)] != "male" for i in given)


@pytest.mark.parametrize(("cvx", "gap"), [("102", 28), ("178", 28), ("10", 28), ("134", 7)])
def test_doses_of_one_vaccine_follow_each_other_with_the_interval(cvx, gap):
    series = defaultdict(list)
    for one in of_type("Immunization"):
        if which(one)[0] == cvx and one["status"] == "completed":
            series[owner(one)].append((which(one)[1], date.fromisoformat(one["occurrenceDateTime"][:10])))
    steps = [(a, b) for doses in series.values() for a, b in pairwise(doses)]
    assert len(steps) > 100
    assert all(b[0] == a[0] + 1 and (b[1] - a[1]).days >= gap for a, b in steps)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("Coverage", 0.9, 1.05), ("Encounter", 1.3, 1.7), ("Immunization", 1.0, 1.4)]
)
def test_records_per_person(name, low, high):
    assert low <= len(of_type(name)) / len(of_type("Patient")) <= high


def test_three_in_four_people_had_a_contact_within_twelve_months():
    recent = {
        owner(v) for v in of_type("Encounter") if v["status"] == "finished" and v["period"]["start"][:10] > "2025-10-31"
    }
    assert 0.68 < len(recent) / len(of_type("Patient")) < 0.82
