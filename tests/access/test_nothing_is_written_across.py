"""Every route that writes, used by one station on the other's records: answered as about nobody's; nothing changes."""

import asyncio
import base64
import itertools
import json
from typing import Any

import httpx
import pytest

from tests.access.world import (
    IDS,
    NOBODYS,
    NUMBER,
    OTHERS,
    OWN,
    OWNED,
    PATCH,
    Two,
    alike,
    patient,
    record,
    visit,
)

_next = itertools.count(1)
PERSONAL = ("Patient", *OWNED)
TAG = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "moi"}]}}]}
EDIT = [{"op": "add", "path": "/language", "value": "en"}]
FHIRPATH_EDIT = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "add"},
                {"name": "path", "valueString": "Patient"},
                {"name": "name", "valueString": "language"},
                {"name": "value", "valueCode": "en"},
            ],
        }
    ],
}
MATCH_ONE = {"If-Match": 'W/"1"'}
MATCH_TWO = {"If-Match": 'W/"2"'}
ANY = {"If-Match": "*"}


def changed(kind: str, end: str) -> dict[str, Any]:
    """Return a new version of a record as the asking station would send it: of a person of its own."""
    if kind == "Patient":
        return patient(f"nguoi-{end}", "00008")
    return record(kind, f"{IDS[kind]}-{end}", f"nguoi-{OWN}")


async def version(two: Two, kind: str) -> str:
    return (await two.one.get(f"/{kind}/{IDS[kind]}-{OTHERS}")).headers["etag"]


def ends(end: str) -> dict[str, str]:
    return {f"-{end}": "-end", "010190000001": "<number>", "010190000009": "<number>"}


async def both(two: Two, method: str, address: str, **sent: Any) -> tuple[httpx.Response, httpx.Response]:
    """Send the same about the other's record and about nobody's; `{end}` stands for the difference."""
    answers = []
    for end, number in ((OTHERS, "010190000001"), (NOBODYS, "010190000009")):
        body = sent.get("json")
        made = body(end) if callable(body) else body
        extra = {"headers": sent["headers"]} if "headers" in sent else {}
        if made is not None:
            extra["json"] = made
        path = address.replace("{end}", end).replace("{number}", number)
        answers.append(await two.other.request(method, path, **extra))
    return answers[0], answers[1]


WRITES = [
    *(
        (method, f"/{kind}/{IDS[kind]}-{{end}}", headers, kind)
        for kind in PERSONAL
        for method, headers in (
            ("PUT", MATCH_ONE),
            ("PUT", MATCH_TWO),
            ("PUT", ANY),
            ("PATCH", PATCH),
            ("PATCH", {**PATCH, **MATCH_TWO}),
            ("PATCH", {**PATCH, **ANY}),
            ("DELETE", {}),
            ("DELETE", MATCH_ONE),
            ("DELETE", MATCH_TWO),
            ("DELETE", ANY),
            ("PATCH", {}),
        )
    ),
    *(
        (method, f"/{kind}?_id={IDS[kind]}-{{end}}", headers, kind)
        for kind in PERSONAL
        for method, headers in (
            ("PATCH", PATCH),
            ("PATCH", {**PATCH, **MATCH_TWO}),
            ("DELETE", {}),
            ("DELETE", MATCH_TWO),
            ("PUT", MATCH_TWO),
            ("PUT", ANY),
        )
    ),
    ("PATCH", f"/Patient?identifier={NUMBER}|{{number}}", PATCH, "Patient"),
    ("DELETE", f"/Patient?identifier={NUMBER}|{{number}}", {}, "Patient"),
    ("DELETE", "/Encounter?patient=nguoi-{end}", {}, "Encounter"),
    ("DELETE", "/Encounter?patient.identifier={number}", {}, "Encounter"),
    ("PATCH", "/Encounter?patient=nguoi-{end}", PATCH, "Encounter"),
]


@pytest.mark.parametrize(("method", "address", "headers", "kind"), WRITES)
async def test_anothers_record_is_changed_as_nobodys(
    two: Two, method: str, address: str, headers: dict[str, str], kind: str
) -> None:
    before = await version(two, kind)

    def body(end: str) -> Any:
        if method == "PATCH":
            return EDIT if headers else FHIRPATH_EDIT
        return changed(kind, end) if method == "PUT" else None

    theirs, nobodys = await both(two, method, address, json=body, headers=headers)
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))
    assert "etag" not in theirs.headers
    assert await version(two, kind) == before


@pytest.mark.parametrize("kind", PERSONAL)
@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}, {"Prefer": "return=representation"}])
async def test_an_id_of_anothers_is_refused_without_a_word_of_whose_it_is(
    two: Two, kind: str, headers: dict[str, str]
) -> None:
    answer = await two.other.put(f"/{kind}/{IDS[kind]}-{OTHERS}", json=changed(kind, OTHERS), headers=headers)
    assert answer.status_code == 409
    assert OTHERS not in answer.text
    assert "etag" not in answer.headers
    assert "location" not in answer.headers
    assert '"versionId"' not in answer.text
    assert await version(two, kind) == 'W/"2"'


@pytest.mark.parametrize("operation", ["$meta-add", "$meta-delete"])
@pytest.mark.parametrize("kind", PERSONAL)
async def test_labels_of_anothers_record_are_changed_as_nobodys(two: Two, kind: str, operation: str) -> None:
    theirs, nobodys = await both(two, "POST", f"/{kind}/{IDS[kind]}-{{end}}/{operation}", json=TAG)
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))
    assert await version(two, kind) == 'W/"2"'


@pytest.mark.parametrize("kind", PERSONAL)
@pytest.mark.parametrize("mode", ["delete", "profile", ""])
async def test_a_trial_says_of_anothers_record_what_it_says_of_nobodys(two: Two, kind: str, mode: str) -> None:
    query = f"?mode={mode}" if mode else ""
    for method in ("GET", "POST"):
        theirs, nobodys = await both(two, method, f"/{kind}/{IDS[kind]}-{{end}}/$validate{query}")
        assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))


@pytest.mark.parametrize("kind", list(OWNED))
@pytest.mark.parametrize("mode", ["", "create", "update"])
async def test_a_trial_of_a_record_of_a_stranger_is_as_of_nobody(two: Two, kind: str, mode: str) -> None:
    query = f"?mode={mode}" if mode else ""
    theirs, nobodys = await both(
        two, "POST", f"/{kind}/$validate{query}", json=lambda end: record(kind, "thu-1", f"nguoi-{end}")
    )
    assert theirs.status_code == 200
    assert "not-found" in theirs.text
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))


@pytest.mark.parametrize("kind", list(OWNED))
@pytest.mark.parametrize("method", ["POST", "PUT", "conditional", "own"])
async def test_a_record_cannot_be_hung_on_a_stranger(two: Two, kind: str, method: str) -> None:
    address = {"POST": f"/{kind}", "PUT": f"/{kind}/treo-1", "own": f"/{kind}/{IDS[kind]}-{OWN}"}.get(
        method, f"/{kind}?_id=treo-1"
    )
    record_id = f"{IDS[kind]}-{OWN}" if method == "own" else "treo-1"
    theirs, nobodys = await both(
        two, "POST" if method == "POST" else "PUT", address, json=lambda end: record(kind, record_id, f"nguoi-{end}")
    )
    assert theirs.status_code == 422
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))


async def test_a_visit_cannot_be_patched_onto_a_stranger(two: Two) -> None:
    theirs, nobodys = await both(
        two,
        "PATCH",
        f"/Encounter/kham-{OWN}",
        json=lambda end: [{"op": "replace", "path": "/subject/reference", "value": f"Patient/nguoi-{end}"}],
        headers=PATCH,
    )
    assert theirs.status_code == 422
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))


async def test_if_none_exist_tells_nothing_of_others(two: Two) -> None:
    for condition in (
        f"_id=kham-{OTHERS}",
        f"patient=nguoi-{OTHERS}",
        "patient.identifier=010190000001&class=AMB",
        f"patient=nguoi-{OTHERS}&status=finished",
    ):
        made = visit("bo-qua", f"nguoi-{OWN}")
        made.pop("id")
        answer = await two.other.post("/Encounter", json=made, headers={"If-None-Exist": condition})
        assert answer.status_code == 201, condition
        assert (await two.other.delete(f"/Encounter/{answer.json()['id']}")).status_code == 204


async def test_if_none_exist_by_a_number_is_the_one_thing_that_is_said_and_lets_nobody_in(two: Two) -> None:
    mine = patient("moi", "00008", "010190000001", birthDate="1971-01-01")
    mine.pop("id")
    headers = {"If-None-Exist": f"identifier={NUMBER}|010190000001"}
    conditional = await two.other.post("/Patient", json=mine, headers=headers)
    plain = await two.other.post("/Patient", json=mine)
    assert conditional.status_code == plain.status_code == 409
    assert f"nguoi-{OTHERS}" not in conditional.text + plain.text
    assert (await two.other.get(f"/Patient/nguoi-{OTHERS}")).status_code == 404


MERGES = ["source", "target"]


@pytest.mark.parametrize("operation", ["$merge", "$unmerge"])
@pytest.mark.parametrize("stranger", MERGES)
@pytest.mark.parametrize("named", ["reference", "identifier"])
@pytest.mark.parametrize("preview", [True, False])
async def test_merging_with_a_stranger_is_as_merging_with_nobody(
    two: Two, operation: str, stranger: str, named: str, preview: bool
) -> None:
    def body(end: str) -> dict[str, Any]:
        number = "010190000001" if end == OTHERS else "010190000009"
        whom = (
            {"name": f"{stranger}-patient", "valueReference": {"reference": f"Patient/nguoi-{end}"}}
            if named == "reference"
            else {"name": f"{stranger}-patient-identifier", "valueIdentifier": {"system": NUMBER, "value": number}}
        )
        own = {
            "name": f"{ ({'source': 'target', 'target': 'source'}[stranger]) }-patient",
            "valueReference": {"reference": f"Patient/nguoi-{OWN}"},
        }
        return {
            "resourceType": "Parameters",
            "parameter": [whom, own, {"name": "preview", "valueBoolean": preview}],
        }

    theirs, nobodys = await both(two, "POST", f"/Patient/{operation}", json=body)
    assert theirs.status_code == 404
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))
    assert await version(two, "Patient") == 'W/"2"'


def entry(method: str, url: str, resource: Any = None, **request: str) -> dict[str, Any]:
    return {**({"resource": resource} if resource else {}), "request": {"method": method, "url": url, **request}}


def binary(patch: list[dict[str, Any]]) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(patch).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


def entries_of(end: str) -> dict[str, dict[str, Any]]:
    number = "010190000001" if end == OTHERS else "010190000009"
    hung = record("Encounter", "treo-2", f"nguoi-{end}")
    fresh = {name: value for name, value in hung.items() if name != "id"}
    by_number = {**fresh, "subject": {"reference": f"Patient?identifier={NUMBER}|{number}"}}
    own = {name: value for name, value in visit("x", f"nguoi-{OWN}").items() if name != "id"}
    return {
        "read": entry("GET", f"Patient/nguoi-{end}"),
        "head": entry("HEAD", f"Encounter/kham-{end}"),
        "vread": entry("GET", f"Encounter/kham-{end}/_history/1"),
        "if-none-match": entry("GET", f"Encounter/kham-{end}", ifNoneMatch='W/"2"'),
        "history": entry("GET", f"Patient/nguoi-{end}/_history"),
        "search": entry("GET", f"Encounter?patient=nguoi-{end}&_total=estimate"),
        "count": entry("GET", f"Patient?identifier={number}&_summary=count"),
        "chain": entry("GET", f"Encounter?patient.identifier={number}&_include=*"),
        "compartment": entry("GET", f"Patient/nguoi-{end}/Encounter"),
        "post": entry("POST", "Encounter", fresh),
        "put": entry("PUT", "Encounter/treo-2", hung),
        "put if-match": entry(
            "PUT", f"Encounter/kham-{end}", record("Encounter", f"kham-{end}", f"nguoi-{OWN}"), ifMatch='W/"2"'
        ),
        "put if-match any": entry(
            "PUT", f"Encounter/kham-{end}", record("Encounter", f"kham-{end}", f"nguoi-{OWN}"), ifMatch="*"
        ),
        "patch": entry("PATCH", f"Encounter/kham-{end}", binary(EDIT)),
        "conditional patch": entry("PATCH", f"Encounter?_id=kham-{end}", binary(EDIT)),
        "delete": entry("DELETE", f"Encounter/kham-{end}"),
        "delete if-match": entry("DELETE", f"Encounter/kham-{end}", ifMatch='W/"2"'),
        "delete any": entry("DELETE", f"Encounter/kham-{end}", ifMatch="*"),
        "conditional delete": entry("DELETE", f"Encounter?patient=nguoi-{end}"),
        "conditional reference": entry("POST", "Encounter", by_number),
        "conditional update": entry("PUT", f"Encounter?patient=nguoi-{end}", own, ifMatch='W/"2"'),
    }


OPERATIONS = {
    "everything": "Patient/nguoi-{end}/$everything",
    "summary": "Patient/nguoi-{end}/$summary",
    "meta": "Patient/nguoi-{end}/$meta",
    "validate": "Patient/nguoi-{end}/$validate",
}


@pytest.mark.parametrize("form", ["batch", "transaction"])
@pytest.mark.parametrize("what", list(entries_of(OTHERS)))
async def test_an_entry_about_anothers_record_is_answered_as_about_nobodys(two: Two, form: str, what: str) -> None:
    theirs, nobodys = await both(
        two, "POST", "/", json=lambda end: {"resourceType": "Bundle", "type": form, "entry": [entries_of(end)[what]]}
    )
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))
    assert await version(two, "Encounter") == 'W/"2"'


@pytest.mark.parametrize("what", OPERATIONS)
async def test_an_operation_in_a_batch_is_answered_as_about_nobody(two: Two, what: str) -> None:
    theirs, nobodys = await both(
        two,
        "POST",
        "/",
        json=lambda end: {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [entry("GET", OPERATIONS[what].replace("{end}", end))],
        },
    )
    assert alike(theirs, ends(OTHERS)) == alike(nobodys, ends(NOBODYS))
    assert "404" in theirs.text


@pytest.mark.parametrize("form", ["batch", "transaction"])
async def test_if_none_exist_in_a_bundle_finds_nothing_of_others(two: Two, form: str) -> None:
    made = {name: value for name, value in visit("x", f"nguoi-{OWN}").items() if name != "id"}
    sent = [entry("POST", "Encounter", made, ifNoneExist=f"patient=nguoi-{OTHERS}")]
    answer = (await two.other.post("/", json={"resourceType": "Bundle", "type": form, "entry": sent})).json()
    assert answer["entry"][0]["response"]["status"].startswith("201")
    made_id = answer["entry"][0]["response"]["location"].split("/_history")[0].rpartition("/")[2]
    assert (await two.other.delete(f"/Encounter/{made_id}")).status_code == 204


async def test_a_refused_entry_keeps_the_whole_transaction_back(two: Two) -> None:
    person = f"dat-{next(_next)}"
    sent = [
        entry("PUT", f"Patient/{person}", patient(person, "00008")),
        entry("PUT", f"Encounter/kham-{OTHERS}", record("Encounter", f"kham-{OTHERS}", person)),
    ]
    answer = await two.other.post("/", json={"resourceType": "Bundle", "type": "transaction", "entry": sent})
    assert answer.status_code == 409
    assert (await two.other.get(f"/Patient/{person}")).status_code == 404
    assert await version(two, "Encounter") == 'W/"2"'


async def test_a_job_is_its_callers_alone(two: Two) -> None:
    put_off = await two.one.get("/Patient", headers={"Prefer": "respond-async"})
    assert put_off.status_code == 202
    job = put_off.headers["content-location"]
    unknown = job[:-32] + "0" * 32
    names = [{job[-32:]: "<job>"}, {"0" * 32: "<job>"}]
    for method in ("GET", "HEAD", "DELETE"):
        for who in (two.other, two.whole):
            theirs, nobodys = await who.request(method, job), await who.request(method, unknown)
            assert theirs.status_code == 404
            assert alike(theirs, names[0]) == alike(nobodys, names[1])
    assert (await two.one.get(job)).status_code in (200, 202)
    assert (await two.one.delete(job)).status_code == 202


async def test_a_job_reads_as_who_asked_for_it(two: Two) -> None:
    put_off = await two.other.get(f"/Patient?_id=nguoi-{OTHERS},nguoi-{OWN}", headers={"Prefer": "respond-async"})
    answer = put_off
    async with asyncio.timeout(20):
        while answer.status_code == 202:
            await asyncio.sleep(0.05)
            answer = await two.other.get(put_off.headers["content-location"])
    assert f"nguoi-{OWN}" in answer.text
    assert answer.json()["entry"][0]["resource"]["total"] == 1
