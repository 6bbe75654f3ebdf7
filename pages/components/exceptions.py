"""Exceptions of the meeting: the SKUs on which functions disagree, each with its evidence."""

import datetime as dt
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.calendar import as_date
from forecasting.consensus.events import Kind, Scope
from forecasting.monthly import agenda
from forecasting.monthly.minutes import Assumption
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace
from pages.components import (
    charts,
    conclusions,
    drafts,
    frame,
    minutes,
    picture,
    scores,
    theme,
    trail,
    written,
)
from pages.components.risks import BACK_KEY, NEXT_KEY, beside
from pages.components.text import Markdown, ours, plain

_AGREED = 0.999
"""Share of a SKU's cells from which it counts as agreed."""
_STATISTICAL = "Statistical"
SIDES = ("statistical", *map(str, INPUTS), "proposed")


def expired(space: Workspace) -> list[Assumption]:
    """Assumptions past their day that nobody has judged."""
    today = as_date(space.plan.base.weeks[0])
    return [one for one in space.minutes.assumptions if one.is_expired(today)]


def step(space: Workspace, person: Person, plan: LivePlan) -> None:
    """The step of the meeting: the list, and one of it in detail."""
    if space.cycles.hidden_from(person):
        st.info(
            "Inputs are collected blind: you see only your own until the facilitator reveals "
            "them, so there is nothing to compare yet."
        )
        return
    found = agenda.exceptions(plan, expired(space))
    if found.empty:
        st.info("The functions agree: no SKU's inputs differ by more than 2%.")
        return
    shown = found.head(agenda.MOST)
    weeks = plan.base.weeks[plan.fence : plan.fence + agenda.WEEKS]
    ends = as_date(weeks[0]), as_date(weeks[-1])
    _take_the_next(shown)
    just_agreed(space, person)
    sku = at_one(shown)
    left, right = st.columns([6, 7], gap="medium")
    with left:
        one_of(space, person, shown, sku, ends)
    with right:
        pictured(space, plan, sku)
    with st.expander(f"All {theme.plural(len(shown), 'exception')} of this meeting"):
        listed(shown, ends, found.iloc[len(shown) :])


_GO_TO = "go to exception"
"""The exception to show at the next drawing: the choice cannot be moved once it is drawn."""
_SAID = "agreed just now"


def next_open(skus: Sequence[str], agreed: Sequence[float], at: str) -> str | None:
    """The exception to go on with after one: the next that is not agreed, from the top again."""
    left = {sku for sku, share in zip(skus, agreed, strict=True) if share < _AGREED}
    return beside(skus, left, at, step=1)


def _take_the_next(shown: pd.DataFrame) -> None:
    asked = st.session_state.pop(_GO_TO, None)
    if asked in set(shown["sku"]):
        st.session_state[frame.slot("exception")] = asked


def just_agreed(space: Workspace, person: Person) -> None:
    """What was agreed a moment ago, and taking it back."""
    seq = st.session_state.get(_SAID)
    event = space.ledger.event(seq) if seq else None
    if event is None or space.reversals.has_taken_back(event.seq):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="agreed_now"):
        st.markdown(f":green[✓] **Agreed:** {plain(event.sentence)}", width="content")
        if person.may("agree") and st.button("Take back", key="agreed_undo"):
            sku = event.scope.product if event.scope else None
            st.session_state[_GO_TO] = sku
            frame.do(space.reversals.undo, person.id, event.seq)


def at_one(shown: pd.DataFrame) -> str:
    """Which exception is talked about, how many are left, and the keys to the next."""
    skus, agreed = shown["sku"].tolist(), shown["agreed"].tolist()
    words = dict(zip(skus, shown["description"], strict=True))
    left = sum(share < _AGREED for share in agreed)
    with st.container(horizontal=True, vertical_alignment="bottom", key="exceptions_bar"):
        sku = str(
            frame.select(
                "Exception", skus, key="exception", width=330,
                in_words=lambda s: f"{skus.index(s) + 1} · {s} · {words[s]}",
            )
        )  # fmt: skip
        for label, key, step in (("Previous", BACK_KEY, -1), ("Next", NEXT_KEY, 1)):
            st.button(
                label, key=f"exception_{step}", shortcut=key, disabled=len(skus) < 2,
                on_click=_step, args=(skus, sku, step),
            )  # fmt: skip
        is_open = frame.workspace().cycles.is_open
        st.markdown(
            f"**{theme.number(skus.index(sku) + 1)} of {theme.plural(len(skus), 'exception')}** · "
            + (
                f"{theme.number(left)} to agree on"
                if is_open
                else f"{theme.number(len(skus) - left)} agreed"
            ),
            width="content",
        )
    st.caption(
        "Ranked by revenue x disagreement x uncertainty: what is worth most of the meeting's time "
        "comes first; what rests on an expired assumption before all.",
        help="Revenue of the draft, times how far the functions are apart, times how uncertain "
        "the forecast is.",
    )
    return sku


def _step(skus: Sequence[str], at: str, step: int) -> None:
    st.session_state[frame.slot("exception")] = skus[(skus.index(at) + step) % len(skus)]


def listed(shown: pd.DataFrame, ends: tuple[dt.date, dt.date], left_out: pd.DataFrame) -> None:
    """The exceptions, most important first."""
    st.markdown(
        f"Units from {theme.week(ends[0])} to {theme.week(ends[1])}"
        + (
            f"; {theme.number(len(left_out))} smaller ones, {theme.money(left_out['money'].sum())} "
            "of the draft, are left for the next meeting."
            if len(left_out)
            else "."
        )
    )
    table = pd.DataFrame(
        {
            "State": [
                "✓ agreed" if agreed >= _AGREED else ("◆ expired" if assumed else "open")
                for agreed, assumed in zip(shown["agreed"], shown["assumed"], strict=True)
            ],
            "SKU": shown["sku"],
            "Description": shown["description"],
            "Statistical": shown["statistical"],
            **{f.label: shown[str(f)] for f in INPUTS},
            "Draft": shown["draft"],
            "Disagreement": 100 * shown["apart"],
            "Revenue": shown["money"],
        }
    )
    whole = st.column_config.NumberColumn(format="localized", step=1, width=78)
    written.dataframe(
        table, hide_index=True, alt="Exceptions, most important first",
        column_config={
            "State": st.column_config.TextColumn(
                width=80, help="Expired: it is based on an assumption that has expired."
            ),
            "SKU": st.column_config.TextColumn(width=88),
            "Description": st.column_config.TextColumn(width=110),
            "Statistical": whole, "Draft": whole, **{f.label: whole for f in INPUTS},
            "Merchandising": st.column_config.NumberColumn(format="localized", step=1, width=98),
            "Disagreement": st.column_config.NumberColumn(format="%.0f%%", width=92, help=frame.term("Disagreement")),
            "Revenue": written.money("Revenue", width=90, help="The draft in these weeks at regular price."),
        },
    )  # fmt: skip


def one_of(
    space: Workspace,
    person: Person,
    shown: pd.DataFrame,
    sku: str,
    ends: tuple[dt.date, dt.date],
) -> None:
    """The exception that is talked about: the question, evidence, agreement, minutes."""
    one = shown[shown["sku"] == sku].iloc[0]
    st.header(question(one), anchor=False)
    done = one["agreed"] >= _AGREED
    st.markdown(
        f"{plain(sku)} · {theme.week(ends[0])} to {theme.week(ends[1])} · draft "
        f"{theme.units(one['draft'])}, {theme.money(one['money'])}"
        + (" · :green[✓ agreed]" if done else "")
    )
    scope = Scope(product_level="sku", product=sku, first_week=ends[0], last_week=ends[1])
    if one["assumed"]:
        st.warning(
            f"Based on an assumption that has expired: **{plain(one['assumed'])}** Record under “1 Last "
            "time” whether it was right, and agree on the number again.",
            icon=":material/hourglass_disabled:",
        )
    evidence(space, person, one, scope)
    if person.may("agree") and space.cycles.is_open:
        agree(space, person, shown, one, scope)
    elif not space.cycles.is_open:
        st.caption("This cycle is published. New agreements belong to the next one.")
    else:
        st.caption("The facilitator records the agreement.")
    with st.popover("Action or assumption", width="stretch"):
        minutes.write_down(space, person, scope)


def question(one: pd.Series) -> Markdown:
    """What the meeting is asked, in a sentence: who is furthest apart, and by how much."""
    usual = float(one["statistical"])
    given = {f.label: float(one[str(f)]) for f in INPUTS if abs(one[str(f)] - usual) >= 0.5}
    if len(given) < len(INPUTS):  # whoever changed nothing leaves it to that
        given[_STATISTICAL] = usual
    low, high = min(given, key=given.__getitem__), max(given, key=given.__getitem__)
    name = plain(one["description"] or one["department"])
    if given[high] - given[low] < 0.5:
        return ours(f"{name}: does {theme.units(one['draft'])} still hold?")
    return ours(
        f"{name}: {theme.units(given[low])} as {_holder(low)}, or {theme.units(given[high])} as "
        f"{_holder(high)}?"
    )


def _holder(label: str) -> Markdown:
    """Whose number it is."""
    return ours(
        "the statistical forecast has it" if label == _STATISTICAL else f"{plain(label)} says"
    )


def pictured(space: Workspace, plan: LivePlan, sku: str) -> None:
    """The exception's past, its parts and each function's input, week by week."""
    at = plan.sku_index[sku]
    weeks = [as_date(w) for w in plan.base.weeks[:26]]
    stat = plan.totals["statistical"][at, :26]
    lines = [
        pd.DataFrame({"layer": name.capitalize(), "week": weeks, "units": units / 1000})
        for name in (*map(str, INPUTS), "draft")
        if name == "draft" or (plan.totals[name][at, :26] != stat).any()
        for units in [plan.totals[name][at, :26]]
    ]
    sold = space.store.query("sales_of", since=plan.base.as_of - dt.timedelta(7 * 51),
                             until=plan.base.as_of + dt.timedelta(7))  # fmt: skip
    sold = sold[sold["sku"] == sku].sort_values("week")[["week", "units"]]
    parts = views.parts_of(plan, [at], np.arange(len(plan.door_names)))
    parts, layers = parts[parts["week"] <= plan.base.weeks[25]], pd.concat(lines)
    picture.of(
        charts.forecast(sold, parts, layers), name=f"forecast-{sku}", data=lambda: layers,
        title=ours(f"Sales and forecast of {plain(sku)}, units per week, all doors"),
        says=conclusions.forecast(parts, layers),
    )  # fmt: skip


def evidence(space: Workspace, person: Person, one: pd.Series, scope: Scope) -> None:
    """What each side says, why, and how right it has been in this department."""
    found = agenda.performance(scores.cells())
    record = {
        a.name: a for a in (found.by_department.get(one["department"], []) if found else [])
    }
    events = [
        e for e in space.history.of_cells(person.id, scope)
        if e.kind is Kind.OVERRIDE and not space.reversals.has_taken_back(e.seq)
    ]  # fmt: skip
    for side in SIDES:
        units = one[side]
        change = units / one["statistical"] - 1 if one["statistical"] else float("nan")
        if side in map(str, INPUTS) and abs(units - one["statistical"]) < 0.5:
            st.markdown(f":gray[**{plain(side.capitalize())}** made no change.]")
            continue
        why = ""
        last = [e for e in events if e.input_of == side][:1]
        for event in last:
            who = space.person(event.person).name
            why = f" · {plain(who)}{trail.why(event)}"
        past = record.get(side)
        if past is not None and not np.isnan(past.added):
            why += f" · value added in {plain(one['department'])}: {scores.points(past.added)} ({theme.number(past.cells)} SKU weeks)"
        st.markdown(
            f"**{plain(side.capitalize())}** {theme.units(units)}"
            + ("" if side == "statistical" else f" ({theme.percent(change, sign=True)})")
            + f":gray[{why}]"
        )


def agree(
    space: Workspace, person: Person, shown: pd.DataFrame, one: pd.Series, scope: Scope
) -> None:
    """Take a column, or type another number; the next exception comes by itself."""
    base, before = st.session_state.get("seen"), space.seq

    def then() -> None:
        made = [e for e in space.ledger.tail(before) if e.kind is Kind.AGREE]
        mine = [e.seq for e in made if e.person == person.id]
        st.session_state[_SAID] = mine[-1] if mine else None
        st.session_state[_GO_TO] = next_open(
            shown["sku"].tolist(), shown["agreed"].tolist(), scope.product
        )
        drafts.entered(why_agreed="")

    note = drafts.words("Why", key="why_agreed", placeholder="What settled it?")
    take = partial(
        frame.do, space.cycles.agree, person.id, scope, note=note, base=base,
        then=then,
    )  # fmt: skip
    st.caption("Agree on")
    row = st.container(horizontal=True)
    for side in SIDES:
        if side in map(str, INPUTS) and abs(one[side] - one["statistical"]) < 0.5:
            continue
        if row.button(
            f"{plain(side.capitalize())}: {theme.units(one[side])}", key=f"agree_{side}"
        ):
            take(column=side)
    typed = st.columns([3, 2], vertical_alignment="bottom")
    units = typed[0].number_input(
        "Another number, u",
        0.0,
        value=float(round(one["draft"])),
        step=10.0,
        format="%g",
        key=f"typed_{scope.product}",
    )
    if typed[1].button("Agree on this", type="primary", width="stretch"):
        take(units=units)
