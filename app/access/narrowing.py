"""What of the scopes that a program asks for it is given: never more than was registered for it.

https://hl7.org/fhir/smart-app-launch/backend-services.html#scopes
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from app.access.scope import Criteria, Grants, Scope, known, read_scopes
from app.errors import BadParameter

_MOST = 100


def narrowed(asked: str, registered: Grants) -> Grants:
    """Return what is both asked for and registered; a word that is not understood gives nothing.

    Raises BadParameter when that is nothing, or more than a token can carry.
    """
    words = asked.split()
    wanted = read_scopes(known(words)) if len(words) <= _MOST else Grants()
    both = dict.fromkeys(it for one in wanted.records for other in registered.records for it in _both(one, other))
    # Only so many are compared with each other: the work must not grow with the square of what a client sends.
    kept = [one for one in both if not any(_inside(one, other) for other in both)] if len(both) <= 2 * _MOST else []
    own = sorted(wanted.own & registered.own)
    if not 1 <= len(kept) + len(own) <= _MOST:
        raise BadParameter.of(
            "Nothing of the scopes asked for is registered for this client; ask for registered ones.",
            "Không phạm vi nào được yêu cầu đã đăng ký cho phần mềm này; hãy yêu cầu phạm vi đã đăng ký.",
            "scope",
        )
    return read_scopes(" ".join([*(written(one) for one in kept), *own]))


def written(scope: Scope) -> str:
    """Return a scope for records as tokens have it."""
    query = f"?{urlencode(scope.criteria)}" if scope.criteria else ""
    return f"{scope.context}/{scope.type}.{scope.letters}{query}"


def _both(one: Scope, other: Scope) -> Iterator[Scope]:
    """Yield what two scopes have in common, if there is any: one that both of them allow by themselves."""
    letters = "".join(letter for letter in one.letters if letter in other.letters)
    meet = one.type == other.type or "*" in (one.type, other.type)
    if one.context != other.context or not letters or not meet:
        return
    kind = other.type if one.type == "*" else one.type
    both = Scope(one.context, kind, letters, _joined(one.criteria, other.criteria))
    # What would be too long to be read again is not given: it must not lose a part of its restriction.
    if known([written(both)]):
        yield both


def _joined(one: Criteria, other: Criteria) -> Criteria:
    """Join two restrictions: a record must fulfil every part of both."""
    return (*one, *(part for part in other if part not in one))


def _inside(one: Scope, other: Scope) -> bool:
    """Say whether a scope gives nothing that another, wider one does not."""
    return (
        one != other
        and one.context == other.context
        and other.type in ("*", one.type)
        and set(one.letters) <= set(other.letters)
        and set(other.criteria) <= set(one.criteria)
        and (one.type, set(one.letters), set(one.criteria)) != (other.type, set(other.letters), set(other.criteria))
    )
