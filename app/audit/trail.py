"""What a request has done so far, for the audit: the request itself, and each part of it.

Whoever reads or writes a record says so here. What a transaction did is written by it, before it commits; all else is
written together when the answer is known and has not left. An attempt that was given up leaves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from app.audit.event import CREATE, DELETE, EXECUTE, READ, UPDATE, Event, outcome_of
from app.audit.writing import write
from app.store.database import Connection

ACTIONS = {"create": CREATE, "update": UPDATE, "patch": UPDATE, "delete": DELETE}
_READING = ("read", "vread", "read-published", "history", "capabilities", "job", "http")
EMERGENCY = "BTG"
"""The purpose of looking in an emergency. http://terminology.hl7.org/CodeSystem/v3-ActReason"""
Seen = tuple[str, str, str]
"""The type of a record, its id, and the id of its person."""


def action_of(interaction: str) -> str:
    """Return the action that an interaction is."""
    return ACTIONS.get(interaction.removeprefix("conditional-")) or (READ if interaction in _READING else EXECUTE)


class Part:
    """A request, or an entry of its bundle: what is said of it, and what it has seen or changed of whom.

    `emergencies` are people whose records stand open to the caller in an emergency, each with the reason.
    """

    def __init__(self, said: dict[str, Any], emergencies: Mapping[str, str]) -> None:
        self.said, self.emergencies = said, emergencies
        self.records: dict[str, None] = {}
        self.people: dict[str, None] = {}
        self.results: int | None = None
        self.written = False

    def saw(self, seen: Iterable[Seen]) -> None:
        """Note records that are given out or were changed."""
        number = 0
        for kind, record_id, person in seen:
            number += 1
            self.records[f"{kind}/{record_id}"] = None
            if person:
                self.people[person] = None
        self.results = (self.results or 0) + number

    def forget(self) -> None:
        """Begin anew."""
        self.records.clear()
        self.people.clear()
        self.results = None

    def told(self, status: int) -> Event:
        """Return the event as it ended, with the reason where it was one of an emergency."""
        stated = [self.emergencies[person] for person in self.people if person in self.emergencies]
        why = {"purpose": EMERGENCY, "reason": stated[0]} if stated else {}
        return Event(
            **{**self.said, **why},
            status=status,
            outcome=outcome_of(status),
            records=list(self.records),
            people=list(self.people),
            results=self.results,
        )


class Trail:
    """The parts of one request; `current` is the one that what is done now belongs to.

    One that is not `told` keeps nothing: the commands of the service itself write events of their own.
    """

    def __init__(self, said: dict[str, Any], *, told: bool = True) -> None:
        self.told = told
        self.emergencies: dict[str, str] = {}
        self.whole = self.current = Part(said, self.emergencies)
        self._ended: list[tuple[Part, int]] = []

    def named(self, **values: str) -> None:
        """Say more of the request: who asks, what interaction it is."""
        said = self.whole.said
        said.update(values)
        if "interaction" in values and "action" not in values:
            said["action"] = action_of(values["interaction"])

    @contextmanager
    def part(self, number: int, interaction: str, method: str, path: str) -> Iterator[Part]:
        """Enter an entry of a bundle, whose number begins at 1."""
        said = {"part": number, "interaction": interaction, "method": method, "path": path}
        part = self.current = Part({**self.whole.said, **said, "action": action_of(interaction)}, self.emergencies)
        try:
            yield part
        finally:
            self.current = self.whole

    def saw(self, seen: Iterable[Seen]) -> None:
        """Note records that are given out or were changed by what is done now."""
        if self.told:
            self.current.saw(seen)

    def told_of(self, people: Iterable[str], records: Iterable[str], results: int | None) -> None:
        """Note what an answer is about that gives out no records."""
        self.current.people |= dict.fromkeys(people)
        self.current.records |= dict.fromkeys(records)
        self.current.results = results

    def end(self, part: Part, status: int) -> None:
        """Say how a part ended; it is written with the transaction, or with the request."""
        if self.told:
            self._ended.append((part, status))

    def begin(self) -> None:
        """Forget what an attempt did that is made anew."""
        self.current.forget()
        self._ended = [] if self.current is self.whole else self._ended

    async def write(self, connection: Connection, epoch: int, status: int) -> list[Part]:
        """Write, in a transaction, what it is about to commit; return the parts to be marked once it has."""
        if not self.told:
            return []
        parts = [(part, code) for part, code in self._ended if not part.written]
        parts = [(self.current, status), *(pair for pair in parts if pair[0] is not self.current)]
        await write(connection, [part.told(code) for part, code in parts], epoch)
        return [part for part, _ in parts]

    def done(self, parts: Iterable[Part]) -> None:
        """Mark parts as committed."""
        for part in parts:
            part.written = True

    def rest(self, status: int) -> list[Event]:
        """Return the events that no transaction wrote, now that the request ends with a status.

        A request whose transaction was committed and whose answer is another one has a second event that says so.
        """
        if not self.told:
            return []
        left = [part.told(code) for part, code in self._ended if not part.written]
        if not self.whole.written or status >= 500:
            left.append(self.whole.told(status))
        return left


UNTOLD = Trail({}, told=False)
"""The trail of the service itself."""
