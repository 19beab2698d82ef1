"""The names of moments: what a snapshot of transaction numbers is called, and what is known at it."""

import pytest

from app.store.moment import EPOCH_SHIFT, Moment, from_snapshot, known

SECOND = 2 << EPOCH_SHIFT


@pytest.mark.parametrize(
    ("snapshot", "name"),
    [
        ("7421:7421:", "2-7421"),
        ("7421:7430:7421,7425", "2-7421-7430-7421.7425"),
        ("7421:7430:7421", "2-7421-7430-7421"),
        ("7421:7430:", "2-7421-7430-"),
    ],
)
def test_a_snapshot_has_a_name_that_says_all_of_it(snapshot: str, name: str) -> None:
    assert str(from_snapshot(snapshot, SECOND)) == name


def test_a_snapshot_is_of_its_epoch() -> None:
    assert from_snapshot("5:9:6,7", SECOND) == Moment(SECOND + 5, SECOND + 9, (SECOND + 6, SECOND + 7))


def test_known_takes_three_parameters_in_a_row() -> None:
    assert known("l.tx", 4) == "(l.tx < $4 or (l.tx < $5 and l.tx <> all($6::bigint[])))"
