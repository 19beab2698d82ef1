"""Paths of search parameters: lists are flattened, what is absent gives nothing."""

from typing import Any

import pytest

from app.fhir.path import walk

TREE: dict[str, Any] = {
    "gender": "female",
    "active": False,
    "name": [{"family": "Lý", "given": ["Thị", None, "Mẫu"]}, {"text": "Mẫu"}],
    "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}, {"value": "3"}, None],
    "contact": [{"name": {"given": ["A"]}}, {"name": {"given": ["B"]}}],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("gender", ["female"]),
        ("active", [False]),
        ("name.family", ["Lý"]),
        ("name.given", ["Thị", "Mẫu"]),
        ("contact.name.given", ["A", "B"]),
        ("telecom[system=phone].value", ["1"]),
        ("telecom[system=fax].value", []),
        ("telecom[system=email]", [{"system": "email", "value": "2"}]),
        ("telecom.value", ["1", "2", "3"]),
        ("absent", []),
        ("absent.deeper", []),
        ("gender.deeper", []),
        ("name.absent", []),
    ],
)
def test_a_path_finds(path: str, found: list) -> None:
    assert walk(path)(TREE) == found


@pytest.mark.parametrize("path", ["", "a..b", "a[b]", "a b", "a[b=c"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError):
        walk(path)
