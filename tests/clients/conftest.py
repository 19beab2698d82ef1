"""A running service for client libraries: the command itself, over real HTTP, on a database of its own.

A library signs in as a registered program does: by an assertion that is signed with the key of its registration.
"""

import json
import os
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from bench.server import ROOT, TRAMY, tramy

CLIENT = "phan-mem-mau"
SCOPES = ("system/*.cruds", "tramy/merge", "tramy/registry")


@pytest.fixture(scope="session")
async def served_database(new_database: Callable[[], Awaitable[str]]) -> str:
    """The address of the database that is served to the libraries."""
    return await new_database()


@pytest.fixture(scope="session")
def key(served_database: str, tmp_path_factory: pytest.TempPathFactory) -> ECKey:
    """The private key of a program that is registered by the command."""
    private = tmp_path_factory.mktemp("key") / "private.json"
    asked = ["client", "add", CLIENT, "--name", "Phần mềm mẫu", "--place", "VN", "--generate", str(private)]
    asked += [word for scope in SCOPES for word in ("--scope", scope)]
    environment = {**os.environ, "TRAMY_DATABASE_URL": served_database}
    subprocess.run([*TRAMY, *asked], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60)
    return private_key(private)


def private_key(file: Path) -> ECKey:
    """Return the key that a file holds, alone or in a set."""
    held = json.loads(file.read_text(encoding="utf-8"))
    return ECKey.import_key(held.get("keys", [held])[0])


@pytest.fixture(scope="session")
def base(served_database: str, key: ECKey) -> Iterator[str]:
    """The address of the FHIR interface of `tramy serve`."""
    with tramy({"TRAMY_DATABASE_URL": served_database}) as server:
        yield f"http://127.0.0.1:{server.port}/fhir"


@pytest.fixture
def token(base: str, key: ECKey) -> str:
    """An access token, as a program gets it."""
    smart = httpx.get(f"{base}/.well-known/smart-configuration").json()
    now = int(time.time())
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": smart["token_endpoint"], "exp": now + 240, "jti": str(uuid4())}
    header = {"alg": "ES384", "typ": "JWT", "kid": key.kid}
    form = {
        "grant_type": "client_credentials",
        "scope": " ".join(SCOPES),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, key, algorithms=["ES384"]),
    }
    answer = httpx.post(smart["token_endpoint"], data=form)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]
