"""A small provider on a real port, that signs with real keys whatever a test tells it to."""

import hashlib
import socket
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "tramy-test", "bí-mật-không:hề".encode().hex()
RSA, EC, STRANGER = (
    RSAKey.generate_key(2048, {"kid": "rsa"}),
    ECKey.generate_key("P-384", {"kid": "ec"}),
    RSAKey.generate_key(2048, {"kid": "rsa"}),
)


def left_half(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("=")


class Provider:
    """What it says can be changed: `claims` go over those of the ID token, None taking one away; `token` over all."""

    def __init__(self, issuer: str, clock: Callable[[], datetime]) -> None:
        self.issuer, self.clock = issuer, clock
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.forget()

    def forget(self) -> None:
        self.key: Key = RSA
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "rsa"}
        self.claims: dict[str, Any] = {}
        self.token: Callable[[dict[str, Any]], str] = self.signed
        self.published: list[Key] = [RSA, EC]
        self.metadata: dict[str, Any] = {}
        self.answer: dict[str, Any] = {}
        self.raw: Response | None = None
        self.asked.clear()

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def usual(self, nonce: str) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        usual = {
            "iss": self.issuer,
            "sub": "u-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "sid": "s-1",
            "role": "tram",
            "places": ["00004"],
            "organization": "Organization/tyt-1",
            "name": "Nguyễn Thị Mẫu",
            **self.claims,
        }
        return {name: value for name, value in usual.items() if value is not None}

    async def discovery(self, _request: Request) -> Response:
        self.asked.append("discovery")
        endpoints = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse({**endpoints, **self.metadata})

    async def keys(self, _request: Request) -> Response:
        self.asked.append("keys")
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.published]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    async def exchange(self, request: Request) -> Response:
        self.asked.append("token")
        if self.raw is not None:
            return self.raw
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(form["code"], {})
        challenge = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        proven = b64decode(request.headers["authorization"].partition(" ")[2]).decode() == f"{CLIENT}:{SECRET}"
        if asked.get("code_challenge") != challenge or asked["redirect_uri"] != form["redirect_uri"] or not proven:
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {
            "access_token": "truy-cập",
            "token_type": "Bearer",
            "id_token": self.token(self.usual(asked["nonce"])),
        }
        return JSONResponse({**answer, **self.answer})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/keys", self.keys),
                Route("/authorize", self.authorize),
                Route("/token", self.exchange, methods=["POST"]),
            ]
        )


@contextmanager
def serving(clock: Callable[[], datetime]) -> Iterator[Provider]:
    """Serve the provider from a thread of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    provider = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}", clock)
    server = uvicorn.Server(uvicorn.Config(provider.app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
