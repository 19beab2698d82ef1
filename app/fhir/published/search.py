"""read and search of shipped definitions: few parameters, each strict. https://hl7.org/fhir/R4/search.html

Text is compared as names of people are: without case, accents or tone marks; tokens and addresses are whole.
"""

import json
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from app.errors import BadParameter, Fault, NotFound
from app.fhir.asked import Pairs
from app.fhir.asking import Asking
from app.fhir.fold import fold
from app.fhir.links import PARAMETER
from app.fhir.listed import bundle_text
from app.fhir.outcome import outcome
from app.fhir.published.concepts import Tree
from app.fhir.published.shelf import Shipped, shipped
from app.fhir.search.refusal import refuse
from app.fhir.search.text import split, unescape
from app.fhir.service import Service
from app.fhir.shape import SHAPE, Shape, shape_of, shaped

_FORM = ("_format", "_pretty")
_RESULT = ("_count", "_sort", "_total", *SHAPE, *_FORM)
_MODIFIERS = ("exact", "contains")
_OWN = "url"
_R4 = "http://hl7.org/fhir"
Values = Callable[[Tree], Iterable[str]]


class Field(NamedTuple):
    """A search parameter of shipped definitions: its type, where it looks, the types that have it (all: none).

    `system` is the code system of a token, `_OWN` where it is the definition's own address.
    """

    name: str
    type: str
    values: Values
    en: str
    vi: str
    types: tuple[str, ...] = ()
    system: str = ""


class _Page(NamedTuple):
    """What was asked: conditions, order, form, and where the page begins."""

    conditions: tuple[tuple[Field, str, str], ...]
    order: tuple[tuple[Field, bool], ...]
    shape: Shape | None
    size: int
    start: int
    shown: Pairs
    ignored: tuple[Fault, ...]


def _at(name: str) -> Values:
    def values(tree: Tree) -> Iterable[str]:
        value = tree.get(name, ())
        return (value,) if isinstance(value, str) else value

    return values


def _concepts(tree: Tree) -> Iterable[str]:
    for concept in tree.get("concept", ()):
        yield concept["code"]
        yield from _concepts(concept)


_TITLED = ("CapabilityStatement", "CodeSystem", "OperationDefinition", "StructureDefinition", "ValueSet")
FIELDS = (
    Field("_id", "token", _at("id"), "The id", "Mã định danh"),
    Field("name", "string", _at("name"), "The computable name", "Tên dùng cho máy"),
    Field(
        "status",
        "token",
        _at("status"),
        "The publication status",
        "Trạng thái công bố",
        system=f"{_R4}/publication-status",
    ),
    Field("title", "string", _at("title"), "The title for people", "Tiêu đề", _TITLED),
    Field("url", "uri", _at("url"), "The canonical address", "Địa chỉ chuẩn (canonical)"),
    Field("version", "token", _at("version"), "The business version", "Phiên bản"),
    Field(
        "base",
        "token",
        _at("base"),
        "The types a parameter is for",
        "Loại tài nguyên mà tham số áp dụng",
        ("SearchParameter",),
        f"{_R4}/resource-types",
    ),
    Field(
        "base",
        "uri",
        _at("base"),
        "The operation that is narrowed",
        "Thao tác gốc",
        ("OperationDefinition",),
    ),
    Field(
        "base",
        "uri",
        _at("baseDefinition"),
        "The definition that is narrowed or extended",
        "Định nghĩa gốc",
        ("StructureDefinition",),
    ),
    Field(
        "code",
        "token",
        _at("code"),
        "The name in addresses",
        "Tên dùng trong địa chỉ",
        ("CompartmentDefinition", "OperationDefinition", "SearchParameter"),
    ),
    Field("code", "token", _concepts, "A code the system defines", "Mã thuộc hệ mã", ("CodeSystem",), _OWN),
    Field(
        "type",
        "token",
        _at("type"),
        "The type of the parameter or of what is described",
        "Loại tham số hoặc loại được mô tả",
        ("SearchParameter", "StructureDefinition"),
    ),
)


def fields(name: str) -> dict[str, Field]:
    """Return the search parameters of a shipped type by name."""
    return {field.name: field for field in FIELDS if not field.types or name in field.types}


def read_published(service: Service, asking: Asking, name: str, record: str, pairs: Pairs) -> str:
    """Return a shipped definition as JSON. Raises NotFound for an id that is not shipped, BadParameter."""
    for given, _ in pairs:
        if given not in (*_FORM, *SHAPE):
            raise refuse(given, "is not known here", "không có ở đây")
    found = next((item for item in shipped(service, asking, name) if item.tree["id"] == record), None)
    if found is None:
        raise NotFound.of(
            f"No {name} with this id is shipped; search {name} for those that are.",
            f"Không có {name} với mã này; hãy tìm {name} để xem danh sách.",
        )
    shape = shape_of(pairs, (name,))
    return shaped(found.body, name, shape) if shape else found.body


def search_published(service: Service, asking: Asking, name: str, pairs: Pairs) -> str:
    """Return a page of shipped definitions as a Bundle. Raises BadParameter for what is not understood.

    With lenient handling such parameters are left out and reported in an entry of their own.
    """
    page = _read(service, asking, name, pairs)
    found = [item for item in shipped(service, asking, name) if _matches(item.tree, page)]
    for field, descending in reversed(page.order):
        found.sort(key=lambda item, field=field: next(iter(field.values(item.tree)), ""), reverse=descending)
    shown = found[page.start : page.start + page.size]
    links = [("self", _address(asking, name, page.shown))]
    after = page.start + page.size
    if shown and after < len(found):
        sealed = service.links.seal(asking.caller, name, {"pairs": page.shown, "start": after})
        links.append(("next", _address(asking, name, [(PARAMETER, sealed)])))
    entries = [_entry(asking, name, item, page.shape) for item in shown]
    if page.ignored:
        entries.append(_report(page.ignored))
    return bundle_text("searchset", links, entries, len(found))


def _address(asking: Asking, name: str, pairs: Pairs) -> str:
    return f"{asking.base}/{name}" + (f"?{urlencode(pairs)}" if pairs else "")


def _entry(asking: Asking, name: str, item: Shipped, shape: Shape | None) -> str:
    address = json.dumps(f"{asking.base}/{name}/{item.tree['id']}")
    body = shaped(item.body, name, shape) if shape else item.body
    return f'{{"fullUrl":{address},"resource":{body},"search":{{"mode":"match"}}}}'


def _report(ignored: Iterable[Fault]) -> str:
    body = json.dumps(outcome(ignored), ensure_ascii=False)
    return f'{{"resource":{body},"search":{{"mode":"outcome"}}}}'


def _read(service: Service, asking: Asking, name: str, pairs: Pairs) -> _Page:
    """Read the parameters, or those that a link of an earlier page was sealed with."""
    sealed = [value for given, value in pairs if given == PARAMETER]
    if not sealed:
        return _parsed(service, asking, name, pairs, 0)
    if any(given not in (PARAMETER, *_FORM) for given, _ in pairs) or len(sealed) > 1:
        raise refuse(PARAMETER, "stands alone", "phải đứng một mình")
    content = service.links.open(asking.caller, name, sealed[0])
    return _parsed(service, asking, name, [tuple(pair) for pair in content["pairs"]], content["start"])


def _parsed(service: Service, asking: Asking, name: str, pairs: Pairs, start: int) -> _Page:
    known, results, conditions, ignored = fields(name), {}, [], []
    for given, value in pairs:
        if given in _RESULT:
            if given in results:
                raise refuse(given, "may be given once", "chỉ được dùng một lần")
            results[given] = value
            continue
        try:
            conditions.append((*_condition(known, given), _checked(given, value)))
        except BadParameter as error:
            if not asking.lenient:
                raise
            ignored += [fault._replace(severity="warning") for fault in error.faults]
    if results.get("_total", "accurate") != "accurate":
        raise refuse("_total", "can only be accurate here", "ở đây chỉ hỗ trợ accurate")
    shape = shape_of([(key, results[key]) for key in SHAPE if key in results], (name,))
    counted = shape is not None and shape.summary == "count"
    count = 0 if counted else _count(results.get("_count"), service.settings.page_size, service.settings.page_limit)
    shown = [(f"{field.name}{modifier and f':{modifier}'}", value) for field, modifier, value in conditions]
    shown += [(key, results[key]) for key in ("_sort", "_total", "_count", *SHAPE) if key in results]
    order = tuple(_key(known, piece) for piece in results["_sort"].split(",")) if "_sort" in results else ()
    return _Page(tuple(conditions), order, shape, count, start, shown, tuple(ignored))


def _condition(known: dict[str, Field], given: str) -> tuple[Field, str]:
    name, _, modifier = given.partition(":")
    field = known.get(name)
    if field is None:
        listed = ", ".join(sorted(known))
        raise refuse(given, f"is not known here; known are {listed}", f"không có ở đây; có: {listed}")
    if modifier and (field.type != "string" or modifier not in _MODIFIERS):
        raise refuse(
            given,
            f"has a modifier that is not supported; text takes {', '.join(_MODIFIERS)}",
            f"hậu tố không được hỗ trợ; văn bản nhận {', '.join(_MODIFIERS)}",
        )
    return field, modifier


def _checked(name: str, value: str) -> str:
    if not all(split(value, ",")):
        raise refuse(name, "must have values, none empty", "phải có giá trị, không để trống")
    return value


def _key(known: dict[str, Field], piece: str) -> tuple[Field, bool]:
    field = known.get(piece.removeprefix("-"))
    if field is None:
        raise refuse("_sort", "must name search parameters of this type", "phải là tham số tìm kiếm của loại này")
    return field, piece.startswith("-")


def _count(text: str | None, size: int, limit: int) -> int:
    if text is None:
        return size
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise refuse("_count", "must be a whole number, 0 or more", "phải là số nguyên không âm")
    return min(int(text), limit)


def _matches(tree: Tree, page: _Page) -> bool:
    return all(
        any(_holds(field, modifier, tree, unescape(wanted)) for wanted in split(value, ","))
        for field, modifier, value in page.conditions
    )


def _holds(field: Field, modifier: str, tree: Tree, wanted: str) -> bool:
    values = field.values(tree)
    if field.type == "string" and modifier != "exact":
        within = modifier == "contains"
        return any(fold(wanted) in fold(text) if within else fold(text).startswith(fold(wanted)) for text in values)
    if field.type == "token" and "|" in wanted:
        system, _, wanted = wanted.rpartition("|")
        if system not in ("", tree["url"] if field.system == _OWN else field.system):
            return False
    return wanted in values
