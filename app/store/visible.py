"""Which versions were current at a moment, as conditions of SQL: those known by then and not yet replaced by then.

What a moment is stands in moment.py; what the tables hold in record.py. Rows move from the table of current versions
to that of past ones when they are replaced, so a question about a moment is always asked of both.
"""

from typing import NamedTuple


class Seen(NamedTuple):
    """A moment in a statement: the texts that stand for its low, its high and its running transactions (`$5`)."""

    low: str
    high: str
    running: str

    def known(self, column: str) -> str:
        """Return the condition that a transaction had ended at the moment."""
        return f"({column} < {self.low} or ({column} < {self.high} and {column} <> all({self.running}::bigint[])))"

    def current(self, alias: str) -> str:
        """Return the condition by which a row of the current table was its record's version at the moment."""
        return self.known(f"{alias}.tx")

    def past(self, alias: str) -> str:
        """Return the condition by which a row of the past table was its record's version at the moment.

        The first part says nothing more than the last; it is there for the index of what has changed since.
        """
        until = f"{alias}.until_tx"
        return f"({until} >= {self.low} and {self.known(f'{alias}.tx')} and not {self.known(until)})"
