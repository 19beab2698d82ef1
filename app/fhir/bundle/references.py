"""References inside a bundle: by the fullUrl of another entry, or by a search condition; rewritten in the bytes.

Only the string of the reference changes; every other byte stays as it was sent. Replaced are references,
elements of type uri, url, uuid and oid by their names, and links in narratives; canonical addresses stay.
https://hl7.org/fhir/R4/http.html#transaction
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import Fault, Invalid
from app.fhir.exact import read

_MEMBER = re.compile(
    rb'"(?P<name>reference|url|valueUri|valueUrl|valueUuid|valueOid)"(?P<gap>\s*:\s*)"(?P<value>(?:[^"\\]|\\.)*)"'
)
_LINK = re.compile(rb'(?P<name>href|src)=(?P<open>\\"|\')(?P<value>[^"\'\\]+)(?P<close>\\"|\')')
_QUESTION_MARKS = (b"?", b"\\u003f", b"\\u003F")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.+")
_LOCAL = ("urn:uuid:", "urn:oid:")
"""What begins the address of an entry that has no other: outside its bundle nobody can resolve it."""
_MAY_BE_LOCAL = re.compile(rb'"reference"\s*:\s*"(?:urn:|[^"]*\\)')
_REST = re.compile(r"(?P<root>https?://\S+/)(?P<name>[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})")


def conditional_references(raw: bytes) -> set[str]:
    """Return the references that are search conditions, such as `Organization?identifier=x|1`."""
    if not any(mark in raw for mark in _QUESTION_MARKS):
        return set()
    found = (_text(match["value"]) for match in _MEMBER.finditer(raw) if match["name"] == b"reference")
    return {reference for reference in found if _CONDITIONAL.fullmatch(reference)}


def require_resolved(raw: bytes, place: str) -> None:
    """Raise Invalid for a resource with conditional references: only a transaction says what they stand for."""
    if conditional_references(raw):
        raise Invalid.of(
            "A reference with a search condition is understood in a transaction only.",
            "Tham chiếu có điều kiện chỉ dùng được trong transaction.",
            place,
        )


def require_no_strays(raw: bytes, place: str) -> None:
    """Raise Invalid, naming each place, for references by urn:uuid or urn:oid: no entry of the bundle has them.

    In `raw` the references that entries have are replaced already.
    """
    if _MAY_BE_LOCAL.search(raw):
        require_none_astray(read(raw), place)


def require_none_astray(tree: Any, place: str) -> None:
    """Raise Invalid, naming each place, for references by urn:uuid or urn:oid in a resource."""
    faults = [_stray(found) for found in _strays(tree, place)]
    if faults:
        raise Invalid(faults)


def names_entries(raw: bytes) -> bool:
    """Say whether addresses of entries may stand somewhere in the bytes."""
    return any(beginning.encode() in raw for beginning in _LOCAL)


def split_address(full_url: str) -> tuple[str, str]:
    """Return the base and the `Type/id` of a RESTful address, or two empty texts.

    https://hl7.org/fhir/R4/bundle.html#references
    """
    form = None if full_url.startswith("urn:") else _REST.fullmatch(full_url)
    return (form["root"], form["name"]) if form else ("", "")


def rewrite(raw: bytes, targets: Mapping[str, str]) -> bytes:
    """Replace the references that `targets` knows by what they stand for."""
    if not targets:
        return raw

    def member(match: re.Match[bytes]) -> bytes:
        target = _target(match["value"], targets)
        if target is None:
            return match[0]
        return b'"%s"%s%s' % (match["name"], match["gap"], json.dumps(target).encode())

    def link(match: re.Match[bytes]) -> bytes:
        target = _target(match["value"], targets)
        return (
            match[0]
            if target is None
            else b"%s=%s%s%s" % (match["name"], match["open"], target.encode(), match["close"])
        )

    rewritten = _MEMBER.sub(member, raw)
    return _LINK.sub(link, rewritten) if b"href=" in raw or b"src=" in raw else rewritten


def _target(value: bytes, targets: Mapping[str, str]) -> str | None:
    """Return what a reference stands for; one to a part of the resource (`#...`) keeps that part."""
    text = _text(value)
    whole, mark, part = text.partition("#")
    target = targets.get(text) or (targets.get(whole) if mark else None)
    return target if target is None or not mark or text in targets else f"{target}#{part}"


def _text(value: bytes) -> str:
    return json.loads(b'"%s"' % value) if b"\\" in value else value.decode()


def _strays(value: Any, place: str) -> Iterator[str]:
    """Yield where references by a local address stand."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strays(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "reference" and isinstance(item, str) and item.startswith(_LOCAL):
                yield f"{place}.reference"
            elif isinstance(item, list | dict):
                yield from _strays(item, f"{place}.{name}")


def _stray(place: str) -> Fault:
    return Fault(
        "not-found",
        "No entry of this bundle has this address as its fullUrl; send that entry along, or refer to Type/id.",
        "Không có mục nào trong bundle có fullUrl này; hãy gửi kèm mục đó, hoặc tham chiếu dạng Loại/id.",
        place,
    )
