"""A resource cut down to what `_summary` or `_elements` asks for; what is kept keeps its bytes.

A resource that was cut is tagged SUBSETTED, so that nobody takes it for the whole one.
https://hl7.org/fhir/R4/search.html#summary
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, cast, get_args

import msgspec

from app.errors import BadParameter
from app.fhir import definitions
from app.fhir.definitions import SCHEMAS
from app.fhir.json import members

Summary = Literal["", "true", "text", "data", "count", "false"]
SHAPE = ("_summary", "_elements")
"""The parameters that ask for a shape."""
_SUMMARIES = tuple(filter(None, get_args(Summary)))
SUBSETTED_SYSTEM, SUBSETTED = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED"
"""The tag of a resource that was cut."""
_TAG = {
    "system": SUBSETTED_SYSTEM,
    "code": SUBSETTED,
    "display": "Resource encoded in summary mode",
}
_TAG_BYTES = json.dumps(_TAG, separators=(",", ":")).encode()
_ALWAYS = frozenset(("resourceType", "id", "meta"))
# A reader who does not see these may take a resource for what it is not.
_MODIFIERS = frozenset(("implicitRules", "modifierExtension"))
# What extends an element that is kept is part of it: the coded commune of an address, why a date has no value.
_EXTENSIONS = frozenset(("extension", "modifierExtension"))
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class Shape(NamedTuple):
    """What was asked for: a kind of summary, or elements at the root (`name`, or `Patient.name` for one type alone).

    `count` is for lists, which then hold no resource at all.
    """

    summary: Summary = ""
    elements: tuple[str, ...] = ()


class _Kept(NamedTuple):
    """A member that is kept: the definition by which its values are cut ("" for not at all); whether it must stay."""

    kind: str
    required: bool


_Plan = Mapping[str, _Kept]


def shape_of(pairs: Iterable[tuple[str, str]], types: Iterable[str] = ()) -> Shape | None:
    """Return the shape that the parameters ask for, None when they ask for none; other parameters are passed over.

    `types` are the types that the answer is about, all of R4 when there are none. Raises BadParameter for a summary
    that is not known, an element that none of the types has, a parameter that repeats, and both at once.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in SHAPE:
            if given:
                raise _refuse(name, "may stand once, and only one of the two", "chỉ được dùng một lần, một trong hai")
            given[name] = value
    if "_summary" in given:
        return Shape(_summary(given["_summary"]))
    if "_elements" in given:
        return Shape("", _elements(given["_elements"], tuple(types)))
    return None


def shaped(body: str, type_name: str, shape: Shape) -> str:
    """Return the JSON of a resource in a shape: each member that is kept, and each part of it, byte by byte.

    Raises BadParameter for a count, which can be made of a list only.
    """
    if shape.summary == "count":
        raise _refuse("_summary", "can be count for lists only", "chỉ dùng count cho danh sách")
    plan = _plan(type_name, shape)
    if plan is None:
        return body
    kept: dict[str, bytes] = {}
    parts = members(body.encode())
    for name, value in parts.items():
        if name in plan:
            small = _cut(value, *plan[name])
            if small:
                kept[name] = small
    if "contained" in parts and _refers_inside(kept):
        kept.setdefault("contained", parts["contained"])
    return _object(_tagged(kept)).decode()


def _summary(value: str) -> Summary:
    if value not in _SUMMARIES:
        listed = ", ".join(_SUMMARIES)
        raise _refuse("_summary", f"must be one of {listed}", f"phải là một trong {listed}")
    return cast("Summary", value)


def _elements(value: str, types: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(value.split(",")))
    if not all(_known(name, types) for name in names):
        raise _refuse(
            "_elements",
            "must name elements at the root of the resource, separated by commas",
            "phải là tên các phần tử ở gốc của tài nguyên, cách nhau bằng dấu phẩy",
        )
    return names


def _known(name: str, types: tuple[str, ...]) -> bool:
    kind, dot, element = name.rpartition(".")
    if dot:
        return kind in (types or definitions.type_names()) and element in _roots(kind)
    return any(element in _roots(kind) for kind in types) if types else _anywhere(element)


def _anywhere(element: str) -> bool:
    """Say whether some type has an element of this name, or a choice (`deceased` of `deceasedBoolean`)."""
    names = definitions.element_names()
    return element in names or any(name.startswith(element) and name[len(element) :][:1].isupper() for name in names)


@cache
def _roots(type_name: str) -> frozenset[str]:
    """Name the elements at the root of a type, choices by any of their names (`deceased`, `deceasedBoolean`)."""
    named = definitions.elements(type_name).items()
    return frozenset(name for member, element in named for name in (member, element.name) if not element.sibling)


@lru_cache(maxsize=1024)
def _plan(type_name: str, shape: Shape) -> _Plan | None:
    """Return what is kept of a type at its root, None for the whole."""
    if shape.summary == "false":
        return None
    if shape.elements:
        named = _named(type_name, shape.elements)
        return _root(type_name, named, modifiers=True) if named else None
    if shape.summary == "true":
        return {**_root(type_name, frozenset(), modifiers=True), **_inner(type_name)}
    if shape.summary == "text":
        return _root(type_name, frozenset(("text",)), modifiers=False)
    return _root(type_name, _roots(type_name) - {"text"}, modifiers=True)


def _named(type_name: str, elements: tuple[str, ...]) -> frozenset[str]:
    """Return the elements that are named for a type; none when all stand for other types."""
    split = [element.rpartition(".") for element in elements]
    return frozenset(element for kind, _, element in split if kind in ("", type_name))


def _root(type_name: str, wanted: frozenset[str], *, modifiers: bool) -> _Plan:
    """Return the members with the wanted names, those that always stand, and those that must, each whole."""
    required = frozenset(definitions.facts(type_name).required)
    changing = _MODIFIERS | (frozenset(_flags(type_name).get("modifier", ())) if modifiers else frozenset())
    wanted = wanted | _ALWAYS | required | changing
    found = {
        member: _Kept("", required=element.name in required)
        for member, element in definitions.elements(type_name).items()
        if element.name in wanted or member.removeprefix("_") in wanted
    }
    return {"resourceType": _Kept("", required=True), **found}


@cache
def _inner(kind: str) -> _Plan:
    """Return the members of a definition that a summary holds; none when nothing is said of it: it stands whole."""
    flags = frozenset(_flags(kind).get("summary", ()))
    if not flags:
        return {}
    required = frozenset(definitions.facts(kind).required)
    extensions = _MODIFIERS if kind in definitions.type_names() else _EXTENSIONS
    return {
        member: _Kept("" if element.sibling or definitions.is_primitive(element.kind) else element.kind, must)
        for member, element in definitions.elements(kind).items()
        for must in [element.name in required]
        if must or member.removeprefix("_") in flags or member in extensions
    }


@cache
def _all_flags() -> dict[str, dict[str, Any]]:
    return json.loads(SCHEMAS.joinpath("fhir", "summary.json").read_text(encoding="utf-8"))


def _flags(kind: str) -> dict[str, Any]:
    return _all_flags().get(kind, {})


def _cut(raw: bytes, kind: str, required: bool) -> bytes:
    """Return a value without what a summary leaves out, b"" when nothing is left of it.

    What must stay and would be empty stays whole.
    """
    plan = _inner(kind) if kind else None
    if not plan:
        return raw
    small = _cut_list(raw, plan) if raw.startswith(b"[") else _cut_object(raw, plan)
    return raw if required and not small else small


def _cut_list(raw: bytes, plan: _Plan) -> bytes:
    items = [_cut_object(bytes(item), plan) for item in _LIST.decode(raw)]
    left = b",".join(item for item in items if item)
    return b"[%s]" % left if left else b""


def _cut_object(raw: bytes, plan: _Plan) -> bytes:
    kept: dict[str, bytes] = {}
    for name, value in members(raw).items():
        if name in plan:
            small = _cut(value, *plan[name])
            if small:
                kept[name] = small
    return _object(kept) if kept else b""


def _object(parts: Mapping[str, bytes]) -> bytes:
    return b"{%s}" % b",".join([b'"%s":%s' % (name.encode(), value) for name, value in parts.items()])


def _refers_inside(kept: Mapping[str, bytes]) -> bool:
    """Say whether what is kept refers to a contained resource, which then is kept too."""
    return any(b'"#' in value for name, value in kept.items() if name != "text")


def _tagged(kept: dict[str, bytes]) -> dict[str, bytes]:
    """Add the tag that says that the resource is not whole."""
    meta = members(kept.get("meta", b"{}"))
    tags = meta.get("tag", b"")
    if tags and any(tag.get("code") == _TAG["code"] for tag in json.loads(tags)):
        return kept
    meta["tag"] = b"%s,%s]" % (tags[:-1], _TAG_BYTES) if tags else b"[%s]" % _TAG_BYTES
    head = {name: kept[name] for name in ("resourceType", "id") if name in kept}
    return {**head, "meta": _object(meta), **{name: value for name, value in kept.items() if name != "meta"}}


def _refuse(name: str, en: str, vi: str) -> BadParameter:
    return BadParameter.of(f"{name} {en}.", f"{name}: {vi}.", name)
