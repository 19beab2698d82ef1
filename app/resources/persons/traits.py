"""What records of people are compared by, and how: numbers, cards, names, birth, sex, commune."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.fhir.fold import fold, sound
from app.resources.systems import INSURANCE_NUMBER, NATIONAL_ID

_SPARE = str.maketrans("", "", " -.")
_DIGITS = 10
"""The digits of a card that stay with a person for life: all since QĐ 1666/QĐ-BHXH, the last ones before."""


class Traits(NamedTuple):
    """What is known of a person; an empty set, no names, "" where nothing is."""

    numbers: frozenset[str]
    cards: frozenset[str]
    names: tuple[str, ...]
    born: str
    sex: str
    communes: frozenset[str]


def traits(tree: dict[str, Any], communes: Iterable[str], cards: Iterable[str] = ()) -> Traits:
    """Return what a Patient says; `communes` are the units it lives in, `cards` numbers from other records of it."""
    return Traits(
        frozenset(_values(tree, NATIONAL_ID)),
        frozenset(lasting(card) for card in (*_values(tree, INSURANCE_NUMBER), *cards)),
        tuple(dict.fromkeys(_names(tree))),
        tree.get("birthDate", ""),
        tree.get("gender", ""),
        frozenset(unit for unit in communes if unit),
    )


def lasting(card: str) -> str:
    """Return the part of a card's number that a renewal keeps."""
    bare = card.translate(_SPARE)
    return bare[-_DIGITS:] if len(bare) == _LONG else bare


_LONG = 15


def _values(tree: dict[str, Any], system: str) -> Iterator[str]:
    for item in tree.get("identifier", ()):
        if item.get("system") == system and "value" in item:
            yield item["value"].translate(_SPARE)


def _names(tree: dict[str, Any]) -> Iterator[str]:
    """Yield each full name as written: its text, else family and given names in the Vietnamese order."""
    for name in tree.get("name", ()):
        joined = " ".join(part for part in (name.get("family"), *name.get("given", ())) if part)
        yield from (text for text in (name.get("text"), joined) if text and fold(text))


def compare(one: Traits, other: Traits) -> dict[str, str]:
    """Return the outcome of each part that both have, in the words of weights.WEIGHTS."""
    found = {
        "national number": _numbers(one.numbers, other.numbers),
        "card": _overlap(one.cards, other.cards),
        "name": _name(one.names, other.names),
        "birth": _birth(one.born, other.born),
        "sex": _sex(one.sex, other.sex),
        "commune": _overlap(one.communes, other.communes),
    }
    return {part: outcome for part, outcome in found.items() if outcome}


def _overlap(one: frozenset[str], other: frozenset[str]) -> str:
    if not one or not other:
        return ""
    return "same" if one & other else "different"


def _numbers(one: frozenset[str], other: frozenset[str]) -> str:
    outcome = _overlap(one, other)
    if outcome == "different" and any(_slipped(mine, its) for mine in one for its in other):
        return "near"
    return outcome


def _slipped(one: str, other: str) -> bool:
    """Say whether one digit differs, or two neighbours are exchanged."""
    if len(one) != len(other):
        return False
    places = [place for place, (mine, its) in enumerate(zip(one, other, strict=True)) if mine != its]
    if len(places) == 1:
        return True
    return (
        len(places) == 2
        and places[1] == places[0] + 1
        and one[slice(*_pair(places))] == other[slice(*_pair(places))][::-1]
    )


def _pair(places: list[int]) -> tuple[int, int]:
    return places[0], places[1] + 1


def _name(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    """Return the best outcome of all pairs of names."""
    if not one or not other:
        return ""
    found = {_named(mine, its) for mine in one for its in other}
    return next(outcome for outcome in _OUTCOMES if outcome in found)


_OUTCOMES = ("same", "unmarked", "heard", "reordered", "shortened", "different")


def _named(one: str, other: str) -> str:
    mine, its = fold(one).split(), fold(other).split()
    if mine == its:
        return "same" if _marked(one) == _marked(other) else "unmarked"
    if sound(one) == sound(other):
        return "heard"
    if sorted(mine) == sorted(its):
        return "reordered"
    same_ends = (mine[0], mine[-1]) == (its[0], its[-1])
    return "shortened" if same_ends and min(len(mine), len(its)) > 1 else "different"


def _marked(name: str) -> list[str]:
    """Return the words with their accents; where a tone stands in a vowel group is the writer's choice (Hoà, Hòa)."""
    words = unicodedata.normalize("NFD", name.casefold()).split()
    return [
        fold(word) + "".join(sorted(sign for sign in word if unicodedata.combining(sign) or sign == "đ"))
        for word in words
    ]


def _sex(one: str, other: str) -> str:
    known = {"male", "female"}
    if one not in known or other not in known:
        return ""
    return "same" if one == other else "different"


def _birth(one: str, other: str) -> str:
    if not one or not other:
        return ""
    mine, its = one.split("-"), other.split("-")
    if len(mine) == len(its) == 3:
        return _full(mine, its)
    known = min(len(mine), len(its))
    if mine[:known] != its[:known]:
        # A register that does not know the day often writes 1 January.
        return "year" if mine[0] == its[0] and _first(mine, its) else "different"
    return {1: "year", 2: "month"}[known]


def _full(mine: list[str], its: list[str]) -> str:
    if mine == its:
        return "same"
    if [mine[0], mine[2], mine[1]] == its:
        return "swapped"
    if mine[0] == its[0] and _first(mine, its):
        return "year"
    return "near" if sum(a != b for a, b in zip(mine, its, strict=True)) == 1 else "different"


def _first(mine: list[str], its: list[str]) -> bool:
    return ["01", "01"] in (mine[1:], its[1:])
