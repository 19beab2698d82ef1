"""People, numbers, cards and addresses that could be real."""

import re
from collections import Counter
from datetime import date, timedelta
from functools import cache

import pytest

from app.exchange.invented import (
    invent,
)
from app.exchange.invented.draws import draw_for
from app.exchange.invented.identifiers import national_number

from .reading import (
    COMMUNES,
    LAST,
    SID,
    births,
    current,
    in_force,
    of_type,
    owner,
    plan_of,
    plus_months,
    register,
    system_value,
    ward,
)


def test_national_numbers_are_unique_and_agree_with_sex_and_year_of_birth():
    held = {n: p for p in of_type("Patient") if (n := system_value(p, f"{SID}/national_id"))}
    numbered = [p for p in of_type("Patient") if system_value(p, f"{SID}/national_id")]
    assert len(held) == len(numbered) > 3500
    for number, patient in held.items():
        assert re.fullmatch(r"0\d{11}", number)
        if patient.get("gender") in ("male", "female"):
            century = {"19": 0, "20": 2}[patient["birthDate"][:2]] + (patient["gender"] == "female")
            assert number[3:6] == f"{century}{patient['birthDate'][2:4]}"


def test_beyond_a_million_people_the_prefix_keeps_national_numbers_apart():
    plan, draw = plan_of(3_000_000), draw_for(1, 1)
    prefixes = [
        {national_number(plan, million * 1_000_000 + n, True, "1990-01-01", draw)[:3] for n in range(3000)}
        for million in range(3)
    ]
    assert len(set.union(*prefixes)) == sum(map(len, prefixes))
    assert "010" in prefixes[0]
    sixes = {national_number(plan, n, True, "1990-01-01", draw)[6:] for n in range(50_000)}
    assert len(sixes) == 50_000


def test_newborns_have_no_national_number_yet():
    newborn = [p for p in of_type("Patient") if p["birthDate"] > "2026-09-02"]
    assert newborn
    assert not any(system_value(p, f"{SID}/national_id") for p in newborn)


def test_cards_are_well_formed_and_children_under_six_have_a_childs_card():
    for card in of_type("Coverage"):
        code, start, birth = card["identifier"][0]["value"], card["period"]["start"], births()[owner(card)]
        assert re.fullmatch(r"[A-Z]{2}[1-5]\d{2}\d{10}", code)
        if len(birth) == 10:
            child = start < plus_months(birth, 72)
            assert (code[:2] == "TE") == child
            assert not child or card["period"]["end"] < plus_months(birth, 72)


def test_people_registered_by_mistake_have_nothing_else():
    mistaken = {p["id"] for p in of_type("Patient") if not p["active"]}
    assert mistaken
    assert not [r for r in register() if owner(r) in mistaken and r["resourceType"] != "Patient"]


def test_whoever_moved_has_two_addresses_one_day_apart():
    moved = [p["address"] for p in of_type("Patient") if len(p["address"]) == 2]
    assert 40 < len(moved) < 160
    for addresses in moved:
        starts = date.fromisoformat(next(a["period"]["start"] for a in addresses if "end" not in a["period"]))
        ended = date.fromisoformat(next(a["period"]["end"] for a in addresses if "end" in a["period"]))
        assert starts - ended == timedelta(days=1)
        assert LAST - timedelta(days=731) < starts <= LAST
        assert ward(addresses[0]) != ward(addresses[1])


@pytest.mark.parametrize("neighbours", [(), (("02707", "Xã Dền Sáng"),)])
def test_whoever_left_went_to_a_neighbour_or_nowhere_known(neighbours):
    plan = plan_of(3000, communes=COMMUNES[:1], neighbours=neighbours)
    made = of_type("Patient", [r for household in invent(plan) for r in household])
    gone = [p for p in made if ward(current(p)) != COMMUNES[0][0]]
    assert len(gone) >= 10
    assert {ward(current(p)) for p in gone} == {neighbours[0][0] if neighbours else ""}


def test_addresses_name_the_units_with_the_version_of_the_list():
    plan = plan_of(100, unit_version="2004", province=("10", "Tỉnh Lào Cai"))
    for patient in of_type("Patient", [r for household in invent(plan) for r in household]):
        for address in patient["address"]:
            codings = [e["valueCodeableConcept"]["coding"][0] for e in address["extension"][0]["extension"]]
            assert {c["version"] for c in codings} == {"2004"}
            assert codings[0]["code"] == "10"
            assert address["text"].endswith("Tỉnh Lào Cai")


def test_children_bear_the_name_of_the_first_adult_and_are_eighteen_years_younger():
    checked = 0
    for household in invent(plan_of(1500)):
        people = of_type("Patient", household)
        for child in (p for p in people[1:] if "contact" in p):
            checked += 1
            mother = next(p for p in people if p["name"][0]["text"] == child["contact"][0]["name"]["text"])
            assert child["name"][0]["family"] == people[0]["name"][0]["family"]
            assert int(child["birthDate"][:4]) - int(mother["birthDate"][:4]) >= 18
    assert checked > 200


def test_names_are_written_family_middle_given():
    for patient in of_type("Patient"):
        name = patient["name"][0]
        assert name["text"] == " ".join([name["family"], *name["given"]])
        assert len(name["given"]) >= 2


def share(resources: list[dict], holds) -> float:
    return sum(1 for r in resources if holds(r)) / len(resources)


def aged(low: int, high: int):
    return lambda p: low <= 2026 - int(p["birthDate"][:4]) < high


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        (lambda p: p.get("gender") == "female", 0.47, 0.53),
        (lambda p: p.get("gender") not in ("male", "female"), 0.0005, 0.01),
        (lambda p: len(p["birthDate"]) == 4, 0.01, 0.03),
        (aged(0, 15), 0.21, 0.30),
        (aged(0, 5), 0.06, 0.10),
        (aged(65, 101), 0.07, 0.13),
        (aged(101, 200), 0, 0.0001),
        (lambda p: system_value(p, "https://tramy.vn/sid/so-suc-khoe-dien-tu"), 0.50, 0.70),
        (lambda p: "deceasedDateTime" in p, 0.003, 0.012),
        (lambda p: not p["active"], 0.0005, 0.006),
    ],
)
def test_people_look_like_those_of_a_commune(what, low, high):
    assert low <= share(of_type("Patient"), what) <= high


@cache
def of_the_delta() -> list[dict]:
    plan = plan_of(6000, province=("33", "Tỉnh Hưng Yên"))
    return of_type("Patient", [r for household in invent(plan) for r in household])


@pytest.mark.parametrize(("family", "low", "high"), [("Nguyễn", 0.31, 0.38), ("Trần", 0.09, 0.13), ("Lê", 0.07, 0.12)])
def test_family_names_are_as_frequent_as_in_the_delta(family, low, high):
    assert low <= share(of_the_delta(), lambda p: p["name"][0]["family"] == family) <= high


def test_communes_differ_in_how_many_are_insured():
    covered = {owner(c) for c in of_type("Coverage") if in_force(c, LAST.isoformat())}
    all_, with_card = Counter(), Counter()
    for patient in of_type("Patient"):
        commune = patient["managingOrganization"]["reference"]
        all_[commune] += 1
        with_card[commune] += patient["id"] in covered
    rates = [with_card[c] / all_[c] for c in all_]
    assert len(rates) == len(COMMUNES)
    assert max(rates) - min(rates) > 0.005
