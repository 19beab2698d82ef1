"""Open what people sign in with, from the settings: the provider, its secret, the sessions, the places."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from asyncpg import Pool

from app.access.call import require_listed
from app.access.claims import Paths
from app.access.provider import Provider, Registration
from app.access.session import Limits, Noted, Sessions, unnoted
from app.access.sign_in import SignIn
from app.api.sign_in.home import require_safe
from app.config import Settings
from app.errors import BadParameter, Misconfigured
from app.places import COUNTRY, Places
from app.store.secret import key

_LONGEST_SECRET = 1024


@dataclass(frozen=True)
class People:
    """What the routes of people need."""

    sign_in: SignIn
    sessions: Sessions
    places: Places
    base_url: str | None


async def open_people(
    settings: Settings, pool: Pool, places: Places, clock: Callable[[], datetime], noted: Noted = unnoted
) -> People | None:
    """Return what people sign in with, None where no provider and name there are configured.

    Raises Misconfigured for a secret that cannot be read, a provider that may not be called, an unsafe address.
    """
    if not settings.oidc_issuer or not settings.oidc_client_id:
        return None
    require_listed(settings.oidc_issuer, settings.outbound_hosts or ())
    require_safe(settings.base_url)
    known_as = Registration(
        settings.oidc_issuer,
        settings.oidc_client_id,
        _secret(settings.oidc_client_secret_file),
        settings.oidc_scope,
    )
    limits = Limits(
        timedelta(seconds=settings.session_idle), timedelta(seconds=settings.session_limit), settings.sessions_per_user
    )
    sessions = Sessions(pool, known_as.issuer, limits, units_of(places), clock, noted)
    sign_in = SignIn(
        Provider(known_as, settings.outbound_hosts or ()),
        sessions,
        pool,
        Paths(settings.oidc_role_claim, settings.oidc_places_claim, settings.oidc_organization_claim),
        place_of(places, settings, clock),
        clock,
        key(settings.secret_file, "sign-in"),
    )
    return People(sign_in, sessions, places, settings.base_url)


def place_of(places: Places, settings: Settings, clock: Callable[[], datetime]) -> Callable[[str], str]:
    """Return what gives the key of a place stated by its code, on the boundaries of today; "" for none."""

    def found(text: str) -> str:
        try:
            return places.find(text, clock().astimezone(settings.time_zone).date()).key
        except BadParameter:
            return ""

    return found


def units_of(places: Places) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return what gives the stated communes inside places; the country has none, for it needs no list."""

    def inside(keys: tuple[str, ...]) -> tuple[str, ...]:
        units = [places.unit(key) for key in keys if key != COUNTRY]
        return tuple(dict.fromkeys(key for unit in units for key in places.stated(unit) or ()))

    return inside


def _secret(path: Path | None) -> str:
    """Return the secret in a file, "" without a file. Raises Misconfigured where there is none in it."""
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        text = ""
    if not text or len(text) > _LONGEST_SECRET or not text.isprintable():
        raise Misconfigured.of(
            "expected a file that can be read and holds the secret, one line",
            "cần một tệp đọc được và chứa khóa bí mật trên một dòng",
            "TRAMY_OIDC_CLIENT_SECRET_FILE",
        )
    return text
