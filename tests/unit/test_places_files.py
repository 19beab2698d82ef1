"""The lists of units are data: a further version is files alone, and files that contradict each other are refused."""

from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from app.errors import Misconfigured
from app.places import Places, load

HEAD = "code,name,type,province_code,province_name"
# Three invented versions: 10001 and 10002 (district 101) and 10003 (district 102) become 20001 and 20002 (province 20);
# 20001 and 20002 become 30001. 10004 has no successor, 30009 no predecessor.
FILES = {
    "versions.csv": """version,from,until,units,crosswalk,source
one,,2000-12-31,one.csv,,invented
two,2001-01-01,2009-12-31,two.csv,one-two.csv,invented
three,2010-01-01,,three.csv,two-three.csv,invented
""",
    "one.csv": f"""{HEAD},district_code,district_name
10001,Xã A,Xã,10,Tỉnh Một,101,Huyện Một
10002,Xã B,Xã,10,Tỉnh Một,101,Huyện Một
10003,Xã C,Xã,10,Tỉnh Một,102,Huyện Hai
10004,Xã D,Xã,10,Tỉnh Một,102,Huyện Hai
""",
    "two.csv": f"{HEAD}\n20001,Xã AB,Xã,20,Tỉnh Hai\n20002,Xã C,Xã,20,Tỉnh Hai\n",
    "three.csv": f"{HEAD}\n30001,Xã Hòa,Xã,30,Tỉnh Ba\n30009,Xã E,Xã,30,Tỉnh Ba\n",
    "one-two.csv": "old_code,new_code\n10001,20001\n10002,20001\n10003,20002\n",
    "two-three.csv": "old_code,new_code\n20001,30001\n20002,30001\n",
}


def written(folder: Path, **changed: str) -> Path:
    for name, text in {**FILES, **changed}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def chain(tmp_path: Path) -> Places:
    return load(written(tmp_path))


@pytest.mark.parametrize(
    ("key", "stated"),
    [
        ("30001@three", "10001@one 10002@one 10003@one 20001@two 20002@two 30001@three"),
        ("30009@three", "30009@three"),
        # 10004 went where its district went, but to no commune that is known.
        ("30@three", "10001@one 10002@one 10003@one 10004@one 20001@two 20002@two 30001@three 30009@three"),
        ("20001@two", "10001@one 10002@one 20001@two"),
        # 30009 has no predecessor; all others of its province came from province 20.
        ("20@two", "10001@one 10002@one 10003@one 10004@one 20001@two 20002@two 30001@three 30009@three"),
        ("10001@one", "10001@one"),
        ("101@one", "10001@one 10002@one 20001@two"),
        ("102@one", "10003@one 10004@one 20002@two"),
        ("10@one", "10001@one 10002@one 10003@one 10004@one 20001@two 20002@two 30001@three 30009@three"),
    ],
)
def test_a_chain_of_versions_is_followed_step_by_step(chain: Places, key: str, stated: str) -> None:
    assert sorted(chain.stated(chain.unit(key)) or ()) == stated.split()


@pytest.mark.parametrize("version", ["one", "two", "three"])
@pytest.mark.parametrize("level", ["province", "district", "commune"])
def test_in_a_chain_too_the_parts_and_the_rest_make_the_country(
    chain: Places, version: str, level: Literal["province", "district", "commune"]
) -> None:
    parts = chain.split(chain.find(f"VN@{version}", date(2020, 1, 1)), level)
    everyone = {key for key, _ in chain.table()}
    assert len(everyone) == 4 + 2 + 2 + 1
    assert sorted(key for keys in parts.values() for key in keys) == sorted(everyone)


def test_areas_are_given_for_every_version_newest_first(chain: Places) -> None:
    assert chain.areas("10004@one") == ("30@three", "20@two", "10@one")
    assert chain.areas("") == ("@three", "@two", "@one")


@pytest.mark.parametrize(
    ("received", "until", "key"),
    [
        (date(2000, 12, 31), None, "10001@one"),
        (date(2020, 1, 1), date(2000, 12, 31), "10001@one"),
        # Not in its era: the code is taken from the list that has it.
        (date(2005, 1, 1), None, "10001@one"),
    ],
)
def test_an_era_is_one_of_many(chain: Places, received: date, until: date | None, key: str) -> None:
    assert chain.state("10001", None, received, until) == (key, True)


def test_a_day_before_the_first_list_is_read_with_the_first(tmp_path: Path) -> None:
    begun = FILES["versions.csv"].replace("one,,", "one,1990-01-01,")
    places = load(written(tmp_path, **{"versions.csv": begun}))
    assert places.find("10001", date(1989, 12, 31)).version == "one"


def test_of_two_other_versions_the_nearest_is_taken_and_the_later_of_two(tmp_path: Path) -> None:
    shared = "10001,Xã Chung,Xã,{0},Tỉnh Chung"
    three = f"{FILES['three.csv']}{shared.format(30)}\n"
    places = load(written(tmp_path, **{"three.csv": three}))
    assert places.state("10001", "two", date(2005, 1, 1), None) == ("10001@three", True)


def test_a_name_is_kept_in_nfc(tmp_path: Path) -> None:
    decomposed = FILES["three.csv"].replace("Hòa", "Ho\u0300a")
    assert load(written(tmp_path, **{"three.csv": decomposed})).unit("30001@three").name == "Xã Hòa"


VERSIONS_HEAD = "version,from,until,units,crosswalk,source\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("versions.csv", ""),
        ("versions.csv", VERSIONS_HEAD),
        ("versions.csv", FILES["versions.csv"].replace("2001-01-01", "2001-01-02")),
        ("versions.csv", FILES["versions.csv"].replace("2001-01-01", "2000-12-31")),
        ("versions.csv", FILES["versions.csv"].replace("2001-01-01", "")),
        ("versions.csv", FILES["versions.csv"].replace("2009-12-31", "")),
        ("versions.csv", FILES["versions.csv"].replace("2010-01-01,", "2010-01-01,2019-12-31")),
        ("versions.csv", FILES["versions.csv"].replace("2000-12-31", "31/12/2000")),
        ("versions.csv", FILES["versions.csv"].replace("three,", "two,")),
        ("two.csv", FILES["two.csv"].replace("province_code", "province")),
        ("two.csv", FILES["two.csv"].replace("20002", "20001")),
        ("two.csv", FILES["two.csv"].replace("20002", "2002")),
        ("two.csv", FILES["two.csv"].replace(",20,", ",020,")),
        ("two.csv", FILES["two.csv"] + "20003,Xã F\n"),
        ("one.csv", FILES["one.csv"].replace("10004,Xã D,Xã,10", "10004,Xã D,Xã,11")),
        ("one.csv", FILES["one.csv"].replace(",102,", ",1020,")),
        ("one-two.csv", FILES["one-two.csv"] + "10003,20001\n"),
        ("one-two.csv", FILES["one-two.csv"] + "10009,20001\n"),
        ("one-two.csv", FILES["one-two.csv"] + "10004,20009\n"),
        ("one-two.csv", FILES["one-two.csv"] + "10,20\n"),
    ],
)
def test_files_that_are_not_right_are_refused_by_name(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=f"schemas/places/{name} cannot be used"):
        load(written(tmp_path, **{name: text}))


def test_a_file_that_is_missing_or_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (written(tmp_path) / "two.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=r"two\.csv"):
        load(tmp_path)
    (tmp_path / "two.csv").unlink()
    with pytest.raises(Misconfigured, match=r"two\.csv"):
        load(tmp_path)
