"""What every answer and every question must satisfy, before any page or API sees it."""

from __future__ import annotations

import hmac
from collections import deque
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.web.settings import LOOPBACK

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
LONGEST_QUERY = 8192
COOKIE_S = 30 * 86_400
LARGEST_BODY = 65_536
"""Bytes of a request's body; the largest question, a forecast of 64 orders, has half of it."""


class Guard:
    """ASGI layer: known hosts only, same origin only, no long queries or bodies, security headers on everything.

    Args:
        app: What is guarded.
        hosts: Host names served, without port. The address that a request came to is always served.
        token: What viewers beyond loopback must bring, as a cookie, in the header ``Authorization: Bearer`` or, once,
            as ``?token=`` of a page; empty: nothing.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], token: str = ""):
        self.app = app
        self.hosts = frozenset(hosts)
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal: Response | None = self._refusal(scope) or self._stranger(scope)
        if refusal is None and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            refusal, receive = await _bounded(scope, receive)
        await (refusal or self.app)(scope, receive, sealed)

    def _stranger(self, scope: Scope) -> Response | None:
        """An answer to one who may not come in, or who brings the token for the first time; None: come in."""
        if not self.token or (scope.get("client") or ("",))[0] in LOOPBACK:
            return None
        headers = Headers(scope=scope)
        name = f"ff-{(scope.get('server') or ('', 0))[1]}"
        brought = (headers.get("authorization", "").removeprefix("Bearer "), _cookie(headers, name))
        if any(map(self._right, brought)):
            return None
        asked = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        if scope["method"] == "GET" and self._right(asked.get("token", "")):
            come = RedirectResponse(scope["path"] or "/", 303, {"cache-control": "no-store"})
            come.set_cookie(name, self.token, httponly=True, samesite="strict", max_age=COOKIE_S)
            return come
        text = "token: expected the address with ?token=… that was printed at the start, got none or another"
        return PlainTextResponse(text, 401, {"cache-control": "no-store"})

    def _right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token.encode())

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self.hosts and _name(host) != (scope.get("server") or ("",))[0]:
            return PlainTextResponse(f"host: expected one of {', '.join(sorted(self.hosts))}, got another", 421)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return PlainTextResponse("origin: expected this server's own pages, got another origin", 403)
        query = scope.get("query_string", b"")
        if len(query) > LONGEST_QUERY:
            return PlainTextResponse(f"query: expected at most {LONGEST_QUERY} bytes", 414)
        if not query.isascii():
            return PlainTextResponse("query: expected other characters than ASCII as %XX, got bytes", 400)
        return None


async def _bounded(scope: Scope, receive: Receive) -> tuple[Response | None, Receive]:
    """The body read ahead to its bound, and a way to receive it again; an answer when it is larger."""
    too_large = PlainTextResponse(f"body: expected at most {LARGEST_BODY} bytes, got more", 413)
    told = Headers(scope=scope).get("content-length", "")
    if told.isdecimal() and int(told[:20]) > LARGEST_BODY:
        return too_large, receive
    messages: deque[Message] = deque()
    size, more = 0, True
    while more:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
        if size > LARGEST_BODY:
            return too_large, receive

    async def again() -> Message:
        return messages.popleft() if messages else await receive()

    return None, again


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")[:LONGEST_QUERY])
    except CookieError:
        return ""
    return found[name].value if name in found else ""


def _name(host: str) -> str:
    """Host without its port.

    >>> _name("localhost:8080"), _name("[::1]:8080"), _name("")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
