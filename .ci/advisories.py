"""Asks for known weaknesses of the libraries in the lock file: `python .ci/advisories.py requirements-dev.lock`.

pip-audit asks PyPI, and OSV where PyPI does not answer. A finding ends with 1. Where neither can be reached this says
so and ends with 0: a machine without a network must be able to check the rest. https://github.com/pypa/pip-audit
"""

import json
import subprocess
import sys
from typing import Any, NamedTuple

SOURCES = ("pypi", "osv")


class Verdict(NamedTuple):
    """How many libraries were looked up, the names of those that were not, and a line for each weakness."""

    known: int
    unknown: list[str]
    findings: list[str]


def judged(report: dict[str, Any]) -> Verdict:
    """Read what pip-audit found; a library that its source does not know has a reason to be skipped."""
    listed = report.get("dependencies", [])
    unknown = [item["name"] for item in listed if "skip_reason" in item]
    findings = [
        f"{item['name']} {item['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or 'none'}"
        for item in listed
        for weakness in item.get("vulns", [])
    ]
    return Verdict(len(listed) - len(unknown), unknown, findings)


def asked(lock: str, source: str) -> Verdict | None:
    """Ask one source, None when it does not answer."""
    options = ["--requirement", lock, "--require-hashes", "--disable-pip", "--vulnerability-service", source]
    command = [sys.executable, "-m", "pip_audit", *options, "--format", "json", "--progress-spinner", "off"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    try:
        verdict = judged(json.loads(ran.stdout))
    except ValueError:
        return None
    return verdict if verdict.known else None


def main(lock: str) -> int:
    """Print what was found and return the exit code."""
    verdict = next((found for source in SOURCES if (found := asked(lock, source))), None)
    if verdict is None:
        print(f"NOT AUDITED: no source of advisories ({', '.join(SOURCES)}) can be reached from here.")
        print("Run this again where there is a network, before a release at the latest.")
        return 0
    print("\n".join(verdict.findings) or "no known weakness", f"({verdict.known} libraries looked up)")
    if verdict.unknown:
        print("NOT AUDITED, unknown to the source:", ", ".join(verdict.unknown))
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
