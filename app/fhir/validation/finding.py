"""One thing found wrong, on its way up the tree to where its whole FHIRPath expression is known."""

from collections.abc import Iterable
from typing import NamedTuple

from app.errors import Fault


class Finding(NamedTuple):
    """A rule that is broken: its key, a FHIR issue code, both texts, and the place relative to the one who asks."""

    rule: str
    code: str
    en: str
    vi: str
    place: str = ""

    def below(self, step: str) -> "Finding":
        """Move the place one step down: `.name`, or `[0]`."""
        return self._replace(place=step + self.place)


Findings = tuple[Finding, ...]


def below(step: str, findings: Findings) -> Findings:
    """Move every finding one step down."""
    return tuple(f.below(step) for f in findings)


def faults(findings: Iterable[Finding], most: int) -> list[Fault]:
    """Make faults, each (place, rule) once and in the order found, at most `most` and one that says there are more."""
    once = {(f.place, f.rule): Fault(f.code, f.en, f.vi, f.place) for f in findings}
    listed = list(once.values())
    if len(listed) <= most:
        return listed
    more = Fault(
        "too-long",
        f"There are more than {most} faults; only the first are listed.",
        f"Có hơn {most} lỗi; chỉ liệt kê các lỗi đầu tiên.",
    )
    return [*listed[:most], more]
