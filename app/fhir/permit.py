"""What an interaction needs a token to grant, said of every interaction and asked before it begins.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from collections.abc import Mapping

from app.access.caller import Caller
from app.errors import Forbidden
from app.fhir.asked import Asked
from app.fhir.operations import named
from app.fhir.service import Service

NEEDS: Mapping[str, str] = {
    "read": "r",
    "vread": "r",
    "history": "r",
    "search": "s",
    "search-system": "s",
    "search-compartment": "s",
    "history-type": "s",
    "history-system": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "conditional-update": "us",
    "conditional-patch": "us",
    "conditional-delete": "ds",
}
"""For each interaction with records the letters of `cruds` that it takes, in the order that scopes have.

An update may create, which takes `u` alone where the id is the client's. https://hl7.org/fhir/R4/http.html#upsert
"""
OPEN = frozenset(("capabilities", "read-published", "search-published", "bundle", "job", "cancel-job"))
"""Interactions that show nobody's record: a bundle asks of each entry, a job belongs to who asked."""
PUBLIC = frozenset(("metadata",))
"""Addresses that need no token: how to sign in must be found by who cannot yet."""


def permit(service: Service, what: Asked, *, conditional: bool = False) -> None:
    """Raise Forbidden when the caller's token does not grant an interaction.

    `conditional` says that a create has a condition, which is a search. What a token grants is known to its holder;
    so this says nothing of what is held here.
    """
    if what.interaction in OPEN:
        return
    caller = service.caller
    if what.interaction == "operation":
        _permit_operation(service, what)
        return
    letters = NEEDS[what.interaction] + ("s" if conditional else "")
    # What spans several types shows those that are granted; one of them at least must be.
    names = [what.kind.name] if what.kind else [kind.name for kind in service.registry]
    if what.interaction == "search-compartment":
        names = [kind.name for kind in service.registry] if what.other == "*" else [what.other]
    if not any(_grants(caller, name, letters) for name in names):
        raise refused([f"system/{name if len(names) == 1 else '*'}.{letters}" for name in names][:1])


def _permit_operation(service: Service, what: Asked) -> None:
    operation = named(what)
    if operation.needs is None:
        raise refused(["-"])
    for need in operation.needs:
        if need.startswith("tramy/"):
            granted = service.caller.may(need)
        else:
            names = [what.kind.name] if what.kind else [kind.name for kind in service.registry]
            granted = any(_grants(service.caller, name, need) for name in names)
        if not granted:
            raise refused(
                [need if need.startswith("tramy/") else f"system/{what.kind.name if what.kind else '*'}.{need}"]
            )


def _grants(caller: Caller, name: str, letters: str) -> bool:
    return all(caller.grants.allows(name, letter) for letter in letters)


def refused(scopes: list[str]) -> Forbidden:
    """Return the error of a token that lacks scopes."""
    listed = ", ".join(scopes)
    return Forbidden.of(
        f"The token does not grant this; it takes the scope {listed}.",
        f"Token không cho phép thao tác này; cần phạm vi {listed}.",
    )
