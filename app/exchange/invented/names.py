"""Vietnamese names, cut as FHIR cuts them: https://hl7.org/fhir/R4/datatypes.html#HumanName"""

from typing import NamedTuple

from app.exchange.invented.draws import Draw, pick
from app.exchange.invented.lists import names


class Name(NamedTuple):
    """A name as FHIR cuts it: the family name, and the middle and given names."""

    family: str
    given: tuple[str, ...]

    @property
    def text(self) -> str:
        """Write it in the Vietnamese order."""
        return " ".join((self.family, *self.given))

    def as_fhir(self) -> dict:
        """Make a HumanName of it."""
        return {"use": "official", "text": self.text, "family": self.family, "given": list(self.given)}


def family_name(group: str, draw: Draw) -> str:
    """Draw a family name of an ethnic group (code 01 to 54)."""
    return pick(names(group, "family"), draw)[0]


def full_name(family: str, group: str, male: bool, old: bool, draw: Draw) -> Name:
    """Draw the middle and given names that go with a family name; `old` people have the names of their time."""
    sex, generation = "male" if male else "female", "old" if old else "new"
    middle = pick(names(group, "middle", sex, generation), draw)
    return Name(family, middle + pick(names(group, "given", sex, generation), draw))
