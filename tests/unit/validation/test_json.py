"""What is taken as JSON, and what is not."""

import time
from decimal import Decimal

import pytest

from app.errors import Malformed
from app.fhir.json import members, parse


def refused(raw: bytes, depth_limit: int = 40) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(raw, depth_limit=depth_limit)
    assert all(fault.en and fault.vi for fault in caught.value.faults)
    return caught.value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b'{"a" 1}',
        b'{"a":1}x',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        b"\x00",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\b"}',
        b'{"a":"\\f"}',
        b'{"\\u0001":1}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\ude00"}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"a":"\\ud83d\\\\\\ude00"}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":0.' + b"9" * 5_000 + b"}",
        b'{"a":1e400000000}',
        b'{"a":1e-400000000}',
        b'{"a":1E+' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_not_strict_json_is_refused(raw: bytes) -> None:
    assert refused(raw).status == 400


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"1.50", Decimal("1.50")),
        (b"1E2", Decimal("1E2")),
        (b"-0.000", Decimal("-0.000")),
        (b"12345678901234567890.12345678901234567890", Decimal("12345678901234567890.12345678901234567890")),
        (b"9007199254740993", 9007199254740993),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"\\\\b\\\\u0000"', "\\b\\u0000"),
        (b'"\\t\\r\\n\\u0009"', "\t\r\n\t"),
        (b'"{[\\"{[\\\\"', '{["{[\\'),
        ('"Nguy\u1ec5n"'.encode(), "Nguy\u1ec5n"),
    ],
)
def test_values_are_kept_exactly(raw: bytes, value: object) -> None:
    tree = parse(b'{"a":' + raw + b"}", depth_limit=40)
    assert str(tree["a"]) == str(value)


@pytest.mark.parametrize(("depth", "taken"), [(40, True), (41, False)])
def test_the_depth_limit_is_exact(depth: int, taken: bool) -> None:
    raw = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
    if taken:
        assert parse(raw, depth_limit=40)
    else:
        assert refused(raw).faults[0].code == "too-long"


def test_brackets_in_texts_are_no_depth() -> None:
    assert parse(b'{"a":"' + b"[{" * 5_000 + b'"}', depth_limit=2)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"extension":[' * 2_000 + b"]}" * 2_000,
        b"]" * 100_000,
        b"{}" * 100_000,
        b'{"a":"' + b"\\" * 100_001,
        b"{" + b",".join(b'"k%d":1' % (i % 50_000) for i in range(100_000)) + b"}",
    ],
)
def test_abuse_is_refused_at_once(raw: bytes) -> None:
    began = time.perf_counter()
    assert len(refused(raw).faults) <= 20
    assert time.perf_counter() - began < 1


def test_a_hundred_thousand_names_are_read_in_bounded_time() -> None:
    raw = b"{" + b",".join(b'"k%d":1' % i for i in range(100_000)) + b"}"
    began = time.perf_counter()
    assert len(parse(raw, depth_limit=40)) == 100_000
    assert time.perf_counter() - began < 1


def test_every_place_is_named_and_nothing_sent_is_repeated() -> None:
    raw = (
        b'{"resourceType":"Patient","name":[{"family":"Tran Bi Mat","family":"Tran Bi Mat"}],'
        b'"birthDate":"\\u0001","TranBiMat":{"x":1,"x":2},"multipleBirthInteger":NaN}'
    )
    faults = refused(raw).faults
    assert [f.expression for f in faults] == [
        "Patient.name[0].family",
        "Patient.birthDate",
        "Patient",
        "Patient.multipleBirth",
    ]
    second = raw.rindex(b'"family"')
    assert f"at byte {second})" in faults[0].en
    assert "Mat" not in repr(faults)


def test_a_syntax_error_names_its_byte() -> None:
    raw = '{"a":"\u1ec5\u1ec5" 1}'.encode()
    place = raw.index(b"1")
    assert f"at byte {place})" in refused(raw).faults[0].en


def test_members_keep_their_bytes_and_order() -> None:
    raw = b'{ "b" : 1.50 , "a":{"x": [1, 2 ]},"t":"\\u0041" }'
    assert members(raw) == {"b": b"1.50", "a": b'{"x": [1, 2 ]}', "t": b'"\\u0041"'}
    assert list(members(raw)) == ["b", "a", "t"]


@pytest.mark.parametrize("raw", [b"[]", b"1", b"", b'{"a":}'])
def test_members_of_what_is_no_object_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        members(raw)
