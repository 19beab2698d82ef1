"""What, beside the national number, proves that a person is known: full name and date of birth."""

from app.fhir.fold import fold
from app.fhir.resource_type import Proof


def proof(tree: dict) -> Proof | None:
    """Return the full names, folded, and the full date of birth; None where one of them is missing.

    A name counts when it is whole: its text, or family and given names together.
    """
    born = tree.get("birthDate", "")
    names = frozenset(name for item in tree.get("name", ()) if (name := fold(_whole(item))))
    return (names, born) if names and len(born) == len("1990-05-17") else None


def _whole(name: dict) -> str:
    if text := name.get("text", ""):
        return text if " " in text.strip() else ""
    family, given = name.get("family", ""), name.get("given", ())
    return " ".join([family, *given]) if family and given else ""
