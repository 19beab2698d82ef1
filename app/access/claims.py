"""What a provider says in the claims of a token: role, places, organisation; nothing else is taken.

One rule for the ID tokens of people and for access tokens: what is missing or not understood gives nothing.

https://openid.net/specs/openid-connect-core-1_0.html#Claims
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app.access.clients import is_organization
from app.access.roles import chosen

PlaceOf = Callable[[str], str]
"""Returns the key of a place that is stated by code, "" where there is none of that code."""
_MOST = 200
"""More words than this in one claim are no list of roles or places."""
_LONGEST = 100


class Paths(NamedTuple):
    """The paths of the three claims, with dots between the names: `realm_access.roles`."""

    role: str
    places: str
    organization: str


class Holding(NamedTuple):
    """What a person holds: the word of a role, "" for none; keys of places; an organisation, "" for none."""

    role: str
    places: tuple[str, ...]
    organization: str


NOTHING = Holding("", (), "")


def held(claims: Mapping[str, Any], paths: Paths, place_of: PlaceOf) -> Holding:
    """Return what the claims give. What is missing or not understood gives nothing, and nobody more than nothing."""
    role = chosen(words(claims, paths.role))
    if role is None:
        return NOTHING
    places = role.within(places_at(claims, paths.places, place_of))
    return Holding(role.word, places, organization_at(claims, paths.organization))


def places_at(claims: Mapping[str, Any], path: str, place_of: PlaceOf) -> tuple[str, ...]:
    """Return the keys of the places of a claim; one that is not understood is left out."""
    return tuple(dict.fromkeys(key for word in words(claims, path) if (key := place_of(word))))


def organization_at(claims: Mapping[str, Any], path: str) -> str:
    """Return the organisation of a claim, "" unless it is one and the only one."""
    stated = words(claims, path)
    return stated[0] if len(stated) == 1 and is_organization(stated[0]) else ""


def words(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """Return the words of a claim: a text, or a list of texts; () for anything else."""
    found = claim(claims, path)
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or len(listed) > _MOST:
        return ()
    return tuple(word for word in listed if isinstance(word, str) and 0 < len(word) <= _LONGEST)


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path; a claim whose own name has dots, as addresses do, is found by its name."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
