"""What every request must show before anything is answered, and what every answer carries.

A page of another site in the same browser, or another user of this machine, can reach a server on
loopback. The address holds a token that they do not know; the Host header must be ours, so that a
name that somebody else resolves to this machine leads nowhere (DNS rebinding); and a browser that
says it asks for another page is refused.
"""

import hmac
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_LONGEST_PATH: Final = 200
"""Letters. The page's own paths have a dozen; Python takes no number of thousands of digits."""

_HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # the address holds the token
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """An ASGI application in front of another, which sees paths without the token."""

    def __init__(self, app: App, *, token: str, hosts: Iterable[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = frozenset(host.encode() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return  # no web sockets

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        path = self._inner_path(scope)
        if path is None or not self._is_ours(scope):
            await _refuse(send_guarded)
            return
        inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        await self._app(inner, receive, send_guarded)

    def _inner_path(self, scope: Scope) -> str | None:
        """Return the path behind the token, None without it."""
        path: str = scope["path"]
        _, _, rest = path.partition("/")
        token, slash, inner = rest.partition("/")
        if not hmac.compare_digest(token.encode(), self._token) or not slash:
            return None
        if len(inner) > _LONGEST_PATH:
            return None
        return None if ".." in inner or "\\" in inner or "\0" in inner else f"/{inner}"

    def _is_ours(self, scope: Scope) -> bool:
        """Tell whether the browser asks for our own page, by our own name."""
        given: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.lower(), []).append(value)
        hosts = given.get(b"host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return False
        origins = given.get(b"origin", [])
        if any(origin not in {b"http://" + host for host in self._hosts} for origin in origins):
            return False
        if scope["method"] not in ("GET", "HEAD") and len(origins) != 1:
            return False
        # A link in a notebook or a terminal in the browser opens the page itself from elsewhere.
        opens = scope["method"] == "GET" and given.get(b"sec-fetch-mode") == [b"navigate"]
        return opens or set(given.get(b"sec-fetch-site", [])) <= {b"same-origin", b"none"}


async def _refuse(send: Send) -> None:
    """Answer as for any address that leads nowhere: it says nothing of why."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"Not found\n"})
