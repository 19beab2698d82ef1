"""The answers of the indicator routes: their shape for the documentation, and how they are filled."""

import json
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from app.fhir.body import stamp
from app.indicators.answer import Figure
from app.indicators.answer import Value as Found
from app.indicators.indicator import Indicator
from app.indicators.missing import Absent, Missing
from app.places import Place


class Definition(BaseModel):
    """An indicator with the definition in force."""

    code: str = Field(examples=["insured"])
    title: str
    title_vi: str = Field(examples=["Tỷ lệ người dân tham gia bảo hiểm y tế"])
    version: str = Field(description="The version of the definition.", examples=["2022"])
    since: date = Field(description="The day from which the definition applies.")
    source: str = Field(description="The document that defines it.")
    definition: str
    definition_vi: str


class IndicatorList(BaseModel):
    """All indicators."""

    indicators: list[Definition]


class PlaceAnswer(BaseModel):
    """An administrative unit on the boundaries it was read on."""

    key: str = Field(examples=["00004@2025-07"])
    code: str
    version: str
    level: str = Field(examples=["commune"])
    name: str = Field(examples=["Phường Ba Đình"])


class Known(BaseModel):
    """The state of knowledge that was answered for; `known-at=<moment>` gives the same answer for ever."""

    moment: str = Field(examples=["1-7421"])
    at: str | None = Field(description="The time of a recorded moment.")


class FigureAnswer(BaseModel):
    """Numbers of people, and their percentage (null for an empty population)."""

    numerator: int = Field(examples=[76832])
    denominator: int = Field(examples=[80186])
    rate: float | None = Field(examples=[95.82])


class Group(FigureAnswer):
    """The figure of one part; `key` is null for people whose part is not known."""

    key: str | None
    name: str | None


class Value(FigureAnswer):
    """An indicator's value."""

    indicator: Definition
    place: PlaceAnswer
    on: date
    known: Known
    denominator_source: str = Field(description="register: the residents held here.")
    by: str | None
    groups: list[Group]


class Reason(BaseModel):
    """Why the person is not counted, and what would count the person."""

    fact: str = Field(examples=["insured"])
    reason: str = Field(examples=["card ended 2025-12-31"])
    reason_vi: str = Field(examples=["thẻ BHYT hết hạn 2025-12-31"])
    mend: str
    mend_vi: str


class MissingPerson(BaseModel):
    """A person who is in the population and not counted."""

    patient: str = Field(description="The record, as a FHIR reference.", examples=["Patient/mau-1"])
    name: str | None
    birth_date: str | None
    gender: str | None
    commune: str | None = Field(description="The commune as the address states it.")
    reasons: list[Reason]


class MissingList(BaseModel):
    """A page of people, and how many there are in all."""

    indicator: str
    place: PlaceAnswer
    on: date
    total: int
    people: list[MissingPerson]
    next: str | None = Field(description="The address of the next page.")


def described(item: Indicator) -> dict[str, Any]:
    """Return an indicator with its definition."""
    return {name: getattr(item, name) for name in Definition.model_fields}


def value_answer(item: Indicator, place: Place, on: date, by: str, found: Found) -> dict[str, Any]:
    """Return the content of Value."""
    groups = [{**_part(part), **_figure(figure)} for part, figure in found.groups]
    if by == "sex":
        groups = [{"key": sex, "name": sex, **_figure(figure)} for sex, figure in found.sexes.items()]
    at = stamp(found.moment.at) if found.moment.at else None
    return {
        "indicator": described(item),
        "place": _place(place),
        "on": on,
        "known": {"moment": str(found.moment), "at": at},
        **_figure(found.whole),
        "denominator_source": "register",
        "by": by or None,
        "groups": groups,
    }


def missing_list(item: Indicator, place: Place, on: date, page: Missing, following: str | None) -> dict[str, Any]:
    """Return the content of MissingList."""
    return {
        "indicator": item.code,
        "place": _place(place),
        "on": on,
        "total": page.total,
        "people": [_person(person) for person in page.people],
        "next": following,
    }


def _person(person: Absent) -> dict[str, Any]:
    record = json.loads(person.body)
    return {
        "patient": f"Patient/{person.person}",
        "name": _name(record),
        "birth_date": record.get("birthDate"),
        "gender": record.get("gender"),
        "commune": person.unit or None,
        "reasons": [
            {"fact": why.fact, "reason": why.en, "reason_vi": why.vi, "mend": why.mend, "mend_vi": why.mend_vi}
            for why in person.reasons
        ],
    }


def _name(record: dict) -> str | None:
    for name in record.get("name", ()):
        joined = " ".join([name.get("family", ""), *(part for part in name.get("given", ()) if part)]).strip()
        if name.get("text") or joined:
            return name.get("text") or joined
    return None


def _place(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in PlaceAnswer.model_fields}


def _part(part: Place | None) -> dict[str, Any]:
    return {"key": part.key if part else None, "name": part.name if part else None}


def _figure(figure: Figure) -> dict[str, Any]:
    rate = figure.rate
    return {
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "rate": None if rate is None else float(rate),
    }
