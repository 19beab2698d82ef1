"""The documentation page comes whole from this service: nothing is asked of another host."""

import re

import httpx
import pytest

from app.api.docs import PAGE, START

HOST = "http://tramy.test"
ADDRESSES = re.findall(r'(?:src|href)="([^"]*)"', PAGE)


async def test_the_page_is_titled_and_may_ask_only_this_host(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{HOST}/docs")
    assert answer.status_code == 200
    assert "<title>Tramy</title>" in answer.text
    policy = {part.strip() for part in answer.headers["content-security-policy"].split(";")}
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= policy


def test_the_page_and_its_script_name_no_host() -> None:
    assert len(ADDRESSES) >= 4
    assert [address for address in ADDRESSES if re.match(r"\w+:|/", address)] == []
    assert "//" not in START
    assert "validatorUrl: null" in START


@pytest.mark.parametrize("address", sorted({*ADDRESSES, "openapi.json"}))
async def test_everything_the_page_names_is_served(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(f"{HOST}/{address}")
    assert answer.status_code == 200
    assert len(answer.content) > 100
    kinds = {".png": "image/png", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
    assert answer.headers["content-type"].startswith(kinds[re.sub(r".*(?=\.)", "", address)])


async def test_files_beside_the_scripts_are_not_served(client: httpx.AsyncClient) -> None:
    for path in ("/docs/static/%2e%2e/core.py", "/docs/static/..%2fcore.py"):
        assert (await client.get(HOST + path)).status_code == 404
