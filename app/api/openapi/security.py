"""How callers sign in, and what each operation takes. https://spec.openapis.org/oas/v3.1.1.html#security-scheme-object"""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from app.access.scope import OWN
from app.api.door import ANYBODY, RULE
from app.api.openapi.parts import Item, Place, shared
from app.api.sign_in.addresses import INTROSPECT, REVOKE, TOKEN
from app.fhir.permit import NEEDS, OPEN
from app.fhir.search.described import Bilingual

_TOKEN, _PROGRAM, _SESSION = "token", "program", "session"
_PUBLIC = frozenset(("capabilities",))
_BY_COOKIE = frozenset(("/auth/me", "/auth/logout"))
_BY_FORM = frozenset((REVOKE, INTROSPECT))
"""Here a program proves itself in the form, or an administrator by a token."""
REFUSALS = {"401": "Unauthenticated", "403": "Forbidden", "429": "TooMany"}
"""The errors of whoever is not let in, by their statuses."""


def schemes() -> dict[str, Item]:
    """Return the ways of signing in."""
    token = Bilingual(
        "A token from `POST /auth/token`, from the provider of this installation, or from `tramy token` on the machine "
        "itself. Paste it here.",
        "Mã truy cập lấy từ `POST /auth/token`, từ hệ thống đăng nhập, hoặc từ lệnh `tramy token` trên chính máy chủ. "
        "Dán mã vào đây.",
    )
    program = Bilingual(
        "SMART Backend Services: a program proves who it is by an assertion that it signs with its own key "
        "(`private_key_jwt`, ES384 or RS384). It has no secret, so this page cannot do it: paste a token above.",
        "SMART Backend Services: phần mềm chứng minh bằng xác nhận ký bằng khóa riêng (`private_key_jwt`, ES384 hoặc "
        "RS384). Không có mật khẩu nên trang này không làm thay được: hãy dán mã truy cập ở trên.",
    )
    session = Bilingual(
        "The session of a person who signed in at `/auth/login`; on the machine itself the cookie is `tramy`.",
        "Phiên của người đã đăng nhập tại `/auth/login`; trên chính máy chủ cookie tên là `tramy`.",
    )
    flow = {"tokenUrl": TOKEN, "scopes": _scopes()}
    return {
        _TOKEN: {"type": "http", "scheme": "bearer", "description": str(token)},
        _PROGRAM: {"type": "oauth2", "description": str(program), "flows": {"clientCredentials": flow}},
        _SESSION: {"type": "apiKey", "in": "cookie", "name": "__Host-tramy", "description": str(session)},
    }


def of_interaction(place: Place, interaction: str, made: Item) -> Item:
    """Return an operation of the FHIR interface with how to sign in, what scope it takes, and its refusals."""
    if interaction in _PUBLIC:
        return {**made, "security": []}
    return of_scopes(list(_needed(place, interaction)), made)


def of_scopes(scopes: list[str], made: Item) -> Item:
    """Return an operation of the FHIR interface that takes these scopes."""
    listed = ", ".join(f"`{scope}`" for scope in scopes)
    says = f"\n\nScope · Phạm vi: {listed}." if scopes else ""
    return {
        **_entered(made, [scope for scope in scopes if scope in OWN]),
        "description": f"{made['description']}{says}",
    }


def of_route(path: str, rule: str | None, made: Item) -> Item:
    """Return an operation of FastAPI with how to sign in; `rule` is the scope it takes, None where none is asked."""
    if rule is not None:
        return _entered(made, [] if rule == ANYBODY else [rule])
    if path in _BY_COOKIE:
        responses = {"401": shared("Unauthenticated"), "404": shared("NotFound"), **made["responses"]}
        return {**made, "security": [{_SESSION: []}], "responses": responses}
    return {**made, "security": [{}, {_TOKEN: []}] if path in _BY_FORM else []}


def rules(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], str]:
    """Return by what each route of FastAPI is entered, of those that ask who comes: by path and method."""
    return {
        (found.path or "", method.lower()): rule
        for found in iter_route_contexts(routes)
        for rule in _rules(getattr(found.original_route, "dependant", None))
        for method in found.methods or ()
    }


def _rules(dependant: Dependant | None) -> Iterator[str]:
    for below in dependant.dependencies if dependant else ():
        rule = getattr(below.call, RULE, None)
        if rule is not None:
            yield rule
        yield from _rules(below)


def _entered(made: Item, scopes: list[str]) -> Item:
    responses = {**{status: shared(name) for status, name in REFUSALS.items()}, **made["responses"]}
    security: list[dict[str, Any]] = [{_TOKEN: []}, {_PROGRAM: scopes}, {_SESSION: []}]
    return {**made, "security": security, "responses": dict(sorted(responses.items()))}


def _needed(place: Place, interaction: str) -> Iterator[str]:
    """Yield the scopes that an interaction takes."""
    if interaction in OPEN:
        return
    needs = (place.operation.needs or ()) if place.operation else (NEEDS[interaction],)
    name = place.name if interaction == "search-compartment" else place.kind.name if place.kind else "*"
    for need in needs:
        yield need if "/" in need else f"system/{name}.{need}"


def _scopes() -> dict[str, str]:
    records = Bilingual("read and search all types; for one: system/Patient.rs", "đọc và tìm kiếm mọi loại hồ sơ")
    writes = Bilingual("create, read, update, delete, search", "tạo, đọc, sửa, xóa, tìm kiếm")
    return {
        "system/*.rs": str(records),
        "system/*.cruds": str(writes),
        **{name: str(Bilingual(en, vi)) for name, (en, vi) in OWN.items()},
    }
