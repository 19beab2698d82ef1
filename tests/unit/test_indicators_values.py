"""Indicators as values: percentages, the series they keep, the facts they are made of."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.errors import NotFound
from app.indicators.answer import Figure
from app.indicators.fact import RESIDENT
from app.indicators.facts import BOOK, IDENTIFIED, INSURED, SEEN
from app.indicators.managed import MANAGED
from app.indicators.registry import indicator, indicators


@pytest.mark.parametrize(
    ("numerator", "denominator", "rate"),
    [
        (0, 0, None),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 32, "3.13"),
        (76_832, 80_186, "95.82"),
        (99_999_999, 100_000_000, "100.00"),
    ],
)
def test_a_rate_is_a_percentage_to_two_decimals_half_up(numerator: int, denominator: int, rate: str | None) -> None:
    assert Figure(numerator, denominator).rate == (None if rate is None else Decimal(rate))


def test_every_indicator_has_its_document_and_both_languages() -> None:
    assert {"e-book", "insured", "managed"} <= set(indicators())
    for item in indicators().values():
        assert all((item.title, item.title_vi, item.definition, item.definition_vi, item.source, item.version))


def test_an_indicator_that_is_not_known_is_refused_by_naming_those_that_are() -> None:
    with pytest.raises(NotFound) as refused:
        indicator("doctors")
    assert all(code in str(refused.value) for code in indicators())


def test_indicators_of_residents_share_one_population() -> None:
    assert {indicators()[code].population_series for code in ("e-book", "insured", "managed")} == {"resident@1"}


def test_what_is_counted_is_cut_by_the_population() -> None:
    series = replace(MANAGED, version="9", population=INSURED).series()
    assert list(series) == ["managed@9/population", "managed@9"]
    assert set(series["managed@9"].facts()) == {SEEN, INSURED}


def test_a_new_definition_is_a_series_of_its_own() -> None:
    assert replace(MANAGED, version="9").counted_series != MANAGED.counted_series


def test_an_expression_names_its_facts_in_order() -> None:
    assert list(((IDENTIFIED & BOOK) | (SEEN - RESIDENT)).facts()) == [IDENTIFIED, BOOK, SEEN]
