"""How much each agreement and each difference says about two records being of one human, in bits.

A bit doubles the odds: +10 is found a thousand times as often between records of one human as between records of
two. The numbers are estimates for registers of Viet Nam, made to be read and changed in this table alone.
Fellegi and Sunter, "A Theory for Record Linkage" (1969).
"""

from typing import Literal, NamedTuple

Grade = Literal["certain", "probable", "possible", "certainly-not"]


class Weight(NamedTuple):
    """Bits for (or against, below 0) one human, and why so many."""

    bits: float
    reason: str


PRIOR = -20.0
"""Before anything is compared: one record in a million is of the human looked for."""

WEIGHTS: dict[str, dict[str, Weight]] = {
    "national number": {
        "same": Weight(24, "unique by law, yet typed for a relative now and then"),
        "near": Weight(4, "one digit off or two neighbours exchanged: a slip of the pen, or two of one batch"),
        "different": Weight(-10, "a human has one; few were withdrawn and issued anew"),
    },
    "card": {
        "same": Weight(14, "one number a person, but cards are lent and children's are registered on a parent's"),
        "different": Weight(0, "cards are renewed under other numbers"),
    },
    "name": {
        "same": Weight(9, "one of some thousand people has a given full name, and a few names are very common"),
        "unmarked": Weight(7, "the same without accents: older programs drop them, but An is not Ân"),
        "heard": Weight(6, "written by ear: Trí for Chí, Giang for Dang"),
        "reordered": Weight(5, "the parts were put into the wrong fields"),
        "shortened": Weight(3, "family and given name are the same; a middle name is missing or another"),
        "different": Weight(-8, "names are not changed at marriage; a nickname is the exception"),
    },
    "birth": {
        "same": Weight(12, "one of some ten thousand people was born on a given day"),
        "month": Weight(9, "agrees as far as it is known: one of a thousand"),
        "year": Weight(6, "agrees as far as it is known, or 1 January stands for an unknown day: one of eighty"),
        "swapped": Weight(7, "day and month exchanged: one in two hundred records, and again a day of ten thousand"),
        "near": Weight(2, "day, month or year is another: a slip, or a stranger of one in two hundred"),
        "different": Weight(-6, "dates of birth are seldom wrong in two places"),
    },
    "sex": {
        "same": Weight(1, "half of all strangers agree"),
        "different": Weight(-5, "a wrong sex is one record in a hundred"),
    },
    "commune": {
        "same": Weight(4, "most visits are at home; a commune holds one in a hundred of a register"),
        "different": Weight(-1, "people move, and see doctors elsewhere"),
    },
}

GRADES: tuple[tuple[Grade, float], ...] = (
    ("certain", 10),  # Odds of a thousand to one: only an identifier beside name or birth reaches that.
    ("probable", 2),  # Four to one.
    ("possible", -3),  # One to eight: worth the look of a human.
)


def weigh(outcomes: dict[str, str]) -> float:
    """Return the bits of a comparison: the outcome of each part that both records have.

    Whoever has the same national number is possible at the least, whatever else differs: one of the two is wrong.
    """
    bits = PRIOR + sum(WEIGHTS[part][outcome].bits for part, outcome in outcomes.items())
    return max(bits, GRADES[-1][1]) if outcomes.get("national number") == "same" else bits


def grade(bits: float) -> Grade:
    """Return the grade of http://hl7.org/fhir/R4/valueset-match-grade.html."""
    for name, least in GRADES:
        if bits >= least:
            return name
    return "certainly-not"


def score(bits: float) -> float:
    """Return the probability that these bits amount to, from 0 to 1, to four decimals."""
    return round(1 / (1 + 2.0**-bits), 4)
