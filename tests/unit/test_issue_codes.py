"""The page of errors names every issue code that the program uses, and no other."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from app.api.health import Hindrance
from app.errors import TramyError

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
BINDINGS = json.loads((ROOT / "schemas/fhir/required-bindings.json").read_text(encoding="utf-8"))
FHIR = {item["code"] for item in BINDINGS["http://hl7.org/fhir/ValueSet/issue-type"]}
# What takes an issue code, and at which place; all take it by name too.
PLACES = {"Fault": 0, "_Unread": 0, "CannotApply": 3, "of": 3, "_replace": 99}


def rows(heading: str) -> dict[str, list[str]]:
    """Return the cells of a section's table by the first of them."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.*$", section, re.MULTILINE)
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def of_calls(tree: ast.AST, places: dict[str, int]) -> Iterator[ast.expr]:
    """Yield what stands for an issue code in calls."""
    for node in ast.walk(tree):
        name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in places:
            yield from node.args[places[name] : places[name] + 1]
            yield from (word.value for word in node.keywords if word.arg == "code")


def of_issues(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what stands for an issue code in issues that are written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            members = {ast.unparse(key): value for key, value in zip(node.keys, node.values, strict=True) if key}
            yield from [members["'code'"]] if "'severity'" in members and "'code'" in members else []


def used() -> dict[str, set[str]]:
    """Return the issue codes of the program with the files that use them."""
    found: dict[str, set[str]] = {kind.code: {"app/errors.py"} for kind in classes(TramyError)}
    for path in ROOT.glob("app/**/*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # The checks of the doctor are called findings too; theirs have no issue code.
        places = {**PLACES, "Finding": 1} if "validation" in path.parts else PLACES
        for expression in [*of_calls(tree, places), *of_issues(tree)]:
            for node in ast.walk(expression):
                if isinstance(node, ast.Constant) and node.value:
                    found.setdefault(node.value, set()).add(path.relative_to(ROOT).as_posix())
    return found


def classes(kind: type[TramyError]) -> list[type[TramyError]]:
    return [kind, *(below for item in kind.__subclasses__() for below in classes(item))]


def test_every_issue_code_that_is_used_is_on_the_page_and_no_other() -> None:
    told = used()
    assert {"duplicate", "code-invalid", "transient", "exception", "required", "invariant"} <= told.keys()
    assert {code: sorted(files) for code, files in told.items() if code not in rows("The issue codes")} == {}
    assert [code for code in rows("The issue codes") if code not in told] == []


@pytest.mark.parametrize("code", rows("The issue codes"))
def test_an_issue_code_is_fhirs_and_says_what_to_do_in_both_languages(code: str) -> None:
    assert code in FHIR
    meaning, remedy, vietnamese = rows("The issue codes")[code]
    assert meaning.endswith(".")
    assert remedy.endswith(".")
    assert re.search("[ăâđêôơưạảấầẩậắằặẹẻếềểệịỉọỏốồổộớờởợụủứừửựỳỹáàãéèíìóòõúùý]", vietnamese)


def test_issue_codes_stand_in_order() -> None:
    assert list(rows("The issue codes")) == sorted(rows("The issue codes"))


def test_every_hindrance_of_the_health_check_is_on_the_page() -> None:
    assert set(rows("When the service is not ready")) == set(get_args(Hindrance.model_fields["code"].annotation))
