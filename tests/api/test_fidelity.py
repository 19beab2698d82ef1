"""What is sent comes back as it was sent: only id and meta are the server's."""

import json
from pathlib import Path

import httpx
import pytest

from app.resources.registry import registry
from tests.api.records import TYPES, fresh

FOLDER = Path(__file__).parents[1] / "data" / "examples"
EXAMPLES = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.json"))}
# Members that must keep their bytes: blanks, digits, escapes, order, unknown extensions, ids of elements.
PECULIAR = (
    b'"extension":[{"url":"http://la.example/x","valueDecimal":1.50},{"url":"http://la.example/y",'
    b'"valueDecimal":100000000000000000000.000000000001},{"url":"http://la.example/z","valueDecimal":1E2},'
    b'{ "id" : "e1",  "url":"http://la.example/a\\/b", "extension":[{ "url":"u"'
    b',"valueInstant":"2026-03-02T06:30:00.123456789+07:00"} ,'
    b'{"url":"t","valueString":"Ho\\u00e0 \\ud83d\\ude00 \xc4\x91\\t\\"x\\""}] }]'
)


def content(raw: bytes) -> dict:
    """Read JSON with every digit kept, without what the server sets."""
    tree = json.loads(raw, parse_float=lambda text: ["decimal", text], parse_int=lambda text: ["whole", text])
    meta = {key: value for key, value in tree.pop("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    return {**tree, **({"meta": meta} if meta else {})}


@pytest.mark.parametrize("stem", EXAMPLES)
async def test_an_official_example_is_accepted_and_comes_back_as_it_was_sent(
    client: httpx.AsyncClient, stem: str
) -> None:
    raw = EXAMPLES[stem]
    tree = json.loads(raw)
    name, record = tree["resourceType"], tree["id"]
    owner = tree.get(registry()[name].owner, {}).get("reference", "")
    if owner.startswith("Patient/"):
        held = {"resourceType": "Patient", "id": owner.removeprefix("Patient/")}
        assert (await client.put(f"/{owner}", json=held)).status_code in (200, 201)
    stored = await client.put(f"/{name}/{record}", content=raw)
    assert stored.status_code in (200, 201), stored.text
    read = await client.get(f"/{name}/{record}")
    assert content(read.content) == content(raw)
    assert list(content(read.content)) == sorted(content(raw), key=lambda key: key not in ("resourceType", "id"))
    assert (await client.delete(f"/{name}/{record}")).status_code == 204


@pytest.mark.parametrize("name", TYPES)
async def test_the_bytes_of_a_member_are_never_made_again(client: httpx.AsyncClient, name: str) -> None:
    record = fresh(name.lower())
    example = json.dumps({**registry()[name].example, "id": record, "identifier": []})
    raw = example.replace('"identifier": []', "@").encode().replace(b"@", PECULIAR)
    answer = await client.put(f"/{name}/{record}", content=raw)
    assert answer.status_code == 201, answer.text
    assert PECULIAR in answer.content
    for address in (f"/{name}/{record}", f"/{name}/{record}/_history/1", f"/{name}?_id={record}"):
        assert PECULIAR in (await client.get(address)).content


@pytest.mark.parametrize("name", TYPES)
async def test_pretty_changes_blanks_only(client: httpx.AsyncClient, name: str) -> None:
    example = json.dumps({**registry()[name].example, "identifier": []})
    raw = example.replace('"identifier": []', "@").encode().replace(b"@", PECULIAR)
    created = await client.post(f"/{name}?_pretty=true", content=raw)
    assert created.status_code == 201
    record = created.json()["id"]
    plain = await client.get(f"/{name}/{record}?_pretty=false")
    pretty = await client.get(f"/{name}/{record}?_pretty=true")
    assert pretty.content.count(b"\n  ") > 5
    assert content(pretty.content) == content(plain.content)
    found = await client.get(f"/{name}?_id={record}&_pretty=true")
    assert json.loads(found.content)["entry"][0]["resource"] == json.loads(plain.content)


async def test_an_update_that_says_the_same_makes_no_version(client: httpx.AsyncClient) -> None:
    record = fresh("same")
    head = f'{{"resourceType":"Patient","id":"{record}",'
    table = [
        ('"multipleBirthInteger":2,"gender":"female"}', 201, 1),
        ('"gender":"female",  "multipleBirthInteger":2}', 200, 1),  # Order and blanks say nothing.
        ('"meta":{"versionId":"9"},"gender":"f\\u0065male","multipleBirthInteger":2}', 200, 1),
        ('"multipleBirthInteger":3,"gender":"female"}', 200, 2),
        ('"multipleBirthInteger":3,"gender":"female","extension":[{"url":"u","valueDecimal":1.0}]}', 200, 3),
        ('"multipleBirthInteger":3,"gender":"female","extension":[{"url":"u","valueDecimal":1.00}]}', 200, 4),
        ('"meta":{"tag":[{"code":"x"}]},"multipleBirthInteger":3,"gender":"female"}', 200, 5),
        ('"meta":{"tag":[{"code":"x"}]},"multipleBirthInteger":3,"gender":"female"}', 200, 5),
    ]
    for rest, status, version in table:
        answer = await client.put(f"/Patient/{record}", content=(head + rest).encode())
        assert (answer.status_code, answer.headers.get("etag")) == (status, f'W/"{version}"'), (rest, answer.text)
