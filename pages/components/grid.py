"""The live grid: what people type becomes events, what others type appears.

The editor keeps its own overlay of typed values by position. Each run first turns what is
new in the overlay into overrides, then draws fresh numbers under it with the same key, so
that selection and scroll stay. Only a conflict, or somebody else's later change of a cell
typed here, drops the overlay (a new generation of the key).

An edit is based on what the person had in view when they began to type it, and only the
browser knows when that was. So the base is what was drawn before the person's own hand last
moved: whatever arrives from others while a cell may stand open is met as a conflict, never
written over unseen.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.consensus.events import Event, Scope
from forecasting.errors import ConcordError, Conflicted, OutOfBounds
from forecasting.monthly.inputs import Change
from forecasting.plan.lines import Line
from forecasting.plan.periods import Period
from forecasting.vocabulary import Measure
from pages.components import chosen, frame, picked, theme
from pages.components.text import plain

ROW_PX, HEAD_PX = 31, 35
"""Height of a row and of the head, at the theme's size of type."""
TALLEST_PX = 470


@dataclass
class Clash:
    """Edits that met somebody else's: all of one step, of which nothing was written."""

    cells: tuple[tuple[Scope, float | None], ...]
    measure: Measure
    base: int
    """Sequence number of what the person was looking at."""
    error: Conflicted


@dataclass(frozen=True)
class Grid:
    """What can be typed into."""

    rows: Sequence[Line]
    columns: Sequence[Period]
    """Those that can be typed into."""
    scope_of: Callable[[tuple[str, str], Period], Scope]
    """(level and name of a row, column) to what the cell stands for."""
    measure: Measure
    key: str
    """Identity of the filters; edits belong to it."""

    @property
    def names(self) -> list[str]:
        return [row.label for row in self.rows]

    @property
    def labels(self) -> list[str]:
        return [column.label for column in self.columns]


def edit(
    of: Grid,
    read: Callable[[], pd.DataFrame],
    *,
    config: dict[str, Any],
    alt: str,
) -> list[Event]:
    """Draw a grid that writes through to the person's own input; what was written.

    Parameters
    ----------
    of : Grid
    read : callable
        The grid now: a row a line, in order; columns nobody edits, then the others. Read once,
        after writing.
    """
    state = st.session_state
    generation = state.setdefault("generation", 0)
    widget = f"{of.key}_{generation}"
    bases = state.setdefault("grid_base", {})
    bases.setdefault(widget, frame.workspace().seq)
    drawn, is_own = state.setdefault("grid_drawn", {}), not frame.redrawn_for_others()
    before = frame.workspace().seq  # what is drawn below is at least that new
    wrote, done = _typed_in(of, (f"{of.key}_{generation - 1}", widget))
    if wrote:
        spoken()
    shown = read()
    # What was dropped meanwhile has another key already.
    now = f"{of.key}_{state['generation']}"
    if now == widget and (
        _overtaken(shown, done, of.measure)
        or not picked.fits(state.get(widget), of.names, of.labels)
    ):
        drop_overlay()
    last, widget = widget, f"{of.key}_{state['generation']}"
    if widget != last:  # drawn anew, so nothing in it stands open
        bases[widget] = frame.workspace().seq
    elif is_own and not wrote and not state["waiting"]:
        bases[widget] = drawn.get(widget, bases[widget])
    drawn[widget] = before
    state["grid_key"] = widget
    with st.container(key="consensus_grid"):
        st.data_editor(
            shown, key=widget, height=height(len(shown)), num_rows="fixed", alt=alt,
            disabled=[c for c in shown.columns if c not in of.labels], column_config=config,
        )  # fmt: skip
    return wrote


def height(rows: int) -> int:
    """How tall a table of so many rows stands."""
    return min(TALLEST_PX, HEAD_PX + ROW_PX * max(rows, 1))


def _typed_in(
    of: Grid, names: tuple[str, str]
) -> tuple[list[Event], dict[tuple[str, str], float | None]]:
    """Write what was typed and is not written yet; what all of it is, under the last key.

    What was on its way when the overlay was dropped still comes under the former key. All
    that comes at once, as a paste does, is one step.
    """
    state, wrote = st.session_state, []
    done: dict[tuple[str, str], float | None] = {}
    waiting = 0
    rows, columns = {r.label: r for r in of.rows}, {c.label: c for c in of.columns}
    for name in names:
        done = state.setdefault("done", {}).setdefault(name, {})
        new = [
            (node, column, value)
            for node, column, value in picked.typed(state.get(name), of.names, of.labels)
            if (node, column) not in done or done[node, column] != value
        ]
        if not new:
            continue
        if lacks():  # it stays as it is typed until the person has given why
            waiting += len(new)
            continue
        done |= {(node, column): value for node, column, value in new}
        chosen.at(rows[new[-1][0]], columns[new[-1][1]])
        wrote += _write(
            of, [(rows[node], columns[column], value) for node, column, value in new], name
        )
    state["waiting"] = waiting
    return wrote, done


def lacks() -> str:
    """What has to be given before anything can be written: 'reason', 'note', or nothing."""
    entered = given()
    offered = {one.code: one for one in frame.workspace().reasons.offered}
    reason = offered.get(entered["reason"])
    if reason is None:
        return "reason"
    return "note" if reason.needs_note and not str(entered["note"]).strip() else ""


def given() -> dict[str, Any]:
    """Reason, note and evidence as they stand."""
    state = st.session_state
    texts = {name: state.get(name, "") for name in ("note", "evidence")}
    return {"reason": state.get("reason") or "", **texts}


def spoken() -> None:
    """Note and evidence went with something that was written: they are no draft any more."""
    entered = given()
    st.session_state["entered"] = (entered["note"], entered["evidence"])


def drop_overlay() -> None:
    """Forget what is typed and show what is written: the editor gets a new key."""
    st.session_state["generation"] = st.session_state.get("generation", 0) + 1


def _write(
    of: Grid, typed: Sequence[tuple[Line, Period, float | None]], name: str
) -> list[Event]:
    """Cells that were typed at once into overrides, all or none; a refusal is kept to be shown."""
    state = st.session_state
    base = state["grid_base"].get(name, 0)
    cells: list[tuple[Scope, float | None]] = []
    ids = []
    for row, column, value in typed:
        if row.node is None:
            state["grid_refusal"] = OutOfBounds(
                f"“{row.label}” adds up SKUs that are no whole class or department here, so no "
                "number can be set for it. Type into the rows below it."
            )
            drop_overlay()
            return []
        cells.append((of.scope_of(row.node, column), value))
        ids.append(_request(f"{name}:{row.label}:{column.label}:{value}:{base}"))
    try:
        return write(cells, measure=of.measure, base=base, ids=ids)
    except Conflicted as error:
        state["clash"] = Clash(tuple(cells), of.measure, base, error)
    except ConcordError as error:
        state["grid_refusal"] = error
    drop_overlay()
    return []


def write(
    cells: Sequence[tuple[Scope, float | None]],
    *,
    measure: Measure,
    base: int,
    ids: Sequence[str] = (),
    note: str = "",
) -> list[Event]:
    """Numbers for cells, written together; None takes a cell back to statistical."""
    changes = [
        Change(
            scope=scope, operation="clear" if value is None else "set", value=value,
            client_id=ids[at] if ids else None,
        )
        for at, (scope, value) in enumerate(cells)
    ]  # fmt: skip
    entered = given() | ({"note": note} if note else {})
    space = frame.workspace()
    return space.override_all(frame.me().id, changes, measure=measure, base=base, **entered)


def _request(client: str) -> str:
    """The id of a request of this session, short however long its names are."""
    named = f"{frame.session_id()}:{client}".encode(errors="replace")
    return hashlib.blake2b(named, digest_size=16).hexdigest()


def _overtaken(
    shown: pd.DataFrame, done: Mapping[tuple[str, str], float | None], measure: Measure
) -> bool:
    """Whether a cell typed here no longer holds what was typed."""
    if not done:
        return False
    if None in done.values():
        return True
    rows = shown.index.get_indexer(pd.Index([node for node, _ in done]))
    columns = shown.columns.get_indexer(pd.Index([column for _, column in done]))
    if (rows < 0).any() or (columns < 0).any():
        return True
    typed = np.array([float(value or 0.0) for value in done.values()])
    first = columns.min()
    now = shown.iloc[:, first:].to_numpy(dtype=float)[rows, columns - first]
    # Money is met within the price of a thousandth of a unit in each cell below.
    near = 0.051 if measure is Measure.UNITS else np.maximum(1.0, 1e-4 * np.abs(typed))
    return not bool((np.abs(now - typed) <= near).all())


def clash_panel() -> None:
    """Theirs, mine, or something else: the person decides, nothing is lost."""
    state = st.session_state
    refusal = state.pop("grid_refusal", None)
    if refusal is not None:
        frame.refused(refusal)
    clash: Clash | None = state.get("clash")
    if clash is None:
        return
    conflict = clash.error.conflicts[0]
    in_words, first = clash.measure.in_words, clash.cells[0][1]
    is_one = len(clash.cells) == 1
    mine = "back to the statistical forecast"
    if not is_one:
        mine = f"{theme.number(len(clash.cells))} cells, of which nothing was written"
    elif first is not None:
        mine = plain(in_words(first, digits=3))
    with st.container(border=True):
        st.warning(
            f"**Changed by somebody else.** {plain(conflict.sentence)}. You entered {mine}."
        )
        with st.container(horizontal=True):
            theirs = st.button(
                f"Keep {plain(conflict.name)}'s ({plain(in_words(conflict.now))})"
                if is_one else f"Keep {plain(conflict.name)}'s, and drop mine"
            )  # fmt: skip
            mine_too = st.button(f"Keep mine ({mine})" if is_one else "Write all of mine")
            half = None
            if is_one and first is not None:
                half = round((first + conflict.now) / 2, 1)
            between = half is not None and st.button(f"In between ({plain(in_words(half))})")
            st.caption("Or type another number into the cell.")
    if theirs:
        state["clash"] = None
        st.rerun()
    if mine_too or between:
        cells = ((clash.cells[0][0], half),) if between else clash.cells
        how = "between mine and" if between else "kept against"
        if lacks():
            st.info(f"Say the {plain(lacks())} above first.")
            return
        try:
            write(
                cells, measure=clash.measure, base=frame.workspace().seq,
                note=f"{how} {conflict.name}'s change",
            )  # fmt: skip
        except ConcordError as error:
            frame.refused(error)
        else:
            state["clash"] = None
            st.rerun()
