"""The live grid: what people type becomes events, what others type appears.

The editor keeps its own overlay of typed values by position. Each run first turns what is
new in the overlay into overrides, then draws fresh numbers under it with the same key, so
that selection and scroll stay. Only a conflict, or somebody else's later change of a cell
typed here, drops the overlay (a new generation of the key).
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.consensus.events import Event, Scope
from forecasting.errors import ConcordError, Conflicted
from forecasting.monthly.small_changes import Small
from forecasting.vocabulary import Measure, Reason
from pages.components import frame, picked
from pages.components.text import plain


@dataclass
class Clash:
    """An edit that met somebody else's."""

    scope: Scope
    value: float | None
    measure: Measure
    base: int
    """Sequence number of what the person was looking at."""
    error: Conflicted


def edit(
    nodes: Sequence[str],
    read: Callable[[], pd.DataFrame],
    *,
    key: str,
    editable: bool,
    scope_of: Callable[[str, dt.date], Scope],
    weeks: dict[str, dt.date],
    measure: Measure,
    config: dict[str, Any],
    alt: str,
) -> list[Event]:
    """Draw a grid that writes through to the person's own input; what was written.

    Parameters
    ----------
    nodes : sequence of str
        The rows, from above.
    read : callable
        The grid now: index `nodes`; columns nobody edits, then weeks. Read once, after writing.
    key : str
        Identity of the filters; edits belong to it.
    scope_of : callable
        (node, week) to the scope that a cell stands for.
    weeks : dict of str to week
        The editable columns; `measure` is what they are counted in.
    """
    state = st.session_state
    generation = state.setdefault("generation", 0)
    widget = f"{key}_{generation}"
    bases = state.setdefault("grid_base", {})
    bases.setdefault(widget, frame.workspace().seq)
    wrote, done = (
        _typed_in(
            nodes,
            weeks,
            (f"{key}_{generation - 1}", widget),
            scope_of=scope_of,
            measure=measure,
        )
        if editable
        else ([], {})
    )
    if wrote:
        spoken()
        state["asked"] = _small_ones(wrote)
    shown = read()
    if _overtaken(shown, done, measure) or not picked.fits(
        state.get(widget), nodes, list(weeks)
    ):
        state["generation"] = generation + 1
        widget = f"{key}_{generation + 1}"
    bases[widget] = frame.workspace().seq
    state["grid_key"] = widget
    st.data_editor(
        shown, key=widget, height=min(430, 40 + 32 * max(len(shown), 1)), num_rows="fixed", alt=alt,
        disabled=[c for c in shown.columns if c not in weeks] if editable else True,
        column_config=config,
    )  # fmt: skip
    return wrote


def _small_ones(wrote: Sequence[Event]) -> list[tuple[int, Small]]:
    """Those that are asked what they decide."""
    judged = [(e.seq, frame.workspace().small(frame.me().id, e)) for e in wrote]
    return [(seq, small) for seq, small in judged if small is not None]


def _typed_in(
    nodes: Sequence[str],
    weeks: Mapping[str, dt.date],
    names: tuple[str, str],
    *,
    scope_of: Callable[[str, dt.date], Scope],
    measure: Measure,
) -> tuple[list[Event], dict[tuple[str, str], float | None]]:
    """Write what was typed and is not written yet; what all of it is, under the last key.

    What was on its way when the overlay was dropped still comes under the former key.
    """
    state, wrote = st.session_state, []
    done: dict[tuple[str, str], float | None] = {}
    for name in names:
        done = state.setdefault("done", {}).setdefault(name, {})
        base = state["grid_base"].get(name, 0)
        for node, column, value in picked.typed(state.get(name), nodes, list(weeks)):
            cell = (node, column)
            if cell in done and done[cell] == value:
                continue
            done[cell] = value
            wrote += _write(
                scope_of(node, weeks[column]), value, measure, base, f"{name}:{cell}:{value}"
            )
    return wrote, done


def given() -> dict[str, Any]:
    """Reason, note and evidence as they stand."""
    state = st.session_state
    texts = {name: state.get(name, "") for name in ("note", "evidence")}
    return {"reason": state.get("reason", Reason.TREND), **texts}


def spoken() -> None:
    """Note and evidence went with something that was written: they are no draft any more."""
    said = given()
    st.session_state["said"] = (said["note"], said["evidence"])


def drop_overlay() -> None:
    """Forget what is typed and show what is written: the editor gets a new key."""
    st.session_state["generation"] = st.session_state.get("generation", 0) + 1


def _write(
    scope: Scope, value: float | None, measure: Measure, base: int, client: str
) -> list[Event]:
    """One typed cell into an override; a refusal is kept for the page to show."""
    state = st.session_state
    try:
        event = frame.workspace().override(
            frame.me().id,
            scope,
            "clear" if value is None else "set",
            value,
            measure=measure,
            base=base,
            client_id=_request(client),
            **given(),
        )
    except Conflicted as error:
        state["clash"] = Clash(scope, value, measure, base, error)
        drop_overlay()
        return []
    except ConcordError as error:
        state["grid_refusal"] = error
        drop_overlay()
        return []
    return [event]


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
    said = clash.measure.said
    mine = (
        "back to the statistical forecast"
        if clash.value is None
        else plain(said(clash.value, digits=3))
    )
    with st.container(border=True):
        st.warning(
            f"**Changed by somebody else.** {plain(conflict.sentence)}. You entered {mine}."
        )
        with st.container(horizontal=True):
            theirs = st.button(f"Keep {plain(conflict.name)}'s ({plain(said(conflict.now))})")
            mine_too = st.button(f"Keep mine ({mine})")
            half = None
            if clash.value is not None:
                half = round((clash.value + conflict.now) / 2, 1)
            between = half is not None and st.button(f"In between ({plain(said(half))})")
            st.caption("Or type another number into the cell.")
    if theirs:
        state["clash"] = None
        st.rerun()
    if mine_too or between:
        space = frame.workspace()
        value = half if between else clash.value
        how = "between mine and" if between else "kept against"
        space.override(
            frame.me().id, clash.scope, "clear" if value is None else "set", value,
            measure=clash.measure, base=space.seq,
            **given() | {"note": f"{how} {conflict.name}'s change"},
        )  # fmt: skip
        state["clash"] = None
        st.rerun()
