"""Conditional interactions inside a transaction, and one record in one entry. https://hl7.org/fhir/R4/http.html#trules"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.resources.registry import registry
from tests.api.records import (
    SYSTEM,
    TYPES,
    bundle,
    count,
    entry,
    example,
    fresh,
    identified,
    national_number,
    patient,
    places,
    statuses,
    urn,
    visit,
)

OF_EACH_TYPE = pytest.mark.parametrize("name", TYPES)
TAGS = "http://hs.example/tags"


def tagged(name: str, tag: str, **elements: Any) -> dict[str, Any]:
    """Return the example of a type with a tag."""
    return example(name, meta={"tag": [{"system": TAGS, "code": tag}]}, **elements)


def if_tagged(name: str, tag: str) -> str:
    """Return the address of what has the tag."""
    return f"{name}?_tag={TAGS}|{tag}"


def put(name: str, value: str) -> dict[str, Any]:
    """Return a FHIRPath Patch that sets the language anew."""
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": f"{name}.language"},
        {"name": "value", "valueCode": value},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


@OF_EACH_TYPE
async def test_a_conditional_update_creates_then_updates_then_changes_nothing(
    client: httpx.AsyncClient, name: str
) -> None:
    tag = fresh("upsert")
    steps = [("vi", "201", 'W/"1"'), ("en", "200", 'W/"2"'), ("en", "200", 'W/"2"')]
    seen = set()
    for language, status, version in steps:
        answer = await client.post(
            "/", json=bundle(entry("PUT", if_tagged(name, tag), tagged(name, tag, language=language)))
        )
        assert statuses(answer) == [status], answer.text
        response = answer.json()["entry"][0]["response"]
        assert response["etag"] == version
        seen.add(response["location"].rpartition("/_history/")[0])
    assert len(seen) == 1
    assert await count(client, if_tagged(name, tag)) == 1


@OF_EACH_TYPE
async def test_a_conditional_update_takes_the_id_of_the_body_where_nothing_matches(
    client: httpx.AsyncClient, name: str
) -> None:
    tag, record = fresh("given"), fresh("given")
    sent = bundle(entry("PUT", if_tagged(name, tag), tagged(name, tag, id=record)))
    assert statuses(await client.post("/", json=sent)) == ["201"]
    assert statuses(await client.post("/", json=sent)) == ["200"]
    assert (await client.get(f"/{name}/{record}")).headers["etag"] == 'W/"1"'
    other = bundle(entry("PUT", if_tagged(name, tag), tagged(name, tag, id=fresh("other"))))
    refused = await client.post("/", json=other)
    assert (refused.status_code, places(refused)) == (400, ["Bundle.entry[0].resource.id"])
    taken = bundle(entry("PUT", if_tagged(name, fresh("none")), tagged(name, tag, id=record)))
    refused = await client.post("/", json=taken)
    assert (refused.status_code, places(refused)) == (409, ["Bundle.entry[0].resource.id"])


@OF_EACH_TYPE
async def test_several_matches_are_refused_and_nothing_is_stored(client: httpx.AsyncClient, name: str) -> None:
    tag, record = fresh("several"), fresh("several")
    for _ in range(2):
        await client.post(f"/{name}", json=tagged(name, tag))
    asked = [
        entry("PUT", if_tagged(name, tag), tagged(name, tag)),
        entry("PATCH", if_tagged(name, tag), put(name, "vi")),
        entry("POST", name, tagged(name, tag), ifNoneExist=f"_tag={TAGS}|{tag}"),
        *([] if registry()[name].deletes_many else [entry("DELETE", if_tagged(name, tag))]),
    ]
    for item in asked:
        answer = await client.post("/", json=bundle(entry("PUT", f"Patient/{record}", patient(record)), item))
        assert answer.status_code == 412, answer.text
        assert places(answer) == ["Bundle.entry[1]"]
    assert (await client.get(f"/Patient/{record}")).status_code == 404
    assert await count(client, if_tagged(name, tag)) == 2


@OF_EACH_TYPE
async def test_a_conditional_deletion_deletes_the_match_or_nothing(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("gone")
    created = (await client.post(f"/{name}", json=tagged(name, tag))).json()["id"]
    sent = bundle(entry("DELETE", if_tagged(name, tag)))
    first, second = await client.post("/", json=sent), await client.post("/", json=sent)
    assert (statuses(first), statuses(second)) == (["204"], ["204"])
    assert (first.json()["entry"][0]["response"]["etag"], "etag" in second.text) == ('W/"2"', False)
    assert (await client.get(f"/{name}/{created}")).status_code == 410


@pytest.fixture
def many_may_go() -> Iterator[str]:
    """The name of a type that lets one condition delete several records, for as long as the test runs."""
    kind = registry()["Organization"]
    before = kind.deletes_many
    object.__setattr__(kind, "deletes_many", True)
    yield kind.name
    object.__setattr__(kind, "deletes_many", before)


async def test_many_are_deleted_where_the_type_lets_many_go(client: httpx.AsyncClient, many_may_go: str) -> None:
    tag = fresh("many")
    made = [(await client.post(f"/{many_may_go}", json=tagged(many_may_go, tag))).json()["id"] for _ in range(3)]
    gone = entry("DELETE", if_tagged(many_may_go, tag))
    named = await client.post("/", json=bundle(gone, entry("DELETE", f"{many_may_go}/{made[1]}")))
    assert (named.status_code, places(named)) == (400, ["Bundle.entry[1]"])
    answer = await client.post("/", json=bundle(gone, entry("GET", if_tagged(many_may_go, tag))))
    assert statuses(answer) == ["204", "200"]
    assert answer.json()["entry"][1]["resource"]["total"] == 0
    assert [(await client.get(f"/{many_may_go}/{record}")).status_code for record in made] == [410] * 3


@OF_EACH_TYPE
async def test_a_patch_is_applied_as_parameters_and_as_json_patch(client: httpx.AsyncClient, name: str) -> None:
    tag, record = fresh("patch"), fresh("patch")
    await client.put(f"/{name}/{record}", json=tagged(name, tag, id=record, language="fr"))
    # [{"op": "add", "path": "/language", "value": "en"}]
    data = "W3sib3AiOiAiYWRkIiwgInBhdGgiOiAiL2xhbmd1YWdlIiwgInZhbHVlIjogImVuIn1d"
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    steps = [
        (entry("PATCH", f"{name}/{record}", put(name, "vi"), ifMatch='W/"1"'), "vi", 'W/"2"'),
        (entry("PATCH", f"{name}/{record}", binary), "en", 'W/"3"'),
        (entry("PATCH", if_tagged(name, tag), put(name, "vi")), "vi", 'W/"4"'),
        (entry("PATCH", if_tagged(name, tag), binary, ifMatch='W/"4"'), "en", 'W/"5"'),
        (entry("PATCH", if_tagged(name, tag), binary, ifMatch="*"), "en", 'W/"5"'),
    ]
    for item, language, version in steps:
        answer = await client.post("/", json=bundle(item), headers={"prefer": "return=representation"})
        assert statuses(answer) == ["200"], answer.text
        assert answer.json()["entry"][0]["resource"]["language"] == language
        assert answer.json()["entry"][0]["response"]["etag"] == version


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ({"resourceType": "Patient"}, "Bundle.entry[0].resource"),
        ({"resourceType": "Binary", "contentType": "application/json-patch+json"}, "Bundle.entry[0].resource"),
        (
            {"resourceType": "Binary", "contentType": "text/plain", "data": "W10="},
            "Bundle.entry[0].resource.contentType",
        ),
        (
            {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "W10"},
            "Bundle.entry[0].resource.data",
        ),
        ({"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "e30="}, "Bundle.entry[0]"),
        ({"resourceType": "Parameters", "parameter": [{"name": "x"}]}, "Bundle.entry[0].resource.operation[0]"),
    ],
)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_what_is_no_patch_is_refused(client: httpx.AsyncClient, resource: dict, place: str, kind: str) -> None:
    answer = await client.post("/", json=bundle(entry("PATCH", "Patient/mau-1", resource), kind=kind))
    outcome = answer.json() if kind == "transaction" else answer.json()["entry"][0]["response"]["outcome"]
    assert outcome["issue"][0]["expression"] == [place], outcome


@OF_EACH_TYPE
async def test_a_patch_of_what_is_not_there_or_in_another_version_is_refused(
    client: httpx.AsyncClient, name: str
) -> None:
    tag, record = fresh("absent"), fresh("absent")
    await client.put(f"/{name}/{record}", json=tagged(name, tag, id=record))
    table = [
        (entry("PATCH", f"{name}/{fresh('none')}", put(name, "vi")), 404),
        (entry("PATCH", if_tagged(name, fresh("none")), put(name, "vi")), 404),
        (entry("PATCH", f"{name}/{record}", put(name, "vi"), ifMatch='W/"7"'), 412),
        (entry("PATCH", if_tagged(name, tag), put(name, "vi"), ifMatch='W/"7"'), 412),
        (entry("PUT", if_tagged(name, tag), tagged(name, tag), ifMatch='W/"7"'), 412),
        (entry("PUT", if_tagged(name, tag), tagged(name, tag), ifNoneMatch="*"), 412),
        (entry("PUT", if_tagged(name, fresh("none")), tagged(name, tag), ifMatch='W/"1"'), 412),
        (entry("DELETE", if_tagged(name, tag), ifMatch='W/"7"'), 412),
        (entry("DELETE", f"{name}/{fresh('none')}", ifMatch="*"), 412),
        (entry("PUT", f"{name}/{record}", tagged(name, tag, id=record), ifNoneMatch="*"), 412),
    ]
    for item, status in table:
        answer = await client.post("/", json=bundle(entry("GET", "Patient/mau-1"), item))
        assert answer.status_code == status, (item, answer.text)
        assert all(place.startswith("Bundle.entry[1]") for place in places(answer))
    assert (await client.get(f"/{name}/{record}")).headers["etag"] == 'W/"1"'


async def test_the_operation_of_a_patch_that_cannot_be_applied_is_named(client: httpx.AsyncClient) -> None:
    record = fresh("named")
    await client.put(f"/Patient/{record}", json=patient(record))
    answer = await client.post("/", json=bundle(entry("PATCH", f"Patient/{record}", put("Patient", "vi"))))
    assert answer.status_code == 422, answer.text
    assert places(answer)[0].startswith("Bundle.entry[0].resource.operation[0]")


async def test_any_version_will_do_where_a_star_asks_for_one(client: httpx.AsyncClient) -> None:
    record = fresh("star")
    await client.put(f"/Patient/{record}", json=patient(record))
    changed = bundle(entry("PUT", f"Patient/{record}", patient(record, language="vi"), ifMatch="*"))
    assert statuses(await client.post("/", json=changed)) == ["200"]
    gone = bundle(entry("DELETE", f"Patient/{record}", ifMatch="*"))
    assert statuses(await client.post("/", json=gone)) == ["204"]
    assert (await client.post("/", json=gone)).status_code == 412
    absent = bundle(entry("PUT", f"Patient/{record}", patient(record), ifNoneMatch="*"))
    assert statuses(await client.post("/", json=absent)) == ["201"]


@OF_EACH_TYPE
async def test_a_record_stands_in_one_entry_also_when_a_condition_finds_it(
    client: httpx.AsyncClient, name: str
) -> None:
    tag, record = fresh("once"), fresh("once")
    body = tagged(name, tag, id=record)
    await client.put(f"/{name}/{record}", json=body)
    kept = [
        entry("PUT", f"{name}/{record}", body),
        entry("PATCH", f"{name}/{record}", put(name, "vi")),
        entry("PUT", if_tagged(name, tag), tagged(name, tag)),
        entry("PATCH", if_tagged(name, tag), put(name, "en")),
        entry("PUT", f"{name}?_id={record}", body),
    ]
    gone = [entry("DELETE", f"{name}/{record}"), entry("DELETE", if_tagged(name, tag))]
    pairs = [(first, second) for group in (kept, gone) for first in group for second in group]
    # What is deleted matches no condition, so only an id can meet a deletion.
    pairs += [(first, second) for first in kept[:2] for second in gone]
    for first, second in pairs:
        answer = await client.post("/", json=bundle(first, second))
        assert (answer.status_code, places(answer)) == (400, ["Bundle.entry[1]"]), (first, second, answer.text)
    assert (await client.get(f"/{name}/{record}")).headers["etag"] == 'W/"1"'


@OF_EACH_TYPE
async def test_deletions_come_first_also_conditional_ones(client: httpx.AsyncClient, name: str) -> None:
    tag = fresh("before")
    await client.post(f"/{name}", json=tagged(name, tag))
    sent = bundle(
        entry("POST", name, tagged(name, tag), ifNoneExist=f"_tag={TAGS}|{tag}"),
        entry("GET", if_tagged(name, tag)),
        entry("DELETE", if_tagged(name, tag)),
    )
    answer = await client.post("/", json=sent)
    assert statuses(answer) == ["201", "200", "204"], answer.text
    assert answer.json()["entry"][1]["resource"]["total"] == 1
    replaced = bundle(entry("DELETE", if_tagged(name, tag)), entry("PUT", if_tagged(name, tag), tagged(name, tag)))
    assert statuses(await client.post("/", json=replaced)) == ["204", "201"]
    assert await count(client, if_tagged(name, tag)) == 1


async def test_the_same_new_record_by_two_conditions_is_refused(client: httpx.AsyncClient) -> None:
    value = fresh("twice")
    condition = f"identifier={SYSTEM}|{value}"
    second = entry("PUT", f"Organization?{condition}", identified(value))
    for first in (
        second,
        entry("POST", "Organization", identified(value), ifNoneExist=condition),
        # The same criteria in another encoding are the same condition.
        entry("POST", "Organization", identified(value), ifNoneExist=f"identifier={SYSTEM}%7C{value}"),
    ):
        answer = await client.post(
            "/", json=bundle(first, entry("PUT", f"Organization?{condition}", identified(value)))
        )
        assert (answer.status_code, places(answer)) == (400, ["Bundle.entry[1]"]), answer.text
    assert await count(client, f"Organization?{condition}") == 0


async def test_a_conditional_create_that_repeats_gives_back_the_record(client: httpx.AsyncClient) -> None:
    value = fresh("repeat")
    one = entry("POST", "Organization", identified(value), ifNoneExist=f"identifier={SYSTEM}|{value}")
    for prefer, shown in (("minimal", False), ("representation", True)):
        for expected in (["201", "200"], ["200", "200"]) if prefer == "minimal" else (["200", "200"],):
            answer = await client.post("/", json=bundle(one, one), headers={"prefer": f"return={prefer}"})
            assert statuses(answer) == expected
            assert ["resource" in item for item in answer.json()["entry"]] == [shown, shown]
            locations = {item["response"]["location"] for item in answer.json()["entry"]}
            assert len(locations) == 1


async def test_references_follow_what_conditions_find_or_make(client: httpx.AsyncClient) -> None:
    value, number, tag = fresh("follow"), national_number(), fresh("follow")
    by_number = f"identifier=http://fhir.ehealth.gov.vn/core/sid/national_id|{number}"
    sent = bundle(
        entry("PUT", f"Organization?identifier={SYSTEM}|{value}", identified(value), full_url=urn(1)),
        entry("PUT", f"Patient?{by_number}", patient("x", number=number) | {"id": fresh("follow")}, full_url=urn(2)),
        entry(
            "POST",
            "Encounter",
            visit(
                "",
                urn(2),
                serviceProvider={"reference": f"Organization?identifier={SYSTEM}|{value}"},
                hospitalization={"origin": {"reference": urn(1)}},
                meta={"tag": [{"code": tag}]},
            ),
            ifNoneExist=f"_tag={tag}",
        ),
    )
    sent["entry"][1]["resource"]["managingOrganization"] = {"reference": urn(1)}
    seen = []
    for expected in (["201", "201", "201"], ["200", "200", "200"]):
        answer = await client.post("/", json=sent, headers={"prefer": "return=representation"})
        assert statuses(answer) == expected, answer.text
        organization, person, care = (item["resource"] for item in answer.json()["entry"])
        assert care["subject"]["reference"] == f"Patient/{person['id']}"
        assert care["serviceProvider"]["reference"] == f"Organization/{organization['id']}"
        assert care["hospitalization"]["origin"]["reference"] == f"Organization/{organization['id']}"
        assert person["managingOrganization"]["reference"] == f"Organization/{organization['id']}"
        seen.append([item["resource"] for item in answer.json()["entry"]])
    assert seen[0] == seen[1]


async def test_a_condition_on_another_entry_is_refused(client: httpx.AsyncClient) -> None:
    sent = bundle(
        entry("POST", "Patient", example("Patient"), full_url=urn(1)),
        entry("POST", "Encounter", visit("", urn(1)), ifNoneExist=f"patient={urn(1)}&status=finished"),
    )
    answer = await client.post("/", json=sent)
    assert (answer.status_code, places(answer)) == (400, ["Bundle.entry[1].request"]), answer.text
