"""Records that were deleted, moved, merged or labelled: each caller sees what is the caller's, now and then."""

import itertools
from typing import Any

import httpx
import pytest

from tests.access.world import (
    HERE,
    HIV,
    NUMBER,
    PATCH,
    RECORDS,
    THERE,
    Two,
    alike,
    client_of,
    ids_in,
    patient,
    record,
    station,
    visit,
)
from tests.conftest import as_caller

_next = itertools.count(1)
PLAIN = "system/*.cruds tramy/indicators tramy/missing tramy/merge"


async def put(who: httpx.AsyncClient, tree: dict[str, Any], status: int = 201, **headers: str) -> dict[str, Any]:
    answer = await who.put(f"/{tree['resourceType']}/{tree['id']}", json=tree, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def status(who: httpx.AsyncClient, address: str) -> int:
    return (await who.get(address)).status_code


def fresh(name: str) -> str:
    return f"{name}{next(_next)}"


async def person(who: httpx.AsyncClient, commune: str = "00004", **more: Any) -> str:
    record_id = fresh("doi")
    number = f"0101910{next(_next):05}"
    await put(who, patient(record_id, commune, number, **more))
    return record_id


async def shared_person(two: Two) -> str:
    """Return somebody whom both stations see: one by the commune, the other by an earlier one."""
    record_id = fresh("chung")
    both = patient(record_id, "00004")
    both["address"].append({**patient("x", "00008")["address"][0], "use": "temp"})
    await put(two.one, both)
    assert await status(two.other, f"/Patient/{record_id}") == 200
    return record_id


# Deleted records


async def test_what_was_deleted_is_gone_for_who_had_it_and_was_never_there_for_others(two: Two) -> None:
    owner, kham = await person(two.one), fresh("kham")
    await put(two.one, visit(kham, owner))
    assert (await two.one.delete(f"/Encounter/{kham}")).status_code == 204
    assert (await two.one.delete(f"/Patient/{owner}")).status_code == 204
    for address in (f"/Encounter/{kham}", f"/Patient/{owner}"):
        assert await status(two.one, address) == 410
        assert await status(two.one, f"{address}/_history/1") == 200
        for path in (address, f"{address}/_history", f"{address}/_history/1", f"{address}/_history/2"):
            assert await status(two.other, path) == 404


async def test_the_id_of_anothers_deleted_record_brings_its_past_to_nobody(two: Two) -> None:
    owner = await person(two.one)
    assert (await two.one.delete(f"/Patient/{owner}")).status_code == 204
    again = await two.other.put(f"/Patient/{owner}", json=patient(owner, "00008"))
    assert again.status_code == 409
    assert await status(two.other, f"/Patient/{owner}/_history/1") == 404


# Visits that move


async def test_a_visit_that_moves_to_another_person_leaves_its_past_behind(two: Two) -> None:
    """The first station keeps the version of its person and sees nothing of the new one; the second the other way."""
    first, common, kham = await person(two.one), await shared_person(two), fresh("chuyen")
    theirs = await person(two.other, "00008")
    await put(two.one, visit(kham, first))
    await put(two.one, visit(kham, common), 200)
    await put(two.other, visit(kham, theirs), 200)
    seen = {}
    for who in (two.one, two.other):
        seen[who] = [await status(who, f"/Encounter/{kham}/_history/{version}") for version in (1, 2, 3)]
    assert seen[two.one] == [200, 200, 404]
    assert seen[two.other] == [404, 200, 200]
    assert await status(two.one, f"/Encounter/{kham}") == 404
    assert await status(two.other, f"/Encounter/{kham}") == 200
    history = (await two.other.get(f"/Encounter/{kham}/_history")).json()
    assert history["total"] == 2
    assert first not in str(history)
    for address in ("/_history?_count=1000", "/Encounter/_history?_count=1000"):
        assert f"Patient/{first}'" not in str((await two.other.get(address)).json())
        assert f"Patient/{theirs}'" not in str((await two.one.get(address)).json())


async def test_a_visit_at_an_earlier_moment_is_seen_by_whose_person_it_was(two: Two) -> None:
    """A later page is read at the moment of the first: what moved meanwhile is in neither list of the wrong caller."""
    first, common = await person(two.one), await shared_person(two)
    for number in range(3):
        await put(two.one, visit(f"trang-{common}-{number}", common))
    page = (await two.other.get(f"/Encounter?patient={common}&_count=1")).json()
    for number in range(3):
        await put(two.one, visit(f"trang-{common}-{number}", first), 200)
    found = ids_in(str((await two.other.get(page["link"][-1]["url"])).text))
    assert found <= {f"Encounter/trang-{common}-{number}" for number in range(3)}
    assert first not in (await two.other.get(page["link"][-1]["url"])).text
    assert (await two.other.get(f"/Encounter?patient={common}")).json()["total"] == 0


# Merged records


def parameters(source: str, target: str) -> dict[str, Any]:
    named = (("source-patient", source), ("target-patient", target))
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueReference": {"reference": f"Patient/{item}"}} for name, item in named],
    }


async def test_two_merged_records_stay_apart_for_who_sees_one_of_them(two: Two) -> None:
    mine, theirs = await person(two.one), await person(two.other, "00008")
    kham = {mine: fresh("kham"), theirs: fresh("kham")}
    await put(two.one, visit(kham[mine], mine))
    await put(two.other, visit(kham[theirs], theirs))
    assert (await two.whole.post("/Patient/$merge", json=parameters(mine, theirs))).status_code == 200
    for who, seen, hidden in ((two.one, mine, theirs), (two.other, theirs, mine)):
        assert await status(who, f"/Patient/{hidden}") == 404
        assert await status(who, f"/Encounter/{kham[hidden]}") == 404
        for address in (
            f"/Patient/{seen}/$everything",
            f"/Patient/{seen}/$summary",
            f"/Patient/{seen}/*",
            f"/Patient/{seen}/Encounter",
            f"/Encounter?patient={seen}",
            f"/Patient?_id={seen}&_include=Patient:link&_revinclude=*",
            f"/Patient?link=Patient/{hidden}&_include=*",
        ):
            answer = await who.get(address)
            assert answer.status_code == 200, address
            assert f"Patient/{hidden}" not in {*ids_in(answer.text)}, address
            assert kham[hidden] not in answer.text, address
        # Neither can the one who sees half of a person undo what joined the halves, or say more of the other half.
        for operation in ("$unmerge", "$merge"):
            answer = await who.post(f"/Patient/{operation}", json=parameters(mine, theirs))
            nobody = await who.post(
                f"/Patient/{operation}", json=parameters(mine, "ko") if who is two.one else parameters("ko", theirs)
            )
            assert answer.status_code == 404
            assert alike(answer, {hidden: "ko"})[2] == alike(nobody, {})[2]


# Labels


@pytest.fixture
async def shielded(two: Two):
    """A client of the first station that may see protected records."""
    async with await station(two.app, HERE, "one", f"{PLAIN} tramy/protected") as client:
        yield client


LABELLED = [
    "/Encounter/{kham}",
    "/Encounter/{kham}/_history",
    "/Encounter/{kham}/_history/1",
    "/Encounter/{kham}/$meta",
    "/Encounter/{kham}/$validate",
]
LISTED = [
    "/Encounter?patient={person}",
    "/Encounter?_security=HIV&patient={person}",
    "/Encounter?patient={person}&_summary=count",
    "/Encounter?patient={person}&_total=estimate",
    "/Patient/{person}/Encounter",
    "/Patient/{person}/*",
    "/Patient/{person}/$everything",
    "/Patient/{person}/$summary",
    "/Patient?_id={person}&_revinclude=Encounter:patient",
    "/Patient?_id={person}&_has:Encounter:patient:_id={kham}",
    "/Patient?_id={person}&_has:Encounter:patient:_security=HIV",
    "/Encounter/_history?_count=1000",
    "/_history?_count=1000",
    "/$meta",
    "/Encounter/$meta",
]


@pytest.mark.parametrize("when", ["from the first", "later", "then deleted", "then taken off"])
async def test_a_protected_record_is_nowhere_for_who_may_not_see_it(
    two: Two, shielded: httpx.AsyncClient, when: str
) -> None:
    owner, kham = await person(two.one), fresh("hiv")
    labelled = visit(kham, owner, meta={"security": [HIV]}, reasonCode=[{"text": "bi-mat"}])
    if when == "later":
        await put(shielded, visit(kham, owner))
        await put(shielded, labelled, 200)
    else:
        await put(shielded, labelled)
    if when == "then deleted":
        assert (await shielded.delete(f"/Encounter/{kham}")).status_code == 204
    if when == "then taken off":
        body = {
            "resourceType": "Parameters",
            "parameter": [{"name": "meta", "valueMeta": {"security": [HIV]}}],
        }
        assert (await shielded.post(f"/Encounter/{kham}/$meta-delete", json=body)).status_code == 200
    shown = {"then taken off"}
    for form in LABELLED:
        address = form.format(kham=kham)
        answer = await two.one.get(address)
        if when in shown and not address.endswith("_history/1"):
            assert answer.status_code == 200, address
            assert '"HIV"' not in answer.text, address
            continue
        nobody = await two.one.get(address.replace(kham, "ko-co"))
        assert answer.status_code == 404, address
        assert alike(answer, {kham: "ko-co"}) == alike(nobody, {})
    for form in LISTED:
        answer = await two.one.get(form.format(kham=kham, person=owner))
        assert '"HIV"' not in answer.text, form
        if when not in shown:
            assert kham not in "".join(ids_in(answer.text)), form
            assert answer.json().get("total", 0) <= 1 or "_history" in form, form


async def test_a_protected_record_can_be_neither_changed_nor_found_by_a_condition(
    two: Two, shielded: httpx.AsyncClient
) -> None:
    owner, kham = await person(two.one), fresh("hiv")
    await put(shielded, visit(kham, owner, meta={"security": [HIV]}))
    sent = [{"op": "add", "path": "/language", "value": "vi"}]
    for method, extra in (("DELETE", {}), ("PATCH", {"json": sent, "headers": PATCH})):
        for address in ("/Encounter/{0}", "/Encounter?_id={0}"):
            answer = await two.one.request(method, address.format(kham), **extra)
            nobody = await two.one.request(method, address.format("ko-co"), **extra)
            assert alike(answer, {kham: "ko-co"}) == alike(nobody, {})
    assert (await two.one.put(f"/Encounter/{kham}", json=visit(kham, owner))).status_code == 409
    made = {name: value for name, value in visit("x", owner).items() if name != "id"}
    again = await two.one.post("/Encounter", json=made, headers={"If-None-Exist": f"patient={owner}&_security=HIV"})
    assert again.status_code == 201
    assert (await shielded.get(f"/Encounter/{kham}")).headers["etag"] == 'W/"1"'


async def test_a_person_is_not_deleted_and_nothing_is_said_of_the_protected_records(
    two: Two, shielded: httpx.AsyncClient
) -> None:
    owner, kham = await person(two.one), fresh("hiv")
    await put(shielded, visit(kham, owner, meta={"security": [HIV]}))
    answer = await two.one.delete(f"/Patient/{owner}")
    assert answer.status_code == 409
    assert "Encounter" not in answer.text
    assert "Encounter" in (await shielded.delete(f"/Patient/{owner}")).text


async def test_all_that_is_held_of_a_protected_person_is_hidden(two: Two, shielded: httpx.AsyncClient) -> None:
    owner, kham, the = fresh("kin"), fresh("kham"), fresh("the")
    await put(shielded, patient(owner, "00004", "010191900001", meta={"security": [HIV]}))
    await put(shielded, visit(kham, owner))
    await put(shielded, record("Coverage", the, owner))
    await put(shielded, visit(kham, owner, language="vi"), 200)
    for address in (
        f"/Patient/{owner}",
        f"/Encounter/{kham}",
        f"/Encounter/{kham}/_history/1",
        f"/Encounter/{kham}/_history",
        f"/Coverage/{the}",
        f"/Patient/{owner}/$everything",
    ):
        assert await status(two.one, address) == 404, address
        assert await status(shielded, address) == 200, address
    for address in (
        f"/Encounter?patient={owner}",
        f"/Patient?identifier={NUMBER}|010191900001",
        "/Encounter/_history?_count=1000",
        f"/Coverage?beneficiary={owner}",
        f"/Patient/{owner}/*",
    ):
        assert owner not in "".join(ids_in((await two.one.get(address)).text)), address
    missing = (await two.one.get("http://tramy.test/indicators/quan-ly/missing")).text
    assert owner not in missing
    hung = await two.one.post("/Encounter", json={k: v for k, v in visit("x", owner).items() if k != "id"})
    assert hung.status_code == 422


# Scopes that are limited to a search


@pytest.mark.parametrize(
    ("scopes", "change", "expected"),
    [
        ("system/Encounter.rs system/Encounter.u?class=AMB", "put out", 403),
        ("system/Encounter.rs system/Encounter.u?class=AMB", "put into", 403),
        ("system/Encounter.rs system/Encounter.u?class=AMB", "patch out", 403),
        ("system/Encounter.rs system/Encounter.u?class=AMB", "patch into", 403),
        ("system/Encounter.rs system/Encounter.u?class=AMB", "put", 200),
        ("system/Encounter.rs system/Encounter.d?class=AMB", "delete other", 403),
        ("system/Encounter.rs system/Encounter.d?class=AMB", "delete", 204),
        ("system/Encounter.rs system/Encounter.d?class=AMB", "conditional delete other", 403),
        ("system/Encounter.rs system/Encounter.c?class=AMB", "post other", 403),
        ("system/Encounter.rs system/Encounter.c?class=AMB", "post", 201),
        ("system/Encounter.rs system/Encounter.u?class=AMB", "upsert other", 403),
        ("system/Encounter.cruds?class=AMB", "patch into", 404),
        ("system/Encounter.cruds?class=AMB", "delete other", 204),
        ("system/Encounter.cruds?class=AMB", "put out", 403),
    ],
)
async def test_a_limited_scope_limits_what_is_written(two: Two, scopes: str, change: str, expected: int) -> None:
    """`out` leaves the limit by the change, `into` would bring a record within it that was outside."""
    owner = await person(two.one)
    amb, imp = fresh("amb"), fresh("imp")
    await put(two.one, visit(amb, owner))
    await put(two.one, visit(imp, owner, **{"class": {"code": "IMP"}}))
    to = {name: [{"op": "replace", "path": "/class/code", "value": name}] for name in ("AMB", "IMP")}
    new = {name: value for name, value in visit("x", owner).items() if name != "id"}
    async with await station(two.app, HERE, "one", f"system/Patient.rs {scopes}") as limited:
        requests: dict[str, dict[str, Any]] = {
            "put": {"method": "PUT", "url": f"/Encounter/{amb}", "json": visit(amb, owner, language="vi")},
            "put out": {
                "method": "PUT",
                "url": f"/Encounter/{amb}",
                "json": visit(amb, owner, **{"class": {"code": "IMP"}}),
            },
            "put into": {"method": "PUT", "url": f"/Encounter/{imp}", "json": visit(imp, owner)},
            "patch out": {"method": "PATCH", "url": f"/Encounter/{amb}", "json": to["IMP"], "headers": PATCH},
            "patch into": {"method": "PATCH", "url": f"/Encounter/{imp}", "json": to["AMB"], "headers": PATCH},
            "delete": {"method": "DELETE", "url": f"/Encounter/{amb}"},
            "delete other": {"method": "DELETE", "url": f"/Encounter/{imp}"},
            "conditional delete other": {"method": "DELETE", "url": f"/Encounter?_id={imp}"},
            "post": {"method": "POST", "url": "/Encounter", "json": new},
            "post other": {"method": "POST", "url": "/Encounter", "json": {**new, "class": {"code": "IMP"}}},
            "upsert other": {
                "method": "PUT",
                "url": f"/Encounter/moi-{imp}",
                "json": visit(f"moi-{imp}", owner, **{"class": {"code": "IMP"}}),
            },
        }
        answer = await limited.request(**requests[change])
    assert answer.status_code == expected, answer.text
    held = await two.one.get(f"/Encounter/{imp}")
    assert held.status_code == 200
    assert held.headers["etag"] == 'W/"1"'
    if expected in (403, 404):
        assert (await two.one.get(f"/Encounter/{amb}")).headers["etag"] == 'W/"1"'
        assert await status(two.one, f"/Encounter/moi-{imp}") == 404


LIMITED_READS = [
    "/Encounter/{imp}",
    "/Encounter/{imp}/_history",
    "/Encounter/{imp}/_history/1",
    "/Encounter/{imp}/$meta",
    "/Encounter?_id={imp}",
    "/Encounter?_id={imp}&_summary=count",
    "/Encounter?_id={imp}&_total=estimate",
    "/Encounter?_id={imp}&_count=0&_total=estimate",
    "/Encounter?patient={owner}&class=IMP",
    "/Patient?_has:Encounter:patient:_id={imp}",
    "/Patient?_has:Encounter:patient:_id={imp}&_total=estimate",
    "/Patient?_has:Encounter:patient:class=IMP&_id={owner}",
    "/Coverage?beneficiary._has:Encounter:patient:_id={imp}",
    "/Patient/{owner}/Encounter?_id={imp}",
    "/Patient/{owner}/*?_id={imp}",
    "/?_id={imp}",
]


@pytest.mark.parametrize("form", LIMITED_READS)
async def test_a_limited_scope_hides_the_rest_from_every_read(two: Two, form: str) -> None:
    owner, imp = await person(two.one), fresh("imp")
    await put(two.one, visit(imp, owner, **{"class": {"code": "IMP"}}))
    await put(two.one, visit(imp, owner, **{"class": {"code": "IMP"}}, language="vi"), 200)
    await put(two.one, record("Coverage", f"the-{owner}", owner))
    scopes = "system/Patient.rs system/Coverage.rs system/Encounter.cruds?class=AMB"
    async with await station(two.app, HERE, "one", scopes) as limited:
        answer = await limited.get(form.format(imp=imp, owner=owner))
        nobody = await limited.get(form.format(imp="ko-co", owner=owner).replace("class=IMP", "class=KHONG"))
        assert alike(answer, {imp: "ko-co", "IMP": "KHONG"}) == alike(nobody, {})
        for address in (
            "/Encounter",
            "/_history?_count=1000",
            f"/Patient/{owner}/$everything",
            f"/Patient/{owner}/$summary",
            f"/Patient?_id={owner}&_revinclude=*",
            "/$meta",
            "/Encounter/$meta",
        ):
            assert imp not in "".join(ids_in((await limited.get(address)).text)), address


# Grants by type


@pytest.mark.parametrize(
    "address",
    [
        "/Patient?_id={owner}&_revinclude=Encounter:patient",
        "/Patient?_id={owner}&_revinclude=*",
        "/Patient?_id={owner}&_has:Encounter:patient:_id={kham}",
        "/Patient/{owner}/*",
        "/Patient/{owner}/$everything",
        "/Patient/{owner}/$summary",
        "/_history?_count=1000",
        "/?_id={kham}",
        "/?_lastUpdated=gt2020-01-01&_count=1000",
        "/$meta",
    ],
)
async def test_a_type_that_is_not_granted_comes_along_with_nothing(two: Two, address: str) -> None:
    owner, kham = await person(two.one), fresh("kham")
    tag = {"system": "https://tramy.vn/the", "code": f"tag-{kham}"}
    await put(two.one, visit(kham, owner, meta={"tag": [tag]}))
    async with await station(two.app, HERE, "one", "system/Patient.rs") as narrow:
        answer = await narrow.get(address.format(owner=owner, kham=kham))
        assert kham not in answer.text.replace(f"_id={kham}", "").replace(f"_id%3A{kham}", "").replace(kham, "", 0) or (
            answer.status_code == 400
        )
        assert f"Encounter/{kham}" not in ids_in(answer.text)
        if "_has" in address:
            assert answer.status_code == 400 or answer.json()["total"] == 0
        assert await status(narrow, f"/Encounter/{kham}") == 403
        assert await status(narrow, "/Encounter/ko-co") == 403


# What belongs to nobody


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "conditional delete", "$meta-add"])
async def test_what_another_organisation_wrote_is_read_and_not_changed(two: Two, method: str) -> None:
    place = fresh("noi")
    await put(two.one, record("Location", place, ""))
    sent = {
        "PUT": {"method": "PUT", "url": f"/Location/{place}", "json": record("Location", place, "", status="inactive")},
        "PATCH": {
            "method": "PATCH",
            "url": f"/Location/{place}",
            "json": [{"op": "replace", "path": "/name", "value": "x"}],
            "headers": PATCH,
        },
        "DELETE": {"method": "DELETE", "url": f"/Location/{place}"},
        "conditional delete": {"method": "DELETE", "url": f"/Location?_id={place}"},
        "$meta-add": {
            "method": "POST",
            "url": f"/Location/{place}/$meta-add",
            "json": {
                "resourceType": "Parameters",
                "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}],
            },
        },
    }
    answer = await two.other.request(**sent[method])
    assert answer.status_code == 403, answer.text
    assert (await two.other.get(f"/Location/{place}")).headers["etag"] == 'W/"1"'
    async with await station(two.app, THERE, "other", f"{RECORDS} tramy/registry") as registrar:
        assert (await registrar.request(**sent[method])).status_code in (200, 204)


async def test_a_person_who_lives_elsewhere_is_not_made_under_an_id_of_ones_own_either(two: Two) -> None:
    """A caller without an organisation could not see whom it wrote."""
    who = await as_caller(two.app, THERE, scopes=RECORDS, client="khong-co-so")
    async with client_of(two.app, who) as narrow:
        elsewhere = fresh("xa")
        answer = await narrow.put(f"/Patient/{elsewhere}", json=patient(elsewhere, "00004"))
        assert answer.status_code == 422
        posted = await narrow.post("/Patient", json={k: v for k, v in patient("x").items() if k != "id"})
        assert posted.status_code == 422
        assert await status(two.whole, f"/Patient/{elsewhere}") == 404
