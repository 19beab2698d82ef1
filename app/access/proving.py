"""How a program proves who it is: a signed assertion, used once. What it must say, rule by rule.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#authenticating-to-the-token-endpoint
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple, TypeGuard

from app.access.compact import Compact, read_compact
from app.access.refusals import bad_assertion

LARGEST = 8192
LONGEST = 300
"""Seconds that an assertion may be valid."""
SKEW = 60
"""Seconds by which the clocks of a program and of this service may differ."""
_JTI = 200


class Proof(NamedTuple):
    """What an assertion proves once its signature is verified: the id that may be used once, and until when."""

    jti: str
    expires: datetime


def presented(text: str) -> Compact:
    """Return an assertion taken apart; its claims are not believed yet. Raises Unauthenticated."""
    try:
        compact = read_compact(text, LARGEST)
    except ValueError:
        raise bad_assertion(
            "client_assertion must be a signed JWT in compact form, with its own parts only and no key in its header.",
            "client_assertion phải là JWT đã ký ở dạng rút gọn, phần đầu không kèm khóa.",
        ) from None
    if compact.text("alg") not in ("ES384", "RS384") or compact.header.get("typ") != "JWT" or not compact.text("kid"):
        raise bad_assertion(
            "The header needs typ JWT, alg ES384 or RS384, and the kid of a registered key.",
            "Phần đầu cần typ là JWT, alg là ES384 hoặc RS384, và kid của khóa đã đăng ký.",
        )
    return compact


def proof(compact: Compact, client: str, audiences: Collection[str], now: datetime) -> Proof:
    """Return what an assertion with the right signature proves. Raises Unauthenticated naming the rule it breaks."""
    claims, seconds = compact.claims, now.timestamp()
    if claims.get("iss") != client or claims.get("sub") != client:
        raise bad_assertion("iss and sub must both be the client's id.", "iss và sub phải cùng là mã phần mềm.")
    if not isinstance(claims.get("aud"), str) or claims["aud"] not in audiences:
        raise bad_assertion(
            "aud must be the address of the token endpoint, as one text.",
            "aud phải là địa chỉ điểm cấp mã truy cập, dạng một chuỗi.",
        )
    _require_times(claims, seconds)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= _JTI or not jti.isprintable():
        raise bad_assertion(
            f"jti must be a text of at most {_JTI} characters, another one each time.",
            f"jti phải là chuỗi tối đa {_JTI} ký tự, mỗi lần một giá trị khác.",
        )
    return Proof(jti, datetime.fromtimestamp(claims["exp"], UTC))


def _require_times(claims: dict[str, object], now: float) -> None:
    exp = claims.get("exp")
    if not is_time(exp) or not now < exp <= now + LONGEST:
        raise bad_assertion(
            "exp must be a whole number of seconds, later than now and at most 300 seconds ahead.",
            "exp phải là số giây nguyên, sau hiện tại và không quá 300 giây.",
        )
    earliest = {"nbf": 0.0, "iat": now - LONGEST - SKEW}
    for name in earliest.keys() & claims.keys():
        value = claims[name]
        if not is_time(value) or not earliest[name] <= value <= now + SKEW:
            raise bad_assertion(
                f"{name} must be a whole number of seconds, and now by this service's clock.",
                f"{name} phải là số giây nguyên, đúng giờ hiện tại theo đồng hồ hệ thống.",
            )


def is_time(value: object) -> TypeGuard[int]:
    """Say whether a claim is a time: whole seconds since 1970, before the year 9999."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 253_370_764_800
