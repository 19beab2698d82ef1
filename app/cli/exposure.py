"""What a service that others can reach must have: somebody it knows, or it would only tempt its operator to open it."""

from ipaddress import ip_address

from app.config import Settings, declarations_by_field
from app.errors import Misconfigured
from app.store.database import Connection
from app.store.pool import alone

_PROVIDER = "_ISSUER"
"""How the settings end that name a provider of sign-in."""


async def require_callers(chosen: Settings, url: str, host: str) -> None:
    """Raise Misconfigured for a host beyond loopback without a registered client and without a provider."""
    if is_loopback(host) or _provider(chosen):
        return
    async with alone(url) as connection:
        known = await knows_anyone(connection)
    if not known:
        raise Misconfigured.of(
            f"{host} can be reached by others, and nobody is registered yet: run `tramy client add --help`, set a "
            "provider for people to sign in with (docs/reference/settings.md), or serve on 127.0.0.1",
            f"{host} có thể truy cập từ bên ngoài mà chưa đăng ký ai: hãy chạy `tramy client add --help`, khai báo nơi "
            "đăng nhập cho người dùng (docs/reference/settings.md), hoặc chỉ phục vụ tại 127.0.0.1",
            "--host",
        )


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches what listens there; a name is no proof, except this one."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def knows_anyone(connection: Connection) -> bool:
    """Say whether a client is registered and not disabled."""
    if not await connection.fetchval("select to_regclass('client') is not null"):
        return False
    return await connection.fetchval("select exists (select from client where disabled_at is null)")


def _provider(chosen: Settings) -> bool:
    """Say whether a provider of sign-in is set."""
    return any(getattr(chosen, name) for name, item in declarations_by_field() if item.env.endswith(_PROVIDER))
