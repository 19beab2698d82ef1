"""The roles of people: deny by default, nobody sees persons by accident, and the matrix can be handed over."""

import json

import pytest
from typer.testing import CliRunner

from app.access.claims import NOTHING, Paths, held, words
from app.access.roles import ROLES, chosen, matrix, permissions, table
from app.access.scope import OWN, Grants
from app.cli.main import command_line

PERSONS = ("Patient", "Immunization", "Encounter", "Coverage", "*")
OF_PERSONS = {"tramy/missing", "tramy/merge", "tramy/protected", "tramy/break-glass", "tramy/exchange"}
PATHS = Paths("role", "places", "organization")


@pytest.mark.parametrize("word", ROLES)
def test_a_role_without_people_has_no_scope_by_which_a_person_is_seen(word: str) -> None:
    role = ROLES[word]
    seen = {name for name in PERSONS for letter in "cruds" if role.grants.allows(name, letter)}
    assert bool(seen) == role.people
    assert role.people or not role.grants.own & OF_PERSONS


@pytest.mark.parametrize("word", ROLES)
def test_no_role_deletes_or_has_every_type_or_speaks_for_a_program(word: str) -> None:
    for scope in ROLES[word].grants.records:
        assert scope.context == "user"
        assert scope.type != "*"
        assert "d" not in scope.letters


def test_the_audit_is_the_auditors_and_administration_the_administrators() -> None:
    for own, role in (
        ("tramy/audit", "auditor"),
        ("tramy/admin", "administrator"),
        ("tramy/protected", "tram-protected"),
    ):
        assert [word for word, item in ROLES.items() if own in item.grants.own] == [role]


def test_a_role_that_sees_people_is_never_of_the_whole_country() -> None:
    assert [word for word, role in ROLES.items() if role.people and role.country] == []
    assert ROLES["tram"].within(("VN", "24@2025-07")) == ("24@2025-07",)
    assert ROLES["ministry"].within(("VN",)) == ("VN",)


@pytest.mark.parametrize(
    ("stated", "word"),
    [
        ((), None),
        (("tram",), "tram"),
        (("tram", "tram"), "tram"),
        (("offline_access", "officer"), "officer"),
        (("tram", "officer"), None),
        (("Tram",), None),
        (("tram ",), None),
    ],
)
def test_one_known_role_is_taken_and_several_are_none(stated: tuple[str, ...], word: str | None) -> None:
    assert chosen(stated) == (ROLES[word] if word else None)


def test_the_table_says_what_the_scopes_say() -> None:
    lines = {name: dict(zip(ROLES, cells, strict=True)) for name, _, cells in table()}
    assert lines.keys() >= OWN.keys()
    for word, role in ROLES.items():
        for name, cells in lines.items():
            allowed = "".join(letter for letter in "cruds" if name not in OWN and role.grants.allows(name, letter))
            assert cells[word] == ("x" if name in role.grants.own else allowed)


def test_what_a_scope_permits_is_said_in_both_languages() -> None:
    said = {item["scope"]: item for role in ROLES.values() for item in permissions(role.grants)}
    assert said["user/Patient.crus"]["vi"] == "Patient: tạo, đọc, sửa, tìm"
    assert all(item["en"] and item["vi"] for item in said.values())
    assert permissions(Grants()) == []


def test_the_command_prints_the_matrix_for_programs_and_for_people() -> None:
    ran = CliRunner().invoke(command_line(("roles",)), ["roles", "--json"])
    assert json.loads(ran.output) == matrix()
    shown = CliRunner().invoke(command_line(("roles",)), ["roles"], env={"COLUMNS": "200"}).output
    for role in ROLES.values():
        assert role.title_vi in shown
        assert role.word in shown


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"role": "tram"}, ("tram",)),
        ({"role": ["a", "b"]}, ("a", "b")),
        ({"role": ["a", 5, None, "", "c" * 101]}, ("a",)),
        ({"role": {"a": 1}}, ()),
        ({"role": None}, ()),
        ({}, ()),
    ],
)
def test_a_claim_is_a_word_or_a_list_of_words(claims: dict, found: tuple[str, ...]) -> None:
    assert words(claims, "role") == found


def test_a_path_leads_inwards_unless_the_claim_is_named_so() -> None:
    assert words({"a": {"b": "x"}}, "a.b") == ("x",)
    assert words({"a": {"b": "x"}, "a.b": "y"}, "a.b") == ("y",)
    assert words({"a": "x"}, "a.b") == ()


def test_who_has_no_role_has_no_place_and_no_organisation_either() -> None:
    assert held({"places": "VN", "organization": "Organization/x"}, PATHS, str) == NOTHING
