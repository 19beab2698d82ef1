"""Households for measuring."""

import json
import re
from collections import Counter

import pytest

from app.errors import BadParameter
from app.exchange.invented import (
    benchmark_plan,
    facilities,
    household_bundle,
)

from .reading import COMMUNES, PROVINCE, SID, dates, of_type, system_value, ward


@pytest.mark.parametrize("people", [1, 5, 7])
def test_a_household_for_measuring_has_a_fixed_make(people):
    made = household_bundle(42, people)
    counts = Counter(r["resourceType"] for r in made)
    assert counts == {"Patient": people, "Coverage": people, "Encounter": 3 * people, "Immunization": 15 * people}
    assert made == household_bundle(42, people)


def test_households_for_measuring_never_meet_and_take_the_communes_in_turn():
    made = [r for index in range(80) for r in household_bundle(index, communes=COMMUNES, province=PROVINCE)]
    ids = [(r["resourceType"], r["id"]) for r in made]
    numbers = [n for p in of_type("Patient", made) if (n := system_value(p, f"{SID}/national_id"))]
    communes = Counter(ward(p["address"][0]) for p in of_type("Patient", made))
    assert len(set(ids)) == len(ids) == 8000
    assert len(set(numbers)) == len(numbers) > 300
    assert sorted(communes.values()) == [130, 135, 135]
    known = {f"{r['resourceType']}/{r['id']}" for r in facilities(benchmark_plan(COMMUNES, PROVINCE)) + made}
    assert set(re.findall(r'"reference": "([^"]+)"', json.dumps(made))) <= known


def test_households_for_measuring_lie_in_the_two_years_before_the_day():
    for index in range(60):
        for resource in household_bundle(index):
            days = [value for path, value in dates(resource) if path.startswith(("period", "occurrence"))]
            assert all("2024-10-31" <= day <= "2026-12-31" for day in days)
            if resource["resourceType"] != "Coverage":
                assert all(day <= "2026-10-31" for day in days)


@pytest.mark.parametrize(("index", "people"), [(-1, 5), (0, 0), (0, 8), (6_000_000, 5)])
def test_a_household_for_measuring_beyond_the_numbers_is_refused(index, people):
    with pytest.raises(BadParameter):
        household_bundle(index, people)
