"""Bodies that are almost right: never a fault of the service's, and what is taken is what was sent.

`FUZZ_SEED` and `FUZZ_ROUNDS` in the environment ask for other and for more examples. https://hl7.org/fhir/R4/http.html
"""

import copy
import json
import os
from random import Random
from typing import Any

import httpx
import pytest

from tests.api.fuzzed import require_sound, send
from tests.api.fuzzed_bodies import JSON_PATCH, bundles, changed, encoded, operations, patches
from tests.api.records import TYPES, example, fresh

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "1"))


@pytest.fixture(scope="module")
async def stocked(shared: tuple[Any, httpx.AsyncClient]) -> httpx.AsyncClient:
    """Hold three records of every type that the bodies name, and return a client."""
    for kind in TYPES:
        for number in (1, 2, 3):
            record = f"mau-{number}"
            answer = await shared[1].put(f"/{kind}/{record}", json=example(kind, id=record))
            assert answer.status_code in (200, 201), answer.text
    return shared[1]


def is_valid(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and not any(
        issue["severity"] in ("error", "fatal") for issue in answer.json()["issue"]
    )


@pytest.mark.parametrize(("address", "body"), list(operations()), ids=lambda value: value if "/" in value else "")
async def test_an_operation_takes_odd_parameters_or_says_what_is_wrong(
    stocked: httpx.AsyncClient, address: str, body: dict
) -> None:
    random = Random(SEED)
    taken = await send(stocked, "POST", address, json=body)
    assert taken.status_code == 200, taken.text
    for _ in range(15 * ROUNDS):
        await send(stocked, "POST", address, content=encoded(random, changed(random, body, random.choice((1, 1, 2)))))


@pytest.mark.parametrize("name", ["Patient", "Organization"])
async def test_an_odd_patch_is_refused_or_leaves_a_valid_record(stocked: httpx.AsyncClient, name: str) -> None:
    random, record = Random(SEED), fresh("odd")
    address = f"/{name}/{record}"
    for headers, body in patches(random, 150 * ROUNDS):
        await stocked.put(address, json=example(name, id=record))
        answer = await send(stocked, "PATCH", address, content=encoded(random, body), headers=headers)
        if answer.status_code == 200:
            read = await stocked.get(address)
            assert read.content == answer.content
            assert is_valid(await stocked.post(f"/{name}/$validate", content=read.content))


@pytest.mark.parametrize(
    "steps",
    [
        [{"op": "add", "path": "/name/0/given/-", "value": "x"}] * 10_000,
        [{"op": "copy", "from": "/name", "path": "/name/0/extension"}] * 60,
        [{"op": "copy", "from": "", "path": "/extension"}] * 30,
        [{"op": "add", "path": "/x", "value": json.loads('{"a":' * 900 + "1" + "}" * 900)}],
    ],
    ids=["many", "doubling", "whole", "deep"],
)
async def test_a_patch_that_grows_without_end_is_refused_in_time(stocked: httpx.AsyncClient, steps: list) -> None:
    answer = await send(stocked, "PATCH", "/Patient/mau-3", json=steps, headers=JSON_PATCH)
    assert 400 <= answer.status_code < 500


def patched(tree: Any, steps: list[dict[str, Any]]) -> Any:
    """Apply JSON Patch step by step. https://www.rfc-editor.org/rfc/rfc6902"""
    tree = copy.deepcopy(tree)
    for step in steps:
        *way, last = step["path"].split("/")[1:]
        holder = tree
        for part in way:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        if isinstance(holder, list):
            at = len(holder) if last == "-" else int(last)
            if step["op"] == "add":
                holder.insert(at, step["value"])
                continue
            last = at
        if step["op"] == "remove":
            del holder[last]
        else:
            holder[last] = step["value"]
    return tree


async def test_a_patch_does_to_a_record_what_the_same_steps_do_to_its_json(stocked: httpx.AsyncClient) -> None:
    random, record = Random(SEED), fresh("steps")
    address = f"/Patient/{record}"
    for _ in range(60 * ROUNDS):
        names = [{"text": f"T{number}", "given": ["a", "b", "c"][: number + 1]} for number in range(3)]
        await stocked.put(address, json=example("Patient", id=record, name=names))
        held = (await stocked.get(address)).json()
        steps: list[dict[str, Any]] = []
        for _ in range(random.randint(1, 4)):
            at = random.choice(("0", "1", "2"))
            steps.append(
                random.choice(
                    (
                        {"op": "add", "path": f"/name/{random.choice((at, '-'))}", "value": {"text": "Mới"}},
                        {"op": "replace", "path": f"/name/{at}", "value": {"text": "Khác", "given": ["x"]}},
                        {"op": "add", "path": f"/name/{at}/family", "value": "Lý"},
                        {"op": "add", "path": "/gender", "value": random.choice(("male", "other"))},
                        {"op": "replace", "path": "/birthDate", "value": "2001-02-03"},
                        {"op": "add", "path": "/maritalStatus", "value": {"text": "độc thân"}},
                    )
                )
            )
        answer = await send(stocked, "PATCH", address, json=steps, headers=JSON_PATCH)
        assert answer.status_code == 200, answer.text
        wanted = patched(held, steps)
        assert {**answer.json(), "meta": 0} == {**wanted, "meta": 0}, steps
        assert (await stocked.get(address)).content == answer.content


@pytest.mark.parametrize("name", TYPES)
async def test_what_validation_finds_valid_is_stored_and_nothing_else(stocked: httpx.AsyncClient, name: str) -> None:
    random = Random(SEED)
    identifier = {"system": "http://x", "value": "1", "type": {"coding": [{"system": "s", "code": "c"}]}}
    whole = example(
        name,
        identifier=[{**identifier, "period": {"start": "2020"}}],
        extension=[{"url": "http://e", "valueString": "x"}],
        meta={"tag": [{"code": "x"}]},
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    )
    stored = 0
    for _ in range(80 * ROUNDS):
        raw = encoded(random, changed(random, whole, random.choice((1, 1, 2))))
        found = await send(stocked, "POST", f"/{name}/$validate", content=raw)
        made = await send(stocked, "POST", f"/{name}", content=raw)
        assert is_valid(found) == (made.status_code == 201), (raw, found.text, made.text)
        if made.status_code == 201:
            stored += 1
            assert (await stocked.get(f"/{name}/{made.json()['id']}")).content == made.content
    assert stored


async def test_an_odd_bundle_is_refused_or_every_entry_of_it_answered(stocked: httpx.AsyncClient) -> None:
    random = Random(SEED)
    for whole in bundles(random, 400 * ROUNDS):
        answer = await stocked.post("/", content=encoded(random, whole))
        require_sound(answer, whole)
        if answer.status_code == 200 and answer.json()["resourceType"] == "Bundle":
            entries = answer.json().get("entry", [])
            assert len(entries) == len(whole.get("entry") or [])
            assert all(item["response"]["status"][0] in "234" for item in entries), (whole, answer.text)
