"""What places mean, as tables: the commune an address states, the place a reader asks for, and who belongs to it."""

from datetime import date
from typing import get_args

import pytest

from app.errors import BadParameter
from app.places import Level, Places, Stated, load

OLD, NEW = date(2025, 6, 30), date(2025, 7, 1)


@pytest.fixture(scope="module")
def places() -> Places:
    return load()


# The code 00004 is in both lists, 00001 only in the old one and 26732 only in the new one.
@pytest.mark.parametrize(
    ("code", "version", "received", "until", "key", "guessed"),
    [
        # Said by name, by a day, a month or a year of one era.
        ("00004", "2004", NEW, None, "00004@2004", False),
        ("00004", "2025-07", OLD, None, "00004@2025-07", False),
        ("00004", "2025-06-30", NEW, None, "00004@2004", False),
        ("00004", "2025-07-01", OLD, None, "00004@2025-07", False),
        ("00004", "2025-06", NEW, None, "00004@2004", False),
        ("00004", "2026", OLD, None, "00004@2025-07", False),
        ("00004", "1999-02-28", NEW, None, "00004@2004", False),
        # What is said wins over when the address ended.
        ("00004", "2025-07", NEW, OLD, "00004@2025-07", False),
        # Not said, or not understood: the era of receipt, or of an earlier end.
        ("00004", None, OLD, None, "00004@2004", True),
        ("00004", None, NEW, None, "00004@2025-07", True),
        ("00004", None, NEW, OLD, "00004@2004", True),
        ("00004", None, NEW, NEW, "00004@2025-07", True),
        ("00004", None, OLD, NEW, "00004@2004", True),
        ("00004", None, NEW, date(2030, 1, 1), "00004@2025-07", True),
        ("00004", "", NEW, None, "00004@2025-07", True),
        ("00004", "2025", OLD, None, "00004@2004", True),
        ("00004", "2025-02-30", OLD, None, "00004@2004", True),
        ("00004", "2025-13", OLD, None, "00004@2004", True),
        ("00004", "0000", NEW, None, "00004@2025-07", True),
        ("00004", "20250701", OLD, None, "00004@2004", True),
        ("00004", "٢٠٢٥-٠٧-٠١", OLD, None, "00004@2004", True),
        ("00004", "2025-07 ", OLD, None, "00004@2004", True),
        # Only in the other list.
        ("00001", None, NEW, None, "00001@2004", True),
        ("00001", "2025-07", NEW, None, "00001@2004", True),
        ("26732", "2004", OLD, None, "26732@2025-07", True),
        ("26732", None, OLD, None, "26732@2025-07", True),
        # No commune: unknown, not as written in the lists, or a unit of another level.
        ("99999", None, NEW, None, "", False),
        ("99999", "2004", NEW, None, "", False),
        ("4", "2004", NEW, None, "", False),
        ("00004@2004", "2004", NEW, None, "", False),
        ("01", "2004", NEW, None, "", False),
        ("001", "2004", NEW, None, "", False),
        ("VN", None, NEW, None, "", False),
        ("", None, NEW, None, "", False),
    ],
)
def test_the_stated_commune(
    places: Places, code: str, version: str | None, received: date, until: date | None, key: str, guessed: bool
) -> None:
    assert places.state(code, version, received, until) == Stated(key, guessed)


@pytest.mark.parametrize(
    ("text", "on", "key", "level", "name", "parent", "kind"),
    [
        ("00004", OLD, "00004@2004", "commune", "Phường Trúc Bạch", "001@2004", "Phường"),
        ("00004", NEW, "00004@2025-07", "commune", "Phường Ba Đình", "01@2025-07", "Phường"),
        ("00004@2004", NEW, "00004@2004", "commune", "Phường Trúc Bạch", "001@2004", "Phường"),
        ("00004@2025-07", OLD, "00004@2025-07", "commune", "Phường Ba Đình", "01@2025-07", "Phường"),
        ("001", OLD, "001@2004", "district", "Quận Ba Đình", "01@2004", ""),
        ("001@2004", NEW, "001@2004", "district", "Quận Ba Đình", "01@2004", ""),
        ("24", OLD, "24@2004", "province", "Tỉnh Bắc Giang", "VN", ""),
        ("24", NEW, "24@2025-07", "province", "Tỉnh Bắc Ninh", "VN", ""),
        ("24", date(1990, 1, 1), "24@2004", "province", "Tỉnh Bắc Giang", "VN", ""),
        ("VN", NEW, "VN", "country", "Việt Nam", "", ""),
    ],
)
def test_the_place_asked_for(
    places: Places, text: str, on: date, key: str, level: str, name: str, parent: str, kind: str
) -> None:
    place = places.find(text, on)
    assert (place.key, place.level, place.name, place.parent, place.type) == (key, level, name, parent, kind)
    assert place.level in get_args(Level)
    assert key in {f"{place.code}@{place.version}", "VN"}


@pytest.mark.parametrize(
    ("text", "on", "version"), [("VN", OLD, "2004"), ("VN", NEW, "2025-07"), ("VN@2004", NEW, "2004")]
)
def test_the_country_has_the_boundaries_asked_for(places: Places, text: str, on: date, version: str) -> None:
    assert places.find(text, on).version == version


@pytest.mark.parametrize(
    ("text", "on", "hints"),
    [
        ("001", NEW, ["@2004 "]),
        ("00001", NEW, ["@2004 "]),
        ("26732", OLD, ["@2025-07 "]),
        ("00001@2025-07", NEW, ["@2004 "]),
        ("00004@", NEW, ["@2004 ", "@2025-07 "]),
        ("00004@2026", NEW, ["@2004 ", "@2025-07 "]),
        ("77777", NEW, ["VN", "(2)", "(3,", "(5)", "@2004", "@2025-07"]),
        ("4", NEW, ["VN"]),
        ("", NEW, ["VN"]),
        ("@2004", NEW, ["VN"]),
        ("vn", NEW, ["VN"]),
    ],
)
def test_a_place_that_is_none_is_refused_with_what_was_expected(
    places: Places, text: str, on: date, hints: list[str]
) -> None:
    with pytest.raises(BadParameter) as refusal:
        places.find(text, on, "place")
    [fault] = refusal.value.faults
    assert fault.expression == "place"
    assert [hint for hint in hints if hint not in fault.en] == []
    assert fault.vi.startswith("Không có đơn vị hành chính này")


def test_a_refusal_does_not_repeat_what_was_asked(places: Places) -> None:
    with pytest.raises(BadParameter) as refusal:
        places.find("Nguyễn Thị Bưởi@012345678901", NEW)
    [fault] = refusal.value.faults
    assert not {"Bưởi", "012345678901"} & set(f"{fault.en} {fault.vi}".replace("@", " ").split())


@pytest.mark.parametrize(
    ("place", "stated"),
    [
        # Today a commune has its own people and those of every old commune whose main part it took over.
        ("04603@2025-07", {"04603@2025-07", "04603@2004"}),
        ("19093@2025-07", {"19093@2025-07", "19093@2004", "19099@2004", "19105@2004", "19108@2004"}),
        # An old commune has only those who state it, also when the new one has no other predecessor.
        ("04603@2004", {"04603@2004"}),
        # No crosswalk row: nobody follows, in either direction.
        ("23938@2004", {"23938@2004"}),
        ("23938@2025-07", {"23938@2025-07"}),
        ("26732@2025-07", {"26732@2025-07"}),
    ],
)
def test_the_people_of_a_commune(places: Places, place: str, stated: set[str]) -> None:
    assert set(places.stated(places.find(place, NEW)) or ()) == stated


# 04603 is alone in its succession; all of 00004 came from the old district 001, and 00097 from four districts.
@pytest.mark.parametrize(
    ("stated", "place", "belongs"),
    [
        ("00004@2025-07", "001@2004", True),
        ("00097@2025-07", "01@2004", True),
        ("00097@2025-07", "001@2004", False),
        ("04603@2025-07", "139@2004", True),
        ("04603@2025-07", "15@2004", True),
        ("04603@2004", "15@2025-07", True),
        ("23938@2004", "52@2025-07", True),
        ("23938@2004", "632@2004", True),
        ("23938@2025-07", "64@2004", False),
        ("26732@2025-07", "79@2025-07", True),
        ("26732@2025-07", "77@2004", False),
    ],
)
def test_the_people_of_a_district_or_province(places: Places, stated: str, place: str, belongs: bool) -> None:
    assert (stated in (places.stated(places.find(place, NEW)) or ())) is belongs


@pytest.mark.parametrize(
    ("stated", "areas"),
    [
        ("00004@2025-07", ("01@2025-07", "01@2004")),
        ("00004@2004", ("01@2025-07", "01@2004")),
        ("04603@2025-07", ("15@2025-07", "15@2004")),
        ("23938@2004", ("52@2025-07", "64@2004")),
        ("23938@2025-07", ("52@2025-07", "@2004")),
        ("26732@2025-07", ("79@2025-07", "@2004")),
        ("", ("@2025-07", "@2004")),
    ],
)
def test_the_areas_of_a_stated_commune(places: Places, stated: str, areas: tuple[str, ...]) -> None:
    assert places.areas(stated) == areas


@pytest.mark.parametrize("key", ["99999@2004", "01@2004", "VN", "00004"])
def test_what_is_no_stated_commune_has_no_areas(places: Places, key: str) -> None:
    with pytest.raises(KeyError):
        places.areas(key)


# The rest: people in the place whose commune, on its boundaries, is not known.
@pytest.mark.parametrize(
    ("place", "among", "not_among"),
    [
        ("52@2025-07", "23938@2004", "23938@2025-07"),
        ("01@2004", "00004@2025-07", "00004@2004"),
        ("139@2004", "04603@2025-07", "04603@2004"),
        ("VN@2004", "", "00004@2004"),
        ("VN@2025-07", "23938@2004", "00004@2004"),
    ],
)
def test_the_rest_of_a_place_comes_last(places: Places, place: str, among: str, not_among: str) -> None:
    *communes, rest = places.communes(places.find(place, NEW)).items()
    assert rest[0].key == ""
    assert {commune.level for commune, _ in communes} == {"commune"}
    assert among in rest[1]
    assert not_among not in rest[1]


def test_a_commune_splits_into_itself(places: Places) -> None:
    place = places.find("19093", NEW)
    one, rest = places.communes(place).items()
    assert one == (place, places.stated(place))
    assert rest[1] == ()


def test_what_is_asked_twice_is_made_once(places: Places) -> None:
    province = places.find("01@2004", NEW)
    assert places.communes(province) is places.communes(province)
    assert load() is places


def test_today_has_no_districts_to_split_into(places: Places) -> None:
    province = places.find("01@2025-07", NEW)
    assert list(places.split(province, "district").values()) == [places.stated(province)]


@pytest.mark.parametrize(("key", "version"), [("00004@2004", "2004"), ("001@2004", "2004"), ("VN", "2025-07")])
def test_a_unit_is_found_by_its_key(places: Places, key: str, version: str) -> None:
    unit = places.unit(key)
    assert (unit.key, unit.version) == (key, version)
