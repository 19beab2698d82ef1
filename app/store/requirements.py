"""Which libraries the project asks for, and which of them are missing or too old (PEP 508)."""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

DISTRIBUTION = "tramy"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(?:>=\s*([0-9.]+))?[^;]*(?:;\s*(.*))?")


def required() -> list[str]:
    """Return the requirements of the installed project, or of the working copy it runs from."""
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return tomllib.loads(PROJECT.read_text("utf-8"))["project"]["dependencies"] if PROJECT.is_file() else []


def lacking(requirements: list[str]) -> list[str]:
    """Return "name: is / needs" for every library that is absent or older than required."""
    found = []
    for requirement in requirements:
        parts = REQUIREMENT.fullmatch(requirement.strip())
        if parts is None or not applies(parts[3] or ""):
            continue
        name, least = parts[1], parts[2] or "0"
        try:
            installed = version(name)
        except PackageNotFoundError:
            found.append(f"{name}: - / {least}")
            continue
        if numbers(installed) < numbers(least):
            found.append(f"{name}: {installed} / {least}")
    return found


def applies(marker: str) -> bool:
    """Say whether a requirement counts here; extras do not, and of the systems the project only sets Windows apart."""
    if "extra" in marker:
        return False
    return not ("win32" in marker and "!=" in marker and sys.platform == "win32")


def numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, without zeros at the end, so that 1.0 equals 1."""
    leading = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    parts = [int(part) for part in leading[0].split(".")] if leading else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
