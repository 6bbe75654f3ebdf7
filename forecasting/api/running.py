"""One verb, run for a program: within its token, in a folder of its own, once for one key."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forecasting import operation
from forecasting.api.held import Held
from forecasting.api.problems import BadRequest
from forecasting.api.verbs import TAKES_IF_MATCH, Asked, Verb
from forecasting.commands.served import ONLY_HERE, Served, serving
from forecasting.errors import JobRunning, NotAllowed
from forecasting.governance import bearer
from forecasting.governance.bearer import Call, Level
from forecasting.outputs.part import seen_by
from forecasting.rights import Person
from forecasting.workspace import Workspace

LOG = operation.log("api")
KEYS_KEPT = 2_000
"""Latest requests with a key of their own whose answers are kept, to be given again."""
PARTS = 64
"""Entries of the ledger that one request is looked for under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a person, by way of a token or of this computer."""

    person: Person
    level: Level
    commands: tuple[str, ...] = ()
    """The only verbs that the token is for; none: all of its level."""
    token: str = ""
    """Its id; '' for the command line of this computer."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a verb came to."""

    result: Mapping[str, Any]
    told: Sequence[tuple[str, bool]] = ()
    """Lines, each with whether it is a note beside the result."""
    files: Sequence[Path] = ()
    """What it wrote; the one that is the answer first."""
    folder: Path | None = None
    """Where they are."""
    seq: int = 0
    """The ledger's last event when it was done."""
    held: Held = field(default_factory=lambda: Held(ExitStack()))
    """The files, for as long as somebody reads them."""

    @property
    def notes(self) -> list[str]:
        """What was told beside the result."""
        return [text for text, is_note in self.told if is_note]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked, ready to run."""

    verb: Verb
    asked: Asked
    folder: Path | None
    """Of this request alone: what is uploaded is in `in`, what is written in `out`. None where
    the verb has no files: to make a folder and take it away again takes as long as an edit."""
    held: Held
    """The folder, for as long as somebody reads what is in it."""
    uploaded: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    form: str = ""
    """Ending of the file that is the answer."""
    key: str = ""
    """The ledger's id of it; '' where the caller gave none."""
    seen: int | None = None
    """The state that the caller looked at."""
    in_lines: bool = False
    """Whether the result is told in lines for a person."""
    tell: Callable[[str, float], None] = lambda _text, _share: None
    """Takes how far it is."""


class Runner:
    """Runs verbs on one workspace.

    Parameters
    ----------
    space : Workspace
    """

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self._lock = threading.Lock()
        self._done: OrderedDict[str, Outcome] = OrderedDict()
        self._under_way: set[str] = set()

    def run(self, caller: Caller, request: Request) -> Outcome:
        """Run a verb, or answer again what a request of this key came to.

        Raises
        ------
        ConcordError, click.ClickException
        """
        if not request.key:
            return self._run(caller, request)
        with self._lock:
            if request.key in self._done:
                return self._done[request.key]
            if request.key in self._under_way:
                raise JobRunning("The same request is being done; ask for its answer again.")
            self._under_way.add(request.key)
        try:
            made = self._made(request.key) or self._run(caller, request)
            if not made.files and "secret" not in made.result:
                self._keep(request.key, made)
            return made
        finally:
            with self._lock:
                self._under_way.discard(request.key)

    def _keep(self, key: str, made: Outcome) -> None:
        with self._lock:
            self._done[key] = made
            while len(self._done) > KEYS_KEPT:
                self._done.popitem(last=False)

    def _made(self, key: str) -> Outcome | None:
        """What the ledger knows of a request whose answer is not kept any more."""
        events = self.space.ledger.made_under(f"{key}/{n}" for n in range(1, PARTS + 1))
        if not events:
            return None
        return Outcome(
            result={"event": events[0].seq, "events": [event.seq for event in events]},
            told=[("This request was done before; it is in the ledger.", True)],
            seq=self.space.seq,
        )

    def _run(self, caller: Caller, request: Request) -> Outcome:
        verb, out = request.verb, Path()
        if request.folder is not None:
            out = request.folder / "out"
            out.mkdir()
        call = Call(level=caller.level, key=request.key, seen=request.seen)
        space = seen_by(self.space, caller.person)
        one = Served(workspace=space, person=caller.person, tell=request.tell)
        arguments = verb.arguments(request.asked, request.uploaded, out, request.form)
        if request.in_lines:
            arguments.remove("--json")
        with bearer.calling(call), serving(one):
            context = verb.command.make_context(verb.name, arguments)
            with context:
                if "person" in context.params:
                    context.params["person"] = caller.person.id
                verb.command.invoke(context)
        LOG.info("verb", verb=verb.name, by=caller.person.id, token=caller.token or "local")
        return Outcome(
            result=one.results[-1] if one.results else {}, told=one.told,
            files=_written(request), folder=request.folder, seq=self.space.seq,
            held=request.held,
        )  # fmt: skip


def _written(request: Request) -> list[Path]:
    """What a verb wrote, the answer first; also what it left beside what was uploaded."""
    if request.folder is None:
        return []
    brought = {path for paths in request.uploaded.values() for path in paths}
    found = [
        path
        for path in sorted(request.folder.rglob("*"))
        if path.is_file() and path not in brought
    ]
    return sorted(found, key=lambda path: path.stem != request.verb.name)


def check_may(caller: Caller, verb: Verb, *, to_look: bool = False) -> None:
    """Refuse a verb that a token is not for.

    Parameters
    ----------
    to_look : bool
        Whether only what it came to is asked for.

    Raises
    ------
    NotAllowed
    """
    if caller.commands and verb.name not in caller.commands:
        only = ", ".join(caller.commands)
        raise NotAllowed(f"This token is only for {only}, not for '{verb.name}'.")
    if verb.changes and not to_look:
        with bearer.calling(Call(level=caller.level)):
            bearer.check_writing()


def check_asked(caller: Caller, verb: Verb, asked: Asked) -> None:
    """Refuse what only whoever sits at the server may name.

    Raises
    ------
    NotAllowed
    """
    names = ONLY_HERE.get(verb.name, frozenset())
    if caller.token and any(getattr(asked, f"f_{name}", None) for name in names):
        raise NotAllowed(
            "Where the server finds files is set on its own pages, or at its own command line."
        )


def read_seen(verb: Verb, text: str | None) -> int | None:
    """The state that If-Match names.

    Raises
    ------
    BadRequest
    """
    if text is None:
        return None
    if verb.name not in TAKES_IF_MATCH:
        raise BadRequest(f"'{verb.name}' does not compare states, so If-Match means nothing.")
    bare = text.strip().removeprefix("W/").strip('"')
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 15):
        raise BadRequest('If-Match holds the ETag of what was looked at, such as "1234".')
    return int(bare)
