"""What the documentation says is what the program has: pages, links, names, commands and examples."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import command_line
from app.config import declarations_by_field
from app.fhir.asked import ROUTES
from app.fhir.search.described import published
from app.fhir.search.result import RESULT
from app.fhir.validation import Validator
from app.indicators.registry import indicators
from app.indicators.tables import LEDGER
from app.resources import systems
from app.resources.registry import registry
from docs.reference import conformance, pages

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
ALL = "\n".join(TEXTS.values())
DECISIONS = {name: text for name, text in TEXTS.items() if name.startswith("docs/decisions/")}
COMMANDS = [name for name, _ in pages.all_commands()]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def json_blocks() -> list[tuple[str, dict]]:
    found = [
        (name, block) for name, text in TEXTS.items() for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    ]
    return [(name, json.loads(block)) for name, block in found]


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_reference_page_says_what_the_program_has(name: str) -> None:
    held = TEXTS[f"docs/{name}"]
    assert held == pages.made(name), "run: python -m docs.reference.pages"


def test_the_page_of_conformance_has_a_row_for_every_interaction_and_no_other() -> None:
    assert conformance.INTERACTIONS.keys() == {name for methods in ROUTES.values() for name in methods.values()}
    page = TEXTS["docs/conformance.md"]
    assert [row.name for row in conformance.INTERACTIONS.values() if f"[{row.name}](" not in page] == []


def test_the_page_of_conformance_describes_every_parameter_of_a_result_and_no_other() -> None:
    assert conformance.RESULTS.keys() == set(RESULT)


def test_no_search_parameter_of_r4_is_missing_unless_the_page_says_so() -> None:
    known = {(base, code) for base, code in published() if base in registry()}
    missing = {pair for pair in known if pair[1] not in registry()[pair[0]].parameters}
    said = "Those of R4 that are missing" in TEXTS["docs/conformance.md"]
    assert bool(missing) == said


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_commands_has_every_option_of_the_help(name: str) -> None:
    section = TEXTS["docs/reference/commands.md"].partition(f"## tramy {name}\n")[2].partition("\n## ")[0]
    helped = (
        CliRunner()
        .invoke(command_line(), [*name.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
        .output
    )
    options = set(re.findall(r"--[a-z-]+", helped)) - {"--help"}
    assert set(re.findall(r"`(--[a-z-]+)`", section)) == options


def test_a_command_that_is_shown_exists_with_its_options() -> None:
    shown = re.findall(r"^(?:\.venv/bin/)?tramy ([a-z]+)(.*)$", ALL, re.MULTILINE)
    assert {name for name, _ in shown} == {name.split()[0] for name in COMMANDS}
    known = set(re.findall(r"`(--[a-z-]+)`", TEXTS["docs/reference/commands.md"]))
    assert {option for _, rest in shown for option in re.findall(r" (--[a-z-]+)", rest)} <= known


def test_a_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", ALL, re.MULTILINE))
    assert {"demo", "test", "migration"} <= named <= targets


@pytest.mark.parametrize("name", TEXTS)
def test_a_link_leads_to_a_page_and_a_heading(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        path, _, heading = target.partition("#")
        if path.startswith("https://"):
            continue
        page = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
        assert page.is_file(), target
        assert not heading or heading in anchors(page.read_text(encoding="utf-8")), target


def test_the_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([^)#]+)\)", TEXTS["docs/README.md"]))
    below = {page.removeprefix("docs/") for page in TEXTS if page.startswith("docs/")} - {"README.md"}
    assert below <= linked


def test_a_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:app|docs|schemas|tests|migrations|bench)/[\w./-]*)`", ALL))
    examples = {
        "app/resources/observation.py",
        "app/indicators/telehealth.py",
        "migrations/versions/0005_add_observations.py",
    }
    assert {path for path in named if not (ROOT / path).exists()} <= examples


def test_a_setting_that_is_named_is_one() -> None:
    known = {declaration.env for _, declaration in declarations_by_field()}
    named = set(re.findall(r"\bTRAMY_[A-Z_]*[A-Z]", ALL)) - {"TRAMY_PAGESIZE"}  # It stands as the misspelt one.
    assert named <= known


def test_a_system_that_is_named_is_the_programs() -> None:
    known = {value for value in vars(systems).values() if isinstance(value, str)}
    named = set(re.findall(r"(?:http://fhir\.ehealth\.gov\.vn|https://tramy\.vn)/[\w/.-]*[\w-]", ALL))
    assert named <= known


def test_every_table_has_its_line_on_the_page_of_storage() -> None:
    held = {kind.current.name for kind in registry().tables}
    tables = held | {name for name in LEDGER.metadata.tables if not name.endswith("_history")}
    assert {"patient", "claim", "moment", "ledger"} <= tables
    assert tables - set(re.findall(r"`([a-z_]+)`", TEXTS["docs/reference/storage.md"])) == set()


def test_the_page_for_officers_has_every_indicator_and_every_reason() -> None:
    page = TEXTS["docs/how-to/officer-vi.md"]
    for item in indicators().values():
        assert item.title_vi in page
        for fact in item.counted.facts():
            for reason in (fact.reason.never_vi, fact.reason.ended_vi):
                assert re.sub(r" \{\w+\}", "", reason) in page


def test_a_resource_that_is_shown_is_one_the_service_takes() -> None:
    types = registry()
    validator = Validator(kind.name for kind in types)
    shown = [(name, body) for name, body in json_blocks() if body.get("resourceType") != "OperationOutcome"]
    held = [(name, entry["resource"]) for name, body in shown for entry in body.get("entry", ())]
    held += [(name, body) for name, body in shown if body["resourceType"] != "Bundle"]
    # What an operation or a patch is given is never a record.
    held = [(name, body) for name, body in held if body["resourceType"] != "Parameters"]
    assert {body["resourceType"] for _, body in held} >= {"Patient", "Coverage", "Encounter", "Immunization"}
    for name, body in held:
        rules = [fault for rule in types[body["resourceType"]].rules for fault in rule(body)]
        assert (name, [*validator.faults(body["resourceType"], body), *rules]) == (name, [])


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_says_why_and_what_else(name: str) -> None:
    text = DECISIONS[name]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Alternatives"]
    assert text.startswith(f"# {int(Path(name).name[:4])}. ")
    assert len(text.splitlines()) <= 45


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(Path(name).name[:4]) for name in sorted(DECISIONS)] == list(range(1, len(DECISIONS) + 1))


def test_the_image_is_made_of_what_is_here_and_runs_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert {"requirements.lock", "app", "migrations", "schemas", "alembic.ini"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [name for name in copied if f"!{name}" not in sent] == []
    stage = text.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", stage, re.MULTILINE) == ["tramy"]
    assert "HEALTHCHECK" in stage
    assert "/health/ready" in stage
