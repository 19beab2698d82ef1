"""What an examination of the installation finds: one fact, whether it is well, and what would mend it."""

from typing import NamedTuple


class Text(NamedTuple):
    """A sentence in English and Vietnamese."""

    en: str
    vi: str


NOTHING = Text("", "")


class Finding(NamedTuple):
    """One fact: `ok` is True if it is well, False if it must be mended, None if it only deserves a look."""

    name: str
    ok: bool | None
    says: Text
    mend: Text = NOTHING


def judged(name: str, ok: bool | None, says: Text, mend: Text) -> Finding:
    """Make a finding whose mending is told only if there is something to mend."""
    return Finding(name, ok, says, NOTHING if ok else mend)
