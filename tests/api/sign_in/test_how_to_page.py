"""The examples of the page for vendors run as they stand, against a service on a real port."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which

import pytest
import uvicorn
from fastapi import Request
from starlette.responses import JSONResponse, Response

from app.api.sign_in.bearer import bearer
from tests.api.sign_in.door import Clock, Worker, worker

PAGE = Path(__file__).resolve().parents[3] / "docs/how-to/sign-in-programs.md"
PYTHON = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
SHELL = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
Served = tuple[Worker, str]


@pytest.fixture
async def served(new_database) -> AsyncIterator[Served]:
    async with worker(await new_database(), Clock()) as door:
        door.app.add_api_route("/fhir/Patient", _count)
        server = uvicorn.Server(uvicorn.Config(door.app, port=0, lifespan="off", log_level="error"))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        yield door, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await task


async def _count(request: Request) -> Response:
    caller = await request.app.state.authority.caller(bearer(request))
    return JSONResponse({"resourceType": "Bundle", "total": 0, "asked by": caller.client})


async def run(folder: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_python_program_signs_in_and_asks(served: Served, tmp_path: Path) -> None:
    door, base = served
    make, ask = PYTHON
    await run(tmp_path, sys.executable, "-c", make)
    await door.register("tyt-mau", jwks=(tmp_path / "keys.json").read_text())
    said = await run(tmp_path, sys.executable, "-c", ask.replace("http://127.0.0.1:8000", base))
    assert "'asked by': 'tyt-mau'" in said


@pytest.mark.skipif(not all(map(which, ("bash", "openssl", "xxd", "curl"))), reason="no such tools")
async def test_the_shell_commands_get_a_token(served: Served, tmp_path: Path) -> None:
    door, base = served
    make, ask = SHELL
    await run(tmp_path, "bash", "-ec", make)
    await door.register("tyt-mau", jwks=(tmp_path / "keys.json").read_text())
    said = json.loads(await run(tmp_path, "bash", "-ec", ask.replace("http://127.0.0.1:8000", base)))
    assert (said["scope"], said["expires_in"]) == ("system/Patient.rs", 900)
