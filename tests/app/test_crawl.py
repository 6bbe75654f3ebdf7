"""Every page as every function, and whatever is on it pressed, chosen and filled in.

In Streamlit's own test driver, which is quick; what needs a real browser is crawled there
(tests/e2e/test_crawl.py). `CONCORD_CRAWL=full` tries every option as every function.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.governance.jobs import Job
from forecasting.governance.schedules import Does
from forecasting.outputs import post
from forecasting.sample.build import STAFF
from forecasting.sample.company import make_sample
from forecasting.workspace import Workspace
from tests import crawling
from tests.crawling import PEOPLE, Page, Seen, Visit
from tests.cycling import open_cycle
from tests.monthly.test_cycle import publish

pytestmark = pytest.mark.slow

PAGES = crawling.pages()
VISIT = Visit("in the test driver")
MADE: set[tuple[str, int]] = set()
"""Lines of the source that were seen making a control."""


@dataclass(frozen=True, slots=True)
class Control:
    """Something on the page that can be used."""

    node: Any
    path: tuple[str, ...]
    """Labels of the tabs, popovers and forms that it stands in."""

    @property
    def kind(self) -> str:
        return str(self.node.type)

    @property
    def proto(self) -> Any:
        inner = getattr(self.node.proto, self.kind, None)
        return self.node.proto if inner is None else inner

    @property
    def name(self) -> str:
        label = getattr(self.proto, "label", "")
        key = getattr(self.node, "key", None) or ""
        return " / ".join((*self.path, f"{self.kind} {label} [{key}]"))

    @property
    def form(self) -> str:
        return str(getattr(self.proto, "form_id", ""))


def controls(node: Any, path: tuple[str, ...] = ()) -> Iterator[Control]:
    """Everything below a node, with the labels it stands under."""
    control = Control(node, path)
    yield control
    children = getattr(node, "children", {}).values()
    label = children and (
        getattr(control.proto, "label", "") or getattr(control.proto, "title", "")
    )
    for child in children:
        yield from controls(child, (*path, str(label)) if label else path)


Choice = tuple[str, WidgetState]
"""What is chosen, in words and as a browser would send it."""


def state(control: Control, **value: Any) -> WidgetState:
    found = WidgetState(id=control.proto.id)
    for name, given in value.items():
        if name in ("string_array_value", "double_array_value"):
            getattr(found, name).data[:] = given
        else:
            setattr(found, name, given)
    return found


def choices(control: Control) -> Iterator[Choice]:
    """What can be chosen or written in a control, without acting."""
    proto = control.proto
    match control.kind:
        case "selectbox":
            for at in crawling.spread(len(proto.options)):
                yield proto.options[at], state(control, string_value=proto.options[at])
        case "button_group":
            for option in proto.options:  # each is a part of the page
                yield option.content, state(control, string_array_value=[option.content])
        case "multiselect" | "slider":
            for at in crawling.spread(len(proto.options)):
                selection = proto.options[at]
                yield selection, state(control, string_array_value=[selection])
        case "checkbox" | "toggle":
            for on in (True, False):
                yield str(on), state(control, bool_value=on)
        case "number_input":
            for number in _numbers(proto):
                yield f"{number:g}", state(control, double_value=number)
        case "text_input" | "text_area":
            for text in crawling.TEXTS:
                yield text, state(control, string_value=text)
        case "date_input":
            for day in (proto.min, proto.max):
                yield day, state(control, string_array_value=[day])
        case "popover" | "expandable" | "expander":
            if proto.id:
                yield "open", state(control, bool_value=True)
        case "dataframe":
            yield from _rows(control)
        case "vega_lite_chart":
            yield from _points(control)


def _numbers(proto: Any) -> list[float]:
    """The ends of what may be entered, and what no browser would let through."""
    return sorted({proto.min if proto.has_min else -1e9, proto.max if proto.has_max else 1e9})


def _rows(control: Control) -> Iterator[Choice]:
    """Its first and last row selected, or a number typed into it."""
    proto, rows = control.proto, control.node.value
    if proto.selection_mode and len(rows):
        for row in {0, len(rows) - 1}:
            selection = json.dumps({"selection": {"rows": [row], "columns": [], "cells": []}})
            yield f"row {row}", state(control, string_value=selection)
    if proto.editing_mode != proto.EditingMode.READ_ONLY and not proto.disabled and len(rows):
        told = json.loads(proto.columns or "{}")
        free = [c for c in rows.columns if not told.get(c, {}).get("disabled")]
        for value in (7, None):
            typed = {
                "edited_rows": {"0": {free[-1]: value}},
                "added_rows": [],
                "deleted_rows": [],
            }
            yield f"typed {value}", state(control, string_value=json.dumps(typed))


def _points(control: Control) -> Iterator[Choice]:
    """The first thing drawn in a chart picked, and nothing."""
    proto = control.proto
    if not proto.selection_mode:
        return
    spec = json.loads(proto.spec)
    for parameter in spec.get("params", []):
        selects = parameter.get("select", {})
        fields = selects.get("fields", []) if isinstance(selects, dict) else []
        for data in proto.datasets:
            table = pa.ipc.open_stream(data.data.data).read_all()
            if fields and set(fields) <= set(table.column_names) and len(table):
                picked = {name: table[name][0].as_py() for name in fields}
                selection = json.dumps(
                    {"selection": {parameter["name"]: [picked]}}, default=str
                )
                yield "the first drawn", state(control, string_value=selection)
                break
        selection = json.dumps({"selection": {parameter["name"]: []}})
        yield "nothing", state(control, string_value=selection)


@dataclass
class Crawl:
    """One person's way through the pages of one company."""

    company: str
    function: str
    seen: Seen
    app: AppTest = field(init=False)
    page: Page = field(init=False)
    held: dict[str, WidgetState] = field(default_factory=dict)
    """What stays open."""
    given: dict[str, bytes] = field(default_factory=dict)
    """Files that this page gave."""
    offered: list[tuple[str | None, Any]] = field(default_factory=list)
    """Files that a run of the page offers."""

    def visit(self, page: Page) -> None:
        """Read everything, then act, each from a fresh window."""
        self.page, self.given, self.held = page, {}, {}
        self.open()
        for act in (False, True):
            while (found := self.next(act=act)) is not None:
                self.use(*found)
            if self.is_changed:
                self.open()  # as it is before anybody chose anything

    def open(self) -> None:
        """A new window of the page; what was opened is open: what acts may stand in it."""
        self.app = AppTest.from_file(crawling.ROOT / "app.py", default_timeout=20)
        if not self.page.is_called_as_its_file:
            self.app.run()  # asks who it is: the pages are known from here on
        self.app.session_state["person"] = PEOPLE[self.function]
        self.app.session_state["landed"] = True  # or Leadership would be led to its scorecard
        self.app.switch_page(self.page.path)
        self.here = self.app._page_hash
        self.run("page", "open")
        self.is_changed = False
        assert self.is_here(), f"{self.page.url} does not open"

    def is_here(self) -> bool:
        """Whether the last step left the person on the page."""
        return (
            self.app._finished_page_script_hash == self.here
            and "person" in self.app.session_state
        )

    def next(self, *, act: bool) -> tuple[Control, str, list[WidgetState]] | None:
        """The first use of anything on the page that was not tried."""
        if not self.is_here():
            self.open()
        found = list(controls(self.app.main))
        for control in found:
            for choice, states in self.acts(control, found) if act else self.reads(control):
                if self.is_new(control, choice):
                    return control, choice, states
        return None

    def is_new(self, control: Control, choice: str) -> bool:
        where = (self.page.url, self.function if crawling.FULL else "")
        name = crawling.alike(control.name)
        kind = (*where, name, choice if control.kind == "button" else crawling.alike(choice))
        return self.seen.is_new(kind, (*where, control.name, choice))

    def reads(self, control: Control) -> Iterator[tuple[str, list[WidgetState]]]:
        if getattr(control.proto, "disabled", False) or control.form:
            return
        for choice, told in choices(control):
            yield choice, [told]

    def acts(
        self, control: Control, found: list[Control]
    ) -> Iterator[tuple[str, list[WidgetState]]]:
        """Buttons pressed: those of a form with nothing filled in, and with everything."""
        proto = control.proto
        if control.kind == "file_uploader" and not proto.disabled:
            for name, content in crawling.files(proto.type, self.given):
                yield name, [self.uploaded(control, name, content)]
        if control.kind != "button" or proto.disabled:
            return
        pressed = state(control, trigger_value=True)
        yield "press", [pressed]
        fields = [c for c in found if control.form and c.form == control.form]
        for turn in range(2 if fields else 0):
            filled = [list(choices(c)) for c in fields]
            yield f"fill in and press, {turn + 1}", [
                *(f[turn % len(f)][1] for f in filled if f), pressed,
            ]  # fmt: skip

    def uploaded(self, control: Control, name: str, content: bytes) -> WidgetState:
        node = control.node
        try:
            node.set_value((name, content, "application/octet-stream"))
            return node._widget_state
        finally:
            self.file = (node, node._files)
            node._files = type(node)(node.proto, node.root)._files

    def use(self, control: Control, choice: str, states: list[WidgetState]) -> None:
        """Do it, wait for what it started, and look at what became of it."""
        self.is_changed = True
        if control.kind in ("popover", "expandable", "expander"):
            self.held[states[0].id] = states[0]
        if control.kind == "file_uploader":
            self.file[0]._files = self.file[1]
        self.run(control.name, choice, states)
        if control.kind == "button" and self.is_here() and self.waited():
            self.run(control.name, f"{choice}, and it is done")

    def run(self, control: str, choice: str, states: list[WidgetState] | None = None) -> None:
        """Run the page with what a browser would send."""
        tree, sent = self.app._tree, {**self.held, **{s.id: s for s in states or []}}
        kept = [w for w in tree.get_widget_states().widgets if w.id not in sent]
        message = type(tree.get_widget_states())(widgets=[*kept, *sent.values()])
        tree.get_widget_states = lambda: message
        self.offered.clear()
        try:
            self.app.run()
        except Exception as error:  # the driver's own: a run that never ends
            outcome = f"{type(error).__name__}: {error}"
        else:
            outcome = self.outcome()
        self.say(control, choice, outcome)
        for name, data in self.offered:
            self.download(name or "file", data)

    def outcome(self) -> str:
        if self.app.exception:
            told = self.app.exception[0]
            return f"exception: {told.message} at {' '.join(list(told.stack_trace)[-3:])}"
        return "refused" if self.app.error else "fine"

    def download(self, name: str, data: Any) -> None:
        """Ask for a file that is offered, as it is asked for after the run."""
        if not self.seen.is_new(
            ("file", self.company, self.page.url, name), (self.function, name)
        ):
            return
        try:
            content = data() if callable(data) else data
            content = content.encode() if isinstance(content, str) else bytes(content)
            problem = crawling.problem_of(name, content)
            self.given[name] = content
        except Exception as error:
            problem = f"{name} cannot be made: {type(error).__name__}: {error}"
        self.say(f"download {name}", "press", problem or "fine")

    def waited(self) -> bool:
        """Wait for jobs that were started; whether there were any."""
        from pages.components import frame

        space = frame.workspace()
        parts = [space, *vars(space).values()]
        jobs = [
            j for p in parts for j in getattr(p, "__dict__", {}).values() if isinstance(j, Job)
        ]
        time.sleep(0.05)
        running = [job for job in jobs if job.progress is not None]
        deadline = time.monotonic() + 120
        while any(job.progress is not None for job in running):
            assert time.monotonic() < deadline, [job.name for job in running]
            time.sleep(0.05)
        return bool(running)

    def say(self, control: str, choice: str, outcome: str) -> None:
        VISIT.say(self.company, self.page.url, self.function, control, choice[:60], outcome)


# Companies ---------------------------------------------------------------------------------


def empty(path: Path, _: Callable[[str], Path]) -> None:
    """A database with people and nothing else."""
    _with_staff(path).close()


def without_forecast(path: Path, _: Callable[[str], Path]) -> None:
    """Files are in; the forecast was never refreshed."""
    space = _with_staff(path)
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in make_sample(skus=12, doors=3, weeks=60, seed=5).tables.items():
            frame.to_parquet(Path(folder) / f"{name}.parquet", index=False)
        space.import_files("admin", [Path(folder)])
    space.close()


def blind(path: Path, sample: Callable[[str], Path]) -> None:
    """A first round is open and collected blind; one has submitted."""
    shutil.copy(sample("company"), path)
    space = Workspace(path)
    open_cycle(space, "2026-12", blind=True)
    _everybody_says(space)
    space.cycles.submit("mara")
    space.close()


def published(path: Path, sample: Callable[[str], Path]) -> None:
    """A first consensus was published."""
    shutil.copy(sample("company"), path)
    space = Workspace(path)
    open_cycle(space, "2026-12", blind=False)
    _everybody_says(space)
    publish(space)
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15")
    space.close()


def played(path: Path, sample: Callable[[str], Path]) -> None:
    """Six published cycles, decisions, a closed quarter, and a round that is open."""
    shutil.copy(sample("played"), path)


def _with_staff(path: Path) -> Workspace:
    space = Workspace(path)
    for identity, name, function in STAFF:
        space.set_person("admin", identity=identity, name=name, function=function)
    return space


def _everybody_says(space: Workspace) -> None:
    weeks = space.plan.base.weeks
    for person, units in (("mara", 45), ("ines", -15), ("dana", 8)):
        everything = Scope(first_week=as_date(weeks[0]), last_week=as_date(weeks[12]))
        space.override(person, everything, "percent", units, reason="TREND")


COMPANIES = (empty, without_forecast, played, blind, published)
SEEN = {True: Seen(), False: Seen()}
"""What was tried, where there is a forecast and where there is none."""


@pytest.fixture
def spied(monkeypatch):
    """What the pages offer for download, and where in the source each control is made."""
    offered: list[tuple[str | None, Any]] = []

    def add(self, data, mime, where, file_name=None, is_for_static_download=False):
        if is_for_static_download:
            offered.append((file_name, data))
        return kept_add(self, data, mime, where, file_name, is_for_static_download)

    def add_deferred(self, data, mime, where, file_name=None, **more):
        offered.append((file_name, data))
        return kept_deferred(self, data, mime, where, file_name, **more)

    def noted(kept):
        def and_noted(self, *arguments, **options):
            frame = sys._getframe(1)
            while frame is not None:
                if "/pages/" in frame.f_code.co_filename or frame.f_code.co_filename.endswith(
                    "app.py"
                ):
                    MADE.add((frame.f_code.co_filename, frame.f_lineno))
                frame = frame.f_back
            return kept(self, *arguments, **options)

        return and_noted

    kept_add, kept_deferred = MediaFileManager.add, MediaFileManager.add_deferred
    monkeypatch.setattr(MediaFileManager, "add", add)
    monkeypatch.setattr(MediaFileManager, "add_deferred", add_deferred)
    for name in ("_enqueue", "_block"):
        monkeypatch.setattr(DeltaGenerator, name, noted(getattr(DeltaGenerator, name)))
    st.config.set_option("client.showErrorDetails", "full")
    yield offered
    st.config.set_option("client.showErrorDetails", "none")


@pytest.mark.parametrize("built", COMPANIES, ids=lambda c: c.__name__)
def test_whatever_is_on_a_page_works_for_every_function(
    built, request, spied, tmp_path, monkeypatch
):
    built(tmp_path / "crawled.duckdb", request.getfixturevalue)
    monkeypatch.setenv("CONCORD_DB", str(tmp_path / "crawled.duckdb"))
    ways = tmp_path / "channels.toml"
    ways.write_text('[mail]\nhost = "localhost"\nfrom = "concord@example.com"\n')
    monkeypatch.setenv(post.SETTINGS, str(ways))
    st.cache_resource.clear()
    before, seen = len(VISIT.steps), SEEN[built in COMPANIES[2:]]
    # Whoever comes first to a page tries everything there: each function does so somewhere.
    turns = [list(PEOPLE)[at:] + list(PEOPLE)[:at] for at in range(len(PEOPLE))]
    for number, page in enumerate(PAGES):
        for function in turns[number % len(turns)]:
            crawl = Crawl(built.__name__, function, seen, offered=spied)
            crawl.visit(page)
    st.cache_resource.clear()
    VISIT.write()
    steps = VISIT.steps[before:]
    assert {(s.page, s.function) for s in steps} == {(p.url, f) for p in PAGES for f in PEOPLE}
    assert not (faults := crawling.faults(steps)), "\n" + "\n".join(faults)


def test_most_places_of_the_source_that_make_a_control_were_reached():
    """The others stand in the report: those of rare moments, such as two who meet in a cell."""
    if len({step.company for step in VISIT.steps}) < len(COMPANIES):
        pytest.skip("only with all of the crawl")
    places = crawling.makers()
    missed = sorted(set(places.values()) - {places[at] for at in MADE & set(places)})
    VISIT.write(missed=missed)
    assert len(missed) < len(set(places.values())) / 4, missed
