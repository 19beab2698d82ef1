"""$everything: all that is held of a person, in pages. https://hl7.org/fhir/R4/patient-operation-everything.html

The matches are the person's record and the records of their compartment: each stands on one page only, and all pages
are of one moment. What these refer to outside the compartment (who gave care, and where) comes along with every page
that needs it, and so may stand on several.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple, cast

from app.errors import BadParameter
from app.fhir.history.query import read_query as read_page
from app.fhir.instant import FOREVER, NEVER, Range, moment
from app.fhir.interactions.read import read
from app.fhir.operation import Call, Operation, Parameter, Reply, given
from app.fhir.resource_type import Registry, ResourceType
from app.fhir.search.common import COMMON
from app.fhir.search.compartment import kinds, within
from app.fhir.search.criterion import Condition, Criterion
from app.fhir.search.find import find
from app.fhir.search.include import Include
from app.fhir.search.pages import followed, linked, page_text, place_of
from app.fhir.search.query import Query
from app.fhir.service import Service

CARE_DATE = "date"
"""The search parameter that says when care was given; records of a type without it belong to no time."""
_SETTLED = ("start", "end", "_since", "_type")
_COMMON = {parameter.name: parameter for parameter in COMMON}
_TICK = timedelta(microseconds=1)


class Asked(NamedTuple):
    """Which types are shown, those with matches and those that come along; what must hold of records; the page."""

    matching: tuple[ResourceType, ...]
    along: tuple[ResourceType, ...]
    changed: tuple[Condition, ...]
    care: tuple[str, ...]
    size: int
    applied: tuple[tuple[str, str], ...]


async def everything(service: Service, call: Call) -> Reply:
    """Return a page of all that is held of a person.

    Raises NotFound and Gone for a person who is not here; BadParameter for what is not understood, and for a link to
    a page that was changed, or made for another caller or person.
    """
    # It stands at no address without a type.
    kind = cast("ResourceType", call.kind)
    address = f"{kind.name}/{call.id}/$everything"
    link = followed(call.pairs)
    if link:
        held = linked(service, call.asking, address, link)
        queries = _queries(service, call.id, _asked(service, dict(held.pairs)))
        page = await find(service.pool, queries, place_of(service, call.asking), held.start, service.epoch)
        page = page._replace(total=held.total)
        return Reply(await page_text(service, service.pool, call.asking, address, queries, page, held.start, link))
    queries = _queries(service, call.id, _asked(service, _texts(given(service, call, EVERYTHING))))
    await read(service.pool, kind, call.id)
    page = await find(service.pool, queries, place_of(service, call.asking), None, service.epoch)
    return Reply(await page_text(service, service.pool, call.asking, address, queries, page))


def _texts(sent: dict[str, list[Any]]) -> Mapping[str, str]:
    """Return the parameters as they would stand in an address; of those that repeat, the values as one list."""
    for name, values in sent.items():
        if not all(isinstance(value, str) and value for value in values):
            raise BadParameter.of("This parameter must have a value.", "Tham số này phải có giá trị.", name)
    return {name: ",".join(values) for name, values in sent.items()}


def _asked(service: Service, sent: Mapping[str, str]) -> Asked:
    """Read the parameters. Raises BadParameter."""
    registry = service.registry
    names = _names(registry, sent.get("_type", ""))
    compartment = {registry.person.name, *(kind.name for kind in kinds(registry))}
    chosen = [kind for kind in registry if kind.name in names]
    page = read_page(service.settings, [(name, sent[name]) for name in ("_since", "_count") if name in sent])
    since = [f"ge{page.since.isoformat()}"] if page.since else []
    return Asked(
        tuple(kind for kind in chosen if kind.name in compartment),
        tuple(kind for kind in chosen if kind.name not in compartment),
        tuple(Criterion(_COMMON["_lastUpdated"], "", (value,)) for value in since),
        _care(service, sent),
        page.size,
        (*((name, sent[name]) for name in _SETTLED if name in sent), ("_count", str(page.size))),
    )


def _names(registry: Registry, listed: str) -> set[str]:
    """Return the types that are to be shown, all of them where none is named."""
    served = {kind.name for kind in registry}
    matching = [registry.person.name, *(kind.name for kind in kinds(registry))]
    names = set(listed.split(",")) if listed else served
    if not names <= served or names.isdisjoint(matching):
        others = ", ".join(sorted(served.difference(matching)))
        raise BadParameter.of(
            f"_type must name one or more of {', '.join(matching)}; beside these it may name {others}.",
            f"_type phải gồm ít nhất một trong {', '.join(matching)}; ngoài ra có thể thêm {others}.",
            "_type",
        )
    return names


def _care(service: Service, sent: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the time of care must fulfil, as values of a date search, to share a moment with what is asked for.

    They are exact times: the prefixes for days ask whether a time lies within the day, not whether the two meet.
    """
    start, end = (_days(service, sent, name) for name in ("start", "end"))
    if start and end and start.low >= end.high:
        raise BadParameter.of("end must not lie before start.", "end không được trước start.", "end")
    found = [f"gt{(start.low - _TICK).isoformat()}"] if start and start.low > NEVER else []
    return (*found, *([f"lt{end.high.isoformat()}"] if end and end.high < FOREVER else []))


def _days(service: Service, sent: Mapping[str, str], name: str) -> Range | None:
    if name not in sent:
        return None
    # A date is asked for, which has no time.
    with suppress(ValueError):
        if "T" not in sent[name]:
            return moment(sent[name], service.settings.time_zone)
    raise BadParameter.of(
        f"{name} must be a date like 2026, 2026-03 or 2026-03-02.",
        f"{name} phải là ngày dạng 2026, 2026-03 hoặc 2026-03-02.",
        name,
    )


def _queries(service: Service, person: str, asked: Asked) -> list[Query]:
    """Return what is asked of each type that has matches."""
    includes = tuple(_includes((*asked.matching, *asked.along), asked.along))
    return [
        Query(
            kind,
            (_held(service.registry, kind, person), *asked.changed, *_given_in_time(kind, asked.care)),
            (),
            asked.size,
            includes=includes,
            applied=asked.applied,
        )
        for kind in asked.matching
    ]


def _held(registry: Registry, kind: ResourceType, person: str) -> Condition:
    """Return the condition of belonging to the person's compartment, or else of being the person's own record."""
    own = Criterion(_COMMON["_id"], "", (person,))
    return own if kind.is_person else within(kind, registry.person, person) or own


def _given_in_time(kind: ResourceType, care: tuple[str, ...]) -> Iterator[Condition]:
    parameter = kind.parameters.get(CARE_DATE)
    if parameter:
        yield from (Criterion(parameter, "", (value,)) for value in care)


def _includes(sources: tuple[ResourceType, ...], along: tuple[ResourceType, ...]) -> Iterator[Include]:
    """Yield what comes along: what these types refer to among those outside, and what those refer to in turn."""
    outside = {kind.name: kind for kind in along}
    for kind in sources:
        for parameter in kind.search:
            targets = tuple(outside[name] for name in parameter.targets if name in outside)
            if targets:
                yield Include(kind, parameter, targets, reverse=False, iterate=kind.name in outside, written=("", ""))


EVERYTHING = Operation(
    name="everything",
    title="All that is held of a person",
    title_vi="Toàn bộ hồ sơ của một người",
    levels=("instance",),
    run=everything,
    parameters=(
        Parameter(
            "start",
            "date",
            "Care on this day or later: a record whose `date` ends before is left out, and so is one of such a type"
            " without a date. Records of types that have no search parameter `date` (the person, insurance cards) are"
            " always given.",
            "Chăm sóc từ ngày này: hồ sơ có `date` kết thúc trước ngày này, hoặc thuộc loại có `date` mà không ghi"
            " ngày, không được trả về. Các loại không có tham số tìm kiếm `date` (người dân, thẻ bảo hiểm) luôn được"
            " trả về.",
        ),
        Parameter(
            "end",
            "date",
            "Care on this day or earlier, likewise; the day itself is included.",
            "Chăm sóc đến hết ngày này, theo cùng quy tắc.",
        ),
        Parameter(
            "_since",
            "instant",
            "Only records whose current version was written then or later; what they refer to comes along in any case.",
            "Chỉ các hồ sơ có phiên bản hiện tại được ghi từ thời điểm này; phần được tham chiếu vẫn kèm theo.",
        ),
        Parameter(
            "_type",
            "code",
            "The types to give, separated by commas or repeated: at least one of those that belong to a person. Others"
            " (organizations, practitioners, locations) come along where a record that is given refers to them.",
            "Các loại cần trả về, cách nhau bằng dấu phẩy hoặc lặp lại: ít nhất một loại thuộc hồ sơ của một người. Các"
            " loại khác (cơ sở, nhân viên y tế, địa điểm) kèm theo khi hồ sơ được trả về tham chiếu tới.",
            most="*",
        ),
        Parameter(
            "_count",
            "integer",
            "The most records on a page, without those that come along; follow the link `next` for more.",
            "Số hồ sơ tối đa mỗi trang, không kể phần kèm theo; theo liên kết `next` để xem tiếp.",
        ),
        Parameter(
            "return",
            "Bundle",
            "A searchset: the person's records as matches, what they refer to as includes, and their number.",
            "Bundle loại searchset: các hồ sơ của người này (match), phần được tham chiếu (include) và tổng số.",
            use="out",
            least=1,
        ),
    ),
    definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
    needs=("r",),
)
