"""What stands in front of every route, in the order in which a request meets it."""

from collections.abc import Callable

from starlette.types import ASGIApp

from app.api.headers import Guarded, shared
from app.api.logged import Logged
from app.api.pace import Paced
from app.api.proxies import Proxied
from app.api.rates import Rated, Rates
from app.config import Settings


def walled(app: ASGIApp, settings: Settings, recorded: Callable[[ASGIApp], ASGIApp] | None = None) -> ASGIApp:
    """Return the application behind its wall: whose request it is, its id and log line, headers, record, limits.

    `recorded` puts the audit around what may be refused here, so that a request beyond a limit is recorded too.
    """
    addresses = Rates(settings.auth_rate_limit, settings.auth_rate_burst)
    inner: ASGIApp = Rated(Paced(app, settings.body_timeout), addresses)
    if recorded:
        inner = recorded(inner)
    named = Logged(Guarded(shared(inner, settings.cors_origins or ())))
    return Proxied(named, settings.trusted_proxies or (), settings.proxy_headers)
