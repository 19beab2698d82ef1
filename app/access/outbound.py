"""The one door by which this service asks other machines for keys: only those on the list, and never for long.

https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import asyncio
import re
from collections.abc import Sequence

import httpx

from app.errors import BadParameter, Unavailable

LARGEST = 2**20
LONGEST = 5.0
_PLAIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[!-~]*)?", re.ASCII)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "tramy"}


class Outbound:
    """Fetches documents from the hosts of a list: `host` or `host:port`, compared as a whole with what is asked."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)

    def require(self, address: str) -> httpx.URL:
        """Return an address as it will be asked. Raises BadParameter unless it may be: https, to a host of the list.

        Without encryption only this machine itself is asked.
        """
        # One reader reads the address, for this look at it and for the request: two might see two hosts in it.
        try:
            url = httpx.URL(address) if _PLAIN.fullmatch(address) else None
        except httpx.InvalidURL:
            url = None
        if url is None or url.userinfo or url.fragment or not self._allows(url):
            raise BadParameter.of(
                "The address must begin with https:// and its host must be listed in TRAMY_OUTBOUND_HOSTS.",
                "Địa chỉ phải bắt đầu bằng https:// và máy chủ phải có trong TRAMY_OUTBOUND_HOSTS.",
                "address",
            )
        return url

    async def fetch(self, address: str) -> bytes:
        """Return the document at an address.

        Raises BadParameter for one that may not be asked, Unavailable without an answer of 200 that is whole in 5 s.
        """
        url = self.require(address)
        try:
            async with asyncio.timeout(LONGEST):
                return await _fetched(url)
        except (httpx.HTTPError, TimeoutError, OSError, ValueError):
            raise Unavailable.of(
                "Keys could not be fetched from their published address.",
                "Không tải được khóa từ địa chỉ đã công bố.",
            ) from None

    def _allows(self, url: httpx.URL) -> bool:
        port = url.port or {"https": 443, "http": 80}[url.scheme]
        host = f"[{url.host}]" if ":" in url.host else url.host
        return bool({host, f"{host}:{port}"} & self._hosts) and (url.scheme == "https" or url.host in _LOOPBACK)


async def _fetched(url: httpx.URL) -> bytes:
    """Ask for a document, following nothing. Raises ValueError for another answer than one of bearable size."""
    # The environment's proxy would be asked instead of the host, and see what is asked.
    async with (
        httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=LONGEST) as client,
        client.stream("GET", url, headers=_HEADERS) as answer,
    ):
        if answer.status_code != 200 or answer.headers.get("content-encoding", "identity") != "identity":
            raise ValueError
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > LARGEST:
                raise ValueError
        return bytes(body)
