"""The settings of the service, declared once and read from the environment once (https://12factor.net/config)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from app.errors import Fault, Misconfigured
from app.readings import (
    Reading,
    anchor_address,
    choice,
    database_address,
    duration,
    file,
    folder,
    hosts,
    issuer,
    networks,
    origins,
    size,
    time_zone,
    web_address,
    whole,
    word,
    words,
)

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
    secret_file: Path | None = field(
        default=None,
        metadata=about(
            "SECRET_FILE",
            folder(),
            "",
            "",
            "File with at least 32 random characters, from which the keys of page links and of sign-ins under way are "
            "made; the same for every worker. With the database that the service runs itself, it makes the file "
            "`secret` in TRAMY_DATA.",
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
    outbound_hosts: tuple[str, ...] | None = declared(
        "OUTBOUND_HOSTS",
        hosts(),
        "",
        "",
        "The only hosts this service asks for keys: those of programs and of the provider that people sign in with. "
        "A host without a port means all its ports. Without the setting none is asked.",
    )
    oidc_issuer: str | None = declared(
        "OIDC_ISSUER",
        issuer(),
        "",
        "",
        "The provider of OpenID Connect whose tokens are taken too; its host is listed in TRAMY_OUTBOUND_HOSTS.",
    )
    oidc_audience: str | None = declared(
        "OIDC_AUDIENCE",
        word(),
        "",
        "",
        "What the provider's access tokens must name as audience. Without it they are not taken.",
    )
    oidc_scope_claim: str = declared(
        "OIDC_SCOPE_CLAIM",
        word(),
        "scope",
        "",
        "The claim of the provider's access tokens with scopes; `a.b` is the claim b within a.",
    )
    oidc_places_claim: str = declared(
        "OIDC_PLACES_CLAIM",
        word(),
        "tramy_places",
        "",
        "The claim with codes of places, `00004`, `24`, `VN`; one who has none sees nobody by place.",
    )
    oidc_organization_claim: str = declared(
        "OIDC_ORGANIZATION_CLAIM",
        word(),
        "tramy_organization",
        "",
        "The claim with the organisation, such as `Organization/tyt-1`; one who has none sees nobody by treatment.",
    )
    oidc_client_id: str | None = declared(
        "OIDC_CLIENT_ID", word(), "", "", "The name by which this service is registered with the provider."
    )
    oidc_client_secret_file: Path | None = field(
        default=None,
        metadata=about(
            "OIDC_CLIENT_SECRET_FILE",
            file(),
            "",
            "",
            "A file with the secret that the provider gave this service. Without it the service is a public client.",
        ),
    )
    oidc_scope: str = declared(
        "OIDC_SCOPE", words(), "openid", "", "What is asked of the provider; only what brings the three claims below."
    )
    oidc_role_claim: str = declared(
        "OIDC_ROLE_CLAIM", word(), "tramy_role", "", "The claim with the role; dots lead inwards: `realm_access.roles`."
    )
    session_idle: float = declared(
        "SESSION_IDLE", duration("1min", "12h"), "30min", "seconds", "A person's session ends when unused for so long."
    )
    session_limit: float = declared(
        "SESSION_LIMIT",
        duration("5min", "24h"),
        "12h",
        "seconds",
        "A person's session ends after this time, used or not.",
    )
    sessions_per_user: int = declared(
        "SESSIONS_PER_USER",
        whole(1, 100),
        "5",
        "sessions",
        "A person's sessions at once; a further one ends the oldest.",
    )
    log_format: str = declared(
        "LOG_FORMAT", choice("text", "json"), "text", "", "How log lines look: for people, or one JSON object a line."
    )
    rate_limit: int = declared(
        "RATE_LIMIT",
        whole(0, 1_000_000),
        "100",
        "requests/s",
        "How often a client may ask in the long run, in each worker process; 0 for as often as it likes.",
    )
    rate_burst: int = declared(
        "RATE_BURST",
        whole(1, 1_000_000),
        "1000",
        "requests",
        "How many requests a client may send at once before that.",
    )
    auth_rate_limit: int = declared(
        "AUTH_RATE_LIMIT",
        whole(0, 1_000_000),
        "5",
        "requests/s",
        "The same for each network address, of signing in and of tokens that are refused.",
    )
    auth_rate_burst: int = declared(
        "AUTH_RATE_BURST", whole(1, 1_000_000), "50", "requests", "How many of those at once before that."
    )
    connection_limit: int = declared(
        "CONNECTION_LIMIT",
        whole(10, 100_000),
        "1000",
        "connections",
        "The most connections of clients to a worker; a request on one more is answered 503.",
    )
    body_timeout: float = declared(
        "BODY_TIMEOUT",
        duration("1s", "10min"),
        "30s",
        "seconds",
        "How long the next part of a request body may let wait.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] | None = declared(
        "TRUSTED_PROXIES",
        networks(),
        "",
        "",
        "The proxies in front of the service. Only what they say of a client's address and scheme is believed.",
    )
    proxy_headers: str = declared(
        "PROXY_HEADERS",
        choice("x-forwarded", "forwarded"),
        "x-forwarded",
        "",
        "Where they say it: in X-Forwarded-For and -Proto, or in Forwarded (RFC 7239). The other is not read.",
    )
    cors_origins: tuple[str, ...] | None = declared(
        "CORS_ORIGINS",
        origins(),
        "",
        "",
        "Origins whose pages may ask this service from a browser. Without it none may.",
    )
    audit_anchor: str | None = declared(
        "AUDIT_ANCHOR",
        anchor_address(),
        "",
        "",
        "Where the head of the audit's chain is kept every minute, so that a cut tail is found: a place that who can "
        "change the database cannot change. The host of an https address is listed in TRAMY_OUTBOUND_HOSTS.",
    )
    audit_keep: int = declared(
        "AUDIT_KEEP",
        whole(12, 1200),
        "120",
        "months",
        "How long rows of the audit are kept at least; `tramy audit retire` gives up whole months that are older.",
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
    if not values.get("oidc_issuer"):
        yield from _without_provider(values)


def _without_provider(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the faults of settings that say something of a provider where none is named."""
    if values.get("oidc_audience"):
        yield Fault(
            Misconfigured.code,
            "needs TRAMY_OIDC_ISSUER, whose tokens name this audience",
            "cần TRAMY_OIDC_ISSUER là nơi cấp mã có đối tượng này",
            "TRAMY_OIDC_AUDIENCE",
        )
    if values.get("oidc_client_id") or values.get("oidc_client_secret_file"):
        yield Fault(
            Misconfigured.code,
            "expected, where TRAMY_OIDC_CLIENT_ID or TRAMY_OIDC_CLIENT_SECRET_FILE is set",
            "cần có khi đặt TRAMY_OIDC_CLIENT_ID hoặc TRAMY_OIDC_CLIENT_SECRET_FILE",
            "TRAMY_OIDC_ISSUER",
        )


def table() -> str:
    """Return the table of all settings in Markdown, as docs/reference/settings.md holds it."""
    rows = ["| Variable | Takes | Default | Unit | What it is for |", "|---|---|---|---|---|"]
    for _, (env, reading, default, unit, says) in declarations_by_field():
        rows.append(f"| `{env}` | {reading.en} | {f'`{default}`' if default else 'none'} | {unit} | {says} |")
    return "\n".join(rows) + "\n"
