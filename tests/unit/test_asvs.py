"""The page on OWASP ASVS answers every requirement of levels 1 and 2 once, and names tests that are there."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/asvs.md").read_text(encoding="utf-8")
TEXT = (ROOT / "tests/data/asvs-5.0.0.csv").read_text(encoding="utf-8")
LEVELS = {row["requirement"]: row["level"] for row in csv.DictReader(TEXT[TEXT.index("requirement,") :].splitlines())}
ANSWERED = re.findall(r"v5\.0\.0-\d+\.\d+\.\d+", PAGE)
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| v5.*$", PAGE, re.MULTILINE)]
TESTS = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))
# Written beside this page; each is required from the day it is there.
COMING = {"tests/access", "tests/api/sign_in", "tests/api/sign_in_people", "tests/audit", "tests/rights"}


def test_the_list_is_whole():
    assert Counter(LEVELS.values()) == {"1": 70, "2": 183, "3": 92}


def test_every_requirement_of_levels_1_and_2_is_answered_once_and_no_other_is_made_up():
    counted = Counter(ANSWERED)
    assert [name for name, level in LEVELS.items() if level != "3" and counted[name] != 1] == []
    assert [name for name, count in counted.items() if count != 1 or name not in LEVELS] == []


@pytest.mark.parametrize("name", TESTS)
def test_a_test_that_is_named_is_there(name):
    assert (ROOT / name).exists() or name in COMING


def test_a_row_has_its_level_says_how_and_names_a_test_where_the_program_does_it():
    for cells in ROWS:
        if len(cells) == 5:
            name, level, state, how, shown = cells
            assert level == LEVELS[name]
            assert state in ("met", "partly", "operator"), name
            assert len(how) > 2, name
            assert shown or state != "met" or re.search(r"`[A-Za-z/-]+\.md`|same section", how), name


def test_documents_that_are_named_are_there():
    named = set(re.findall(r"`((?:docs/)?[A-Za-z0-9/_.-]+\.md)`", PAGE))
    absent = {name for name in named if not (ROOT / name).exists()}
    assert absent <= {"docs/how-to/sign-in-people.md"}
