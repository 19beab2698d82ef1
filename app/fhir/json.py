"""Strict JSON in: bytes become a tree, or Malformed names the place. https://hl7.org/fhir/R4/json.html and RFC 8259"""

import json
from decimal import Decimal
from typing import Any, Never

import msgspec

from app.errors import Malformed
from app.fhir import syntax

_BRACKETS = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(set(range(256)) - set(b'{}[]"'))


class _IrregularError(ValueError):
    """Something RFC 8259 leaves open and this service refuses; the place is looked for afterwards."""


def parse(raw: bytes, *, depth_limit: int) -> dict[str, Any]:
    """Read one JSON object; decimals become Decimal with every digit kept, whole numbers int.

    Raises Malformed: bytes that are not UTF-8 or begin with a byte order mark, syntax, nesting beyond
    `depth_limit` levels, duplicate names, NaN and Infinity, control characters, lone surrogates, numbers
    of more than 64 characters or with an exponent beyond 128.
    """
    text = _decode(raw)
    masked = syntax.mask(raw)
    _check_depth(masked, depth_limit)
    try:
        tree = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise Malformed(syntax.faults(raw)) from None
    if b"\\" in masked and syntax.has_forbidden_escape(masked):
        raise Malformed(syntax.faults(raw))
    if not isinstance(tree, dict):
        raise Malformed.of("A JSON object was expected.", "Cần một đối tượng JSON.")
    return tree


def members(raw: bytes) -> dict[str, bytes]:
    """Split an object into its top-level members: name to the exact bytes of the value, in order.

    Raises Malformed when `raw` is not an object. Meant for bytes that `parse` has accepted.
    """
    try:
        return {name: bytes(value) for name, value in _MEMBERS.decode(raw).items()}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed.of("A JSON object was expected.", "Cần một đối tượng JSON.") from None


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Malformed.of(
            "The body must begin with '{', without a byte order mark.",
            "Nội dung phải bắt đầu bằng '{', không có dấu thứ tự byte (BOM).",
        )
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed.of(
            f"The body is not UTF-8 at byte {error.start}.", f"Nội dung không phải UTF-8 tại byte {error.start}."
        ) from None


def _check_depth(masked: bytes, limit: int) -> None:
    """Measure nesting without parsing: outside strings, each round takes away the innermost pairs of brackets."""
    bare = masked.replace(b'\\"', b"") if b"\\" in masked else masked
    pairs = outline = b"".join(bare.translate(_BRACKETS, _NOT_BRACKETS).split(b'"')[::2])
    for _ in range(limit):
        shorter = pairs.replace(b"{}", b"")
        if len(shorter) == len(pairs):
            break
        pairs = shorter
    if pairs and _deepest(outline, limit):
        raise Malformed.of(
            f"The body is nested more than {limit} levels deep.",
            f"Nội dung lồng nhau quá {limit} cấp.",
            code="too-long",
        )


def _deepest(pairs: bytes, limit: int) -> bool:
    depth = 0
    for bracket in pairs:
        depth += 1 if bracket == 0x7B else -1
        if depth > limit:
            return True
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise _IrregularError
    return tree


def _whole(text: str) -> int:
    if len(text) > syntax.DIGITS:
        raise _IrregularError
    return int(text)


def _decimal(text: str) -> Decimal:
    if not syntax.is_sane(text):
        raise _IrregularError
    return Decimal(text)


def _constant(_: str) -> Never:
    raise _IrregularError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_constant, strict=True
)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
