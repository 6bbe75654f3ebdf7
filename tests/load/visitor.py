"""A browser without a screen: it speaks to a running app as the real one does.

It keeps its socket open, answers the app's wish to be asked again every few seconds, caches
messages as the browser does, and types into the grid. What it measures is the time from
sending a change until the app says that its run is over.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Dataframe_pb2 import Dataframe
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState


@dataclass
class Visitor:
    """One open window."""

    url: str
    """http://localhost:PORT."""
    path: str
    """Page and link: consensus?level=sku."""
    spent: list[float] = field(default_factory=list)
    """Seconds of every run that was waited for."""

    async def __aenter__(self) -> Visitor:
        host = self.url.removeprefix("http://")
        self._socket = await websockets.connect(
            f"ws://{host}/_stcore/stream", subprotocols=[websockets.Subprotocol("streamlit")],
            origin=websockets.Origin(self.url), max_size=None,
        )  # fmt: skip
        self._kept: dict[str, ForwardMsg] = {}
        self._buttons: dict[str, str] = {}
        self._page = self.editor = self._around = self._reason = ""
        self._edits: dict[str, dict[str, dict[str, float]]] = {}
        self._over = asyncio.Event()
        self._awaited, self._answered = "", False
        self._again: dict[str, asyncio.Task[None]] = {}
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._again.values(), self._listening):
            task.cancel()
        await self._socket.close()

    async def enter(self, person: str) -> None:
        """Open the page and say who one is."""
        await self._run()
        await self._run([WidgetState(id=self._buttons[person], trigger_value=True)])

    async def say_why(self, reason: str) -> None:
        """Choose the reason of what is typed from now on, by what it is called."""
        await self._run([WidgetState(id=self._reason, string_value=reason)])

    async def type(self, row: int, column: str, value: float, *, into: str = "") -> float:
        """Type a number into a cell; seconds until the page stands again.

        Parameters
        ----------
        into : str
            Another grid than the one that stands: the former one, for what was on its way.
        """
        started = time.perf_counter()
        target = into or self.editor
        edits = self._edits.setdefault(target, {})  # a new grid has nothing typed into it
        edits.setdefault(str(row), {})[column] = value
        state = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
        widget = WidgetState(id=target, string_value=json.dumps(state))
        await self._run([widget], fragment=self._around)
        self.spent.append(time.perf_counter() - started)
        return self.spent[-1]

    async def _run(
        self,
        widgets: list[WidgetState] | None = None,
        *,
        fragment: str = "",
        by_itself: bool = False,
    ) -> None:
        message = BackMsg()
        asked = message.rerun_script
        page, _, query = self.path.partition("?")
        asked.query_string, asked.page_name = query, page
        asked.page_script_hash = self._page
        asked.cached_message_hashes.extend(self._kept)
        asked.fragment_id, asked.is_auto_rerun = fragment, by_itself
        for widget in widgets or []:
            asked.widget_states.widgets.append(widget)
        if by_itself:
            await self._socket.send(message.SerializeToString())
        else:
            # A refresh under way may end before the run that is asked for: an answer draws its
            # own fragment, or the page.
            self._awaited, self._answered = fragment, not fragment
            self._over.clear()
            await self._socket.send(message.SerializeToString())
            await asyncio.wait_for(self._over.wait(), 60)

    async def _every(self, seconds: float, fragment: str) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._run(fragment=fragment, by_itself=True)

    async def _listen(self) -> None:
        async for data in self._socket:
            message = ForwardMsg()
            message.ParseFromString(data)  # type: ignore[arg-type]
            if message.WhichOneof("type") == "ref_hash":
                message = self._kept[message.ref_hash]
            elif message.metadata.cacheable:
                self._kept[message.hash] = message
            self._take(message)

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "navigation":
                self._page = message.navigation.page_script_hash
            case "script_finished":
                done = message.script_finished
                if self._answered and done in (
                    ForwardMsg.FINISHED_SUCCESSFULLY,
                    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                ):
                    self._over.set()
            case "auto_rerun":
                asked = message.auto_rerun
                if asked.fragment_id in self._again:
                    self._again[asked.fragment_id].cancel()
                self._again[asked.fragment_id] = asyncio.create_task(
                    self._every(asked.interval, asked.fragment_id)
                )
            case "delta":
                self._answered |= message.delta.fragment_id == self._awaited
                self._draw(message.delta.new_element, message.delta.fragment_id)

    def _draw(self, element: Any, fragment: str) -> None:
        match element.WhichOneof("type"):
            case "button":
                name = element.button.label.removeprefix("Continue as ")
                self._buttons[name] = element.button.id
            case "selectbox" if element.selectbox.label.startswith("Reason for"):
                self._reason = element.selectbox.id
            case "dataframe" if element.dataframe.editing_mode != Dataframe.READ_ONLY:
                self.editor, self._around = element.dataframe.id, fragment
