"""The app as it is served: who may reach it, and what a browser may do with it.

`python -m forecasting serve` starts this. Streamlit checks the host of a websocket only, and
takes every origin on this computer for its own; here everything is checked, so that neither
a page from outside whose name is pointed at this computer (DNS rebinding) nor another
program's page on another port can speak for somebody who has Concord open.
"""

import base64
import hashlib
import re
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from forecasting.api.app import PATH, build
from forecasting.commands import running
from pages.components import feeding, frame, health, remembered, signed

ROOT = Path(__file__).parent
SCRIPTS = ROOT / "pages" / "components"
ADDRESS_JS, HANDS_JS = SCRIPTS / "address.js", SCRIPTS / "hands.js"
PICTURES_JS, REACH_JS = SCRIPTS / "pictures.js", SCRIPTS / "reach.js"
CONTRAST_JS, SHAPES_JS = SCRIPTS / "contrast.js", SCRIPTS / "shapes.js"
BASE = f"/{config.get_option('server.baseUrlPath') or ''}/".replace("//", "/").rstrip("/")
"""Where the app stands under its host: '' by itself, '/concord' behind a proxy that says so."""
OURS = (
    ADDRESS_JS, CONTRAST_JS, HANDS_JS, PICTURES_JS, REACH_JS, SHAPES_JS,
    remembered.SCRIPT, signed.SCRIPT
)  # fmt: skip
_TAG = b"".join(
    b'<script src="%s/concord/%s"></script>' % (BASE.encode(), script.name.encode())
    for script in OURS
)
_NOT_FOR_PAGES = {b"accept-encoding", b"if-none-match", b"if-modified-since"}
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def policy(inline: Iterable[bytes]) -> str:
    """What a page may load: from here, and nothing from elsewhere.

    Parameters
    ----------
    inline : iterable of bytes
        Scripts that stand in the page itself; each is allowed by its digest.
    """
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in inline
    )
    return "; ".join(
        (
            "default-src 'self'",
            # Charts are small programs that the drawing library compiles; they are ours.
            f"script-src 'self' {digests}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


GUARDS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def refusal(scope: Scope, hosts: Iterable[str]) -> str:
    """Why a request is refused; '' if it is not.

    Parameters
    ----------
    hosts : iterable of str
        Names under which the app may be reached; '*' is all.
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    allowed = {name.strip("[]").lower() for name in hosts}
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if "*" not in allowed and name.rstrip(".") not in allowed:
        return (
            "Concord is not reached under this name. Open it under the address it was started "
            "with, or name this one in server.allowedHosts."
        )
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return "This was sent by a page of another address. Open Concord itself."
    return ""


def _names(option: object) -> list[str]:
    """Names as settings hold them: a list in the file, text with commas in the environment."""
    if isinstance(option, str):
        return [name.strip(" '\"") for name in option.strip("[] ").split(",") if name.strip()]
    return [str(name) for name in option] if isinstance(option, list | tuple) else []


class Guard:
    """Refuses what comes under another name or from another page; adds headers to the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        why = refusal(scope, _names(config.get_option("server.allowedHosts")) or LOCAL)
        if why and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
        elif why:
            await PlainTextResponse(why, status_code=403)(scope, receive, guarded(send, b""))
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request that is answered; the page itself is read, so it comes uncompressed."""
        if "text/html" in Headers(scope=scope).get("accept", ""):
            kept = [(k, v) for k, v in scope["headers"] if k not in _NOT_FOR_PAGES]
            scope = {**scope, "headers": kept}
        page = Page(send)
        await self.app(scope, receive, page.take)


class Page:
    """An answer on its way; if it is the app's page, our script is put first into it."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.body = b""

    async def take(self, message: Message) -> None:
        """Pass a message on, or hold it until the page is whole."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                self.start = message
                return
            await guarded(self.send, b"")(message)
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._whole(self.start, message)

    async def _whole(self, start: Message, last: Message) -> None:
        body = self.body.replace(b"<head>", b"<head>" + _TAG, 1)
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(body))
        headers["cache-control"] = "no-store"
        for name in ("etag", "last-modified", "accept-ranges"):
            del headers[name]
        await guarded(self.send, body)(start)
        await self.send({**last, "body": body})


def guarded(send: Send, body: bytes) -> Send:
    """The same exit, with the guards on the head of what passes."""

    async def passed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            for name, value in GUARDS.items():
                headers[name] = value
            headers["Content-Security-Policy"] = policy(_INLINE.findall(body))
        await send(message)

    return passed


UPLOAD_BYTES = int(config.get_option("server.maxUploadSize")) * 1_000_000
"""Bytes of a request to the API: as many as of an upload on a page."""
LOCAL = ("localhost", "127.0.0.1", "::1")
SWITCHES_S = 0.001
"""How long one thread may keep the interpreter from the others. An edit passes from the server
to its thread, to the ledger's and back: with the usual 5 ms it waits behind every page that is
drawn meanwhile, each time anew; with 1 ms it took a third of that (two pages drawn at once)."""


async def who(request: Request) -> Response:
    """The chooser's way in; it is shut where people sign in."""
    if signed.is_on():
        return PlainTextResponse("Not found\n", status_code=404)
    return await remembered.answer(request)


def _script(path: Path) -> Route:
    """A script of ours, as a page asks for it."""

    def read(_: object) -> FileResponse:
        return FileResponse(path, media_type="text/javascript")

    return Route(f"{BASE}/concord/{path.name}", read)


def home(request: Request) -> RedirectResponse:
    """Home is the first page and has no name of its own: under this one it is found, too."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{asked}")


def be_found() -> None:
    """Let the command line of this computer find this app by its database."""
    path = frame.whole().store.path
    if path is None or config.get_option("server.sslCertFile"):
        return
    host = str(config.get_option("server.address") or "")
    host = "127.0.0.1" if host in ("", "0.0.0.0", "::", "localhost") else host  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    running.announce(path, f"http://{host}:{config.get_option('server.port')}{BASE}")


@asynccontextmanager
async def living(of: object) -> AsyncIterator[None]:
    """From the start of the app to its end."""
    sys.setswitchinterval(SWITCHES_S)
    health.WHEN_OPEN[:] = [be_found]
    async with health.opening(of):
        yield
    running.leave()


API = build(frame.whole, local=running.secret, most_bytes=UPLOAD_BYTES)
app = st.App(
    ROOT / "app.py",
    routes=[
        *map(_script, OURS),
        Route(f"{BASE}/concord/who", who, methods=["POST"]),
        Route(f"{BASE}/home", home),
        *health.routes(BASE),
        feeding.route(BASE),
        Mount(f"{BASE}{PATH}", API),
    ],
    middleware=[Middleware(Guard)],
    lifespan=living,
    on_script_error=signed.gone,
)
