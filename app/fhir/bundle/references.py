"""References inside a bundle: by the fullUrl of another entry, or by a search condition; rewritten in the bytes.

Only the string of the reference changes; every other byte stays as it was sent. Replaced are references,
elements of type uri, url, uuid, oid and canonical by their value[x] names, and links in narratives.
https://hl7.org/fhir/R4/http.html#transaction
"""

import json
import re
from collections.abc import Mapping

from app.errors import Invalid

_MEMBER = re.compile(
    rb'"(?P<name>reference|valueUri|valueUrl|valueUuid|valueOid|valueCanonical)"(?P<gap>\s*:\s*)"(?P<value>(?:[^"\\]|\\.)*)"'
)
_LINK = re.compile(rb'(?P<name>href|src)=(?P<open>\\"|\')(?P<value>[^"\'\\]+)(?P<close>\\"|\')')
_QUESTION_MARKS = (b"?", b"\\u003f", b"\\u003F")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.+")


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
