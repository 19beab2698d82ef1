"""A resource type as a value, and the registry of those that are served.

Generic code receives these and names no type; what is particular to a type is a field here, filled in
one file of `resources/`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY

from app.errors import Fault, NotFound
from app.fhir.search.parameter import Parameter
from app.store.record import CODE, Column, Tables, declare

if TYPE_CHECKING:
    from app.fhir.operation import Operation

URL = "http://hl7.org/fhir/R4/"


class Reading(NamedTuple):
    """What a body is read with: the zone that decides days, and when the version was received."""

    zone: ZoneInfo
    received: datetime


class Derived(NamedTuple):
    """Columns that indicators need, and how they are read from a body; a column without a value is left out."""

    columns: tuple[Column, ...]
    read: Callable[[dict, Reading], dict[str, Any]]


class Claim(NamedTuple):
    """A value that only one record in the whole system may hold."""

    system: str
    value: str


Rule = Callable[[dict], Iterable[Fault]]
Proof = tuple[frozenset[str], str]
REACH = "reach"
"""The column of those by whom a record lets its person be seen."""


@dataclass(frozen=True, eq=False)
class ResourceType:
    """A served resource type.

    `owner` is the element that names the patient a record belongs to (`subject`, `beneficiary`); with
    `owner_optional` it may be absent or name something else. `is_person` marks the type whose records are
    the patients themselves. `rules` are the service's own, beyond FHIR's; `claims` the values held alone;
    `operations` those of this type alone; `deletes_many` lets a conditional delete end several records.
    `reach` are the communes and organisations by which a record lets its person be seen, and `proof` the full names
    and the date that, with a value held alone, prove that who presents them knows the person.
    """

    name: str
    title: str
    title_vi: str
    search: tuple[Parameter, ...]
    derived: Derived | None = None
    rules: tuple[Rule, ...] = ()
    owner: str = ""
    owner_optional: bool = False
    is_person: bool = False
    claims: Callable[[dict], Iterable[Claim]] = lambda _tree: ()
    operations: tuple["Operation", ...] = ()
    deletes_many: bool = False
    reach: Callable[[dict, Reading], Iterable[str]] | None = None
    proof: Callable[[dict], Proof | None] = lambda _tree: None
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def person(self) -> str:
        """The column, or constant of SQL, that names whose record a row is, '' where it can be nobody's."""
        return "patient_id" if self.owner else "id" if self.is_person else "''"

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Its search parameters by name."""
        return {parameter.name: parameter for parameter in self.search}

    @cached_property
    def tables(self) -> Tables:
        """The tables its records are kept in."""
        searched = {column.name: column for parameter in self.search for column in parameter.columns()}
        derived = self.derived.columns if self.derived else ()
        reach = [Column(REACH, ARRAY(CODE))] if self.reach else []
        columns = [*searched.values(), *derived, *reach]
        return declare(self.name.lower(), columns, owned=bool(self.owner), persons=self.is_person)

    @cached_property
    def prefixed(self) -> tuple[Parameter, ...]:
        """The string parameters that have an index of words."""
        return tuple(item for item in self.search if item.kind == "string" and item.indexed)

    @cached_property
    def hierarchy(self) -> Parameter | None:
        """The reference by which a record is part of another one of its type, None where there is none."""
        return next((item for item in self.search if item.kind == "reference" and item.targets == (self.name,)), None)

    def columns(self, tree: dict, reading: Reading) -> dict[str, Any]:
        """Return the values of the columns taken out of a body, without those that are empty."""
        found: dict[str, Any] = {}
        for parameter in self.search:
            if not parameter.members.isdisjoint(tree):
                found.update(parameter.read(tree, reading.zone))
        if self.derived:
            found.update(self.derived.read(tree, reading))
        if self.reach and (holders := sorted(set(self.reach(tree, reading)))):
            found[REACH] = holders
        return found


class Registry:
    """The served types, by name, in the order in which they are declared."""

    def __init__(self, types: Iterable[ResourceType]) -> None:
        self._types = {item.name: item for item in types}
        self.tables = tuple(item.tables for item in self._types.values())

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self._types.values())

    def __contains__(self, name: str) -> bool:
        return name in self._types

    def __getitem__(self, name: str) -> ResourceType:
        found = self._types.get(name)
        if found is None:
            served = ", ".join(self._types)
            raise NotFound.of(
                f"This resource type is not served here; served are {served}.",
                f"Loại tài nguyên này không được hỗ trợ; các loại được hỗ trợ: {served}.",
                code="not-supported",
            )
        return found

    @cached_property
    def person(self) -> ResourceType:
        """The type whose records are the patients."""
        return next(item for item in self if item.is_person)

    @cached_property
    def owned(self) -> tuple[ResourceType, ...]:
        """The types whose records belong to a patient."""
        return tuple(item for item in self if item.owner)
