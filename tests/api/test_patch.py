"""Changes to parts of a record, as JSON Patch and as FHIRPath Patch, for every type. http.html#patch, fhirpatch.html"""

import asyncio
import itertools
import json
from collections import Counter
from typing import Any

import httpx
import pytest

from app.config import Settings
from tests.api.records import PATIENT_TYPES, TYPES, example, fresh, national_number, patient, places
from tests.conftest import opened

JSON_PATCH = {"content-type": "application/json-patch+json"}
FORMS = ["json", "fhirpath"]


def setting(form: str, name: str, value: str, *, there: bool = False) -> bytes:
    """Return a patch that sets a code of the resource, which is there or is not."""
    if form == "json":
        return json.dumps([{"op": "replace" if there else "add", "path": f"/{name}", "value": value}]).encode()
    parts = [{"name": "value", "valueCode": value}]
    if there:
        parts += [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": name}]
    else:
        parts += [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Resource"}]
        parts.append({"name": "name", "valueString": name})
    return parameters(parts)


def parameters(*operations: list[dict[str, Any]]) -> bytes:
    """Return a FHIRPath Patch of operations, each the list of its parts."""
    listed = [{"name": "operation", "part": parts} for parts in operations]
    return json.dumps({"resourceType": "Parameters", "parameter": listed}).encode()


async def send(
    client: httpx.AsyncClient, address: str, body: bytes | list, form: str = "json", **headers: str
) -> httpx.Response:
    """Send a patch; a list is a JSON Patch."""
    content = json.dumps(body).encode() if isinstance(body, list) else body
    sent = {**(JSON_PATCH if form == "json" else {}), **headers}
    return await client.patch(address, content=content, headers=sent)


async def held(client: httpx.AsyncClient, name: str, **changes: Any) -> str:
    """Store the example of a type and return its address."""
    record = fresh("patched")
    answer = await client.put(f"/{name}/{record}", json=example(name, id=record, **changes))
    assert answer.status_code == 201, answer.text
    return f"/{name}/{record}"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TYPES)
async def test_a_patch_makes_a_version_with_one_part_changed(client: httpx.AsyncClient, name: str, form: str) -> None:
    address = await held(client, name)
    before = (await client.get(address)).json()
    answer = await send(client, address, setting(form, "language", "vi"), form)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"'), answer.text
    after = answer.json()
    assert after.pop("language") == "vi"
    assert after["meta"].pop("versionId") == "2"
    assert after["meta"].pop("lastUpdated") > before["meta"].pop("lastUpdated")
    del before["meta"]["versionId"]
    assert after == before
    assert (await client.get(address)).content == answer.content
    assert "language" not in (await client.get(f"{address}/_history/1")).json()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TYPES)
async def test_a_patch_that_changes_nothing_makes_no_version(client: httpx.AsyncClient, name: str, form: str) -> None:
    address = await held(client, name, language="vi")
    for body in (setting(form, "language", "vi", there=True), b"[]" if form == "json" else parameters()):
        answer = await send(client, address, body, form)
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"'), answer.text
    assert (await client.get(f"{address}/_history")).json()["total"] == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TYPES)
async def test_a_stale_if_match_wins_over_a_patch_that_fails(client: httpx.AsyncClient, name: str, form: str) -> None:
    address = await held(client, name, language="vi")
    failing, working = setting(form, "nothing", "x", there=True), setting(form, "language", "en", there=True)
    table = [
        (failing, 'W/"2"', 412),
        (working, 'W/"2"', 412),
        (failing, 'W/"1"', 422),
        (working, 'W/"1"', 200),
        (working, 'W/"1"', 412),
    ]
    for body, if_match, status in table:
        answer = await send(client, address, body, form, **{"if-match": if_match})
        assert answer.status_code == status, (if_match, answer.text)
    assert (await client.get(address)).headers["etag"] == 'W/"2"'


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", TYPES)
async def test_only_what_is_there_can_be_patched(client: httpx.AsyncClient, name: str, form: str) -> None:
    body = setting(form, "language", "vi")
    assert (await send(client, f"/{name}/{fresh('nobody')}", body, form)).status_code == 404
    address = await held(client, name)
    assert (await client.delete(address)).status_code == 204
    assert (await send(client, address, body, form)).status_code == 410


@pytest.mark.parametrize("name", TYPES)
async def test_of_several_operations_all_are_done_or_none(client: httpx.AsyncClient, name: str) -> None:
    address = await held(client, name)
    first = {"op": "add", "path": "/language", "value": "vi"}
    answer = await send(client, address, [first, {"op": "test", "path": "/language", "value": "en"}])
    assert (answer.status_code, places(answer)) == (422, ["operation[1].value"]), answer.text
    assert answer.json()["issue"][0]["code"] == "processing"
    assert "language" not in (await client.get(address)).json()
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": f"{name}.meta.tag.code.id.x"}]
    answer = await send(client, address, parameters([{"name": "type", "valueCode": "delete"}], parts), "fhirpath")
    assert (answer.status_code, places(answer)) == (400, ["operation[0].path"]), answer.text
    assert (await client.get(address)).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("name", TYPES)
async def test_id_type_version_and_time_are_not_for_a_patch_to_change(client: httpx.AsyncClient, name: str) -> None:
    address = await held(client, name)
    table = [
        ({"op": "replace", "path": "/id", "value": "other"}, "id"),
        ({"op": "remove", "path": "/id"}, "id"),
        ({"op": "replace", "path": "/resourceType", "value": "Basic"}, "resourceType"),
        ({"op": "replace", "path": "/meta/versionId", "value": "9"}, "meta.versionId"),
        ({"op": "add", "path": "/meta/lastUpdated", "value": "2000-01-01T00:00:00Z"}, "meta.lastUpdated"),
    ]
    for operation, element in table:
        answer = await send(client, address, [operation])
        assert (answer.status_code, places(answer)) == (422, [f"{name}.{element}"]), answer.text
    answer = await send(client, address, [{"op": "replace", "path": "", "value": []}])
    assert (answer.status_code, places(answer)) == (422, [name])
    assert (await client.get(address)).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize("name", TYPES)
async def test_labels_are_patched_and_the_server_keeps_its_part_of_meta(client: httpx.AsyncClient, name: str) -> None:
    address = await held(client, name)
    tag = {"system": "http://hs.example/tags", "code": fresh("tag")}
    await send(client, address, [{"op": "add", "path": "/meta/tag", "value": [tag]}])
    assert (await client.get(f"/{name}?_tag={tag['code']}")).json()["total"] == 1
    gone = await send(client, address, [{"op": "remove", "path": "/meta"}])
    assert gone.json()["meta"].keys() == {"versionId", "lastUpdated"}
    assert gone.json()["meta"]["versionId"] == "3"
    assert (await client.get(f"/{name}?_tag={tag['code']}")).json()["total"] == 0


@pytest.mark.parametrize("name", TYPES)
async def test_what_a_patch_leaves_must_be_fhir(client: httpx.AsyncClient, name: str) -> None:
    address = await held(client, name)
    answer = await send(client, address, [{"op": "add", "path": "/nothing", "value": "Tên riêng"}])
    assert answer.status_code == 400
    assert "Tên riêng" not in answer.text
    answer = await send(client, address, [{"op": "add", "path": "/language", "value": 5}])
    assert (answer.status_code, places(answer)) == (400, [f"{name}.language"]), answer.text
    assert (await client.get(address)).headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", b""),
        ("json", b"{}"),
        ("json", b"7"),
        ("json", b"null"),
        ("json", b'[],"x":[]'),
        ("json", b'[{"op":"add","op":"add","path":"/language","value":"vi"}]'),
        ("json", b'[{"op":"add","path":"/language","value":NaN}]'),
        ("json", b'[{"op":"add","path":"/language","value":"\\u0000"}]'),
        ("json", b'\xef\xbb\xbf[{"op":"add","path":"/language","value":"vi"}]'),
        ("json", b'[{"op":"add","path":"/language","value":"\xff"}]'),
        ("json", b'[{"op":"add","path":"/language","value":' + b"[" * 500 + b"]" * 500 + b"}]"),
        ("json", b'[{"op":"add","path":"/language","value":' + b"[" * 100_000),
        ("json", setting("fhirpath", "language", "vi")),
        ("fhirpath", b""),
        ("fhirpath", b"[]"),
        ("fhirpath", b"{}"),
        ("fhirpath", b'{"resourceType":"Patient"}'),
        ("fhirpath", b'{"resourceType":"Parameters","parameter":[],"parameter":[]}'),
        ("fhirpath", setting("json", "language", "vi")),
    ],
)
async def test_what_is_no_patch_is_refused(client: httpx.AsyncClient, form: str, body: bytes) -> None:
    address = await held(client, "Patient")
    answer = await send(client, address, body, form)
    assert answer.status_code == 400, answer.text
    assert (await client.get(address)).headers["etag"] == 'W/"1"'


async def test_where_a_patch_is_no_json_is_said_by_its_own_bytes(client: httpx.AsyncClient) -> None:
    answer = await send(client, await held(client, "Patient"), b'[{"op":"add",}]')
    assert "(at byte 13)" in answer.text


async def test_too_many_operations_are_refused(client: httpx.AsyncClient) -> None:
    address = await held(client, "Patient")
    operations = [{"op": "test", "path": "/resourceType", "value": "Patient"}] * 1000
    assert (await send(client, address, operations)).status_code == 200
    assert (await send(client, address, operations + operations[:1])).status_code == 413
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.photo"}]
    assert (await send(client, address, parameters(*[parts] * 1001), "fhirpath")).status_code == 413


@pytest.mark.parametrize("form", FORMS)
async def test_every_byte_that_a_patch_does_not_touch_stays(client: httpx.AsyncClient, form: str) -> None:
    record = fresh("patched")
    extension = '[ {"valueDecimal" : 1.50, "url":"http://hs.example/x"} ,{"url":"urn:y","valueDecimal":1E2}]'
    name = '[{"text":"Ly\u0301 M\\u1eabu"}]'
    body = f'{{"resourceType":"Patient","id":"{record}","extension": {extension},"name":{name}}}'
    assert (await client.put(f"/Patient/{record}", content=body.encode())).status_code == 201
    answer = await send(client, f"/Patient/{record}", setting(form, "gender", "female"), form)
    assert f'"extension":{extension}' in answer.text
    assert f'"name":{name}' in answer.text


async def test_numbers_keep_their_digits_inside_what_is_patched(client: httpx.AsyncClient) -> None:
    url = "http://hs.example/x"
    address = await held(client, "Patient", extension=[{"url": url, "valueDecimal": 1}])
    added = b'[{"op":"add","path":"/extension/-","value":{"url":"http://hs.example/y","valueDecimal":0.10}}]'
    assert '"valueDecimal":0.10' in (await send(client, address, added)).text
    again = await send(client, address, b'[{"op":"replace","path":"/extension/0/valueDecimal","value":1.00}]')
    assert '"valueDecimal":1.00' in again.text
    assert '"valueDecimal":0.10' in again.text
    assert again.headers["etag"] == 'W/"3"'


async def test_a_number_that_becomes_a_text_of_its_digits_is_a_change(client: httpx.AsyncClient) -> None:
    address = await held(client, "Patient", multipleBirthInteger=2)
    answer = await send(client, address, [{"op": "replace", "path": "/multipleBirthInteger", "value": "2"}])
    assert (answer.status_code, places(answer)) == (400, ["Patient.multipleBirth"]), answer.text


@pytest.mark.parametrize("form", FORMS)
async def test_an_element_is_gone_with_its_last_part(client: httpx.AsyncClient, form: str) -> None:
    address = await held(client, "Patient", photo=[{"title": "1"}], maritalStatus={"text": "x"})
    if form == "json":
        operations = [{"op": "remove", "path": "/photo/0"}, {"op": "remove", "path": "/maritalStatus/text"}]
        body = json.dumps(operations).encode()
    else:
        kind = {"name": "type", "valueCode": "delete"}
        paths = ("Patient.photo[0]", "Patient.maritalStatus.text")
        body = parameters(*([kind, {"name": "path", "valueString": path}] for path in paths))
    answer = await send(client, address, body, form)
    assert answer.status_code == 200, answer.text
    assert not {"photo", "maritalStatus"} & answer.json().keys()


async def test_an_empty_item_of_a_list_is_refused_and_not_left_out(client: httpx.AsyncClient) -> None:
    address = await held(client, "Patient", photo=[{"title": "1"}, {"title": "2"}])
    answer = await send(client, address, [{"op": "remove", "path": "/photo/0/title"}])
    assert (answer.status_code, places(answer)) == (400, ["Patient.photo[0]"]), answer.text


@pytest.mark.parametrize("name", PATIENT_TYPES)
async def test_a_record_is_patched_to_belong_to_another_patient(client: httpx.AsyncClient, name: str) -> None:
    one, other, record = fresh("one"), fresh("other"), fresh("record")
    for person in (one, other):
        await client.put(f"/Patient/{person}", json=patient(person))
    owner = {"Coverage": "beneficiary", "Immunization": "patient"}.get(name, "subject")
    stored = example(name, id=record, **{owner: {"reference": f"Patient/{one}"}})
    assert (await client.put(f"/{name}/{record}", json=stored)).status_code == 201

    def moving(target: str) -> list:
        return [{"op": "replace", "path": f"/{owner}/reference", "value": target}]

    answer = await send(client, f"/{name}/{record}", moving(f"Patient/{fresh('nobody')}"))
    assert (answer.status_code, places(answer)) == (422, [f"{name}.{owner}.reference"]), answer.text
    assert (await send(client, f"/{name}/{record}", moving(f"Patient/{other}"))).status_code == 200
    assert (await client.get(f"/{name}?patient={other}")).json()["total"] == 1
    assert (await client.get(f"/{name}?patient={one}")).json()["total"] == 0


async def test_a_number_that_another_holds_cannot_be_patched_in(client: httpx.AsyncClient) -> None:
    one, other, number = fresh("one"), fresh("other"), national_number()
    await client.put(f"/Patient/{one}", json=patient(one, number=number))
    await client.put(f"/Patient/{other}", json=patient(other))
    identifier = patient(one, number=number)["identifier"]
    body = [{"op": "add", "path": "/identifier", "value": identifier}]
    assert (await send(client, f"/Patient/{other}", body)).status_code == 409
    assert (await send(client, f"/Patient/{one}", [{"op": "remove", "path": "/identifier"}])).status_code == 200
    assert (await send(client, f"/Patient/{other}", body)).status_code == 200


async def test_a_conditional_reference_cannot_be_patched_in(client: httpx.AsyncClient) -> None:
    address = await held(client, "Patient")
    reference = {"reference": "Organization?identifier=x|1"}
    answer = await send(client, address, [{"op": "add", "path": "/managingOrganization", "value": reference}])
    assert (answer.status_code, places(answer)) == (400, ["Patient"]), answer.text


async def test_a_result_beyond_the_limit_of_a_body_is_refused(database: str) -> None:
    async with opened(database, Settings(body_limit=20_000)) as (_, client):
        address = await held(client, "Patient", extension=[{"url": "http://hs.example/x", "valueString": "x" * 3000}])
        copying = [{"op": "copy", "from": "/extension/0", "path": "/extension/-"}]
        assert (await send(client, address, copying * 5)).status_code == 200
        answer = await send(client, address, copying * 5)
        assert (answer.status_code, places(answer)) == (413, ["Patient"]), answer.text
        assert (await client.get(address)).headers["etag"] == 'W/"2"'


@pytest.mark.parametrize("name", TYPES)
async def test_patches_at_once_each_find_what_the_others_left(client: httpx.AsyncClient, name: str) -> None:
    address = await held(client, name, extension=[{"url": "http://hs.example/first", "valueCode": "x"}])

    def adding(number: int) -> list:
        value = {"url": f"http://hs.example/{number}", "valueInteger": number}
        return [{"op": "add", "path": "/extension/-", "value": value}]

    answers = await asyncio.gather(*(send(client, address, adding(number)) for number in range(16)))
    assert Counter(answer.status_code for answer in answers) == {200: 16}
    assert {answer.headers["etag"] for answer in answers} == {f'W/"{version}"' for version in range(2, 18)}
    found = [item.get("valueInteger") for item in (await client.get(address)).json()["extension"]]
    assert sorted(found[1:]) == list(range(16))


@pytest.mark.parametrize("form", FORMS)
async def test_of_patches_with_one_if_match_one_wins(client: httpx.AsyncClient, form: str) -> None:
    address = await held(client, "Patient", language="x-0")
    for version in range(1, 6):
        if_match = {"if-match": f'W/"{version}"'}
        bodies = [setting(form, "language", f"x-{version}{writer}", there=True) for writer in range(8)]
        answers = await asyncio.gather(*(send(client, address, body, form, **if_match) for body in bodies))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}


async def test_no_update_is_lost_between_updates_and_patches(client: httpx.AsyncClient) -> None:
    address = await held(client, "Patient", language="x-0")
    record = address.rpartition("/")[2]

    async def put(number: int) -> httpx.Response:
        return await client.put(address, json=patient(record, language=f"x-{number}", gender="female"))

    async def flip(number: int) -> httpx.Response:
        return await send(client, address, setting("json", "birthDate", f"19{number:02d}"))

    answers = await asyncio.gather(*(work(number) for number in range(10, 20) for work in (put, flip)))
    assert {answer.status_code for answer in answers} == {200}
    entries = (await client.get(f"{address}/_history?_count=50")).json()["entry"]
    versions = [entry["resource"] for entry in reversed(entries)]
    for before, after in itertools.pairwise(versions):
        # Each version is one writer's work: a PUT's whole resource, or what was there with another date.
        same = {name: value for name, value in before.items() if name not in ("meta", "birthDate")}
        patch = {name: value for name, value in after.items() if name not in ("meta", "birthDate")} == same
        assert patch or ("birthDate" not in after and after["gender"] == "female"), (before, after)
