"""JSON Patch on trees: each operation, the order of things, and what cannot be applied. RFC 6902, RFC 6901."""

import json
from typing import Any

import pytest

from app.errors import Malformed, Unprocessable
from app.fhir.exact import read, write
from app.fhir.patch import json_patch

DOCUMENT = '{"a":{"b":[1,2,3]},"x/y":"slash","m~n":"tilde","":"empty","n":1.50,"t":true,"z":null}'


def patched(document: str, *operations: dict[str, Any] | str) -> str:
    """Apply operations to JSON and return JSON."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in operations]
    return write(json_patch.apply(read(document), json_patch.read_operations(read(f"[{','.join(texts)}]"))))


def refused(document: str, *operations: dict[str, Any] | str) -> str:
    """Return the place of the operation that cannot be applied."""
    with pytest.raises(Unprocessable) as caught:
        patched(document, *operations)
    return caught.value.faults[0].expression


@pytest.mark.parametrize(
    ("document", "operation", "expected"),
    [
        ('{"a":1}', {"op": "add", "path": "/b", "value": {"c": []}}, '{"a":1,"b":{"c":[]}}'),
        ('{"a":1,"b":2}', {"op": "add", "path": "/a", "value": 3}, '{"a":3,"b":2}'),
        ('{"a":[1,2]}', {"op": "add", "path": "/a/0", "value": 0}, '{"a":[0,1,2]}'),
        ('{"a":[1,2]}', {"op": "add", "path": "/a/2", "value": 3}, '{"a":[1,2,3]}'),
        ('{"a":[1,2]}', {"op": "add", "path": "/a/-", "value": 3}, '{"a":[1,2,3]}'),
        ('{"a":1}', {"op": "add", "path": "", "value": {"b": 2}}, '{"b":2}'),
        ('{"a":1}', {"op": "add", "path": "/", "value": 2}, '{"a":1,"":2}'),
        ('{"a":1}', {"op": "add", "path": "/-", "value": 2}, '{"a":1,"-":2}'),
        ('{"a":1}', {"op": "add", "path": "/b", "value": None}, '{"a":1,"b":null}'),
        ('{"x/y":1,"m~n":2}', {"op": "remove", "path": "/x~1y"}, '{"m~n":2}'),
        ('{"x/y":1,"m~n":2}', {"op": "remove", "path": "/m~0n"}, '{"x/y":1}'),
        ('{"~1":1,"/":2}', {"op": "remove", "path": "/~01"}, '{"/":2}'),
        ('{"a":[1,2,3]}', {"op": "remove", "path": "/a/1"}, '{"a":[1,3]}'),
        ('{"a":1,"b":2}', {"op": "replace", "path": "/a", "value": [0]}, '{"a":[0],"b":2}'),
        ('{"a":[1,2]}', {"op": "replace", "path": "/a/1", "value": 3}, '{"a":[1,3]}'),
        ('{"a":1}', {"op": "replace", "path": "", "value": {}}, "{}"),
        ('{"a":{"b":1},"c":{}}', {"op": "move", "from": "/a/b", "path": "/c/d"}, '{"a":{},"c":{"d":1}}'),
        ('{"a":[1,2,3]}', {"op": "move", "from": "/a/0", "path": "/a/2"}, '{"a":[2,3,1]}'),
        ('{"a":[1,2,3]}', {"op": "move", "from": "/a/0", "path": "/a/-"}, '{"a":[2,3,1]}'),
        ('{"a":1}', {"op": "move", "from": "/a", "path": "/a"}, '{"a":1}'),
        ('{"a":{"b":1}}', {"op": "move", "from": "/a/b", "path": "/a"}, '{"a":1}'),
        ('{"a":[1]}', {"op": "copy", "from": "/a", "path": "/b"}, '{"a":[1],"b":[1]}'),
        ('{"a":1}', {"op": "copy", "from": "", "path": "/b"}, '{"a":1,"b":{"a":1}}'),
        ('{"a":1}', {"op": "remove", "path": "/a", "value": "ignored", "from": 7, "more": {}}, "{}"),
    ],
)
def test_an_operation_does_what_the_rfc_says(document: str, operation: dict, expected: str) -> None:
    assert patched(document, operation) == expected


@pytest.mark.parametrize(
    ("operation", "part"),
    [
        ({"op": "add", "path": "/q/r", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/4", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/01", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/-1", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/+1", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/1e0", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/٣", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/x", "value": 1}, "path"),
        ({"op": "add", "path": "/t/x", "value": 1}, "path"),
        ({"op": "add", "path": "/x~1y/0", "value": 1}, "path"),
        ({"op": "remove", "path": "/q"}, "path"),
        ({"op": "remove", "path": "/a/b/3"}, "path"),
        ({"op": "remove", "path": "/a/b/-"}, "path"),
        ({"op": "remove", "path": "/n/0"}, "path"),
        ({"op": "remove", "path": ""}, "path"),
        ({"op": "replace", "path": "/q", "value": 1}, "path"),
        ({"op": "replace", "path": "/a/b/3", "value": 1}, "path"),
        ({"op": "replace", "path": "/a/b/-", "value": 1}, "path"),
        ({"op": "move", "from": "/q", "path": "/r"}, "from"),
        ({"op": "move", "from": "/q", "path": "/q"}, "from"),
        ({"op": "move", "from": "/a", "path": "/a/b/0"}, "path"),
        ({"op": "move", "from": "", "path": "/c"}, "path"),
        ({"op": "copy", "from": "/a/b/-", "path": "/c"}, "from"),
        ({"op": "test", "path": "/q", "value": None}, "path"),
        ({"op": "test", "path": "/a/b", "value": [1, 3, 2]}, "value"),
    ],
)
def test_what_cannot_be_applied_is_named_by_operation_and_part(operation: dict, part: str) -> None:
    first = {"op": "test", "path": "", "value": json.loads(DOCUMENT)}
    assert refused(DOCUMENT, first, operation) == f"operation[1].{part}"


@pytest.mark.parametrize(
    ("held", "value", "same"),
    [
        ("1", "1.0", True),
        ("1.50", "15e-1", True),
        ("10", "1e1", True),
        ("-0", "0", True),
        ("9007199254740993", "9007199254740992", False),
        ("0.1", "0.10000000000000001", False),
        ("1", '"1"', False),
        ("1", "true", False),
        ("0", "false", False),
        ("null", "false", False),
        ('"é"', '"\\u00e9"', True),
        ('"é"', '"e\u0301"', False),
        ('{"a":1,"b":2}', '{"b":2.0,"a":1}', True),
        ('{"a":1}', '{"a":1,"b":null}', False),
        ("[1,2]", "[2,1]", False),
        ("[]", "{}", False),
        ("[1]", "[1,1]", False),
    ],
)
def test_a_test_compares_as_json_and_numbers_by_their_value(held: str, value: str, same: bool) -> None:
    document, operation = f'{{"v":{held}}}', f'{{"op":"test","path":"/v","value":{value}}}'
    if same:
        assert patched(document, operation) == write(read(document))
    else:
        assert refused(document, operation) == "operation[0].value"


def test_numbers_keep_their_digits_wherever_they_go() -> None:
    result = patched(
        '{"a":1.50,"b":1E+2}',
        '{"op":"move","from":"/a","path":"/c"}',
        '{"op":"copy","from":"/b","path":"/d"}',
        '{"op":"add","path":"/e","value":0.10}',
    )
    assert result == '{"b":1E+2,"c":1.50,"d":1E+2,"e":0.10}'


def test_a_copy_and_a_value_stand_alone() -> None:
    value = {"list": [1]}
    operations = json_patch.read_operations(
        read(
            json.dumps(
                [
                    {"op": "add", "path": "/a", "value": value},
                    {"op": "copy", "from": "/a", "path": "/b"},
                    {"op": "add", "path": "/b/list/-", "value": 2},
                ]
            )
        )
    )
    for _ in range(2):  # The second use finds the operations as they were.
        assert write(json_patch.apply({}, operations)) == '{"a":{"list":[1]},"b":{"list":[1,2]}}'


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        ("7", "operation[1]"),
        ("{}", "operation[1].op"),
        ('{"op":"Add","path":"/a","value":1}', "operation[1].op"),
        ('{"op":["add"],"path":"/a","value":1}', "operation[1].op"),
        ('{"op":"add","value":1}', "operation[1].path"),
        ('{"op":"add","path":"a","value":1}', "operation[1].path"),
        ('{"op":"add","path":"/a~2","value":1}', "operation[1].path"),
        ('{"op":"add","path":"/a~","value":1}', "operation[1].path"),
        ('{"op":"add","path":null,"value":1}', "operation[1].path"),
        ('{"op":"add","path":1,"value":1}', "operation[1].path"),
        ('{"op":"add","path":"/a"}', "operation[1].value"),
        ('{"op":"test","path":"/a"}', "operation[1].value"),
        ('{"op":"move","path":"/a"}', "operation[1].from"),
        ('{"op":"copy","path":"/a","from":"b"}', "operation[1].from"),
    ],
)
def test_what_is_no_operation_is_refused_before_anything_is_applied(operation: str, place: str) -> None:
    with pytest.raises(Malformed) as caught:
        patched("{}", '{"op":"remove","path":"/nothing"}', operation)
    assert [fault.expression for fault in caught.value.faults] == [place]


def test_every_operation_at_fault_is_named() -> None:
    with pytest.raises(Malformed) as caught:
        patched("{}", "1", '{"op":"move"}')
    assert [fault.expression for fault in caught.value.faults] == [
        "operation[0]",
        "operation[1].from",
        "operation[1].path",
    ]


def test_copies_of_copies_are_refused_before_they_fill_the_memory() -> None:
    doubling = '{"op":"copy","from":"/a","path":"/a/-"}'
    document = f'{{"a":["{"x" * 1000}"]}}'
    with pytest.raises(Unprocessable) as caught:
        patched(document, *[doubling] * 100)
    assert caught.value.faults[0].code == "too-costly"


def test_nesting_is_bounded_however_it_is_made() -> None:
    deeper = '{"op":"add","path":"/a","value":{}}', '{"op":"move","from":"/a","path":"/b"}'
    nest = '{"op":"add","path":"/a/b","value":null}', '{"op":"move","from":"/b","path":"/a/b"}'
    with pytest.raises(Unprocessable) as caught:
        patched("{}", *[*deeper, deeper[0], *nest, deeper[1]] + [deeper[0], nest[1], deeper[1]] * 300)
    assert caught.value.faults[0].code == "too-long"
