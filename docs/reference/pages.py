"""Writes the parts of the reference pages that the program itself knows: `python -m docs.reference.pages`.

Each page is prose, then a mark, then what is made here; tests/unit/test_pages.py compares.
"""

from collections.abc import Callable, Iterator
from inspect import cleandoc, signature
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.models import ArgumentInfo

from app.access.roles import ROLES
from app.access.roles import table as permission_table
from app.cli.main import COMMANDS, command_line
from app.config import table as all_settings
from app.errors import TramyError
from app.fhir.search.common import COMMON
from app.fhir.search.modifiers import modifiers
from app.fhir.search.parameter import Parameter
from app.indicators.fact import Fact
from app.indicators.indicator import Indicator
from app.indicators.registry import indicators as all_indicators
from app.resources.registry import registry
from docs.reference.conformance import tables

DOCS = Path(__file__).parents[1]
SETTINGS = "reference/settings.md"
MARK = "<!-- From here on written by `python -m docs.reference.pages`; changes are made in the program. -->"


def commands() -> str:
    """Return a section for each command: what it does, its arguments and options."""
    return "\n".join(_command(name, callback) for name, callback in all_commands())


def all_commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every command with its name, `client add` for one of a group."""
    whole = command_line()
    groups = {group.name: group.typer_instance for group in whole.registered_groups}
    for name in COMMANDS:
        if name in groups:
            listed = groups[name].registered_commands if groups[name] else []
            yield from ((f"{name} {item.name}", item.callback) for item in listed if item.callback)
        else:
            yield from ((name, item.callback) for item in whole.registered_commands if item.name == name)


def _command(name: str, callback: Callable[..., Any]) -> str:
    says, _, example = cleandoc(callback.__doc__ or "").partition("Example: ")
    rows = [f"## tramy {name}\n", f"{says.strip()}\n", f"```sh\n{example.strip()}\n```\n"]
    options = signature(callback).parameters.values()
    if options:
        rows += ["| Option | Takes | Default | What it is for |", "|---|---|---|---|"]
        rows += [_option(option) for option in options]
        rows += [""]
    return "\n".join(rows)


def _option(option: Any) -> str:
    kind, info = get_args(option.annotation)
    # A name given first stands where a default may stand too; the function's own default is the one that counts.
    given = (text for text in (info.default, *(info.param_decls or ())) if isinstance(text, str))
    name = next(given, f"--{option.name.replace('_', '-')}")
    many = "..." if get_origin(kind) is list else ""
    argument = isinstance(info, ArgumentInfo)
    shown = f"`{option.name}{many}`" if argument and option.default is option.empty else f"`{name}`"
    # What an option does when it is not given may depend on the machine; then its text says it.
    stated = option.default in (None, False, "", option.empty) or "without it" in info.help
    default = "" if stated else f"`{option.default}`"
    return f"| {shown} | {_takes(kind, info)} | {default} | {info.help} |"


def _takes(kind: Any, info: Any) -> str:
    if info.min is not None:
        return f"a whole number from {info.min}" + (f" to {info.max}" if info.max is not None else "")
    return {bool: "", str: "text", str | None: "text", list[str] | None: "text, may be given several times"}.get(
        kind, "a path"
    )


def errors() -> str:
    """Return the table of error classes."""
    rows = ["| Class | Status | Issue code | When |", "|---|---|---|---|"]
    for kind in _classes(TramyError):
        status = "none of its own" if kind.__subclasses__() else str(kind.status)
        code = "" if kind.__subclasses__() else f"`{kind.code}`"
        rows.append(f"| `{kind.__name__}` | {status} | {code} | {_first(kind)} |")
    return "\n".join(rows) + "\n"


def _classes(kind: type[TramyError]) -> Iterator[type[TramyError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _classes(below)


def _first(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def search() -> str:
    """Return a table of search parameters for all types, and one for each type."""
    parts = ["## Every type\n", _parameters(COMMON)]
    for kind in registry():
        parts += [f"## {kind.name}\n", f"{kind.title} · {kind.title_vi}.\n", _parameters(kind.search)]
    return "\n".join(parts)


def _parameters(listed: tuple[Parameter, ...]) -> str:
    rows = ["| Parameter | Type | Looks at | Modifiers | Index |", "|---|---|---|---|---|"]
    for item in listed:
        paths = ", ".join(f"`{path}`" for path in item.paths) or {"_id": "`id`"}.get(item.name, "`meta.lastUpdated`")
        allowed = " ".join(f"`:{name}`" for name in modifiers(item, registry()))
        rows.append(f"| `{item.name}` | {item.kind} | {paths} | {allowed} | {_index(item)} |")
    return "\n".join(rows) + "\n"


def _index(item: Parameter) -> str:
    return "yes" if item.indexed or item.owner or item.name == "_id" else ""


def indicators() -> str:
    """Return a section for each indicator, and the table of facts with their reasons."""
    found = all_indicators().values()
    facts = {fact.code: fact for item in found for fact in (*item.population.facts(), *item.counted.facts())}
    rows = [
        "## Facts\n",
        "| Fact | Holds on a day of a person who | Reasons given when it does not | What counts the person |",
    ]
    rows += ["|---|---|---|---|", *(_fact(fact) for fact in facts.values()), ""]
    return "\n".join([*(_indicator(item) for item in found), *rows])


def _indicator(item: Indicator) -> str:
    facts = ", ".join(f"`{fact.code}`" for fact in item.counted.facts())
    return "\n".join(
        [
            f"## {item.code}\n",
            f"**{item.title_vi}** · {item.title}\n",
            f"- Definition {item.version}, from {item.since}: {item.source}.",
            f"- {item.definition}",
            f"- {item.definition_vi}",
            f"- Facts: {facts}. In the ledger: `{item.counted_series}` of `{item.population_series}`.\n",
        ]
    )


def _fact(fact: Fact) -> str:
    why = fact.reason
    reasons = f"{why.never} · {why.never_vi}<br>{why.ended} · {why.ended_vi}"
    return f"| `{fact.code}` | {fact.title} · {fact.title_vi} | {reasons} | {why.mend} · {why.mend_vi} |"


def roles() -> str:
    """Return the permission matrix of people, and what each role is, in both languages."""
    head = [f"`{word}`" for word in ROLES]
    rows = [
        "## Bảng quyền · Permissions\n",
        f"| Quyền · Permission | {' | '.join(head)} |",
        "|---" * (len(head) + 1) + "|",
    ]
    for name, (en, vi), cells in permission_table():
        rows.append(f"| `{name}`: {vi} · {en} | {' | '.join(cells)} |")
    for title, answers in (("Xem được người dân · People may be seen", "people"), ("Cả nước · The country", "country")):
        rows.append(f"| {title} | {' | '.join('x' if getattr(role, answers) else '' for role in ROLES.values())} |")
    rows += ["\n## Vai trò · Roles\n", "| Mã · Word | Vai trò · Role | Được làm gì · What it may do |", "|---|---|---|"]
    for role in ROLES.values():
        rows.append(f"| `{role.word}` | {role.title_vi} · {role.title} | {role.says_vi} · *{role.says}* |")
    return "\n".join(rows) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "conformance.md": tables,
    "reference/commands.md": commands,
    "errors.md": errors,
    "reference/search.md": search,
    "reference/indicators.md": indicators,
    "reference/roles.md": roles,
}


def settings() -> str:
    """Return the page of settings with the table that the program has in the place of the one there."""
    before, _, rest = (DOCS / SETTINGS).read_text(encoding="utf-8").partition("| Variable |")
    return before + all_settings() + "\n" + rest.partition("\n\n")[2]


def made(name: str) -> str:
    """Return a page as it must be: its own prose, and what the program knows."""
    prose = (DOCS / name).read_text(encoding="utf-8").partition(MARK)[0]
    return f"{prose}{MARK}\n\n{PAGES[name]()}"


def main() -> None:
    """Write every page."""
    for name in PAGES:
        (DOCS / name).write_text(made(name), encoding="utf-8")
    (DOCS / SETTINGS).write_text(settings(), encoding="utf-8")


if __name__ == "__main__":
    main()
