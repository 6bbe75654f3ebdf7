"""What every page stands in: the workspace, who is looking, and who else is here."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import streamlit as st

from data.store import DEFAULT_PATH
from forecasting import operation
from forecasting.errors import ConcordError, Refused
from forecasting.governance.jobs import Job, State
from forecasting.outputs import part
from forecasting.outputs.part import seen_by
from forecasting.plan import balance
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.vocabulary import GLOSSARY
from forecasting.weekly import best_mix
from forecasting.weekly.best_mix import Watched
from forecasting.workspace import Workspace
from pages.components import faults, signed, theme
from pages.components.text import Markdown, ours, plain

GONE_AFTER_S = 12
"""Seconds without a look after which somebody counts as gone: six looks (`EVERY_S`) that were
missed."""
EVERY_S = 2
"""How often a page looks whether others changed what it shows."""
CROWD = 8
"""So many people are shown each other's changes every `EVERY_S`; twice as many, half as often."""


@dataclass
class Presence:
    """Who has which page open; forgotten a few seconds after the last sign of life."""

    seen: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    _led: dict[str, tuple[str | None, ...]] = field(default_factory=dict)

    def lead(self, what: str, at: tuple[str | None, ...]) -> None:
        """Say where whoever leads is."""
        self._led[what] = at

    def led(self, what: str) -> tuple[str | None, ...] | None:
        """Where whoever leads is."""
        return self._led.get(what)

    def tell(self, session: str, name: str, page: str) -> None:
        self.seen[session] = (name, page, time.monotonic())

    def count(self) -> int:
        """How many are here."""
        now = time.monotonic()
        return sum(now - at < GONE_AFTER_S for _, _, at in list(self.seen.values()))

    def others(self, session: str) -> list[tuple[str, str]]:
        now = time.monotonic()
        return sorted(
            (name, page)
            for key, (name, page, at) in list(self.seen.items())
            if key != session and now - at < GONE_AFTER_S
        )


_OPENED: dict[str, Workspace] = {}
"""What `_open` has open: asked for many times in every run, so it is kept at hand."""


def _release(space: Workspace) -> None:
    for path in [p for p, opened in _OPENED.items() if opened is space]:
        del _OPENED[path]
    space.close()


@st.cache_resource(
    show_spinner="Opening the database and building the plan ...", on_release=_release
)
def _open(path: str) -> Workspace:
    operation.show(logging.INFO)
    faults.note_them()
    space = Workspace(Path(path))
    faults.note_them()  # where: only now is there a log beside the database
    if space.has_forecast:
        _ = space.plan  # while the message above is shown
    _OPENED[path] = space
    return space


@st.cache_resource
def presence() -> Presence:
    return Presence()


def whole() -> Workspace:
    """The one workspace of this process: for what is nobody's look at it."""
    path = os.environ.get("CONCORD_DB", str(DEFAULT_PATH))
    return _OPENED.get(path) or _open(path)


def workspace() -> Workspace:
    """The workspace as far as whoever looks sees it."""
    found = whole()
    if not found.reading.is_limited:
        return found
    try:
        return seen_by(found, me())
    except KeyError:  # nobody has said yet who they are
        return found


def sees() -> str:
    """What whoever looks sees, for what is kept for several people: '' is everything."""
    return part.told(workspace())


def me() -> Person:
    """Who is looking, or who asked for what is being made.

    Raises
    ------
    NotAllowed
        If they were taken out.
    SignedOut
        Where people sign in: if nobody is signed in any more.
    """
    asked_by = _ASKED_BY.get()
    if not asked_by and signed.is_on():
        return signed.person(whole())
    return whole().desk.allowed(asked_by or st.session_state["person"], "read")


def is_somebody() -> bool:
    """Whether it is known who is looking, and they may come in."""
    try:
        me()
    except (KeyError, Refused):
        return False
    return True


_ASKED_BY: ContextVar[str] = ContextVar("asked by", default="")


@contextmanager
def speaking_for(person: str) -> Iterator[None]:
    """Make something for a person where there is no session: a file that was clicked for."""
    token = _ASKED_BY.set(person)
    try:
        yield
    finally:
        _ASKED_BY.reset(token)


def session_id() -> str:
    if "session" not in st.session_state:
        st.session_state["session"] = os.urandom(8).hex()
    return str(st.session_state["session"])


def title(name: str, finding: str) -> None:
    """Page title and, in words, the answer to the page's question."""
    st.title(name, anchor=False)
    st.markdown(finding)
    if of := sees():
        st.caption(plain(of))


def select(
    label: str,
    options: Sequence[Any],
    *,
    key: str,
    default: Any = None,
    in_words: Callable[[Any], str] = str,
    help: str | None = None,
    width: int | Literal["stretch"] = "stretch",
) -> Any:
    """A choice that stands in the link, under its key, by value.

    Streamlit's own binding writes the label that is shown, which changes with the data;
    a link has to say the same tomorrow.
    """
    name = _from_link(key, options, default)
    # A browser goes on showing the words of before, unless the choice is made anew.
    words = in_words(st.session_state[name])
    if st.session_state.get(f"{name} in words", words) != words:
        st.session_state[name] = st.session_state[name]
    st.session_state[f"{name} in words"] = words
    chosen = st.selectbox(
        label, options, key=name, format_func=in_words, help=help, width=width
    )
    if key in TRAVELS:
        _carry(key, str(chosen), [str(option) for option in options])
    return _into_link(key, chosen)


TRAVELS = ("department", "class", "place")
"""Filters that go along from page to page: the same choice means the same on each."""


def carried() -> dict[str, str]:
    """The filters that go along, by value."""
    found: dict[str, str] = st.session_state.setdefault("carried", {})
    return found


def _carry(key: str, chosen: str, options: Sequence[str]) -> None:
    """Take a choice along; where a page does not offer what is carried, it is kept for others."""
    if chosen != options[0] or carried().get(key) in options:
        carried()[key] = chosen


def steps(label: str, options: dict[str, str], *, key: str) -> str:
    """One of a few steps, side by side, that stands in the link by value."""
    name = _from_link(key, list(options))
    chosen = st.segmented_control(
        label, list(options), key=name, format_func=lambda one: plain(options[one]),
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    return str(_into_link(key, chosen or next(iter(options))))


def _from_link(key: str, options: Sequence[Any], default: Any = None) -> str:
    """Take a choice from the link; returns where the page keeps it."""
    name = slot(key)
    values = {str(option): option for option in options}
    linked = st.query_params.get(key)
    # The link speaks when it was changed from outside, or when the page is new.
    changed = linked != st.session_state.get(f"{name} in link")
    if linked in values and (changed or name not in st.session_state):
        st.session_state[name] = values[linked]
    elif name not in st.session_state and carried().get(key) in values:
        st.session_state[name] = values[carried()[key]]
    if st.session_state.get(name) not in options:
        st.session_state[name] = options[0] if default is None else default
    return name


def _into_link(key: str, chosen: Any) -> Any:
    """Write a choice into the link."""
    if _COLLECTED in st.session_state:
        st.session_state[_COLLECTED][key] = str(chosen)
    else:
        _write({key: str(chosen)})
    return chosen


def _write(link: Mapping[str, str]) -> None:
    """Write into the link, in one message, and remember what stands there."""
    if any(st.query_params.get(key) != value for key, value in link.items()):
        st.query_params.update(link)
    for key, value in link.items():
        st.session_state[f"{slot(key)} in link"] = value


_COLLECTED = "collected for the link"


@contextmanager
def one_step() -> Iterator[None]:
    """Everything that a page writes into the link is written at once: one step of Back."""
    st.session_state[_COLLECTED] = {}
    try:
        yield
    finally:
        collected = st.session_state.pop(_COLLECTED)
    _write(collected)


def slot(key: str) -> str:
    """Where a page keeps a choice: each page its own, or one page's would leak into another."""
    return f"{st.session_state.get('page', '')}.{key}"


def term(name: str) -> Markdown:
    """Definition of a term, for a tooltip."""
    return ours(f"**{plain(name)}**: {plain(GLOSSARY[name])}")


def follow_sums() -> bool:
    """Progress of summing up for the scorecard; whether it is under way."""
    job = workspace().quarters.summing

    @st.fragment(run_every=1 if job.progress is not None else None)
    def progress() -> None:
        follow(job, "adding up the scorecard")

    progress()
    return job.progress is not None


def odd_beside(what: str, name: str) -> None:
    """A small mark, where something that this page shows looks odd in the data.

    Parameters
    ----------
    what : str
        sku, door or activation.
    """
    count = workspace().oddities.beside(what, name)
    if count:
        st.page_link(
            "pages/setup/data.py", icon=":material/rule:", query_params={"odd": name},
            label=f"{theme.number(count)} {'thing looks' if count == 1 else 'things look'} odd in its data",
        )  # fmt: skip


def refused(error: ConcordError) -> None:
    """Say a refusal where it happened."""
    st.error(f"**{plain(error.title)}.** {plain(error)}")


def do(
    verb: Callable[..., Any],
    *arguments: Any,
    then: Callable[[], None] = lambda: None,
    **options: Any,
) -> None:
    """Run a verb and redraw, or say why not; `then` is called where it was done."""
    try:
        verb(*arguments, **options)
    except ConcordError as error:
        refused(error)
    else:
        then()
        st.rerun()


def follow(job: Job, doing: str) -> bool:
    """Progress of a job for everybody, inside a fragment; the page redraws when it ends.

    Returns whether it is under way.
    """
    progress = job.progress
    was = st.session_state.get(f"{job.name} running", False)
    st.session_state[f"{job.name} running"] = progress is not None
    if progress is None:
        if was:
            st.rerun()
        ended(job)
        return False
    left = progress.left()
    st.progress(
        min(progress.share, 1.0),
        f"{plain(progress.by)} is {doing}: {plain(progress.text)}"
        + (f", about {theme.number(left)} s left" if left is not None else ""),
    )
    return True


def ended(job: Job) -> None:
    """How the last one ended, for whoever was not looking."""
    outcome = job.outcome
    if outcome is None:
        return
    match outcome.state:
        case State.FAILED:
            st.error(plain(outcome))
        case State.STOPPED:
            st.warning(plain(outcome))
        case State.DONE:
            st.caption(plain(outcome))


def which_plan() -> tuple[str, LivePlan]:
    """The choice between working plan and draft, in the link, and the plan chosen."""
    which = select(
        "Plan", ["working", "draft"], key="plan", width=110, in_words=str.capitalize,
        help=term("Working plan"),
    )  # fmt: skip
    return which, working_plan() if which == "working" else plan()


def plan() -> LivePlan:
    """The live plan as the person here may see it."""
    return workspace().plan_for(me().id)


def working_plan() -> LivePlan:
    """The plan that stock is judged against, as the person here may see it."""
    return workspace().working_plan_for(me().id)


def watch_list(
    shown: LivePlan, *, weeks: int = 8, activation: str | None = None
) -> list[Watched]:
    """Featured SKUs that are short and what can still be done; worked out once a change."""
    return _watch_list(shown, shown.number, shown.seq, weeks, activation)


@st.cache_data(show_spinner="Working out what can still be done ...", max_entries=16)
def _watch_list(
    _shown: LivePlan, which: int, seq: int, weeks: int, activation: str | None
) -> list[Watched]:
    """`which` and `seq` say when it has to be worked out again."""
    del which, seq
    return best_mix.watch_list(_shown, weeks=weeks, activation=activation)


def balances(shown: LivePlan, *, weeks: int) -> pd.DataFrame:
    """Every SKU with what it lacks and what it has too much of; worked out once a change."""
    return _balances(shown, shown.number, shown.seq, weeks)


@st.cache_data(show_spinner="Adding up what is short and over ...", max_entries=8)
def _balances(_shown: LivePlan, which: int, seq: int, weeks: int) -> pd.DataFrame:
    """`which` and `seq` say when it has to be worked out again."""
    del which, seq
    return balance.balances(_shown, weeks=weeks)


def lift_library() -> pd.DataFrame:
    """The lift library of the run in force, read once for everybody."""
    space = workspace()
    return _library(sees(), space.plan.base.run, len(space.calendar.activations))


@st.cache_data(show_spinner="Reading past activations ...", max_entries=4)
def _library(of: str, run: int, activations: int) -> pd.DataFrame:
    """`run` and `activations` say when it has to be read again."""
    del of, run, activations
    return workspace().runs.lift_library()


def watch_rows(skus: list[int] | None) -> None:
    """Which SKUs this page shows; it redraws when another person changes them."""
    st.session_state["watched"] = skus
    st.session_state["seen"] = workspace().seq
    st.session_state["drawn"] = time.monotonic()


_FOR_OTHERS = "redrawn for others"


def redrawn_for_others() -> bool:
    """Whether this run was begun by what others did, and not by the hand of who is here."""
    return bool(st.session_state.pop(_FOR_OTHERS, False))


@st.fragment(run_every=EVERY_S)
def watcher(page: str) -> None:
    """Tells the others that this session is here, and redraws when its rows changed."""
    if not is_somebody():
        st.rerun()  # a sign-in that is over, or somebody taken out: the page is shut by itself
    space = workspace()
    presence().tell(session_id(), me().name, page)
    seen = st.session_state.get("seen", space.seq)
    if space.seq == seen:
        return
    # The more people there are, the less often each is redrawn for what the others did;
    # what they do themselves brings them up to date at once.
    rest = time.monotonic() - st.session_state.get("drawn", 0.0)
    if rest < EVERY_S * presence().count() / CROWD:
        return
    watched = st.session_state.get("watched")
    if watched is None or space.touched(watched, since=seen):
        st.session_state["seen"] = space.seq
        st.session_state[_FOR_OTHERS] = True
        st.rerun()
