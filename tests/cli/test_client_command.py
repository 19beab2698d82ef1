"""The commands by which an administrator registers programs and mints tokens."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.access.key_pair import make_pair
from app.access.tokens import digest_of
from app.cli.main import command_line
from app.errors import TramyError


class Command:
    """Runs commands on a database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def __call__(self, *words: str, hosts: str = "") -> Result:
        env = {"TRAMY_DATABASE_URL": self.url, "TRAMY_OUTBOUND_HOSTS": hosts, "COLUMNS": "200"}
        return CliRunner().invoke(command_line(), words, env=env)

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def keys(self, text: str) -> str:
        file = self.folder / "keys.json"
        file.write_text(text, encoding="utf-8")
        return str(file)

    def ask(self, query: str, *values: Any) -> Any:
        async def asked() -> Any:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetchval(query, *values)
            finally:
                await connection.close()

        return asyncio.run(asked())


@pytest.fixture(scope="module")
async def url(new_database) -> str:
    return await new_database()


@pytest.fixture
def tramy(url: str, tmp_path: Path) -> Command:
    return Command(url, tmp_path)


def added(tramy: Command, client: str, *more: str) -> Any:
    keys = tramy.keys(make_pair("k1").public)
    return tramy.json("client", "add", client, "--scope", "system/Patient.rs", "--jwks", keys, *more)[0]


def test_a_program_is_registered_with_places_by_their_codes(tramy: Command) -> None:
    more = ("--scope", "tramy/indicators", "--place", "00004", "--place", "24@2025-07")
    found = added(
        tramy, "tyt-1", *more, "--organization", "Organization/tyt-1", "--name", "Trạm 1", "--rate-limit", "60"
    )
    assert found | {"created_at": ""} == {
        "id": "tyt-1",
        "name": "Trạm 1",
        "organization": "Organization/tyt-1",
        "scopes": ["system/Patient.rs", "tramy/indicators"],
        "places": ["00004@2025-07", "24@2025-07"],
        "keys": ["k1"],
        "rate_limit": 60,
        "created_at": "",
        "rotated_at": None,
        "disabled_at": None,
    }
    assert tramy.json("client", "show", "tyt-1") == [found]
    assert found in tramy.json("client", "list")
    assert "Trạm 1" in tramy("client", "list").output


def test_a_pair_is_made_and_only_its_public_part_is_kept(tramy: Command, tmp_path: Path) -> None:
    file = tmp_path / "private.json"
    assert tramy("client", "add", "made", "--scope", "system/*.rs", "--generate", str(file)).exit_code == 0
    private = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert private["d"] not in tramy.ask("select jwks from client where id = 'made'")
    assert tramy.json("client", "show", "made")[0]["keys"] == [private["kid"]]


def test_a_program_is_rotated_disabled_enabled_and_removed(tramy: Command) -> None:
    added(tramy, "life")
    assert tramy("client", "rotate", "life", "--jwks", tramy.keys(make_pair("k2").public)).exit_code == 0
    found = tramy.json("client", "show", "life")[0]
    assert (found["keys"], found["rotated_at"] is None) == (["k2"], False)
    assert tramy("client", "disable", "life").exit_code == 0
    assert tramy.json("client", "show", "life")[0]["disabled_at"]
    assert tramy("client", "enable", "life").exit_code == 0
    assert tramy.json("client", "show", "life")[0]["disabled_at"] is None
    assert tramy("client", "remove", "life").exit_code == 0
    assert tramy.ask("select count(*) from client where id = 'life'") == 0


SCOPE = ("--scope", "system/Patient.rs")
REFUSED: dict[str, tuple[str, ...]] = {
    "an id that is a path": ("client", "add", "../x", *SCOPE, "--jwks", "{keys}"),
    "an id of the service's own": ("client", "add", "tramy-token", *SCOPE, "--jwks", "{keys}"),
    "an id that is taken": ("client", "add", "taken", *SCOPE, "--jwks", "{keys}"),
    "no scope": ("client", "add", "x", "--jwks", "{keys}"),
    "a scope that is not understood": ("client", "add", "x", "--scope", "system/Patient.read", "--jwks", "{keys}"),
    "a scope of people": ("client", "add", "x", "--scope", "user/Patient.rs", "--jwks", "{keys}"),
    "a place that is none": ("client", "add", "x", *SCOPE, "--place", "00000", "--jwks", "{keys}"),
    "an organisation that is none": ("client", "add", "x", *SCOPE, "--organization", "tyt 1", "--jwks", "{keys}"),
    "no keys": ("client", "add", "x", *SCOPE),
    "keys in two ways": ("client", "add", "x", *SCOPE, "--jwks", "{keys}", "--generate", "{new}"),
    "a private key": ("client", "add", "x", *SCOPE, "--jwks", "{private}"),
    "a file that is there": ("client", "add", "x", *SCOPE, "--generate", "{keys}"),
    "a host that is not listed": ("client", "add", "x", *SCOPE, "--jwks-url", "https://evil.test/jwks"),
    "an address without encryption": ("client", "add", "x", *SCOPE, "--jwks-url", "http://keys.example/jwks"),
    "a program that is not there": ("client", "rotate", "nobody", "--jwks", "{keys}"),
    "to disable one that is not there": ("client", "disable", "nobody"),
    "to enable one that is not there": ("client", "enable", "nobody"),
    "to remove one that is not there": ("client", "remove", "nobody"),
    "to show one that is not there": ("client", "show", "nobody"),
    "a token without scope": ("token",),
    "a token of a scope that is none": ("token", "--scope", "all"),
    "a token of a place that is none": ("token", *SCOPE, "--place", "x"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_changes(tramy: Command, tmp_path: Path, name: str) -> None:
    if name == "an id that is taken":
        added(tramy, "taken")
    pair = make_pair("k1")
    files = {"keys": tramy.keys(pair.public), "new": str(tmp_path / "new"), "private": str(tmp_path / "private")}
    Path(files["private"]).write_text(f'{{"keys": [{pair.private}]}}', encoding="utf-8")
    before = tramy.ask("select count(*) from client") + tramy.ask("select count(*) from access_token")
    result = tramy(*(word.format(**files) for word in REFUSED[name]), hosts="keys.example")
    assert isinstance(result.exception, TramyError)
    assert tramy.ask("select count(*) from client") + tramy.ask("select count(*) from access_token") == before
    assert not Path(files["new"]).exists()


def test_keys_may_be_at_a_listed_address(tramy: Command) -> None:
    address = "https://keys.example/jwks"
    result = tramy("client", "add", "published", *SCOPE, "--jwks-url", address, "--json", hosts="keys.example")
    assert json.loads(result.stdout)[0]["keys"] == [address]


def test_a_token_is_minted_and_named_after_the_account(tramy: Command) -> None:
    found = tramy.json("token", *SCOPE, "--place", "24", "--minutes", "5")
    assert (found["scope"], found["places"]) == ("system/Patient.rs", ["24@2025-07"])
    lasts = "expires_at - issued_at = interval '5 minutes'"
    by = f"select minted_by is not null and {lasts} from access_token where hash = $1"
    assert tramy.ask(by, digest_of(found["access_token"]))
    plain = tramy("token", *SCOPE)
    assert digest_of(plain.stdout.strip())


def test_no_token_is_minted_for_longer_than_a_quarter_of_an_hour(tramy: Command) -> None:
    assert tramy("token", *SCOPE, "--minutes", "16").exit_code == 2
