"""Facts, and expressions over them: on which days something is true of a person.

A fact is read from the person's records as rows of (person_id, days); the union of the rows is the set of
days on which it holds. Expressions combine facts as sets of days: `&` both, `|` either, `-` one but not the
other. What an expression counts is always cut by where the person lives (resource `home`).
"""

from collections.abc import Iterator
from dataclasses import dataclass


class Expression:
    """A set of days of each person."""

    def __and__(self, other: "Expression") -> "Expression":
        return Combined("*", self, other)

    def __or__(self, other: "Expression") -> "Expression":
        return Combined("+", self, other)

    def __sub__(self, other: "Expression") -> "Expression":
        return Combined("-", self, other)

    def sql(self) -> str:
        """Return the expression over the columns `<fact>.days` and `home.days`."""
        raise AssertionError("an expression is a Fact, a Combined or Everyone")

    def facts(self) -> Iterator["Fact"]:
        """Yield the facts it is made of, in order."""
        yield from ()


@dataclass(frozen=True)
class Reason:
    """Why a fact does not hold on a day, in words: it never did, or it last did; `{first}` and `{last}` are days."""

    never: str
    never_vi: str
    ended: str
    ended_vi: str
    mend: str
    mend_vi: str


@dataclass(frozen=True)
class Fact(Expression):
    """A fact: a short code, SQL giving rows (person_id, days daterange), and why it may not hold."""

    code: str
    title: str
    title_vi: str
    rows: str
    reason: Reason

    def sql(self) -> str:
        """Return the fact's days, none where it never holds."""
        return f"coalesce({self.code}.days, '{{}}'::datemultirange)"

    def facts(self) -> Iterator["Fact"]:
        """Yield itself."""
        yield self


@dataclass(frozen=True)
class Everyone(Expression):
    """All days on which a person lives in the place."""

    def sql(self) -> str:
        """Return the days of residence."""
        return "home.days"


@dataclass(frozen=True)
class Combined(Expression):
    """Two expressions and Postgres' operator on their days."""

    operator: str
    left: Expression
    right: Expression

    def sql(self) -> str:
        """Return both sides with the operator between."""
        return f"({self.left.sql()} {self.operator} {self.right.sql()})"

    def facts(self) -> Iterator[Fact]:
        """Yield the facts of both sides."""
        yield from self.left.facts()
        yield from self.right.facts()


RESIDENT = Everyone()
