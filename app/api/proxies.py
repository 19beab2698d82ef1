"""Who really asks, where a proxy stands in front: what a trusted one says of address and scheme is believed.

X-Forwarded-For and X-Forwarded-Proto, or https://www.rfc-editor.org/rfc/rfc7239; one of the two, never both, because a
proxy that sets one passes the other on as the client made it up.
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]
_SCHEMES = ("http", "https")
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")
_ELEMENT = re.compile(r'(?:[^,"]|"[^"]*")+')
_PAIR = re.compile(r'\s*(for|proto)\s*=\s*(?:"([^"]*)"|([^;"\s]*))\s*(?:;|$)', re.IGNORECASE)


class Hop(NamedTuple):
    """What a proxy says of whom it was asked by: an address, None where it names none, and a scheme."""

    address: Address | None
    scheme: str


class Proxied:
    """Puts the address and the scheme of the client into the scope, in the place of the proxy's own."""

    def __init__(self, app: ASGIApp, trusted: Networks, headers: str) -> None:
        self.app, self._trusted = app, tuple(trusted)
        self._read = _forwarded if headers == "forwarded" else _x_forwarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; `proxied` in its scope says whether a trusted proxy sent it."""
        if self._trusted and scope["type"] == "http":
            peer = read_address(client_address(scope))
            scope["proxied"] = self._trusts(peer)
            if peer is not None and scope["proxied"]:
                self._put(scope, peer)
        await self.app(scope, receive, send)

    def _put(self, scope: Scope, peer: Address) -> None:
        found = Hop(peer, "")
        # From the right: each is what the one after it saw, and the first that is not trusted may have said anything.
        for hop in reversed(list(self._read(Headers(scope=scope)))):
            if hop.address is None:
                found = Hop(found.address, hop.scheme or found.scheme)
                break
            found = hop
            if not self._trusts(hop.address):
                break
        scope["client"] = (str(found.address), 0)
        if found.scheme in _SCHEMES:
            scope["scheme"] = found.scheme

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def client_address(scope: Scope) -> str:
    """Return the address of the client, "" where the server knows none."""
    client = scope.get("client")
    return client[0] if client else ""


def is_proxied(scope: Scope) -> bool:
    """Say whether a trusted proxy sent this request."""
    return bool(scope.get("proxied"))


def read_address(text: str) -> Address | None:
    """Read an address with or without a port, None where it is none; an IPv4 address in IPv6 is the IPv4 address."""
    form = _WITH_PORT.fullmatch(text)
    bare = (form[1] or form[2]) if form else text
    try:
        # After a percent sign stands the name of an interface, which may be any text.
        found = None if "%" in bare else ip_address(bare)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _x_forwarded(headers: Headers) -> Iterator[Hop]:
    """Yield the hops of X-Forwarded-For; the scheme is what the nearest proxy says, so it is on all of them."""
    scheme = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
    stated = headers.getlist("x-forwarded-for")
    for text in ",".join(stated).split(",") if stated else [""]:
        yield Hop(read_address(text.strip()), scheme)


def _forwarded(headers: Headers) -> Iterator[Hop]:
    """Yield the hops of Forwarded."""
    for element in _ELEMENT.findall(",".join(headers.getlist("forwarded"))):
        pairs = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(element)}
        yield Hop(read_address(pairs.get("for", "")), pairs.get("proto", "").lower())
