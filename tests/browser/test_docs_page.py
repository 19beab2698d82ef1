"""The documentation page in a real browser: it shows every operation, and no script of it fails."""

import asyncio
import re
import shutil
import socket
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

pytestmark = pytest.mark.slow
MOST_SECONDS = 240


async def dom(address: str, folder: Path) -> str:
    """Return the page as the browser has made it."""
    browser = shutil.which("chromium")
    assert browser, "this test needs a browser: apt-get install chromium"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}",
        "--virtual-time-budget=20000",
    ]
    process = await asyncio.create_subprocess_exec(
        browser,
        *options,
        "--dump-dom",
        address,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), MOST_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode()


async def test_the_page_shows_every_operation(running: tuple[FastAPI, httpx.AsyncClient], tmp_path: Path) -> None:
    app, client = running
    document = (await client.get("http://tramy.test/openapi.json")).json()
    expected = {
        (method, path) for path, methods in document["paths"].items() for method in methods if method != "parameters"
    }
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve([listening]))
    try:
        page = await dom(f"http://127.0.0.1:{listening.getsockname()[1]}/docs", tmp_path)
    finally:
        server.should_exit = True
        await serving
    found = re.findall(r'opblock-summary-(get|post|put|patch|delete)".*?data-path="([^"]+)"', page, re.DOTALL)
    assert set(found) == expected
    assert "Lỗi" in page
