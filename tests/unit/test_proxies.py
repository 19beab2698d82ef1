"""Whose address and scheme a request has, by what stands in front and what it says."""

from ipaddress import ip_network

import pytest

from app.api.proxies import Proxied, client_address, is_proxied
from app.config import Settings
from app.errors import Misconfigured

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1/32")))


async def seen(peer: str | None, headers: list[tuple[str, str]], kind: str = "x-forwarded") -> tuple[str, str, bool]:
    """Return address and scheme of a request as the application sees them, and whether a trusted proxy sent it."""
    found = {}

    async def app(scope, receive, send):
        found.update(scope)

    scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 5000) if peer else None,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    await Proxied(app, PROXIES, kind)(scope, None, None)  # type: ignore[arg-type]
    return client_address(found), found["scheme"], is_proxied(found)


FOR, PROTO = "X-Forwarded-For", "X-Forwarded-Proto"


@pytest.mark.parametrize(
    ("peer", "headers", "address", "scheme"),
    [
        # Whoever asks directly may say what they like.
        ("192.0.2.9", [(FOR, "198.51.100.1"), (PROTO, "https")], "192.0.2.9", "http"),
        ("11.0.0.1", [(FOR, "198.51.100.1"), (PROTO, "https")], "11.0.0.1", "http"),
        (None, [(FOR, "198.51.100.1"), (PROTO, "https")], "", "http"),
        ("unix", [(FOR, "198.51.100.1")], "unix", "http"),
        # A trusted proxy is believed.
        ("10.0.0.1", [(FOR, "198.51.100.1"), (PROTO, "https")], "198.51.100.1", "https"),
        ("::ffff:10.0.0.1", [(FOR, "198.51.100.1"), (PROTO, "https")], "198.51.100.1", "https"),
        ("2001:db8:1::5", [(FOR, "2001:db8:2::7")], "2001:db8:2::7", "http"),
        ("10.0.0.1", [(FOR, "[2001:db8:2::7]:443")], "2001:db8:2::7", "http"),
        ("10.0.0.1", [(FOR, "198.51.100.1:4711")], "198.51.100.1", "http"),
        ("10.0.0.1", [(FOR, "::ffff:198.51.100.1")], "198.51.100.1", "http"),
        # What stands left of the first address that is not trusted was made up by it.
        ("10.0.0.1", [(FOR, "127.0.0.1, 198.51.100.1")], "198.51.100.1", "http"),
        ("10.0.0.1", [(FOR, "1.1.1.1, 198.51.100.1, 10.0.0.2")], "198.51.100.1", "http"),
        ("10.0.0.1", [(FOR, "1.1.1.1"), (FOR, "198.51.100.1")], "198.51.100.1", "http"),
        ("10.0.0.1", [(FOR, "10.0.0.3, 10.0.0.2")], "10.0.0.3", "http"),
        # What is no address ends the chain where it is known.
        ("10.0.0.1", [(FOR, "198.51.100.1, unknown")], "10.0.0.1", "http"),
        ("10.0.0.1", [(FOR, "unknown, 10.0.0.2")], "10.0.0.2", "http"),
        ("10.0.0.1", [(FOR, "")], "10.0.0.1", "http"),
        ("10.0.0.1", [(FOR, "fe80::1%<script>")], "10.0.0.1", "http"),
        ("10.0.0.1", [(FOR, "," * 10_000)], "10.0.0.1", "http"),
        # The scheme is the nearest proxy's word, and one of two.
        ("10.0.0.1", [(PROTO, "https")], "10.0.0.1", "https"),
        ("10.0.0.1", [(FOR, "198.51.100.1"), (PROTO, "https, http")], "198.51.100.1", "http"),
        ("10.0.0.1", [(PROTO, "javascript")], "10.0.0.1", "http"),
        # The other kind of header is what a client may have made up.
        ("10.0.0.1", [("Forwarded", "for=1.1.1.1;proto=https")], "10.0.0.1", "http"),
        ("10.0.0.1", [("X-Real-IP", "1.1.1.1"), ("X-Forwarded-Host", "evil.example")], "10.0.0.1", "http"),
    ],
)
async def test_address_and_scheme_are_those_that_a_trusted_proxy_saw(peer, headers, address, scheme):
    assert (await seen(peer, headers))[:2] == (address, scheme)


@pytest.mark.parametrize(
    ("peer", "value", "address", "scheme"),
    [
        ("192.0.2.9", "for=1.1.1.1;proto=https", "192.0.2.9", "http"),
        ("10.0.0.1", "for=198.51.100.1;proto=https;by=10.0.0.1", "198.51.100.1", "https"),
        ("10.0.0.1", 'For="[2001:db8:2::7]:4711"; Proto=HTTPS', "2001:db8:2::7", "https"),
        ("10.0.0.1", "for=1.1.1.1, for=198.51.100.1, for=10.0.0.2", "198.51.100.1", "http"),
        ("10.0.0.1", "for=_hidden;proto=https", "10.0.0.1", "https"),
        ("10.0.0.1", 'for="1.1.1.1, for=2.2.2.2', "2.2.2.2", "http"),
        ("10.0.0.1", "nonsense", "10.0.0.1", "http"),
        ("10.0.0.1", ';=,"' * 5000, "10.0.0.1", "http"),
    ],
)
async def test_forwarded_is_read_where_it_is_the_one_chosen(peer, value, address, scheme):
    headers = [("Forwarded", value), (FOR, "9.9.9.9"), (PROTO, "https")]
    assert (await seen(peer, headers, "forwarded"))[:2] == (address, scheme)


async def test_a_request_through_a_trusted_proxy_is_known_as_such():
    assert (await seen("10.0.0.1", []))[2]
    assert not (await seen("192.0.2.9", [(FOR, "10.0.0.1")]))[2]


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy.example", "10.0.0.0/33", "fe80::1%eth0"])
def test_a_setting_that_trusts_everybody_or_is_unclear_is_refused(text):
    with pytest.raises(Misconfigured):
        Settings.from_env({"TRAMY_TRUSTED_PROXIES": text})


@pytest.mark.parametrize(
    "text", ["*", "null", "https://*.example", "https://a.example/", "a.example", "https://A.example", "https://a:0"]
)
def test_an_origin_that_is_not_exact_is_refused(text):
    with pytest.raises(Misconfigured):
        Settings.from_env({"TRAMY_CORS_ORIGINS": f"https://so-lieu.example {text}"})
