"""What came of a load: stored, unchanged, left out, refused; nothing passes silently."""

from collections import Counter
from dataclasses import dataclass, field

from app.errors import Fault


@dataclass
class Report:
    """Counts by type, and what was refused: its place and faults. Reports of workers add up."""

    stored: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, tuple[Fault, ...]]] = field(default_factory=list)

    def __iadd__(self, other: "Report") -> "Report":
        self.stored += other.stored
        self.unchanged += other.unchanged
        self.left_out += other.left_out
        self.refused += other.refused
        return self

    @property
    def done(self) -> int:
        """How many resources have been dealt with."""
        return self.stored.total() + self.unchanged.total() + self.left_out.total() + len(self.refused)
