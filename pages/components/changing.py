"""How a person changes the own input: why, over several weeks at once, or in a workbook."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from forecasting.calendar import as_date, week_label
from forecasting.consensus import value_added
from forecasting.consensus.events import Scope
from forecasting.consensus.value_added import Added
from forecasting.errors import ConcordError, Conflicted
from forecasting.monthly.inputs import Change
from forecasting.outputs import workbook
from forecasting.vocabulary import Function, Measure, Operation
from pages.components import download, drafts, frame, grid, scores, theme
from pages.components.text import Said, ours, plain

PAGE = "consensus"
BLANK = {"note": "", "evidence": "", "bulk_value": 0.0, "bulk_comment": "", "clash": None}
"""What can be begun on the page, and what it holds when nothing is."""
_PANEL = ("bulk_node", "bulk_from", "bulk_to", "bulk_how", "bulk_value")
ALL_ROWS = "All rows shown"


@dataclass(frozen=True)
class Changing:
    """What can be changed from where the person stands."""

    scope_of: Callable[..., Scope]
    """(node, week or (first, last), activation=) to the scope it stands for."""
    nodes: Sequence[str]
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
    scope = Scope.from_json(kept["scope"])
    measure = Measure(kept["measure"])
    how = "clear" if kept["value"] is None else "set"
    try:
        frame.workspace().preview_override(
            frame.me().id, [scope], how, kept["value"], measure=measure, base=kept["base"]
        )
    except Conflicted as error:
        st.session_state["clash"] = grid.Clash(
            scope, kept["value"], measure, kept["base"], error
        )
    except ConcordError:  # it could not be written any more, whoever else changed it
        return


def begun() -> dict[str, Any]:
    """What stands in the fields and was not said yet."""
    state = st.session_state
    said = state.get("said", ("", ""))
    found: dict[str, Any] = {
        name: state.get(name)
        for name, spoken in zip(("note", "evidence"), said, strict=True)
        if state.get(name) != spoken
    }
    if state.get("bulk_value"):
        found |= {name: state.get(name) for name in _PANEL}
    found["bulk_comment"] = state.get("bulk_comment")
    clash: grid.Clash | None = state.get("clash")
    if clash is not None:
        found["unsettled"] = json.dumps(
            {
                "scope": clash.scope.to_json(), "value": clash.value,
                "measure": clash.measure.value, "base": clash.base,
            }
        )  # fmt: skip
    if any(found.values()):
        found["reason"] = state.get("reason")
    return found


def written() -> None:
    """After something was written: what was given with it is said, and no draft any more."""
    grid.spoken()
    grid.drop_overlay()


@st.fragment
def why_bar() -> None:
    """Reason, note and evidence of what is typed from now on; a part that redraws by itself."""
    space = frame.workspace()
    offered = {one.code: one for one in space.reasons.offered}
    if st.session_state.get("reason") not in offered:
        st.session_state["reason"] = "TREND" if "TREND" in offered else next(iter(offered))
    row = st.columns([3, 6, 4], vertical_alignment="bottom")
    with row[0]:
        reason = st.selectbox(
            "Reason for what you type", list(offered), key="reason", persist_state="session",
            format_func=lambda code: offered[code].label if code in offered else code,
        )  # fmt: skip
    with row[1]:
        drafts.words(
            "Note", key="note", placeholder="What do you know that the model does not?"
        )
    with row[2]:
        drafts.words("Evidence", key="evidence", placeholder="https:// link, if there is one")
    record(frame.me().function.value, reason)
    drafts.keep(PAGE, begun())


def record(function: str, reason: str) -> None:
    """How much changes like the one about to be made have improved the forecast so far."""
    known = scores.by_reason(function)
    label = Function(function).label
    every, mine = known.get(""), known.get(reason)
    if every is None or not every.cells:
        st.caption(f"No past change by {plain(label)} has been scored yet.")
        return
    said = f"Value added by past changes of {plain(label)}: {_added(every)}"
    if mine is not None and mine.cells >= value_added.FEW_CELLS:
        called = frame.workspace().reasons.label(reason)
        said += f"; with the reason “{plain(called)}”: {_added(mine)}"
    st.caption(f"{said}.", help=frame.term("Value added"))


def _added(found: Added) -> Said:
    """Value added, with its interval and how many SKU weeks it is measured on."""
    low, high = 100 * found.low, 100 * found.high
    return ours(
        f"{100 * found.added:+.1f} points of WAPE (80 % interval {low:+.1f} to {high:+.1f}; "
        f"{theme.number(found.cells)} SKU weeks)"
    )


def several_weeks(of: Changing) -> None:
    """A change of a row, or of all, over several weeks, with its effect before it is made."""
    panel = st.popover("Change several weeks", key="several", on_change="rerun")
    if not panel.open:  # nothing is worked out for a panel that nobody looks at
        return
    with panel:
        _panel(of)


def _panel(of: Changing) -> None:
    space, person, state = frame.workspace(), frame.me(), st.session_state
    weeks, sign = list(of.weeks), of.measure.unit
    if state.get("bulk_node") not in (*of.nodes, ALL_ROWS):
        state["bulk_node"] = of.nodes[0]
    node = st.selectbox("Row", [*of.nodes, ALL_ROWS], key="bulk_node", persist_state="page")
    ends = _span(weeks)
    rows = of.nodes if node == ALL_ROWS else [node]
    aim = _aim(of, rows, ends)
    state.setdefault("bulk_how", Operation.PERCENT)
    called = {"set": f"Set to, {sign}", "add": f"Add, {sign}", "percent": "Change by, %"}
    how = st.segmented_control(
        "How", list(Operation), key="bulk_how", required=True, persist_state="page",
        format_func=lambda one: plain(called[one]),
    )  # fmt: skip
    state.setdefault("bulk_value", 0.0)
    value = st.number_input(
        "Value", step=1.0, key="bulk_value", persist_state="page", format="%g"
    )
    scopes = [of.scope_of(row, ends, activation=aim) for row in rows]
    why = grid.given() | {"base": state.get("seen", space.seq), "measure": of.measure}
    effect(scopes, how or "percent", value, of.measure)
    buttons = st.columns(4)
    if buttons[0].button("Apply", type="primary", width="stretch"):
        changes = [Change(scope=s, operation=how or "percent", value=value) for s in scopes]
        frame.do(space.override_all, person.id, changes, then=_applied, **why)
    if buttons[1].button("Clear", width="stretch", help="Back to the statistical forecast"):
        changes = [Change(scope=s, operation="clear", value=None) for s in scopes]
        frame.do(space.override_all, person.id, changes, then=_applied, **why)
    try:
        if buttons[2].button("Hold", width="stretch", help=frame.term("Hold")):
            for scope in scopes:
                space.hold(person.id, scope)
            st.toast(f"Held {plain(node)}")
        if buttons[3].button("Release", width="stretch"):
            for scope in scopes:
                space.release(person.id, scope)
            st.toast(f"Released {plain(node)}")
    except ConcordError as error:
        frame.refused(error)
    said = drafts.words("Comment", key="bulk_comment", placeholder="Write a comment")
    if st.button("Comment", disabled=not (said and len(scopes) == 1)):
        frame.do(space.comment, person.id, scopes[0], said, then=_commented)


def _span(weeks: Sequence[dt.date]) -> tuple[dt.date, dt.date]:
    """First and last week, by the labels that people know them by."""
    state, days = st.session_state, {week_label(w): w for w in weeks}
    labels = list(days)
    if state.get("bulk_from") not in days:
        state["bulk_from"] = labels[0]
    row = st.columns(2)
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
    drafts.said(bulk_value=0.0)
    written()


def _commented() -> None:
    drafts.said(bulk_comment="")
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


def small_ones() -> None:
    """Small changes just typed into the grid: ask what they decide; taking back is one click."""
    space, state = frame.workspace(), st.session_state
    asked = [(q, s) for q, s in state.get("asked", []) if not space.reversals.has_taken_back(q)]
    if not asked:
        return
    small = [s for _, s in asked]
    one = len(small) == 1
    row = st.container(horizontal=True, vertical_alignment="center")
    row.caption(
        f"{'A small change' if one else f'{len(small)} small changes'} "
        f"({theme.units(sum(s.units for s in small), sign=True)}, about "
        f"{theme.money(sum(s.money for s in small))}): "
        f"{'would it' if one else 'would they'} change an order or a promotion?",
        width="content",
    )
    if row.button("Yes, keep", key="asked_yes", type="tertiary"):
        state["asked"] = []
        st.rerun()
    if row.button("No, take back", key="asked_no", type="tertiary"):
        try:
            for seq, _ in reversed(asked):
                space.reversals.undo(frame.me().id, seq)
        except ConcordError as error:
            frame.refused(error)
        else:
            state["asked"] = []
            grid.drop_overlay()
            st.rerun()


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
    st.dataframe(
        workbook.by_verdict(returned.cells, returned.measure), hide_index=True, height=220,
        alt="Cells that were changed",
        column_config={
            f"Exported, {sign}": st.column_config.NumberColumn(format="%,.1f"),
            f"Typed, {sign}": st.column_config.NumberColumn(format="%,.1f"),
            "Week": st.column_config.DateColumn(format="MMM DD"),
        },
    )  # fmt: skip
    over = bool(counts[workbook.Verdict.CONFLICT]) and st.checkbox(
        "Keep my number where somebody else has changed the cell since"
    )
    writes = counts[workbook.Verdict.APPLIED] + over * counts[workbook.Verdict.CONFLICT]
    if writes and st.button(f"Write {theme.plural(writes, 'cell')}", type="primary"):
        frame.do(
            workbook.apply, space, person.id, returned, mine_over_theirs=over, then=written,
            **grid.given(),
        )  # fmt: skip
