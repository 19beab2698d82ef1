"""A route that is added without its rule fails here: by what it is entered, or why it is open."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from app.access.scope import LETTERS, OWN
from app.api.application import application
from app.api.door import ANYBODY, RULE
from app.api.fhir import HANDLERS
from app.config import Settings
from app.fhir.asked import ROUTES
from app.fhir.operation import Operation
from app.fhir.operations import OF_PUBLISHED, operations_at
from app.fhir.permit import NEEDS, OPEN, PUBLIC
from app.resources.registry import registry
from tests.access.world import THERE, Two, client_of, station

OPEN_ROUTES = {
    "/health/live": "asked by what starts and stops the service; it says nothing but that the process is up",
    "/health/ready": "the same, and whether the database can be reached",
    "/docs": "the documentation page, the same for everybody",
    "/docs/start.js": "what sets the documentation page up",
    "/docs/static": "the files of the documentation page",
    "/openapi.json": "the document that the page shows; it holds nobody's data",
    "/.well-known/smart-configuration": "how to sign in must be found by who cannot yet",
    "/auth/token": "it gives tokens to who proves a key; nobody can have one before",
    "/auth/revoke": "who holds a token may give it up by it, with the program's own proof",
    "/auth/introspect": "it asks for the program's own proof",
    "/auth/login": "it sends people on to their provider",
    "/auth/callback": "it takes people back from their provider",
    "/auth/logout": "it ends the session of whoever sends it",
    "/auth/me": "it tells people of their own session, found by its cookie",
    "/auth/backchannel-logout": "a provider ends sessions by a token that it has signed",
    "/fhir/.well-known/smart-configuration": "the same as at the root, where SMART looks for it",
}
"""Routes that are entered without a rule, each with the reason."""
OF_ANY_TOKEN = {
    "/notices": "notices are of the holders that the caller is: the query has them as a condition",
    "/notices/{notice_id}/read": "the same",
    "/rights/break-glass": "it asks for the scope tramy/break-glass, with words of its own for who lacks it",
    "/rights/emergencies": "it asks for tramy/audit or tramy/admin",
    "/rights/export/{patient_id}": "it asks for tramy/admin, of administrators of the person's places",
}
"""Routes that any token enters, each with where its rule stands."""
OPEN_OPERATIONS = {
    ("CodeSystem", "lookup"),
    ("CodeSystem", "validate-code"),
    ("CodeSystem", "subsumes"),
    ("ValueSet", "expand"),
    ("ValueSet", "validate-code"),
}
"""Operations that show nobody's record, but shipped definitions alone."""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return application(Settings(), "postgresql://nowhere.invalid/x")


def interactions() -> set[str]:
    return {interaction for methods in ROUTES.values() for interaction in methods.values()}


def test_every_interaction_of_fhir_has_a_rule_or_is_open() -> None:
    assert interactions() == {*NEEDS, *OPEN, "operation"}
    assert not OPEN & NEEDS.keys()
    assert all(letters and set(letters) <= set(LETTERS) for letters in NEEDS.values())


def test_no_handler_stands_without_a_rule() -> None:
    assert HANDLERS.keys() <= {*NEEDS, *OPEN, "operation"}


def test_what_needs_no_token_is_the_statement_of_capabilities_alone() -> None:
    assert {"metadata"} == PUBLIC


def every_operation() -> Iterator[tuple[str, Operation]]:
    for kind in (None, *registry()):
        for instance in (False, True) if kind else (False,):
            for item in operations_at(kind, instance=instance):
                yield kind.name if kind else "", item
    for name in OF_PUBLISHED:
        for instance in (False, True):
            for item in operations_at(None, name, instance=instance):
                yield name, item


@pytest.mark.parametrize(
    ("place", "operation"), [pytest.param(*pair, id=f"{pair[0]}-{pair[1].name}") for pair in every_operation()]
)
def test_every_operation_says_what_it_needs(place: str, operation: Operation) -> None:
    assert operation.needs is not None
    if not operation.needs:
        assert place in OF_PUBLISHED
        assert (place, operation.name) in OPEN_OPERATIONS
    for need in operation.needs:
        assert need in OWN or set(need) <= set(LETTERS)
    if operation.changes:
        assert any("u" in need or need == "tramy/merge" for need in operation.needs)


def walked(app: FastAPI) -> Iterator[tuple[str, Dependant | None]]:
    for route in iter_route_contexts(app.routes):
        yield str(getattr(route, "path", "")), getattr(route, "dependant", None)


def rules(dependant: Dependant) -> set[Any]:
    """Return by what a route is entered, wherever in its dependencies that stands."""
    found = {getattr(dependant.call, RULE)} if hasattr(dependant.call, RULE) else set()
    return found.union(*(rules(item) for item in dependant.dependencies))


def ruled(dependant: Dependant | None) -> set[Any]:
    return rules(dependant) if dependant else set()


def test_every_other_route_is_entered_by_a_scope_or_is_open_for_a_reason(app: FastAPI) -> None:
    bare = {path for path, dependant in walked(app) if not ruled(dependant)}
    assert bare - OPEN_ROUTES.keys() == set()
    assert OPEN_ROUTES.keys() - bare == set(), "a reason without a route"


def test_what_any_token_enters_is_named_with_its_rule(app: FastAPI) -> None:
    loose = {path for path, dependant in walked(app) if ANYBODY in ruled(dependant)}
    assert loose == OF_ANY_TOKEN.keys()
    for _, dependant in walked(app):
        assert ruled(dependant) <= {*OWN, ANYBODY}


def test_a_route_without_a_rule_would_be_found(app: FastAPI) -> None:
    bare = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @bare.get("/of-everybody")
    async def of_everybody() -> dict[str, str]:
        return {}

    assert [path for path, dependant in walked(bare) if not ruled(dependant)] == ["/of-everybody"]
    assert any(ruled(dependant) == {"tramy/indicators"} for _, dependant in walked(app))


@pytest.mark.parametrize("path", sorted(OF_ANY_TOKEN))
async def test_what_any_token_enters_shows_a_bare_token_nothing(two: Two, path: str) -> None:
    """A token with a place and no scope of ours: refused, or answered with nothing."""
    method = "POST" if path.endswith(("/read", "break-glass")) else "GET"
    address = path.format(notice_id="00000000-0000-0000-0000-000000000000", patient_id="nguoi-mot")
    async with await station(two.app, THERE, "other", "system/Patient.rs", base="") as bare:
        sent = {"json": {"patient": "Patient/nguoi-mot", "reason": "x" * 40}} if "glass" in path else {}
        answer = await bare.request(method, address, **sent)
        assert answer.status_code in (403, 404) or answer.json() == {"notices": [], "next": None}
        assert "nguoi-mot" not in answer.text
    async with client_of(two.app, {}, base="") as nobody:
        assert (await nobody.request(method, address, **sent)).status_code == 401
