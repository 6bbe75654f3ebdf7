"""Who asks: every request below the API's path, before anything of it is read.

A program brings `Authorization: Bearer <token>`; no cookie counts, so no page of another site
can ask in somebody's name. Whoever brings nothing, or a wrong token, learns nothing: not even
which paths there are.
"""

from __future__ import annotations

import asyncio
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forecasting import operation, write
from forecasting.api import problems
from forecasting.api.running import Caller
from forecasting.errors import ConcordError, NotAllowed
from forecasting.governance.bearer import Level
from forecasting.governance.tokens import WrongToken
from forecasting.workspace import Workspace

LOG = operation.log("api")
MOST_WRONG = 20
"""Wrong tokens of one address within a minute, after which it is told to wait."""
WITHIN_S = 60.0
ADDRESSES = 10_000
AS = "concord-as"
"""The header by which the command line of this computer says who acts, as it does by --as."""


class Doubts:
    """How many wrong tokens came lately, by address. Whoever brings a right one is not held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def another(self, address: str, now: float | None = None) -> bool:
        """Count a wrong token; whether there were too many."""
        now = time.monotonic() if now is None else now
        with self._lock:
            lately = [at for at in self._wrong.pop(address, []) if now - at < WITHIN_S]
            self._wrong[address] = [*lately, now][-MOST_WRONG - 1 :]
            while len(self._wrong) > ADDRESSES:
                self._wrong.popitem(last=False)
            return len(lately) >= MOST_WRONG


class Identity:
    """The gate before the API.

    Parameters
    ----------
    app : ASGIApp
    space : callable
        The workspace; waits until it is open.
    local : callable
        The secret of this computer's command line; '' where there is none.
    most_bytes : int
        Bytes that a request may have.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        space: Callable[[], Workspace],
        local: Callable[[], str],
        most_bytes: int,
    ) -> None:
        self._app, self._space, self._local = app, space, local
        self._most = most_bytes
        self._doubts = Doubts()
        self._is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or say why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
            return
        headers = Headers(scope=scope)
        try:
            caller = await self._caller(headers)
        except WrongToken as error:
            address = scope["client"][0] if scope.get("client") else ""
            await self._turned_away(address, error)(scope, receive, send)
            return
        except (ConcordError, OSError) as error:
            await problems.of(error)(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._most:
            await self._too_large()(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, _bounded(receive, self._most), send)

    async def _caller(self, headers: Headers) -> Caller:
        """Who asks: all of it is in memory once the workspace is open."""
        if not self._is_open:
            await asyncio.to_thread(self._space)
            self._is_open = True
        space = self._space()
        caller = self._who(headers, space)
        if caller.token and space.tokens.is_use_due(caller.token):
            await asyncio.to_thread(space.tokens.note_use, caller.token)
        return caller

    def _who(self, headers: Headers, space: Workspace) -> Caller:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise WrongToken("Bring a token: Authorization: Bearer concord_...")
        here = self._local()
        if here and hmac.compare_digest(secret.encode(), here.encode()):
            person = space.desk.allowed(headers.get(AS, "admin"), "read")
            return Caller(person=person, level=Level.ADMIN)
        if AS in headers:
            raise NotAllowed("A token speaks for its own person; leave out --as.")
        token, person = space.tokens.holder(secret)
        return Caller(person=person, level=token.level, commands=token.commands, token=token.id)

    def _turned_away(self, address: str, error: WrongToken) -> ASGIApp:
        if not self._doubts.another(address):
            LOG.warning("wrong_token", address=address)
            return problems.of(error)
        return problems.answer(
            429, "Wait", "Too many wrong tokens came from this address. Wait a minute.",
            headers={"retry-after": str(int(WITHIN_S))},
        )  # fmt: skip

    def _too_large(self) -> ASGIApp:
        most = self._most // 1_000_000
        return problems.answer(
            413,
            "Too large",
            f"A request has at most {write.number(most)} MB, as an upload on a page has.",
        )


class TooLarge(Exception):
    """More came than a request may have."""


def _bounded(receive: Receive, most: int) -> Receive:
    """What comes in, up to a bound: a request need not say how long it is."""
    left = most

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return bounded
