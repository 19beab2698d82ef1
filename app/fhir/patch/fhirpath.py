"""The paths of FHIRPath Patch: a subset of FHIRPath that leads to elements of the resource itself.

`Patient.name[0].given`, `.where(use = 'home' and period.end = '2020')`, `.first()`, `.last()`, `.ofType(dateTime)`,
`.extension('http://...')`, and `$this` in a condition. https://hl7.org/fhir/R4/fhirpatch.html
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.fhir import definitions

LONGEST = 2000
"""The most letters of a path."""
MOST_STEPS = 64
"""The most steps of a path, which bound how deep a patch can put a value."""
_DEEPEST = 5
"""How deep conditions may stand in conditions."""
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*|`[A-Za-z_]\w*`|\$this\b)|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<number>-?[0-9]{1,30}(?:\.[0-9]{1,30})?)|(?P<time>@[0-9T:.+Z-]+)|(?P<mark>[.()\[\]=,]))\s*",
    re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}

Literal = str | bool | Decimal


@dataclass(frozen=True)
class Child:
    """The elements of a name."""

    name: str


@dataclass(frozen=True)
class Index:
    """The one at an index; -1 is the last."""

    index: int


@dataclass(frozen=True)
class OfType:
    """Those of a type."""

    name: str


@dataclass(frozen=True)
class Extension:
    """The extensions with a url."""

    url: str


@dataclass(frozen=True)
class Where:
    """Those of which every condition holds: what a path leads to is one value, equal to the literal."""

    conditions: tuple["tuple[Path, Literal]", ...]


Step = Child | Index | OfType | Extension | Where


class Path(NamedTuple):
    """The type that a path begins with, "" where it begins with an element, and its steps."""

    root: str
    steps: tuple[Step, ...]


class NotUnderstood(ValueError):
    """A text that is no path of the subset."""


def read_path(text: str) -> Path:
    """Read a path. Raises NotUnderstood for anything beyond the subset."""
    if len(text) > LONGEST:
        raise NotUnderstood
    reader = _Reader(_tokens(text))
    path = reader.path()
    reader.end()
    return path


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise NotUnderstood
        found.append((match.lastgroup, match[match.lastgroup].strip("`")))
        position = match.end()
    return found


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0
        self._depth = 0

    def path(self) -> Path:
        """A path, up to the token that does not belong to it."""
        name = self._take("name")
        root = name if name[0].isupper() else ""
        steps = [] if root or name == "$this" else [self._named(name)]
        while len(steps) <= MOST_STEPS:
            if self._next(".") and (root or steps or name == "$this"):
                steps.append(self._named(self._take("name")))
            elif self._next("["):
                steps.append(Index(self._whole()))
                self._mark("]")
            else:
                return Path(root, tuple(steps))
        raise NotUnderstood

    def end(self) -> None:
        """Nothing may follow."""
        self._take("end")

    def _named(self, name: str) -> Step:
        if not self._next("("):
            if name == "$this":
                raise NotUnderstood
            return Child(name)
        step = self._function(name)
        self._mark(")")
        return step

    def _function(self, name: str) -> Step:
        match name:
            case "first":
                return Index(0)
            case "last":
                return Index(-1)
            case "ofType":
                return OfType(self._type())
            case "extension":
                return Extension(_unquoted(self._take("text")))
            case "where":
                return Where(self._conditions())
        raise NotUnderstood

    def _type(self) -> str:
        name = self._take("name")
        if name in ("FHIR", "System") and self._next("."):
            name = self._take("name")
        if not _is_type(name):
            raise NotUnderstood
        return name

    def _conditions(self) -> tuple[tuple[Path, Literal], ...]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotUnderstood
        found = [self._condition()]
        while self._peek() == ("name", "and"):
            self._at += 1
            found.append(self._condition())
        self._depth -= 1
        return tuple(found)

    def _condition(self) -> tuple[Path, Literal]:
        path = self.path()
        if path.root:
            raise NotUnderstood
        self._mark("=")
        kind, text = self._peek()
        self._at += 1
        if kind == "text":
            return path, _unquoted(text)
        if kind == "number":
            return path, Decimal(text)
        if kind == "time":
            return path, text[1:].strip("T")
        if kind == "name" and text in ("true", "false"):
            return path, text == "true"
        raise NotUnderstood

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _take(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise NotUnderstood
        self._at += 1
        return text

    def _next(self, mark: str) -> bool:
        if self._peek() != ("mark", mark):
            return False
        self._at += 1
        return True

    def _mark(self, mark: str) -> None:
        if not self._next(mark):
            raise NotUnderstood

    def _whole(self) -> int:
        text = self._take("number")
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise NotUnderstood
        return int(text)


def _unquoted(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        return json.loads(f'"\\{code}"') if len(code) > 1 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(plain, text[1:-1])


def _is_type(name: str) -> bool:
    try:
        return bool(definitions.definition(name))
    except KeyError:
        return False
