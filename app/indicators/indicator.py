"""An indicator as a value: who is in the population, who of them is counted, by which definition."""

from dataclasses import dataclass
from datetime import date

from app.indicators.fact import RESIDENT, Expression


@dataclass(frozen=True)
class Indicator:
    """A percentage of people: counted / population, on any day, for any place.

    `version` names the definition and `since` the day from which it applies; `source` is the document.
    """

    code: str
    title: str
    title_vi: str
    counted: Expression
    version: str
    since: date
    source: str
    definition: str
    definition_vi: str
    population: Expression = RESIDENT

    @property
    def counted_series(self) -> str:
        """The code under which its counted days stand in the ledger."""
        return f"{self.code}@{self.version}"

    @property
    def population_series(self) -> str:
        """The code of its population; indicators over the same residents share it."""
        return "resident@1" if self.population == RESIDENT else f"{self.code}@{self.version}/population"

    def series(self) -> dict[str, Expression]:
        """Return what it keeps in the ledger."""
        cut = self.population & self.counted if self.counted != self.population else self.counted
        resident = RESIDENT & cut if self.population != RESIDENT else cut
        return {self.population_series: self.population, self.counted_series: resident}
