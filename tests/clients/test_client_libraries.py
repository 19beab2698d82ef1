"""Client libraries for Node at their usual work against a running service; each program in `node/` is one library.

The lock file names what is installed and its checksums; it names no registry, so that any mirror serves.
"""

import json
import re
import shutil
import subprocess
from importlib.metadata import version as installed
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = HERE / "node"
PAGE = HERE.parents[1] / "docs/how-to/client-libraries.md"
PROGRAMS = sorted(path.stem for path in NODE.glob("*.mjs") if path.stem != "invented")
MISSING = [name for name in ("node", "npm") if shutil.which(name) is None]
# Node 20 has WebSocket, which @medplum/core asks for when it is loaded, behind this flag; later ones have it anyway.
RUN = ("node", "--experimental-websocket")


def run(*command: str, folder: Path) -> str:
    """Run a command, which must end well, and return what it said."""
    done = subprocess.run(
        [str(shutil.which(command[0])), *command[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs and what they need, installed as the lock file says."""
    if MISSING:
        pytest.skip(f"not on this machine: {', '.join(MISSING)}")
    folder = tmp_path_factory.mktemp("libraries") / "node"
    shutil.copytree(NODE, folder, ignore=shutil.ignore_patterns("node_modules"))
    # Nothing that is installed may run by itself.
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_library_does_its_usual_work(programs: Path, base: str, token: str, name: str) -> None:
    said = run(*RUN, f"{name}.mjs", base, token, folder=programs)
    # A program without tests would end well too.
    assert re.search(r"^. pass [1-9]\d*$", said, re.MULTILINE), said


def test_every_library_that_is_locked_has_a_program() -> None:
    wanted = json.loads((NODE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert sorted(name.removeprefix("@").partition("/core")[0] for name in wanted) == PROGRAMS


def test_the_lock_file_names_no_registry_and_every_checksum() -> None:
    locked = json.loads((NODE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    libraries = {name: entry for name, entry in locked.items() if name}
    assert not [name for name, entry in libraries.items() if "resolved" in entry]
    assert not [name for name, entry in libraries.items() if not entry["integrity"].startswith("sha512-")]


def test_the_page_names_the_versions_that_are_tried() -> None:
    page = PAGE.read_text(encoding="utf-8")
    python = {name: installed(name) for name in ("fhirpy", "fhirclient")}
    wanted = {**python, **json.loads((NODE / "package.json").read_text(encoding="utf-8"))["dependencies"]}
    assert [name for name, version in wanted.items() if f"| `{name}` {version} |" not in page] == []


def test_every_line_of_an_example_is_a_line_of_a_program_that_runs() -> None:
    blocks = re.findall(r"```(?:python|js)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown = {line.strip() for block in blocks for line in block.splitlines()}
    sources = [*HERE.glob("test_fhir*.py"), *NODE.glob("*.mjs")]
    run_lines = {line.strip() for path in sources for line in path.read_text(encoding="utf-8").splitlines()}
    assert len(blocks) >= 10
    assert sorted(shown - run_lines) == []
