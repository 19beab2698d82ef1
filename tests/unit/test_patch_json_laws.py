"""JSON Patch against a second, slower reading of RFC 6902 that rebuilds the tree at each step."""

import copy
import json
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.errors import Unprocessable
from app.fhir.exact import read, write
from app.fhir.patch import json_patch

NAMES = st.sampled_from(["a", "b", "~", "/", "0", "1", "-", ""])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 1.5]) | NAMES
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(NAMES, TREES, max_size=4)


class Impossible(Exception):
    """The oracle finds that an operation cannot be applied."""


def put(node: Any, tokens: list[str], value: Any, *, there: bool) -> Any:
    """Return the tree with a value at a place: in place of what is there, or (`there` False) added."""
    if not tokens:
        return value
    head, rest = tokens[0], tokens[1:]
    if isinstance(node, dict):
        if (rest or there) and head not in node:
            raise Impossible
        return {**node, head: put(node.get(head), rest, value, there=there)}
    if not isinstance(node, list):
        raise Impossible
    if not rest and not there:
        index = len(node) if head == "-" else number(head, len(node))
        return [*node[:index], value, *node[index:]]
    index = number(head, len(node) - 1)
    return [*node[:index], put(node[index], rest, value, there=there), *node[index + 1 :]]


def number(token: str, most: int) -> int:
    """Read an index."""
    if token not in map(str, range(most + 1)):
        raise Impossible
    return int(token)


def get(node: Any, tokens: list[str]) -> Any:
    """Return what is at a place."""
    for token in tokens:
        if isinstance(node, dict) and token in node:
            node = node[token]
        elif isinstance(node, list):
            node = node[number(token, len(node) - 1)]
        else:
            raise Impossible
    return node


def drop(node: Any, tokens: list[str]) -> Any:
    """Return the tree without what is at a place."""
    get(node, tokens)
    head, rest = tokens[0], tokens[1:]
    if isinstance(node, dict):
        rest_of = {name: value for name, value in node.items() if name != head}
        return {name: drop(value, rest) if name == head else value for name, value in node.items()} if rest else rest_of
    index = int(head)
    return [*node[:index], *([drop(node[index], rest)] if rest else []), *node[index + 1 :]]


def plain(value: Any) -> Any:
    """Return a form of JSON in which only equal values are equal."""
    match value:
        case dict():
            return ("object", frozenset((name, plain(item)) for name, item in value.items()))
        case list():
            return ("list", tuple(map(plain, value)))
        case bool() | None:
            return ("word", value)
        case int() | float():
            return ("number", Fraction(value))
    return ("text", value)


def oracle(tree: Any, operations: list[dict]) -> Any:
    """Apply the operations as the RFC words them."""
    for operation in operations:
        path, op = tokens_of(operation["path"]), operation["op"]
        source = tokens_of(operation.get("from", ""))
        if op == "test":
            if plain(get(tree, path)) != plain(operation["value"]):
                raise Impossible
        elif op == "add":
            tree = put(tree, path, operation["value"], there=False)
        elif op == "replace":
            tree = put(tree, path, operation["value"], there=True)
        elif op == "copy":
            tree = put(tree, path, get(tree, source), there=False)
        elif op == "remove" and path:
            tree = drop(tree, path)
        elif op == "move" and source == path:
            get(tree, path)
        elif op == "move" and path[: len(source)] != source:
            value = get(tree, source)
            tree = put(drop(tree, source), path, value, there=False)
        else:
            raise Impossible
    return tree


def tokens_of(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")][1:]


def pointers(tree: Any, above: str = "") -> list[str]:
    """List the places of a tree and some beside them."""
    found = [above, f"{above}/0", f"{above}/-", f"{above}/a"]
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in pairs:
        found += pointers(value, f"{above}/{str(name).replace('~', '~0').replace('/', '~1')}")
    return found


@st.composite
def patches(draw: st.DrawFn) -> tuple[dict, list[dict]]:
    """Draw a tree and operations that often fit what the ones before have left."""
    tree = draw(OBJECTS)
    operations: list[dict] = []
    state: Any = tree
    for _ in range(draw(st.integers(1, 6))):
        place = st.sampled_from(sorted(set(pointers(state))))
        op = draw(st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]))
        operation = {"op": op, "path": draw(place)}
        if op in ("move", "copy"):
            operation["from"] = draw(place)
        elif op != "remove":
            operation["value"] = draw(TREES)
        try:
            if op == "test" and draw(st.booleans()):
                operation["value"] = get(state, tokens_of(operation["path"]))
            state = oracle(state, [operation])
        except Impossible:
            if draw(st.integers(0, 3)):
                continue  # Else most patches would fail at their first operation.
        operations.append(operation)
    return tree, operations


@given(patches())
def test_a_patch_makes_what_the_rfc_says_or_nothing(case: tuple[dict, list[dict]]) -> None:
    tree, operations = case
    held = read(json.dumps(tree))
    before = copy.deepcopy(held)
    try:
        expected = oracle(tree, operations)
    except Impossible:
        expected = Impossible
    try:
        result = json_patch.apply(held, json_patch.read_operations(read(json.dumps(operations))))
    except Unprocessable:
        assert expected is Impossible
    else:
        assert expected is not Impossible
        assert plain(json.loads(write(result))) == plain(expected)
        assert json.dumps(json.loads(write(result))) == json.dumps(expected)  # The order of members too.
    assert held == before
