"""The settings of the service, declared once and read from the environment once (https://12factor.net/config)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from app.errors import Fault, Misconfigured
from app.readings import Reading, choice, database_address, duration, folder, size, time_zone, web_address, whole

PREFIX = "TRAMY_"


class Declaration(NamedTuple):
    """A setting for people: its variable, how it is read, its default and unit in words, and what it is for."""

    env: str
    reading: Reading[Any]
    default: str
    unit: str
    says: str


def about(env: str, reading: Reading[Any], default: str, unit: str, says: str) -> dict[str, Declaration]:
    """Return the metadata of a field that is a setting."""
    return {"declaration": Declaration(PREFIX + env, reading, default, unit, says)}


def declared(env: str, reading: Reading[Any], default: str, unit: str, says: str) -> Any:
    """Make the field of a setting: its default is written as in the environment, and "" leaves it None."""
    return field(default=reading.read(default) if default else None, metadata=about(env, reading, default, unit, says))


def data_home(environ: Mapping[str, str]) -> Path:
    """Return `tramy` in the XDG data home; a relative XDG_DATA_HOME is ignored, as its specification asks.

    https://specifications.freedesktop.org/basedir-spec/
    """
    given = Path(environ.get("XDG_DATA_HOME", ""))
    return (given if given.is_absolute() else Path(environ.get("HOME") or Path.home()) / ".local/share") / "tramy"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting. Sizes are in bytes, times in seconds; a day is a day in `time_zone`."""

    database_url: str | None = field(
        default=None,
        repr=False,  # It may hold a password, and the repr of the settings may reach a log.
        metadata=about(
            "DATABASE_URL",
            database_address(),
            "",
            "",
            "The database to use, PostgreSQL 15 or newer. Without it the service runs a PostgreSQL of its own. "
            "It may hold a password and is never shown.",
        ),
    )
    data: Path = field(
        default_factory=lambda: data_home({}),
        metadata=about(
            "DATA",
            folder(),
            "~/.local/share/tramy",
            "",
            "Folder of the database that the service runs itself. The default follows XDG_DATA_HOME.",
        ),
    )
    postgres_bin: Path | None = field(
        default=None,
        metadata=about(
            "POSTGRES_BIN",
            folder(),
            "",
            "",
            "Folder with `postgres` and `initdb`. Without it they come from an installed wheel, then from the machine.",
        ),
    )
    time_zone: ZoneInfo = field(
        default_factory=lambda: ZoneInfo("Asia/Ho_Chi_Minh"),
        metadata=about(
            "TIME_ZONE",
            time_zone(),
            "Asia/Ho_Chi_Minh",
            "",
            "Where a day begins and ends: a visit at 06:30 in Viet Nam is on the day before in UTC.",
        ),
    )
    base_url: str | None = declared(
        "BASE_URL",
        web_address(),
        "",
        "",
        "The address clients use. Without it, it is taken from the host each request names.",
    )
    pool_size: int = declared(
        "POOL_SIZE",
        whole(1, 200),
        "10",
        "connections",
        "Database connections of a worker for reading, and as many again for writing.",
    )
    body_limit: int = declared(
        "BODY_LIMIT",
        size("1kB", "1GiB"),
        "64MiB",
        "bytes",
        "The largest request body taken, counted after decompression.",
    )
    depth_limit: int = declared(
        "DEPTH_LIMIT", whole(16, 200), "64", "levels", "How deep objects and arrays of a JSON body may be nested."
    )
    bundle_limit: int = declared(
        "BUNDLE_LIMIT", whole(1, 100_000), "5000", "entries", "The most entries taken in one Bundle."
    )
    page_size: int = declared(
        "PAGE_SIZE", whole(1, 10_000), "50", "entries", "Entries on a page of a search that names no `_count`."
    )
    page_limit: int = declared(
        "PAGE_LIMIT", whole(1, 10_000), "1000", "entries", "The most entries on a page, whatever `_count` asks for."
    )
    statement_timeout: float = declared(
        "STATEMENT_TIMEOUT",
        duration("100ms", "1h"),
        "30s",
        "seconds",
        "How long one statement may take.",
    )
    moment_interval: float = declared(
        "MOMENT_INTERVAL",
        duration("10ms", "1s"),
        "1s",
        "seconds",
        "How often a moment is recorded, by which the past can be asked for as it was known.",
    )
    log_level: str = declared(
        "LOG_LEVEL", choice("debug", "info", "warning", "error"), "info", "", "The least serious messages still logged."
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read every TRAMY_* variable; one that is set but empty counts as not set.

        Raises Misconfigured with all that is wrong at once; it repeats no value.
        """
        declarations = dict(declarations_by_field())
        faults = [unknown(name, declarations) for name in sorted(environ) if is_unknown(name, declarations)]
        values: dict[str, Any] = {}
        for name, declaration in declarations.items():
            try:
                if text := environ.get(declaration.env, "").strip():
                    values[name] = declaration.reading.read(text)
                elif name == "data":
                    values[name] = data_home(environ)
            except (ValueError, RuntimeError):
                faults.append(unreadable(declaration))
        faults += contradictions(values)
        if faults:
            raise Misconfigured(faults)
        return cls(**values)


def declarations_by_field() -> Iterator[tuple[str, Declaration]]:
    """Yield the name of every field of Settings and its declaration, in the order of the documentation."""
    for one in fields(Settings):
        yield one.name, one.metadata["declaration"]


def is_unknown(name: str, declarations: Mapping[str, Declaration]) -> bool:
    """Say whether a variable is meant for this service, in whatever case, and is none of its settings."""
    return name.upper().startswith(PREFIX) and all(name != known.env for known in declarations.values())


def unknown(name: str, declarations: Mapping[str, Declaration]) -> Fault:
    """Make the fault of a variable nobody reads: a typing error there would silently leave a default in force."""
    known = [declaration.env for declaration in declarations.values()]
    nearest = get_close_matches(name.upper(), known, n=1, cutoff=0)[0]
    return Fault(
        Misconfigured.code,
        f"no such setting; the nearest is {nearest}",
        f"không có mục này; gần nhất là {nearest}",
        name,
    )


def unreadable(declaration: Declaration) -> Fault:
    """Make the fault of a value that is not what the setting takes."""
    reading = declaration.reading
    return Fault(Misconfigured.code, f"expected {reading.en}", f"cần {reading.vi}", declaration.env)


def contradictions(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a fault for settings that are right alone and wrong together."""
    size, limit = Settings.page_size, Settings.page_limit
    if values.get("page_size", size) > values.get("page_limit", limit):
        yield Fault(
            Misconfigured.code,
            f"expected at most TRAMY_PAGE_LIMIT (where not set: {size} and {limit})",
            f"cần không lớn hơn TRAMY_PAGE_LIMIT (nếu không đặt: {size} và {limit})",
            "TRAMY_PAGE_SIZE",
        )


def table() -> str:
    """Return the table of all settings in Markdown, as docs/reference/settings.md holds it."""
    rows = ["| Variable | Takes | Default | Unit | What it is for |", "|---|---|---|---|---|"]
    for _, (env, reading, default, unit, says) in declarations_by_field():
        rows.append(f"| `{env}` | {reading.en} | {f'`{default}`' if default else 'none'} | {unit} | {says} |")
    return "\n".join(rows) + "\n"
