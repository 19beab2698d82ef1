"""FHIRPath Patch, whatever it is sent: a result or a refusal that names the operation, and the resource left alone."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.errors import Malformed, Unprocessable
from app.fhir.exact import read, write
from app.fhir.patch import fhirpath_patch, parameters
from tests.unit.test_patch_fhirpath import PATIENT

STEPS = st.sampled_from(
    [
        "name",
        "given",
        "family",
        "identifier",
        "period",
        "end",
        "birthDate",
        "deceased",
        "contained",
        "contact",
        "gender",
        "id",
        "value",
        "text",
        "[0]",
        "[1]",
        "first()",
        "last()",
        "where(use = 'old')",
        "where($this = 'A')",
        "ofType(string)",
        "extension('http://hs.example/a')",
        "extension",
    ]
)
PATHS = st.lists(STEPS, max_size=4).map(lambda steps: ".".join(["Patient", *steps]).replace(".[", "["))
NAMES = st.sampled_from(["name", "given", "gender", "birthDate", "deceased", "extension", "value", "contained", "id"])
JSON = st.recursive(
    st.booleans() | st.integers(0, 2) | st.sampled_from(["A", "old", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["given", "_given", "extension", "use", "resourceType"]), inner, max_size=2)
    ),
    max_leaves=4,
)
VALUES = st.recursive(
    st.dictionaries(
        st.sampled_from(
            [
                "valueString",
                "_valueString",
                "valueHumanName",
                "valueBoolean",
                "valueDateTime",
                "valueIdentifier",
                "resource",
            ]
        ),
        JSON,
        min_size=1,
        max_size=1,
    ),
    lambda inner: st.lists(
        st.tuples(NAMES, inner).map(lambda pair: {"name": pair[0], **pair[1]}), min_size=1, max_size=2
    ).map(lambda parts: {"part": parts}),
    max_leaves=3,
)
NEEDED = {
    "add": ("name", "value"),
    "insert": ("index", "value"),
    "delete": (),
    "replace": ("value",),
    "move": ("source", "destination"),
}


@st.composite
def operations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an operation with the parts its type needs."""
    kind = draw(st.sampled_from(sorted(NEEDED)))
    parts = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": draw(PATHS)}]
    for name in NEEDED[kind]:
        if name == "value":
            parts.append({"name": name, **draw(VALUES)})
        else:
            parts.append({"name": name, "valueString": draw(NAMES)} if name == "name" else numbered(name, draw))
    return {"name": "operation", "part": parts}


def numbered(name: str, draw: st.DrawFn) -> dict[str, Any]:
    return {"name": name, "valueInteger": draw(st.integers(0, 3))}


@given(st.lists(operations(), min_size=1, max_size=5))
def test_any_patch_is_applied_or_refused_by_its_operation(listed: list[dict[str, Any]]) -> None:
    held = read(json.dumps(PATIENT))
    before = copy.deepcopy(held)
    document = read(json.dumps({"resourceType": "Parameters", "parameter": listed}))
    try:
        result = fhirpath_patch.apply(held, parameters.read_operations(document))
    except (Malformed, Unprocessable) as error:
        named = {fault.expression.partition("[")[0] for fault in error.faults}
    else:
        named = {json.loads(write(result))["resourceType"]}
    assert named in ({"operation"}, {"Patient"})
    assert held == before
