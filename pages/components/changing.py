"""How a person changes the own input: why, over several weeks at once, or in a workbook."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting import conventions
from forecasting.calendar import as_date, week_label
from forecasting.consensus import value_added
from forecasting.consensus.events import Scope
from forecasting.consensus.value_added import Added
from forecasting.errors import ConcordError, Conflicted
from forecasting.monthly.inputs import Change
from forecasting.outputs import workbook
from forecasting.vocabulary import Function, Measure, Operation
from pages.components import (
    download,
    drafts,
    frame,
    grid,
    scores,
    theme,
    written,
)
from pages.components.chosen import Cells
from pages.components.text import Markdown, ours, plain

PAGE = "consensus"
BLANK = {"note": "", "evidence": "", "bulk_value": 0.0, "bulk_comment": "", "clash": None}
"""What can be begun on the page, and what it holds when nothing is."""
_PANEL = ("bulk_node", "bulk_from", "bulk_to", "bulk_how", "bulk_value")
ALL_ROWS = "All rows shown"


@dataclass(frozen=True)
class Changing:
    """What can be changed from where the person stands."""

    scope_of: Callable[..., Scope]
    """(row, (first, last) week, activation=) to the scope it stands for."""
    nodes: Sequence[str]
    """Rows that a number can be given for, sums too."""
    each: Sequence[str]
    """Rows that are no sum of others."""
    weeks: Sequence[dt.date]
    measure: Measure


def restored() -> None:
    """Put back what was begun, before anything is drawn."""
    space = frame.workspace()
    offered = {one.code for one in space.reasons.offered}
    weeks = {week_label(as_date(w)) for w in space.plan.base.weeks}

    def is_text(value: Any) -> bool:
        return isinstance(value, str)

    drafts.begin(
        PAGE,
        {
            "reason": lambda v: v in offered,
            "note": is_text,
            "evidence": is_text,
            "bulk_node": is_text,
            "bulk_how": lambda v: v in list(Operation),
            "bulk_value": lambda v: isinstance(v, int | float),
            "bulk_from": lambda v: v in weeks,
            "bulk_to": lambda v: v in weeks,
            "bulk_comment": is_text,
            "unsettled": is_text,
        },
    )
    unsettled = st.session_state.pop("unsettled", None)
    if unsettled:
        _meet_again(json.loads(unsettled))


def _meet_again(kept: dict[str, Any]) -> None:
    """An edit that met somebody else's and was left at that: it meets it again."""
    # One cell, as it was kept before several could be written together.
    pairs = kept.get("cells") or [[kept["scope"], kept["value"]]]
    cells = tuple((Scope.from_json(scope), value) for scope, value in pairs)
    measure, person = Measure(kept["measure"]), frame.me().id
    try:
        for scope, value in cells:
            frame.workspace().preview_override(
                person, [scope], "clear" if value is None else "set", value,
                measure=measure, base=kept["base"],
            )  # fmt: skip
    except Conflicted as error:
        st.session_state["clash"] = grid.Clash(cells, measure, kept["base"], error)
    except ConcordError:  # it could not be written any more, whoever else changed it
        return


def begun() -> dict[str, Any]:
    """What stands in the fields and was not entered yet."""
    state = st.session_state
    entered = state.get("entered", ("", ""))
    found: dict[str, Any] = {
        name: state.get(name)
        for name, spoken in zip(("note", "evidence"), entered, strict=True)
        if state.get(name) != spoken
    }
    if state.get("bulk_value"):
        found |= {name: state.get(name) for name in _PANEL}
    found["bulk_comment"] = state.get("bulk_comment")
    clash: grid.Clash | None = state.get("clash")
    if clash is not None:
        found["unsettled"] = json.dumps(
            {
                "cells": [[scope.to_json(), value] for scope, value in clash.cells],
                "measure": clash.measure.value, "base": clash.base,
            }
        )  # fmt: skip
    if any(found.values()):
        found["reason"] = state.get("reason")
    return found


def was_written() -> None:
    """After something was written: what was given with it is entered, and no draft any more."""
    grid.spoken()
    grid.drop_overlay()


@st.fragment
def why_bar() -> None:
    """Reason, note and evidence of what is typed from now on; a part that redraws by itself.

    No reason is set before somebody has chosen it; the last one of today is offered.
    """
    space, state = frame.workspace(), st.session_state
    offered = {one.code: one for one in space.reasons.offered}
    if state.get("reason") not in offered:
        state["reason"] = None
    row = st.columns([3, 6, 4], vertical_alignment="bottom")
    with row[0]:
        reason: str | None = st.selectbox(
            "Reason for what you type", list(offered), key="reason", persist_state="session",
            format_func=lambda code: offered[code].label if code in offered else code,
            placeholder="Choose why",
        )  # fmt: skip
    with row[1]:
        drafts.words(
            "Note", key="note", placeholder="What do you know that the model does not?"
        )
    with row[2]:
        drafts.words("Evidence", key="evidence", placeholder="https:// link, if there is one")
    if state.get("waiting") and not grid.lacks():  # what was typed before is written now
        state["waiting"] = 0
        st.rerun()
    last = _last_today() if reason is None else None
    if last in offered:
        st.button(
            f"As before today: {plain(offered[last].label)}", key="as_before", type="tertiary",
            on_click=state.__setitem__, args=("reason", last),
        )  # fmt: skip
    if reason is not None:
        record(frame.me().function.value, reason)
    drafts.keep(PAGE, begun())


def waits() -> None:
    """Say that what is typed waits for its reason."""
    waiting = st.session_state.get("waiting", 0)
    if waiting:
        st.warning(
            f"**{theme.plural(waiting, 'typed number')} wait{'s' if waiting == 1 else ''} for a "
            f"{plain(grid.lacks() or 'reason')}.** Nothing is written before you say why."
        )


def _last_today() -> str:
    """The reason that the person gave last, if that was today."""
    space, person = frame.workspace(), frame.me()
    done = space.steps.of(person.id).done
    event = space.ledger.event(done[-1][0]) if done else None
    if event is None:
        return ""
    here = conventions.in_force()
    is_today = here.local(event.recorded_at).date() == space.desk.today
    return event.reason if is_today else ""


def record(function: str, reason: str) -> None:
    """How much changes like the one about to be made have improved the forecast so far."""
    known = scores.by_reason(function)
    label = Function(function).label
    every, mine = known.get(""), known.get(reason)
    if every is None or not every.cells:
        st.caption(f"No past change by {plain(label)} has been scored yet.")
        return
    text = f"Value added by past changes of {plain(label)}: {_added(every)}"
    if mine is not None and mine.cells >= value_added.FEW_CELLS:
        called = frame.workspace().reasons.label(reason)
        text += f"; with the reason “{plain(called)}”: {_added(mine)}"
    st.caption(f"{text}.", help=frame.term("Value added"))


def _added(found: Added) -> Markdown:
    """Value added, with its interval and how many SKU weeks it is measured on."""
    return ours(
        f"{theme.points(found.added)} points of WAPE (80% interval {theme.points(found.low)} to "
        f"{theme.points(found.high)}; "
        f"{theme.number(found.cells)} SKU weeks)"
    )


def several_button() -> None:
    """Opens and closes what changes several cells at once."""
    st.button(
        "Change several weeks", key="several_open", icon=":material/edit_calendar:",
        shortcut="Ctrl+M", on_click=_turn_several,
        help="Change, hold, release or comment on the cells that are chosen in the table.",
    )  # fmt: skip


def _turn_several() -> None:
    st.session_state["several"] = not st.session_state.get("several", False)


def several_weeks(of: Changing, chosen: Cells | None) -> None:
    """A change of some rows over several weeks, with its effect before it is made.

    Its place is above the table, not over it: what is chosen there is what is changed.
    """
    if st.session_state.get("several"):  # nothing is worked out for what nobody looks at
        with st.container(border=True):
            _panel(of, chosen)


def _panel(of: Changing, chosen: Cells | None) -> None:
    space, person, state = frame.workspace(), frame.me(), st.session_state
    weeks, sign = list(of.weeks), of.measure.unit
    _follow(of, chosen)
    names = list(of.nodes)
    marked = [n for n in state.get("bulk_chosen", ()) if n in names]
    several = f"The {len(marked)} rows chosen"
    options = [*names, ALL_ROWS, *([several] if len(marked) > 1 else [])]
    if state.get("bulk_node") not in options:
        state["bulk_node"] = several if len(marked) > 1 else names[0]
    row = st.columns([3, 2, 2, 4, 2, 3], vertical_alignment="bottom")
    node = row[0].selectbox("Row", options, key="bulk_node", persist_state="page")
    ends = _span(weeks, row[1:3])
    rows = list(of.each) if node == ALL_ROWS else marked if node == several else [node]
    state.setdefault("bulk_how", Operation.PERCENT)
    called = {"set": f"Set to, {sign}", "add": f"Add, {sign}", "percent": "Change by, %"}
    how = row[3].segmented_control(
        "How", list(Operation), key="bulk_how", required=True, persist_state="page",
        format_func=lambda one: plain(called[one]),
    )  # fmt: skip
    state.setdefault("bulk_value", 0.0)
    value = row[4].number_input(
        "Value", step=1.0, key="bulk_value", persist_state="page", format="%g"
    )
    with row[5]:
        aim = _aim(of, rows, ends)
    scopes = [of.scope_of(each, ends, activation=aim) for each in rows]
    why = grid.given() | {"base": state.get("seen", space.seq), "measure": of.measure}
    effect(scopes, how or "percent", value, of.measure)
    lacking = grid.lacks()
    if lacking:
        st.caption(f"Say the {plain(lacking)} above, then you can apply it.")
    buttons = st.columns([2, 2, 2, 2, 6, 2], vertical_alignment="bottom")
    if buttons[0].button("Apply", type="primary", width="stretch", disabled=bool(lacking)):
        changes = [Change(scope=s, operation=how or "percent", value=value) for s in scopes]
        frame.do(space.override_all, person.id, changes, then=_applied, **why)
    if buttons[1].button(
        "Clear",
        width="stretch",
        help="Back to the statistical forecast",
        disabled=bool(lacking),
    ):
        changes = [Change(scope=s, operation="clear", value=None) for s in scopes]
        frame.do(space.override_all, person.id, changes, then=_applied, **why)
    held = buttons[2].button("Hold", width="stretch", help=frame.term("Hold"))
    let_go = buttons[3].button("Release", width="stretch")
    if held or let_go:
        frame.do(_all_of, space.hold if held else space.release, scopes)
    with buttons[4]:
        comment = drafts.words("Comment", key="bulk_comment", placeholder="Write a comment")
    if buttons[5].button(
        "Comment", disabled=not (comment and len(scopes) == 1), width="stretch"
    ):
        frame.do(space.comment, person.id, scopes[0], comment, then=_commented)


def _all_of(verb: Callable[..., Any], scopes: Sequence[Scope]) -> None:
    for scope in scopes:
        verb(frame.me().id, scope)
    st.toast(f"Done for {theme.plural(len(scopes), 'row')}")


def _follow(of: Changing, chosen: Cells | None) -> None:
    """Take rows and weeks from what is chosen in the table, when that has changed."""
    state = st.session_state
    names = tuple(r.label for r in chosen.rows if r.label in of.nodes) if chosen else ()
    if chosen is None or not names:
        return
    span = (min(c.first for c in chosen.columns), max(c.last for c in chosen.columns))
    if state.get("bulk_of") == (names, span):
        return
    state["bulk_of"], state["bulk_chosen"] = (names, span), names
    state["bulk_node"] = names[0] if len(names) == 1 else f"The {len(names)} rows chosen"
    state["bulk_from"], state["bulk_to"] = week_label(span[0]), week_label(span[1])


def _span(weeks: Sequence[dt.date], row: Sequence[DeltaGenerator]) -> tuple[dt.date, dt.date]:
    """First and last week, by the labels that people know them by."""
    state, days = st.session_state, {week_label(w): w for w in weeks}
    labels = list(days)
    if state.get("bulk_from") not in days:
        state["bulk_from"] = labels[0]
    first = row[0].selectbox("From", labels, key="bulk_from", persist_state="page")
    left = labels[labels.index(first) :]
    if state.get("bulk_to") not in left:
        state["bulk_to"] = left[min(3, len(left) - 1)]
    last = row[1].selectbox("To", left, key="bulk_to", persist_state="page")
    return days[first], days[last]


def _aim(of: Changing, rows: Sequence[str], ends: tuple[dt.date, dt.date]) -> str:
    """Total demand, or the lift of one activation that runs in these rows and weeks."""
    plan = frame.plan()
    inside: set[str] = set()
    for row in rows:
        skus, _, _ = plan.members(of.scope_of(row, ends))
        inside |= {plan.sku_names[s] for s in skus}
    acts = {"": "Total demand"} | {
        a.activation: f"Lift of {a.name}"
        for a in plan.activations()
        if a.is_live
        and a.start <= ends[1] + dt.timedelta(6)
        and a.end >= ends[0]
        and any(i.sku in inside for i in a.items)
    }
    if len(acts) == 1:
        return ""
    if st.session_state.get("bulk_aim") not in acts:
        chosen = st.session_state.get(frame.slot("activation"))
        # Marketing speaks of the lift of the activation that it looks at.
        is_lift = frame.me().function is Function.MARKETING and chosen in acts
        st.session_state["bulk_aim"] = chosen if is_lift else ""
    aim = st.selectbox(
        "Applies to", list(acts), key="bulk_aim", persist_state="page",
        format_func=lambda a: acts.get(a, a),
        help="A change to an activation's lift moves with the activation and ends if it is cancelled.",
    )  # fmt: skip
    return str(aim)


def _applied() -> None:
    drafts.entered(bulk_value=0.0)
    was_written()


def _commented() -> None:
    drafts.entered(bulk_comment="")
    st.toast("Comment recorded")


def effect(scopes: Sequence[Scope], how: str, value: float, measure: Measure) -> None:
    """What a change would do, and the question that small ones are asked."""
    space, person = frame.workspace(), frame.me()
    try:
        now = sum(space.input_amount(person.id, scope, measure) for scope in scopes)
        events = (
            space.preview_override(person.id, scopes, how, value, measure=measure)
            if value or how == "set"
            else []
        )
    except ConcordError as error:
        st.warning(f"**{plain(error.title)}.** {plain(error)}")
        return
    after = {
        "set": value * len(scopes), "add": now + value * len(scopes),
        "percent": now * (1 + value / 100),
    }[how]  # fmt: skip
    rows = f" in {len(scopes)} rows, each changed on its own" if len(scopes) > 1 else ""
    units = theme.units(sum(e.units for e in events), sign=True)
    st.markdown(
        f"Your input is {theme.amount(now, measure)} now and would be "
        f"**{theme.amount(after, measure)}**{rows} ({units})."
    )
    small = [s for e in events if (s := space.small(person.id, e)) is not None]
    if small:
        which = (
            "A small change"
            if len(scopes) == 1
            else f"{len(small)} of {len(scopes)} changes are small"
        )
        st.caption(
            f"{which} (about {theme.money(sum(s.money for s in small))}). Would it change an order or "
            "a promotion? Small changes seldom improve a forecast."
        )


def excel(table: Callable[[], pd.DataFrame], where: dict[str, str], measure: Measure) -> None:
    """The own input out to a workbook, and back in with what becomes of each cell."""
    panel = st.popover("Excel", width=110, key="excel", on_change="rerun")
    if not panel.open and st.session_state.get("returned") is None:
        return
    with panel:
        _excel(table, where, measure)


def _excel(table: Callable[[], pd.DataFrame], where: dict[str, str], measure: Measure) -> None:
    space, person = frame.workspace(), frame.me()
    download.button(
        "Download my input (XLSX)",
        lambda: workbook.export(space, person.id, table(), measure=measure, **where),
        f"{person.function.value}.xlsx", width="stretch",
        help="Type over the weeks, save, and upload the file here. Columns that identify a row are locked.",
    )  # fmt: skip
    file = st.file_uploader("Upload the changed workbook", type="xlsx", key="returned")
    if file is None:
        return
    try:
        returned = workbook.judge(space, person.id, file, file.name)
    except ConcordError as error:
        frame.refused(error)
        return
    counts = {v: len(returned.of(v)) for v in workbook.Verdict}
    if not returned.cells:
        st.markdown("No number in this file differs from the export.")
        return
    st.markdown(
        f"**{theme.plural(len(returned.cells), 'cell')} changed**: "
        + ", ".join(f"{plain(n)} {plain(v.label.lower())}" for v, n in counts.items() if n)
    )
    small = sum(cell.is_small for cell in returned.cells)
    if small:
        st.caption(
            f"{small} of them {'is' if small == 1 else 'are'} small. Small changes seldom improve a "
            "forecast."
        )
    sign = returned.measure.unit
    written.dataframe(
        workbook.by_verdict(returned.cells, returned.measure), hide_index=True,
        alt="Cells that were changed",
        column_config={
            f"Exported, {sign}": st.column_config.NumberColumn(format="%,.1f"),
            f"Typed, {sign}": st.column_config.NumberColumn(format="%,.1f"),
            "Week": st.column_config.DateColumn(format=theme.day_format()),
        },
    )  # fmt: skip
    over = bool(counts[workbook.Verdict.CONFLICT]) and st.checkbox(
        "Keep my number where somebody else has changed the cell since"
    )
    writes = counts[workbook.Verdict.APPLIED] + over * counts[workbook.Verdict.CONFLICT]
    lacking = grid.lacks()
    if writes and lacking:
        st.caption(f"Say the {plain(lacking)} above the table, then they can be written.")
    if writes and st.button(
        f"Write {theme.plural(writes, 'cell')}", type="primary", disabled=bool(lacking)
    ):
        frame.do(
            workbook.apply, space, person.id, returned, mine_over_theirs=over, then=was_written,
            **grid.given(),
        )  # fmt: skip
