"""Settings: what each variable takes, what is refused, and that nothing submitted is repeated."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.config import Settings, declarations_by_field, table
from app.errors import Fault, Misconfigured

DOCS = Path(__file__).parents[2] / "docs/reference/settings.md"


@pytest.mark.parametrize(
    ("env", "text", "field", "value"),
    [
        ("TRAMY_DATABASE_URL", "postgresql://an:bi%40mat@db.example:5433/tramy", "database_url", ...),
        ("TRAMY_DATABASE_URL", "postgresql:///tramy?host=/run/postgresql", "database_url", ...),
        ("TRAMY_DATA", "/srv/tramy", "data", Path("/srv/tramy")),
        ("TRAMY_DATA", "here", "data", Path("here").absolute()),
        ("TRAMY_POSTGRES_BIN", "/opt/postgresql/bin", "postgres_bin", Path("/opt/postgresql/bin")),
        ("TRAMY_TIME_ZONE", "Asia/Bangkok", "time_zone", ZoneInfo("Asia/Bangkok")),
        ("TRAMY_BASE_URL", "https://ho-so.example/fhir", "base_url", ...),
        ("TRAMY_BASE_URL", "http://[::1]:8000", "base_url", ...),
        ("TRAMY_POOL_SIZE", "200", "pool_size", 200),
        ("TRAMY_BODY_LIMIT", "500kB", "body_limit", 500_000),
        ("TRAMY_BODY_LIMIT", "1.5 MiB", "body_limit", 1_572_864),
        ("TRAMY_BODY_LIMIT", "65536", "body_limit", 65_536),
        ("TRAMY_DEPTH_LIMIT", "16", "depth_limit", 16),
        ("TRAMY_BUNDLE_LIMIT", "1", "bundle_limit", 1),
        ("TRAMY_PAGE_SIZE", " 20 ", "page_size", 20),
        ("TRAMY_PAGE_LIMIT", "50", "page_limit", 50),
        ("TRAMY_STATEMENT_TIMEOUT", "500ms", "statement_timeout", 0.5),
        ("TRAMY_STATEMENT_TIMEOUT", "2min", "statement_timeout", 120.0),
        ("TRAMY_STATEMENT_TIMEOUT", "7", "statement_timeout", 7.0),
        ("TRAMY_MOMENT_INTERVAL", "250 ms", "moment_interval", 0.25),
        (
            "TRAMY_OUTBOUND_HOSTS",
            "SSO.example, khoa.example:8443",
            "outbound_hosts",
            ("sso.example", "khoa.example:8443"),
        ),
        ("TRAMY_OIDC_ISSUER", "https://sso.example/realms/tinh", "oidc_issuer", ...),
        ("TRAMY_OIDC_ISSUER", "https://sso.example/", "oidc_issuer", ...),
        ("TRAMY_OIDC_SCOPE", " openid  tramy ", "oidc_scope", "openid tramy"),
        ("TRAMY_OIDC_ROLE_CLAIM", "realm_access.roles", "oidc_role_claim", ...),
        ("TRAMY_SESSION_IDLE", "15min", "session_idle", 900.0),
        ("TRAMY_SESSION_LIMIT", "8h", "session_limit", 28_800.0),
        ("TRAMY_SESSIONS_PER_USER", "1", "sessions_per_user", 1),
        ("TRAMY_AUDIT_ANCHOR", "/srv/anchors.txt", "audit_anchor", ...),
        ("TRAMY_AUDIT_ANCHOR", "syslog:", "audit_anchor", ...),
        ("TRAMY_AUDIT_ANCHOR", "syslog:log.example:514", "audit_anchor", ...),
        ("TRAMY_AUDIT_ANCHOR", "https://anchors.example/tramy", "audit_anchor", ...),
        ("TRAMY_AUDIT_KEEP", "60", "audit_keep", 60),
        ("TRAMY_LOG_LEVEL", "WARNING", "log_level", "warning"),
        (
            "TRAMY_OUTBOUND_HOSTS",
            "Keys.example, 127.0.0.1:8080,[::1]",
            "outbound_hosts",
            ("keys.example", "127.0.0.1:8080", "[::1]"),
        ),
        ("TRAMY_OIDC_ISSUER", "https://dang-nhap.example/realms/so-y-te", "oidc_issuer", ...),
        ("TRAMY_OIDC_ISSUER", "https://dang-nhap.example/", "oidc_issuer", ...),
        ("TRAMY_OIDC_SCOPE_CLAIM", "access.scope", "oidc_scope_claim", "access.scope"),
    ],
)
def test_a_setting_is_read(env, text, field, value):
    assert getattr(Settings.from_env({env: text}), field) == (text if value is ... else value)


@pytest.mark.parametrize(
    ("env", "text"),
    [
        ("TRAMY_DATABASE_URL", "mysql://an:geheim@db.example/tramy"),
        ("TRAMY_DATABASE_URL", "postgresql+asyncpg://an:geheim@db.example/tramy"),
        ("TRAMY_DATABASE_URL", "postgresql://an:geheim@db.example:port/tramy"),
        ("TRAMY_DATABASE_URL", "postgresql://an:geheim@[db/tramy"),
        ("TRAMY_DATABASE_URL", "postgresql://"),
        ("TRAMY_TIME_ZONE", "Asia/Sai_Gon_Xua"),
        ("TRAMY_TIME_ZONE", "../../etc/passwd"),
        ("TRAMY_TIME_ZONE", "Asia"),
        ("TRAMY_AUDIT_ANCHOR", "http://anchors.example/tramy"),
        ("TRAMY_AUDIT_ANCHOR", "https://an:geheim@anchors.example/tramy"),
        ("TRAMY_AUDIT_KEEP", "3"),
        ("TRAMY_BASE_URL", "https://ho-so.example/fhir/"),
        ("TRAMY_BASE_URL", "https://an:geheim@ho-so.example"),
        ("TRAMY_BASE_URL", "https://ho-so.example/fhir?x=1"),
        ("TRAMY_BASE_URL", "https://ho-so.example:99999"),
        ("TRAMY_BASE_URL", "ftp://ho-so.example"),
        ("TRAMY_BASE_URL", "https:///fhir"),
        ("TRAMY_POOL_SIZE", "0"),
        ("TRAMY_POOL_SIZE", "201"),
        ("TRAMY_POOL_SIZE", "1_0"),
        ("TRAMY_POOL_SIZE", "-5"),
        ("TRAMY_POOL_SIZE", "٣"),
        ("TRAMY_POOL_SIZE", "9" * 5000),
        ("TRAMY_BODY_LIMIT", "64 million"),
        ("TRAMY_BODY_LIMIT", "2GiB"),
        ("TRAMY_BODY_LIMIT", "1e6"),
        ("TRAMY_BODY_LIMIT", "1000.5"),
        ("TRAMY_DEPTH_LIMIT", "15"),
        ("TRAMY_BUNDLE_LIMIT", "0"),
        ("TRAMY_PAGE_SIZE", "0"),
        ("TRAMY_STATEMENT_TIMEOUT", "0"),
        ("TRAMY_STATEMENT_TIMEOUT", "nan"),
        ("TRAMY_STATEMENT_TIMEOUT", "30 years"),
        ("TRAMY_MOMENT_INTERVAL", "1001ms"),
        ("TRAMY_OUTBOUND_HOSTS", "https://sso.example"),
        ("TRAMY_OUTBOUND_HOSTS", "sso.example/a"),
        ("TRAMY_OUTBOUND_HOSTS", "*.example!"),
        ("TRAMY_OIDC_ISSUER", "sso.example"),
        ("TRAMY_OIDC_ISSUER", "https://sso.example//"),
        ("TRAMY_OIDC_SCOPE", "profile"),
        ("TRAMY_OIDC_ROLE_CLAIM", "vai trò"),
        ("TRAMY_SESSION_IDLE", "0"),
        ("TRAMY_SESSION_LIMIT", "25h"),
        ("TRAMY_SESSIONS_PER_USER", "0"),
        ("TRAMY_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected_and_not_repeated(env, text):
    with pytest.raises(Misconfigured) as refused:
        Settings.from_env({env: text})
    (fault,) = refused.value.faults
    (reading,) = [declaration.reading for _, declaration in declarations_by_field() if declaration.env == env]
    assert fault == Fault("exception", f"expected {reading.en}", f"cần {reading.vi}", env)


def test_all_that_is_wrong_is_reported_at_once():
    with pytest.raises(Misconfigured) as refused:
        Settings.from_env({"TRAMY_POOL_SIZE": "many", "TRAMY_BODY_LIMIT": "big", "TRAMY_POOLSIZE": "4", "PATH": "/bin"})
    assert {fault.expression for fault in refused.value.faults} == {
        "TRAMY_POOL_SIZE",
        "TRAMY_BODY_LIMIT",
        "TRAMY_POOLSIZE",
    }


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("TRAMY_DATABASE", "TRAMY_DATABASE_URL"), ("TRAMY_PGSIZE", "TRAMY_PAGE_SIZE"), ("tramy_data", "TRAMY_DATA")],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known_one(given, nearest):
    with pytest.raises(Misconfigured) as refused:
        Settings.from_env({given: "gia tri"})
    (fault,) = refused.value.faults
    assert fault.expression == given
    assert fault.en.endswith(nearest)
    assert "gia tri" not in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "right"),
    [
        ({"TRAMY_PAGE_SIZE": "100", "TRAMY_PAGE_LIMIT": "100"}, True),
        ({"TRAMY_PAGE_SIZE": "101", "TRAMY_PAGE_LIMIT": "100"}, False),
        ({"TRAMY_PAGE_LIMIT": "49"}, False),
        ({"TRAMY_PAGE_SIZE": "1001"}, False),
    ],
)
def test_a_page_is_not_larger_than_the_largest_page(environ, right):
    if right:
        assert Settings.from_env(environ).page_size == 100
        return
    with pytest.raises(Misconfigured, match="TRAMY_PAGE_LIMIT"):
        Settings.from_env(environ)


def test_an_empty_variable_counts_as_not_set():
    empty = {declaration.env: "" for _, declaration in declarations_by_field()}
    assert Settings.from_env({**empty, "HOME": "/home/an"}) == Settings.from_env({"HOME": "/home/an"})


def test_an_audience_without_an_issuer_is_refused():
    with pytest.raises(Misconfigured, match="TRAMY_OIDC_AUDIENCE"):
        Settings.from_env({"TRAMY_OIDC_AUDIENCE": "tramy"})
    assert Settings.from_env({"TRAMY_OIDC_AUDIENCE": "tramy", "TRAMY_OIDC_ISSUER": "https://dang-nhap.example"})


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/an"}, "/home/an/.local/share/tramy"),
        ({"HOME": "/home/an", "XDG_DATA_HOME": "/data"}, "/data/tramy"),
        ({"HOME": "/home/an", "XDG_DATA_HOME": "relative"}, "/home/an/.local/share/tramy"),
        ({"HOME": "/home/an", "XDG_DATA_HOME": "/data", "TRAMY_DATA": "/srv/tramy"}, "/srv/tramy"),
    ],
)
def test_the_data_lie_in_the_data_home_unless_a_folder_is_named(environ, folder):
    assert Settings.from_env(environ).data == Path(folder)


def test_the_password_of_the_database_is_not_in_the_repr():
    assert "geheim" not in repr(Settings.from_env({"TRAMY_DATABASE_URL": "postgresql://an:geheim@db.example/tramy"}))


def test_every_default_of_the_table_is_the_default_in_force():
    for name, declaration in declarations_by_field():
        if name != "data":  # It depends on the user.
            expected = declaration.reading.read(declaration.default) if declaration.default else None
            assert getattr(Settings.from_env({}), name) == expected


def test_the_reference_holds_the_table_of_the_declarations():
    assert table() in DOCS.read_text("utf-8")


@pytest.mark.parametrize("env", ["TRAMY_OIDC_CLIENT_ID", "TRAMY_OIDC_CLIENT_SECRET_FILE"])
def test_a_name_at_a_provider_needs_the_provider(env):
    with pytest.raises(Misconfigured, match="TRAMY_OIDC_ISSUER"):
        Settings.from_env({env: "tramy"})
    assert Settings.from_env({env: "tramy", "TRAMY_OIDC_ISSUER": "https://sso.example"}).oidc_issuer
