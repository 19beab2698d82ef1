"""Calls to a provider of sign-in: to listed hosts alone, without redirects, bounded in bytes and in time.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import asyncio
import json
import re
import ssl
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx

from app.errors import Misconfigured, Unavailable

SECONDS = 5.0
LARGEST = 1024 * 1024
_PLAIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:[/?][!-~]*)?")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


async def call(
    address: str,
    hosts: Collection[str],
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the JSON object at an address; with a form it is posted there, and the answer may be a refusal (400).

    Raises Misconfigured for a host that is not listed, Unavailable for anything that is no such answer in time.
    """
    require_listed(address, hosts)
    # Compressed, a small answer could be a large one.
    stated = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    try:
        async with asyncio.timeout(SECONDS), _client() as client, _asked(client, address, form, stated) as answer:
            if answer.status_code not in ((200, 400) if form else (200,)):
                raise no_answer()
            found = json.loads(await _bounded(answer))
    except (httpx.HTTPError, OSError, ValueError, RecursionError, TimeoutError) as error:
        raise no_answer() from error
    if not isinstance(found, dict):
        raise no_answer()
    return found


def require_listed(address: str, hosts: Collection[str]) -> None:
    """Raise Misconfigured for an address whose host is not listed, or that is not https outside this machine."""
    if not is_safe(address) or not {host_of(address), _with_port(address)} & {*hosts}:
        raise Misconfigured.of(
            "The provider's addresses must be https and their hosts named in TRAMY_OUTBOUND_HOSTS.",
            "Địa chỉ của nhà cung cấp phải là https và tên máy chủ phải có trong TRAMY_OUTBOUND_HOSTS.",
            "TRAMY_OUTBOUND_HOSTS",
        )


def is_safe(address: str) -> bool:
    """Say whether an address is https, or http on this machine, and carries no user or password."""
    host = host_of(address)
    return bool(host) and (address.startswith("https://") or host.strip("[]") in LOOPBACK)


def host_of(address: str) -> str:
    """Return the host of an address, "" where it is none.

    The reader is the one that asks there: another might see another host in the same text.
    """
    url = _read(address)
    return "" if url is None else f"[{url.host}]" if ":" in url.host else url.host


def _with_port(address: str) -> str:
    url = _read(address)
    return "" if url is None else f"{host_of(address)}:{url.port or {'https': 443, 'http': 80}[url.scheme]}"


def _read(address: str) -> httpx.URL | None:
    try:
        return httpx.URL(address) if _PLAIN.fullmatch(address) else None
    except httpx.InvalidURL:
        return None


def no_answer() -> Unavailable:
    """Make the error of a provider that cannot be worked with just now."""
    return Unavailable.of(
        "The provider of sign-in does not answer as it should; try again, or tell your administrator.",
        "Hệ thống đăng nhập không trả lời đúng; hãy thử lại hoặc báo người quản trị.",
    )


def _client() -> httpx.AsyncClient:
    # The machine's own certificates: a province's provider may have one of the province's making.
    return httpx.AsyncClient(verify=ssl.create_default_context(), follow_redirects=False, trust_env=False)


def _asked(
    client: httpx.AsyncClient, address: str, form: Mapping[str, str] | None, headers: Mapping[str, str]
) -> AbstractAsyncContextManager[httpx.Response]:
    return client.stream("POST" if form else "GET", address, data=form, headers=headers)


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for part in answer.aiter_raw():
        body += part
        if len(body) > LARGEST:
            raise no_answer()
    return body
