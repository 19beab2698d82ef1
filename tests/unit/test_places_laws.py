"""Laws that hold over all units: nobody is lost and nobody is counted twice, whatever boundaries are chosen."""

import csv
import re
import tracemalloc
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

import pytest

from app.places import Place, Places, load
from app.places.loading import FOLDER

VERSIONS = ["2004", "2025-07"]
DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def places() -> Places:
    return load()


@pytest.fixture(scope="module")
def stated_keys(places: Places) -> list[str]:
    return sorted({key for key, _ in places.table()})


def country(places: Places, version: str) -> Place:
    return places.find(f"VN@{version}", DAY)


def units(places: Places, version: str, level: Literal["province", "district", "commune"]) -> list[Place]:
    return [place for place in places.split(country(places, version), level) if place.key]


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("version", "provinces", "districts", "communes"), [("2004", 63, 691, 10_035), ("2025-07", 34, 0, 3_321)]
)
def test_the_lists_are_whole(places: Places, version: str, provinces: int, districts: int, communes: int) -> None:
    assert len(places.provinces(version)) == provinces
    assert list(places.provinces(version)) == units(places, version, "province")
    assert len(units(places, version, "district")) == districts
    assert len(units(places, version, "commune")) == communes


@pytest.mark.parametrize("version", VERSIONS)
def test_a_code_tells_its_level_and_a_name_is_in_nfc(places: Places, version: str) -> None:
    digits: dict[Literal["province", "district", "commune"], str] = {
        "province": "[0-9]{2}",
        "district": "[0-9]{3}",
        "commune": "[0-9]{5}",
    }
    for level, pattern in digits.items():
        for unit in units(places, version, level):
            assert re.fullmatch(pattern, unit.code), unit
            assert unit.key == f"{unit.code}@{version}"
            assert unit.name == unicodedata.normalize("NFC", unit.name).strip() != ""
            assert places.find(unit.key, DAY) is unit is places.unit(unit.key)


def test_every_commune_can_be_stated(places: Places, stated_keys: list[str]) -> None:
    communes = [unit for version in VERSIONS for unit in units(places, version, "commune")]
    assert sorted(["", *(unit.key for unit in communes)]) == stated_keys
    assert all(places.state(unit.code, unit.version, DAY, None) == (unit.key, False) for unit in communes)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", ["province", "district", "commune"])
def test_the_parts_of_the_country_and_the_rest_make_the_country(
    places: Places, stated_keys: list[str], version: str, level: Literal["province", "district", "commune"]
) -> None:
    parts = places.split(country(places, version), level)
    assert places.stated(country(places, version)) is None
    assert sorted(key for keys in parts.values() for key in keys) == stated_keys
    assert all(keys == places.stated(place) for place, keys in parts.items() if place.key)


@pytest.mark.parametrize(
    ("version", "level", "into"),
    [
        ("2004", "province", "district"),
        ("2004", "province", "commune"),
        ("2004", "district", "commune"),
        ("2004", "commune", "commune"),
        ("2025-07", "province", "commune"),
        ("2025-07", "commune", "commune"),
    ],
)
def test_the_parts_of_every_place_and_the_rest_make_the_place(
    places: Places,
    version: str,
    level: Literal["province", "district", "commune"],
    into: Literal["district", "commune"],
) -> None:
    for place in units(places, version, level):
        parts = places.split(place, into)
        assert Counter(key for keys in parts.values() for key in keys) == Counter(places.stated(place)), place
        assert all(part.level == into and part.version == version for part in parts)
        assert all(part.parent == place.key for part in parts if part.key == "")


def test_areas_are_the_provinces_that_hold_the_commune(places: Places, stated_keys: list[str]) -> None:
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for version in reversed(VERSIONS):
        for province, keys in places.split(country(places, version), "province").items():
            for key in keys:
                holders[key].append(province.key or f"@{version}")
    assert {key: places.areas(key) for key in stated_keys} == {key: tuple(areas) for key, areas in holders.items()}


def test_the_table_has_every_area_once(places: Places, stated_keys: list[str]) -> None:
    rows = list(places.table())
    assert sorted(rows) == sorted((key, area) for key in stated_keys for area in places.areas(key))
    assert len(set(rows)) == len(rows) == 2 * (10_035 + 3_321 + 1)


def test_every_home_agrees_with_the_crosswalk_read_again(places: Places) -> None:
    """Each row of the crosswalk and each new commune, worked out here from the files alone."""
    old = {row["code"]: row for row in table("communes_before_2025.csv")}
    new = {row["code"]: row for row in table("communes_2025.csv")}
    before: defaultdict[str, list[str]] = defaultdict(list)
    for row in table("crosswalk_2025.csv"):
        before[row["new_code"]].append(row["old_code"])
    for code, row in new.items():
        stated = places.stated(places.unit(f"{code}@2025-07"))
        assert sorted(stated or ()) == sorted([f"{code}@2025-07", *(f"{one}@2004" for one in before[code])])
        assert places.areas(f"{code}@2025-07")[0] == f"{row['province_code']}@2025-07"
        for level in ("province", "district"):
            held = {old[one][f"{level}_code"] for one in before[code]}
            for unit in held:
                holds = f"{code}@2025-07" in (places.stated(places.unit(f"{unit}@2004")) or ())
                assert holds is (len(held) == 1), (code, unit)


def test_an_old_commune_holds_only_those_who_state_it(places: Places) -> None:
    assert all(places.stated(unit) == (unit.key,) for unit in units(places, "2004", "commune"))


def test_no_day_is_without_a_version_and_none_has_two() -> None:
    versions = load().versions.all
    assert [version.name for version in versions] == VERSIONS
    assert (versions[0].start, versions[-1].end) == (date.min, date.max)
    assert all(one.end + timedelta(days=1) == next_.start for one, next_ in pairwise(versions))
    assert load().versions.on(date(2025, 6, 30)).name == "2004"
    assert load().versions.on(date(2025, 7, 1)).name == "2025-07"


def test_loading_stays_below_15_megabytes() -> None:
    tracemalloc.start()
    try:
        kept = load.__wrapped__(FOLDER)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.areas("")
    assert peak < 15_000_000
