"""People sign in with a certified OpenID Connect provider, node-oidc-provider, as a browser does, over real ports.

https://github.com/panva/node-oidc-provider
"""

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.api.sign_in.opening import open_people
from app.config import Settings
from app.places import load
from app.store.pool import open_pool
from bench.server import free_port
from tests.api.sign_in_people.conftest import build
from tests.clients.test_client_libraries import MISSING, run

HERE = Path(__file__).parent / "provider"
SECRET = "mot khoa: dai & la%"
PAGE = {"sec-fetch-site": "same-origin"}


class Installation(NamedTuple):
    """The addresses of the service and of its provider."""

    home: str
    issuer: str

    @contextmanager
    def browser(self, person: str) -> Iterator[httpx.Client]:
        """A browser with cookies; whom it is of, the provider is told by a header."""
        with httpx.Client(base_url=self.home, headers={"x-person": person, "accept": "text/html"}) as client:
            client.follow_redirects = True
            yield client


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider's program in a folder with what it needs, installed as the lock file says."""
    if MISSING:
        pytest.skip(f"not on this machine: {', '.join(MISSING)}")
    folder = tmp_path_factory.mktemp("provider") / "node"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("node_modules"))
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
    return folder / "provider.mjs"


@pytest.fixture(scope="module", params=["RS256", "PS256", "ES256"])
def installation(
    request: pytest.FixtureRequest, program: Path, served_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The service and its provider, each on a port."""
    here, there = free_port(), free_port()
    installation = Installation(f"http://127.0.0.1:{here}", f"http://127.0.0.1:{there}")
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text(SECRET, encoding="ascii")
    settings = Settings(
        oidc_issuer=installation.issuer,
        oidc_client_id="tramy",
        oidc_client_secret_file=secret,
        outbound_hosts=("127.0.0.1",),
    )
    with _provider(program, there, installation.home, request.param), _served(settings, served_database, here):
        yield installation


@contextmanager
def _provider(program: Path, port: int, home: str, algorithm: str) -> Iterator[None]:
    command = [str(shutil.which("node")), program.name, str(port), home, algorithm]
    with subprocess.Popen(command, cwd=program.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n"
            yield
        finally:
            process.terminate()


@contextmanager
def _served(settings: Settings, url: str, port: int) -> Iterator[None]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(url, size=2, statement_timeout=30)
        app.state.people = await open_people(settings, pool, load(), lambda: datetime.now(UTC))
        yield
        await pool.close()

    app = build(None)
    app.router.lifespan_context = lifespan
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    _await(lambda: server.started)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("person", "role", "place", "organization"),
    [
        ("tram-1", "tram", ["00004@2025-07"], "Organization/tyt-1"),
        ("so-1", "officer", ["24@2025-07"], "Organization/so-y-te"),
    ],
)
def test_a_person_signs_in_with_role_place_and_organisation(
    installation: Installation, person: str, role: str, place: list[str], organization: str
) -> None:
    with installation.browser(person) as browser:
        done = browser.get("/auth/login?to=/auth/me")
        assert done.url.path == "/auth/me", done.text
        assert [urlsplit(str(step.url)).path for step in done.history][-1] == "/auth/callback"
        me = done.json()
        assert (me["user"], me["role"]["code"], me["organization"]) == (person, role, organization)
        assert [item["key"] for item in me["places"]] == place
        assert browser.get("/who").json()["role"] == role


@pytest.mark.slow
def test_a_person_without_a_role_is_signed_in_and_may_do_nothing(installation: Installation) -> None:
    with installation.browser("nobody-1") as browser:
        me = browser.get("/auth/login?to=/auth/me").json()
    assert (me["user"], me["role"], me["places"], me["permissions"]) == ("nobody-1", None, [], [])


@pytest.mark.slow
def test_whom_the_provider_declines_is_not_signed_in(installation: Installation) -> None:
    with installation.browser("stranger") as browser:
        done = browser.get("/auth/login?to=/auth/me")
        assert (done.status_code, done.url.path) == (401, "/auth/callback")
        assert "Chưa đăng nhập được" in done.text
        assert browser.get("/auth/me").status_code == 401


@pytest.mark.slow
def test_an_address_that_was_come_back_to_is_of_no_use_again(installation: Installation) -> None:
    with installation.browser("tram-1") as browser:
        callback = browser.get("/auth/login?to=/auth/me").history[-1].url
        assert browser.get(callback).status_code == 401
    with installation.browser("so-1") as other:
        assert other.get(callback).status_code == 401


@pytest.mark.slow
def test_logout_ends_the_session_here_and_at_the_provider(installation: Installation) -> None:
    with installation.browser("tram-1") as browser:
        browser.get("/auth/login?to=/auth/me")
        asked = browser.post("/auth/logout", headers=PAGE)
        assert str(asked.url).startswith(f"{installation.issuer}/session/end")
        assert browser.get("/auth/me").status_code == 401
        token = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
        assert token is not None
        browser.follow_redirects = False
        form = {"xsrf": token[1], "logout": "yes"}
        done = browser.post(f"{installation.issuer}/session/end/confirm", data=form)
        assert done.headers["location"] == f"{installation.home}/"


@pytest.mark.slow
def test_signing_out_at_the_provider_ends_the_session_here(installation: Installation) -> None:
    with installation.browser("tram-1") as browser:
        browser.get("/auth/login?to=/auth/me")
        assert browser.get("/auth/me").status_code == 200
        asked = browser.get(f"{installation.issuer}/session/end")
        token = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
        assert token is not None
        browser.post(f"{installation.issuer}/session/end/confirm", data={"xsrf": token[1], "logout": "yes"})
        _await(lambda: browser.get("/auth/me").status_code == 401)


def test_the_lock_file_names_no_registry_and_every_checksum() -> None:
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    libraries = {name: entry for name, entry in locked.items() if name}
    assert not [name for name, entry in libraries.items() if "resolved" in entry]
    assert not [name for name, entry in libraries.items() if not entry["integrity"].startswith("sha512-")]
