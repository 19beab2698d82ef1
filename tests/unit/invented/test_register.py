"""What the register promises as a whole: figures, slices, bytes, ids, and which plans it takes."""

import hashlib
import json
import re
from datetime import date

import pytest
from fhir.resources.R4B import get_fhir_model_class

from app.errors import BadParameter
from app.exchange.invented import (
    as_transaction,
    facilities,
    household_bundle,
    households,
    invent,
    tally,
)

from .reading import (
    COMMUNES,
    LAST,
    current,
    in_force,
    of_type,
    owner,
    plan_of,
    register,
    ward,
)

DIGEST = "734b65a6a91aeca36b86b3d6ac5349be137912a2b284b01783db506f878dc0c6"


@pytest.mark.parametrize(
    ("people", "insured", "last"),
    [
        (1, 0, LAST),
        (1, 1, LAST),
        (2, 1, date(2024, 2, 29)),
        (37, 20, date(2025, 1, 1)),
        (500, 0, LAST),
        (500, 500, date(2026, 12, 31)),
        (1203, 1190, LAST),
        (1500, 1437, date(2024, 2, 29)),
        (1999, 700, date(2026, 3, 1)),
        (1000, None, LAST),
    ],
)
def test_people_and_insured_are_exactly_as_asked(people, insured, last):
    plan = plan_of(people, insured, last)
    made = [r for household in invent(plan) for r in household]
    covered = {owner(c) for c in of_type("Coverage", made) if in_force(c, last.isoformat())}
    assert len({r["id"] for r in of_type("Patient", made)}) == people
    assert len(covered) == (932 if insured is None else insured)
    assert tally(plan)[::2] == (people, len(covered))


@pytest.mark.parametrize(("people", "insured"), [(3000, 2700), (3000, 2990), (8019, 7684)])
def test_the_tally_is_a_count_of_the_active_the_living_and_those_still_here(people, insured):
    plan = plan_of(people, insured)
    made = [r for household in invent(plan) for r in household]
    here = {code for code, _ in COMMUNES}
    residents = {
        p["id"]
        for p in of_type("Patient", made)
        if p["active"] and "deceasedDateTime" not in p and ward(current(p)) in here
    }
    covered = {owner(c) for c in of_type("Coverage", made) if in_force(c, LAST.isoformat())}
    assert tally(plan) == (people, len(residents), insured, len(residents & covered))
    if insured <= len(residents):
        assert covered <= residents


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 5), (7, 8), (100, 140), (270, None), (270, 10_000), (-3, None), (5, 5)]
)
def test_a_slice_is_the_same_as_that_part_of_the_whole(start, stop):
    plan = plan_of(1000)
    assert list(invent(plan, start, stop)) == list(invent(plan))[start:stop]


def test_the_number_of_households_is_told_beforehand():
    for people in (1, 2, 99, 1000, 2313):
        assert households(plan_of(people)) == len(list(invent(plan_of(people))))


def test_the_same_plan_gives_the_same_bytes_on_every_machine():
    plan = plan_of(300, 280)
    text = json.dumps([facilities(plan), list(invent(plan)), household_bundle(11)], ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_another_seed_gives_other_people():
    first, second = (list(invent(plan_of(50, seed=seed))) for seed in (1, 2))
    assert first != second


def test_every_resource_is_read_by_the_fhir_models():
    plan = plan_of(250, neighbours=(("02707", "Xã Dền Sáng"),))
    made = facilities(plan) + household_bundle(3) + [r for household in invent(plan) for r in household]
    for resource in [*made, as_transaction(made[:30])]:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    kinds = {"Organization", "Location", "Practitioner", "Patient", "Coverage", "Encounter", "Immunization"}
    assert {r["resourceType"] for r in made} == kinds


def test_resources_share_no_part_that_a_caller_could_change_for_others():
    seen: dict[int, str] = {}
    made = [r for household in invent(plan_of(60)) for r in household]

    def walk(part, where):
        if isinstance(part, dict | list):
            assert seen.setdefault(id(part), where) == where
            for value in part.values() if isinstance(part, dict) else part:
                walk(value, where)

    for number, resource in enumerate(made):
        walk(resource, str(number))


def test_ids_are_valid_and_unique_and_references_lead_to_them():
    made = [*facilities(plan_of(4000)), *register()]
    ids = [f"{r['resourceType']}/{r['id']}" for r in made]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", r["id"]) for r in made)
    assert set(re.findall(r'"reference": "([^"]+)"', json.dumps(made))) <= set(ids)


def test_a_patient_comes_before_what_belongs_to_it():
    for household in invent(plan_of(300)):
        known = set()
        for resource in household:
            if resource["resourceType"] == "Patient":
                known.add(resource["id"])
            assert owner(resource) in known


def test_a_small_register_has_people_in_every_commune():
    communes = tuple((f"{n:05d}", f"Xã {n}") for n in range(11))
    made = [r for household in invent(plan_of(100, communes=communes)) for r in household]
    assert len({p["managingOrganization"]["reference"] for p in of_type("Patient", made)}) == 11


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"people": 0}, "people"),
        ({"people": 30_000_001}, "people"),
        ({"insured": -1}, "insured"),
        ({"insured": 11}, "insured"),
        ({"last": date(1999, 1, 1)}, "last_day"),
        ({"seed": -1}, "seed"),
        ({"communes": ()}, "communes"),
        ({"communes": (("1", "A"), ("1", "B"))}, "communes"),
        ({"communes": (("a/b", "A"),)}, "communes"),
        ({"communes": (("1", " "),)}, "communes"),
        ({"neighbours": (("02683", "A"),)}, "communes"),
        ({"province": ("1", "A")}, "province"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused_by_name(changes, names):
    with pytest.raises(BadParameter) as refused:
        plan_of(**{"people": 10, **changes})
    assert [f.expression for f in refused.value.faults] == [names]


def test_a_transaction_puts_each_resource_under_its_own_id():
    resources = next(invent(plan_of(10)))
    bundle = as_transaction(resources)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    assert [e["resource"] for e in bundle["entry"]] == resources
    for entry in bundle["entry"]:
        address = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        assert entry["request"] == {"method": "PUT", "url": address}
        assert entry["fullUrl"].endswith(f"/fhir/{address}")
