"""The matrix of roles, types, interactions and whose record it is: each cell is asked over HTTP.

What another station has is answered exactly as what nobody has.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from app.access.roles import ROLES
from app.access.scope import OWN as OWN_SCOPES
from app.access.scope import Grants, read_scopes
from app.fhir.asked import ROUTES
from app.fhir.operations import operations_at
from app.resources.registry import registry
from tests.access.world import (
    FORM,
    IDS,
    NOBODYS,
    OTHERS,
    OWN,
    OWNED,
    PATCH,
    RECORDS,
    SHARED,
    THERE,
    Two,
    alike,
    client_of,
    patient,
    record,
    station,
)

_next = itertools.count(1)
CALLERS: dict[str, str] = {
    **{word: role.scopes for word, role in ROLES.items()},
    "program": RECORDS,
    "registrar": f"{RECORDS} tramy/registry",
    "reader": "system/*.rs",
    "vaccines": "system/Patient.r system/Immunization.cruds",
    "writer": "system/*.cud",
    "nothing": "",
}
"""Who asks: every role of people, and programs of several kinds, all of the second station."""
WHOSE = (OWN, OTHERS, NOBODYS)


class Ask(NamedTuple):
    """One request, its letters of `cruds`, and the statuses for one's own, another's and nobody's record.

    `shared` are those for types that belong to nobody, where they differ. A status may be a pair with a total.
    """

    letters: str
    make: Callable[[str, str], dict[str, Any]]
    answers: tuple[Any, Any, Any]
    shared: tuple[Any, Any, Any] | None = None
    kinds: tuple[str, ...] = tuple(IDS)


def at(kind: str, end: str) -> str:
    return f"/{kind}/{IDS[kind]}-{end}"


def sent(kind: str, end: str) -> dict[str, Any]:
    """Return the record as it stands there already, so that writing it again changes nothing."""
    commune, number = {OWN: ("00008", "010190000002")}.get(end, ("00004", ""))
    made = (
        patient(f"nguoi-{end}", commune, number)
        if kind == "Patient"
        else record(kind, f"{IDS[kind]}-{end}", f"nguoi-{OWN}")
    )
    return {**made, "language": "vi"}


def get(form: str, **more: Any) -> Callable[[str, str], dict[str, Any]]:
    return lambda kind, end: {
        "method": "GET",
        "url": form.format(at=at(kind, end), kind=kind, id=at(kind, end)[len(kind) + 2 :]),
        **more,
    }


def put(form: str) -> Callable[[str, str], dict[str, Any]]:
    return lambda kind, end: {
        **get(form)(kind, end),
        "method": "PUT",
        "json": sent(kind, end),
        "headers": {"If-Match": "*"},
    }


def patch(form: str) -> Callable[[str, str], dict[str, Any]]:
    edit = [{"op": "replace", "path": "/language", "value": "vi"}]
    return lambda kind, end: {**get(form)(kind, end), "method": "PATCH", "json": edit, "headers": PATCH}


def post(form: str, body: Callable[[str, str], Any] | None = None, **more: Any) -> Callable[[str, str], dict[str, Any]]:
    return lambda kind, end: {
        **get(form)(kind, end),
        "method": "POST",
        **({"json": body(kind, end)} if body else {}),
        **more,
    }


def hung(kind: str, end: str) -> dict[str, Any]:
    """Return a new record of somebody."""
    made = patient("x", "00008") if kind == "Patient" else record(kind, "x", f"nguoi-{end}")
    return {name: value for name, value in made.items() if name != "id"}


def labels(kind: str, end: str) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"profile": ["urn:ko-co"]}}]}


def form_of(kind: str, end: str) -> dict[str, Any]:
    return {"method": "POST", "url": f"/{kind}/_search", "content": f"_id={IDS[kind]}-{end}", "headers": FORM}


def merging(kind: str, end: str) -> dict[str, Any]:
    pairs = (("source-patient", f"nguoi-{end}"), ("target-patient", f"nguoi-{OWN}"))
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueReference": {"reference": f"Patient/{item}"}} for name, item in pairs],
    }


def sought(kind: str, end: str) -> dict[str, Any]:
    digits = {OTHERS: "010190000001", OWN: "010190000002", NOBODYS: "010190000009"}[end]
    person = {name: value for name, value in patient(f"nguoi-{end}", "00004", digits).items() if name != "id"}
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": person}, {"name": "onlyCertainMatches", "valueBoolean": True}],
    }


SEEN, SEEN_BY_ALL = (200, 404, 404), (200, 200, 404)
FOUND, FOUND_BY_ALL = ((200, 1), (200, 0), (200, 0)), ((200, 1), (200, 1), (200, 0))
CHANGED, KEPT = (200, 404, 404), (200, 403, 404)
PERSON = ("Patient",)

ASKS: dict[str, Ask] = {
    "read": Ask("r", get("{at}"), SEEN, SEEN_BY_ALL),
    "vread": Ask("r", get("{at}/_history/1"), SEEN, SEEN_BY_ALL),
    "history": Ask("r", get("{at}/_history"), SEEN, SEEN_BY_ALL),
    "search": Ask("s", get("/{kind}?_id={id}"), FOUND, FOUND_BY_ALL),
    "search by form": Ask("s", form_of, FOUND, FOUND_BY_ALL),
    "search count": Ask("s", get("/{kind}?_id={id}&_summary=count"), FOUND, FOUND_BY_ALL),
    "update": Ask("u", put("{at}"), (200, 412, 412), (200, 403, 412)),
    "conditional-update": Ask("su", put("/{kind}?_id={id}"), (200, 412, 412), (200, 403, 412)),
    "patch": Ask("u", patch("{at}"), CHANGED, KEPT),
    "conditional-patch": Ask("su", patch("/{kind}?_id={id}"), CHANGED, KEPT),
    "create": Ask("c", post("/{kind}", hung), (201, 422, 422), None, tuple(OWNED)),
    "$meta": Ask("r", get("{at}/$meta"), SEEN, SEEN_BY_ALL),
    "$meta of a type": Ask("r", get("/{kind}/$meta"), (200, 200, 200), (200, 200, 200)),
    "$meta-add": Ask(
        "ru",
        post(
            "{at}/$meta-add",
            lambda k, e: {**labels(k, e), "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}]},
        ),
        CHANGED,
        KEPT,
        ("Location",),
    ),
    "$meta-delete": Ask("ru", post("{at}/$meta-delete", labels), CHANGED, (200, 403, 404)),
    "$validate": Ask("r", get("{at}/$validate"), SEEN, SEEN_BY_ALL),
    "$validate of a type": Ask("r", post("/{kind}/$validate", sent), (200, 200, 200), (200, 200, 200)),
    "$everything": Ask("r", get("{at}/$everything"), SEEN, None, PERSON),
    "$summary": Ask("r", get("{at}/$summary"), SEEN, None, PERSON),
    "$match": Ask("s", post("/{kind}/$match", sought), ((200, 1), (200, 0), (200, 0)), None, PERSON),
}
"""For each interaction with a type the request and its answers."""


def granted(grants: Grants, kind: str, letters: str) -> bool:
    return all(grants.allows(kind, letter) for letter in letters)


@pytest.fixture(scope="module", params=list(CALLERS))
async def asking(request: pytest.FixtureRequest, two: Two):
    """A client of the second station with the scopes of a role, and these."""
    scopes = CALLERS[request.param]
    async with await station(two.app, THERE, "other", scopes) as client:
        yield client, read_scopes(scopes)


def said(answer: httpx.Response, like: Any) -> Any:
    if isinstance(like, tuple) and answer.status_code == 200:
        return 200, answer.json().get("total")
    return answer.status_code


def names(end: str) -> dict[str, str]:
    return {f"-{end}": "-end"}


# What takes `u` without `r` or `s` finds nothing to change: what a patch makes of a record would tell of it.
def blind(grants: Grants, kind: str, name: str) -> bool:
    looks = name in ("update", "patch", "conditional-patch", "conditional-update")
    return looks and not (grants.allows(kind, "r") or grants.allows(kind, "s"))


@pytest.mark.parametrize("name", list(ASKS))
async def test_a_cell_answers_as_declared(
    asking: tuple[httpx.AsyncClient, Grants], name: str, request: pytest.FixtureRequest
) -> None:
    client, grants = asking
    ask, wrong = ASKS[name], []
    keeps = "tramy/registry" in grants.own
    for kind in ask.kinds:
        allowed = granted(grants, kind, ask.letters)
        expected = ask.shared if kind in SHARED and ask.shared else ask.answers
        if keeps and kind in SHARED:
            expected = tuple(200 if item == 403 else item for item in expected)
        if blind(grants, kind, name):
            expected = (expected[2],) * 3
        answers = [await client.request(**ask.make(kind, end)) for end in WHOSE]
        for end, answer, like in zip(WHOSE, answers, expected, strict=True):
            found, want = said(answer, like), like if allowed else 403
            if found != want:
                wrong.append((kind, end, found, want, answer.text[:300]))
            if end != OWN and kind not in SHARED and name != "$validate of a type":
                assert f"nguoi-{OTHERS}" not in answer.text.replace(at(kind, end), "").replace(f"nguoi-{end}", "")
        if kind not in SHARED and name != "$validate of a type":
            _, theirs, nobodys = answers
            assert alike(theirs, names(OTHERS)) == alike(nobodys, names(NOBODYS)), (name, kind)
    assert not wrong


@pytest.mark.parametrize("kind", list(OWNED))
async def test_a_compartment_answers_as_declared(asking: tuple[httpx.AsyncClient, Grants], kind: str) -> None:
    client, grants = asking
    for form in (f"/{kind}", "/*?_type=" + kind):
        totals = []
        for end in WHOSE:
            answer = await client.get(f"/Patient/nguoi-{end}{form}")
            allowed = granted(grants, kind, "s") or (
                form != f"/{kind}" and any(granted(grants, item, "s") for item in IDS)
            )
            assert answer.status_code == (200 if allowed else 403), (form, end, answer.text)
            totals.append(answer.json().get("total"))
        if allowed:
            sees = granted(grants, kind, "s") or granted(grants, kind, "r")
            assert totals[1:] == [0, 0]
            assert (totals[0] > 0) == sees


@pytest.mark.parametrize("address", ["/_history", "/Patient/_history", "/?_lastUpdated=gt2020-01-01", "/$meta"])
async def test_what_is_of_the_whole_answers_as_declared(asking: tuple[httpx.AsyncClient, Grants], address: str) -> None:
    client, grants = asking
    letter = "r" if address == "/$meta" else "s"
    kinds = ["Patient"] if address.startswith("/Patient") else list(IDS)
    answer = await client.get(address)
    allowed = any(granted(grants, kind, letter) for kind in kinds)
    assert answer.status_code == (200 if allowed else 403)
    for kind in ("Patient", *OWNED):
        assert f"/{IDS[kind]}-{OTHERS}" not in answer.text
        shown = f'"id":"{IDS[kind]}-' in answer.text
        assert not shown or granted(grants, kind, "s") or granted(grants, kind, "r")


@pytest.mark.parametrize("way", ["delete", "conditional-delete"])
@pytest.mark.parametrize("kind", list(IDS))
async def test_a_deletion_answers_as_declared(
    two: Two, asking: tuple[httpx.AsyncClient, Grants], kind: str, way: str
) -> None:
    client, grants = asking
    own = f"xoa-{next(_next)}"
    made = {**patient(own, "00008")} if kind == "Patient" else record(kind, own, f"nguoi-{OWN}")
    assert (await two.other.put(f"/{kind}/{own}", json=made)).status_code == 201
    allowed = granted(grants, kind, "sd" if way == "conditional-delete" else "d")
    keeps = kind not in SHARED or "tramy/registry" in grants.own
    for record_id in (own, f"{IDS[kind]}-{OTHERS}", f"{IDS[kind]}-{NOBODYS}"):
        if "tramy/registry" in grants.own and kind in SHARED and record_id.endswith(OTHERS):
            continue
        address = f"/{kind}/{record_id}" if way == "delete" else f"/{kind}?_id={record_id}"
        sees = granted(grants, kind, "r") or granted(grants, kind, "s")
        barred = not keeps and record_id.endswith(OTHERS) and sees
        answer = await client.delete(address)
        assert answer.status_code == ((403 if barred else 204) if allowed else 403), (record_id, answer.text)
    assert (await two.one.get(at(kind, OTHERS))).status_code == 200
    assert (await two.other.get(f"/{kind}/{own}")).status_code == (410 if allowed else 200)


@pytest.mark.parametrize("operation", ["$merge", "$unmerge"])
@pytest.mark.parametrize("end", [OTHERS, NOBODYS])
async def test_merging_answers_as_declared(asking: tuple[httpx.AsyncClient, Grants], operation: str, end: str) -> None:
    client, grants = asking
    allowed = "tramy/merge" in grants.own and granted(grants, "Patient", "u")
    answer = await client.post(f"/Patient/{operation}", json=merging("Patient", end))
    assert answer.status_code == (404 if allowed else 403)


@pytest.mark.parametrize("form", ["batch", "transaction"])
async def test_an_entry_of_a_bundle_takes_the_same_scope(asking: tuple[httpx.AsyncClient, Grants], form: str) -> None:
    client, grants = asking
    for kind in IDS:
        allowed = granted(grants, kind, "r")
        for end, shown in zip(WHOSE, SEEN_BY_ALL if kind in SHARED else SEEN, strict=True):
            entry = {"request": {"method": "GET", "url": at(kind, end)[1:]}}
            answer = await client.post("/", json={"resourceType": "Bundle", "type": form, "entry": [entry]})
            want = shown if allowed else 403
            if form == "transaction":
                assert answer.status_code == want, answer.text
            else:
                assert answer.status_code == 200
                assert answer.json()["entry"][0]["response"]["status"].startswith(str(want))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_nobodys_job_is_not_there(asking: tuple[httpx.AsyncClient, Grants], method: str) -> None:
    assert (await asking[0].request(method, f"/_jobs/{'0' * 32}")).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/metadata",
        "/StructureDefinition",
        "/StructureDefinition/_search",
        "/CodeSystem/$lookup",
        "/ValueSet/$expand",
        "/ValueSet/administrative-gender/$expand",
    ],
)
async def test_what_is_shipped_is_open_to_every_token(asking: tuple[httpx.AsyncClient, Grants], address: str) -> None:
    method = "POST" if address.endswith("_search") else "GET"
    more = {"content": "", "headers": FORM} if method == "POST" else {}
    assert (await asking[0].request(method, address, **more)).status_code not in (401, 403)


OF_SCOPES = {
    "/indicators": "tramy/indicators",
    "/indicators/quan-ly?place=00008": "tramy/indicators",
    "/indicators/quan-ly": "tramy/indicators",
    "/indicators/quan-ly?by=sex": "tramy/indicators",
    "/indicators/quan-ly/missing": "tramy/missing",
    "/audit": "tramy/audit",
}
"""Routes with a scope of our own."""


@pytest.fixture(scope="module")
async def code(two: Two) -> str:
    """The code of an indicator."""
    return (await two.whole.get("http://tramy.test/indicators")).json()["indicators"][0]["code"]


@pytest.mark.parametrize("address", list(OF_SCOPES))
async def test_a_route_of_our_own_takes_its_scope(
    asking: tuple[httpx.AsyncClient, Grants], code: str, address: str
) -> None:
    client, grants = asking
    answer = await client.get(f"http://tramy.test{address.replace('quan-ly', code)}")
    assert answer.status_code == (200 if OF_SCOPES[address] in grants.own else 403), answer.text


@pytest.mark.parametrize("form", ["", "/missing"])
@pytest.mark.parametrize("query", ["", "&by=sex", "&known-at=1-1", "&known-at=2026-01-01T00:00:00Z", "&on=2026-01-01"])
async def test_a_figure_of_anothers_commune_is_refused_as_that_of_one_without_people(
    asking: tuple[httpx.AsyncClient, Grants], code: str, form: str, query: str
) -> None:
    client, grants = asking
    if form and query.startswith(("&by", "&known")):
        pytest.skip("a list has no such parameters")
    allowed = ("tramy/missing" if form else "tramy/indicators") in grants.own
    answers = {}
    for place in ("00004", "00004@2025-07", "00025", "99999", "24", "01", "VN"):
        answer = await client.get(f"http://tramy.test/indicators/{code}{form}?place={place}{query}")
        answers[place] = alike(answer, {})
        assert answer.status_code == (400 if allowed else 403), (place, answer.text)
    assert answers["00004"] == answers["00025"] == answers["VN"] == answers["24"] == answers["01"]


async def test_without_a_token_nothing_is_answered_but_how_to_get_one(two: Two) -> None:
    async with client_of(two.app, {}) as nobody:
        for name, ask in ASKS.items():
            for kind in ask.kinds:
                answers = [await nobody.request(**ask.make(kind, end)) for end in WHOSE]
                assert {answer.status_code for answer in answers} == {401}, name
                assert {"www-authenticate" in answer.headers for answer in answers} == {True}
        for address in (*OF_SCOPES, "/fhir/", "/fhir/_history", "/fhir/Patient/$match", "/fhir/StructureDefinition"):
            assert (await nobody.get(f"http://tramy.test{address}")).status_code == 401
        assert (await nobody.get("/metadata")).status_code == 200


def asked_here() -> Iterator[str]:
    yield from (name.partition(" of ")[0] for name in ASKS)
    yield from ("delete", "conditional-delete", "search-compartment", "search-system", "history-system", "history-type")
    yield from ("bundle", "job", "cancel-job", "capabilities", "search-published", "read-published", "operation")
    yield from ("$merge", "$unmerge")


def test_no_interaction_or_operation_is_left_out_of_the_matrix() -> None:
    interactions = {item for methods in ROUTES.values() for item in methods.values()}
    assert interactions <= {*asked_here()}
    for kind in (None, *registry()):
        for instance in (False, True):
            assert {f"${item.name}" for item in operations_at(kind, instance=instance)} <= {*asked_here()}
    assert set(IDS) == {kind.name for kind in registry()}
    assert {scope for scopes in CALLERS.values() for scope in scopes.split()} & OWN_SCOPES.keys()
