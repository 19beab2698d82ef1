"""The indicator routes: which there are, their value for a place on a day, and who is missing and why."""

import json
import re
from datetime import date, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.door import entered
from app.api.indicator_answers import IndicatorList, MissingList, Value, described, missing_list, value_answer
from app.errors import BadParameter
from app.exchange.opening import Running
from app.fhir.service import Service
from app.indicators.answer import value
from app.indicators.indicator import Indicator
from app.indicators.level import By
from app.indicators.missing import missing
from app.indicators.registry import indicator, indicators
from app.places import Place
from app.places.refusal import not_a_place
from app.store.moment import Moment
from app.store.moment import find as find_moment
from app.store.pool import lend

Officer = Annotated[Service, entered("tramy/indicators")]
Station = Annotated[Service, entered("tramy/missing")]
router = APIRouter(prefix="/indicators", tags=["Indicators · Chỉ số"])
_SPLITS = {"commune": 3, "district": 2, "province": 1, "sex": 4}
_DEPTH = {"country": 0, "province": 1, "district": 2, "commune": 3}

PlaceText = Annotated[
    str | None,
    Query(
        description="One of the caller's places; without it the caller's own. "
        "A commune (5 digits), province (2), district until 2025-06-30 (3), or VN for the country, on the "
        "boundaries of the day; `00004@2004` or `00004@2025-07` chooses the boundaries.",
        examples=["VN", "24", "00004", "00004@2025-07"],
    ),
]
OnText = Annotated[
    str | None,
    Query(description="The day, YYYY-MM-DD, in Viet Nam; without it, today.", examples=["2026-10-31"]),
]


@router.get(
    "", response_model=IndicatorList, operation_id="listIndicators", summary="The indicators and their definitions"
)
async def list_indicators(request: Request, _service: Officer) -> Response:
    """List the indicators: code, titles, definition, source document."""
    _only(request)
    return _json({"indicators": [described(item) for item in indicators().values()]})


@router.get("/{code}", response_model=Value, operation_id="indicatorValue", summary="An indicator for a place on a day")
async def indicator_value(
    request: Request,
    service: Officer,
    code: str,
    place: PlaceText = None,
    on: OnText = None,
    known_at: Annotated[
        str | None,
        Query(
            alias="known-at",
            description="As it was known then: a time with its zone, or a moment as an earlier answer named it.",
            examples=["2026-11-01T00:00:00+07:00", "1-7421"],
        ),
    ] = None,
    by: Annotated[
        str | None,
        Query(
            description="Split by commune, district (until 2025-06-30), province or sex.", examples=["commune", "sex"]
        ),
    ] = None,
) -> Response:
    """Numerator, denominator and rate (percent, half up to two decimals; null for an empty population)."""
    _only(request, "place", "on", "known-at", "by")
    running: Running = request.app.state.running
    chosen = indicator(code)
    day = _day(running, on)
    where = _place(running, service, place, day)
    split = _split(by, where)
    epoch = running.service.epoch
    # What is summed here says nothing of anybody; whose place it is was asked above.
    async with lend(service.plain) as connection:
        moment = await _moment(connection, known_at, epoch)
        found = await value(
            connection, running.keeping, chosen, running.places, where, day, by=split, moment=moment, epoch=epoch
        )
    return _json(value_answer(chosen, where, day, split, found))


@router.get(
    "/{code}/missing",
    response_model=MissingList,
    operation_id="indicatorMissing",
    summary="Who is in the population and not counted, and why",
)
async def indicator_missing(
    request: Request,
    service: Station,
    code: str,
    place: PlaceText = None,
    on: OnText = None,
    count: Annotated[int, Query(alias="_count", ge=1, le=1000, description="People on a page.")] = 50,
    after: Annotated[str, Query(max_length=64, description="From the link to the next page.")] = "",
) -> Response:
    """List the people, each with the reasons and what would count them, in Vietnamese and English."""
    _only(request, "place", "on", "_count", "after")
    running: Running = request.app.state.running
    chosen: Indicator = indicator(code)
    day = _day(running, on)
    where = _place(running, service, place, day)
    async with lend(service.of_every_type) as connection:
        page = await missing(connection, running.keeping, chosen, running.places.stated(where), day, after, count)
    service.trail.saw(("Patient", absent.person, absent.person) for absent in page.people)
    following = str(request.url.include_query_params(after=page.after, on=day.isoformat())) if page.after else None
    return _json(missing_list(chosen, where, day, page, following))


def _place(running: Running, service: Service, text: str | None, day: date) -> Place:
    """Return the place asked for, by default the caller's own.

    Raises BadParameter for a place that is not the caller's as for one that does not exist.
    """
    caller = service.caller
    own = caller.places[0] if len(caller.places) == 1 else "VN"
    where = running.places.find(text or own, day, "place")
    inside = running.places.stated(where)
    if not caller.everyone and (inside is None or not set(inside) <= set(caller.units)):
        raise not_a_place(running.places.versions, [], "place")
    return where


def _only(request: Request, *known: str) -> None:
    """Raise BadParameter for a parameter that is not known or stands twice: nothing is ignored."""
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if name not in known or names.count(name) > 1:
            shown = name if re.fullmatch(r"[\w:.-]{1,40}", name) else "?"
            raise BadParameter.of(
                f"Parameter {shown} is not known here or stands twice; known are: {', '.join(known) or 'none'}.",
                f"Tham số {shown} không có ở đây hoặc bị lặp; có: {', '.join(known) or 'không có'}.",
                shown,
            )


def _day(running: Running, text: str | None) -> date:
    if text is None:
        return running.service.clock().astimezone(running.service.settings.time_zone).date()
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else _raise_day()
    except ValueError:
        return _raise_day()


def _raise_day() -> date:
    raise BadParameter.of("on must be a day, YYYY-MM-DD.", "on phải là ngày dạng YYYY-MM-DD.", "on")


def _split(text: str | None, place: Place) -> By:
    """Read what to split by. Raises BadParameter for what is not smaller than the place."""
    if text is None:
        return ""
    if text not in _SPLITS or (text != "sex" and _SPLITS[text] <= _DEPTH[place.level]):
        raise BadParameter.of(
            f"by must be sex, or a level below {place.level}: commune, district, province.",
            "by phải là sex, hoặc cấp nhỏ hơn nơi được hỏi: commune, district, province.",
            "by",
        )
    return cast("By", text)


async def _moment(connection: Any, text: str | None, epoch: int) -> Moment | None:
    if text is None:
        return None
    try:
        # In an address a plus sign that was not encoded arrives as a blank.
        time = datetime.fromisoformat(text.replace(" ", "+")) if "T" in text else None
    except ValueError:
        time = None
    if time is not None and time.tzinfo is None:
        time = None
    return await find_moment(connection, text, time, epoch)


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, default=str).encode(), media_type="application/json")
