"""Bodies that are almost right: resources, operations, patches and bundles with some of their parts exchanged."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.api.fuzzed import MARK
from tests.api.records import TYPES, bundle, entry, example, urn

JSON_PATCH = {"content-type": "application/json-patch+json"}
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
_LEAVES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    float("inf"),
    "",
    MARK,
    " ",
    "\x00",
    "\ud800",
    "\u202e",
    "a" * 3000,
    "<script>",
    [],
    {},
    [[]],
    [None],
    {"": 1},
    {"a": {}},
    {"value": MARK},
    {"system": 5},
    {"coding": [{"code": 5}]},
    [{"url": "x"}],
    {"reference": "Patient/mau-1"},
    "Patient/" + MARK,
    "Patient?identifier=" + MARK,
    "Patient?",
    "?",
    "Patient?_id=a&_id=b",
    "#x",
    "urn:uuid:1",
    "http://x?y=z",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59+14:00",
    "1e400",
    "-",
    "..",
)
_NAMES = ("extension", "id", "resourceType", "contained", "x", "reference", "valueString", "resource", "part", "value")
_POINTERS = (
    "",
    "/",
    "/name",
    "/name/0",
    "/name/-",
    "/name/01",
    "/name/-1",
    "/name/" + "9" * 40,
    "/name/０",
    "/name/0/given/0",
    "/name/0/text",
    "/a~0b",
    "/a~2",
    "/~",
    "x",
    "/meta",
    "/meta/versionId",
    "/id",
    "/resourceType",
    "/extension",
    "/active",
    "/birthDate",
    "/" + "/".join("a" for _ in range(5000)),
)
_PATHS = (
    "Patient",
    "Patient.name",
    "Patient.name[0]",
    "Patient.name.first()",
    "Patient.name.where(use = 'official').given[0]",
    "Patient.name[99999999999999999999]",
    "Patient.name[-1]",
    "Patient.birthDate",
    "Patient.meta",
    "Patient.active",
    "Patient.extension.where(url='x').value",
    "Patient." + "name." * 2000 + "x",
    "Patient.where(" * 500,
    "Patient.name.where(a=" + "(" * 1000,
    "Patient.name.where(text.matches('(a+)+$'))",
    "Patient.descendants()",
    "Patient.name | Patient.name",
    "%resource",
    "(",
    "",
    "\x00",
    MARK,
)


def encoded(random: Random, tree: Any) -> bytes:
    """Return JSON, or what is almost that; half of a surrogate pair becomes bytes that are no UTF-8."""
    return json.dumps(tree, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def changed(random: Random, tree: Any, times: int = 1) -> Any:
    """Return a copy in which parts are exchanged for odd values, left out, added, or stand in each other's place."""
    made = copy.deepcopy(tree)
    for _ in range(times):
        places = [place for place in _places(made) if place]
        if places:
            _change(random, made, random.choice(places), random.choice(places))
    return made


def parameters(*items: dict[str, Any]) -> dict[str, Any]:
    """Return a Parameters resource."""
    return {"resourceType": "Parameters", "parameter": list(items)}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield an address and a body that it takes, of every operation that has a body."""
    person = example("Patient", id="mau-1")
    source, target = ({"name": f"{name}-patient"} for name in ("source", "target"))
    yield (
        "/Patient/$match",
        parameters({"name": "resource", "resource": person}, {"name": "count", "valueInteger": 3}),
    )
    yield "/Patient/$match", person
    for name in ("$merge", "$unmerge"):
        pair = [{**source, "valueReference": {"reference": "Patient/mau-2"}}]
        pair += [{**target, "valueReference": {"reference": "Patient/mau-1"}}]
        yield f"/Patient/{name}", parameters(*pair, {"name": "preview", "valueBoolean": True})
    for kind in TYPES:
        meta = {"name": "meta", "valueMeta": {"tag": [{"system": "s", "code": "c"}], "profile": ["http://p"]}}
        yield f"/{kind}/mau-1/$meta-add", parameters(meta)
        yield f"/{kind}/mau-1/$meta-delete", parameters(meta)
        whole = {"name": "resource", "resource": example(kind)}
        yield f"/{kind}/$validate", parameters(whole, {"name": "mode", "valueCode": "create"})
        yield f"/{kind}/mau-1/$validate", parameters({"name": "mode", "valueCode": "delete"})
    since = {"name": "_since", "valueInstant": "2020-01-01T00:00:00Z"}
    yield "/Patient/mau-1/$everything", parameters(since, {"name": "start", "valueDate": "2020"})
    gender = {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}
    url = {"name": "url", "valueUri": GENDERS}
    yield "/ValueSet/$expand", parameters(url, {"name": "filter", "valueString": "m"})
    yield "/ValueSet/$validate-code", parameters(url, {"name": "coding", "valueCoding": gender})
    yield "/CodeSystem/$lookup", parameters({"name": "coding", "valueCoding": gender})


def patches(random: Random, number: int) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield headers and bodies of patches, JSON Patch and FHIRPath Patch in turn."""
    for _ in range(number):
        yield JSON_PATCH, [_json_step(random) for _ in range(random.choice((1, 1, 2, 5)))]
        sent = parameters(*(_fhirpath_step(random) for _ in range(random.choice((1, 1, 3)))))
        yield {}, changed(random, sent) if random.random() < 0.4 else sent


def bundles(random: Random, number: int) -> Iterator[dict[str, Any]]:
    """Yield batches and transactions of entries of every kind, most of them with something wrong."""
    pool = _entries()
    for _ in range(number):
        chosen = copy.deepcopy(random.sample(pool, random.randint(1, 5)))
        whole = bundle(*chosen, kind=random.choice(("batch", "transaction")))
        yield changed(random, whole, random.choice((0, 1, 1, 2, 3)))


def _places(tree: Any, place: tuple = ()) -> Iterator[tuple]:
    yield place
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, item in items:
        yield from _places(item, (*place, key))


def _at(tree: Any, place: tuple) -> Any:
    for key in place:
        tree = tree[key]
    return tree


def _change(random: Random, tree: Any, place: tuple, other: tuple) -> None:
    holder, chance = _at(tree, place[:-1]), random.random()
    if chance < 0.6:
        value = copy.deepcopy(random.choice(_LEAVES))
        # The name of a parameter is no value: a refusal may say which one it is about.
        holder[place[-1]] = "x" if place[-1] == "name" and value == MARK else value
    elif chance < 0.75:
        del holder[place[-1]]
    elif chance < 0.85 and isinstance(holder, dict):
        holder[random.choice((*_NAMES, f"_{place[-1]}"))] = copy.deepcopy(random.choice(_LEAVES))
    else:
        holder[place[-1]] = copy.deepcopy(_at(tree, other))


def _json_step(random: Random) -> dict[str, Any]:
    step: dict[str, Any] = {"op": random.choice(("add", "remove", "replace", "move", "copy", "test", "x"))}
    step["path"] = random.choice(_POINTERS)
    if random.random() < 0.8:
        step["value"] = random.choice((*_LEAVES, {"family": "Lý"}, [{"text": "a"}], "1990-01-01", True))
    return step | ({"from": random.choice(_POINTERS)} if random.random() < 0.5 else {})


def _fhirpath_step(random: Random) -> dict[str, Any]:
    kind = random.choice(("add", "insert", "delete", "replace", "move", "x"))
    parts: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": random.choice(_PATHS)},
    ]
    if random.random() < 0.7:
        name = random.choice(("name", "birthDate", "active", "extension", "", "text", "given", "x", MARK))
        parts.append({"name": "name", "valueString": name})
    values = ({"valueString": "x"}, {"valueDate": "1990"}, {"valueHumanName": {"text": "x"}}, {"valueBoolean": True})
    parts.append({"name": "value", **random.choice((*values, {"part": []}, {}, {"resource": {}}))})
    named = [name for name in ("index", "source", "destination") if random.random() < 0.5]
    parts += [{"name": name, "valueInteger": random.choice((0, 1, -1, 5, 10**20))} for name in named]
    return {"name": "operation", "part": parts}


def _entries() -> list[dict[str, Any]]:
    step: list[dict[str, Any]] = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.active"},
    ]
    step.append({"name": "value", "valueBoolean": True})
    person, place = example("Patient"), example("Location")
    asked = ("Patient/mau-1", "Patient?name=ly", "Patient/mau-1/_history", "_history", "metadata", "/", "_jobs/x")
    asked += ("Patient/mau-1/$everything", "http://evil.example/fhir/Patient/mau-1", "../Patient", "%00")
    asked += (f"Patient?name={MARK}&_sort=zz", "ValueSet?url=x", "Patient/mau-1?_elements=name")
    return [
        *(entry("GET", url) for url in asked),
        entry("HEAD", "Patient/mau-1"),
        entry("GET", "Patient/mau-1", ifNoneMatch='W/"1"'),
        entry("POST", "Patient", person, full_url=urn(1)),
        entry("POST", "Encounter", example("Encounter", subject={"reference": urn(1)}), full_url=urn(2)),
        entry("POST", "Patient", person, ifNoneExist=f"name={MARK}"),
        entry("PUT", "Patient/mau-1", {**person, "id": "mau-1"}),
        entry("PUT", "Patient?_id=mau-2", {**person, "id": "mau-2"}),
        entry("PUT", "Location/mau-1", {**place, "id": "mau-1"}, ifMatch='W/"1"'),
        entry("PUT", "Location/mau-2", {**place, "id": "mau-2"}, ifMatch="*"),
        entry("PUT", "Location/new", {**place, "id": "new"}, ifNoneMatch="*"),
        entry("DELETE", "Patient/none"),
        entry("DELETE", "Organization?_id=none"),
        entry("PATCH", "Patient/mau-3", parameters({"name": "operation", "part": step})),
        entry("POST", "Patient/$match", person),
        entry("POST", "Patient/_search"),
        entry("PUT", "Encounter/mau-1", example("Encounter", id="mau-1", subject={"reference": "Patient?_id=mau-1"})),
    ]
