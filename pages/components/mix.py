"""The best mix in a dialog: its actions to choose from, their sums, and who decides which."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.plan.live import LivePlan
from forecasting.weekly import best_mix as mixes
from forecasting.weekly import together as sums
from forecasting.weekly.best_mix import Aim, Mix, Watched
from forecasting.weekly.option import Action, Option
from forecasting.weekly.together import Parted, Together
from pages.components import download, frame, proposals, theme, written
from pages.components.text import Markdown, ours, plain


@st.dialog("The best mix", width="large")
def best_mix(plan: LivePlan, watched: list[Watched], *, weeks: int) -> None:
    """The cheapest combination that covers what is short, within a budget, line by line."""
    left, right = st.columns(2, vertical_alignment="bottom")
    aim = left.segmented_control(
        "Aim", list(Aim), default=Aim.SERVICE, format_func=lambda a: plain(a.label), key="mix_aim",
        required=True,
        help="Service target: as many SKUs as possible no longer short, at the lowest cost. Most "
        "margin: what earns most, whoever stays short.",
    )  # fmt: skip
    calendar = st.checkbox(
        "May also reduce or shift promotions, even where that gives up margin", key="mix_calendar",
        help="Without it the mix orders more, brings orders forward and moves stock, and only where that "
        "earns more than it costs: no promotion is touched.",
    )  # fmt: skip
    free = mixes.best_mix(watched, aim=aim, calendar=calendar)
    budget = right.number_input(
        f"Budget, {theme.currency()}", min_value=0, value=math.ceil(free.cost), step=100,
        help="The most to spend on expediting and moving. What orders buy is stated beside: the units are "
        "there afterwards. The mix is recalculated.",
        key=f"mix_budget_{aim}_{calendar}",
    )  # fmt: skip
    most = budget if budget < free.cost else None
    mix = (
        free if most is None
        else mixes.best_mix(watched, budget=most, aim=aim, calendar=calendar)
    )  # fmt: skip
    if not calendar:
        more = mixes.best_mix(watched, budget=most, aim=aim, calendar=True)
        st.caption(would_add(plan, watched, mix, more, weeks))
    if not mix.chosen:
        st.info("No order or transfer that is still open earns more than it costs.")
        return
    key = f"mix_ticks_{aim}_{calendar}_{budget}_{plan.number}_{plan.seq}"
    options = ticked(plan, mix.chosen, key)
    together = come_to(plan, options, watched, weeks)
    st.markdown(sums_stated(together, len(mix.chosen), weeks))
    decide_part(sums.parted(frame.me(), options))
    table = sums.rows(plan, options)
    download.spreadsheet("Download the ticked ones (CSV)", lambda: table, "best-mix.csv")


def ticked(plan: LivePlan, chosen: Sequence[Option], key: str) -> list[Option]:
    """The actions with a tick each, all ticked at first; those that are ticked, worked out."""
    before = st.session_state.get(f"{key}_taken", tuple([True] * len(chosen)))
    options = worked_out(plan, chosen, before)
    event = written.data_editor(
        table_of(plan, options, before),
        hide_index=True, height=written.height(len(options), most=9), key=key,
        disabled=["What", "SKU", "Activation", "Short", "Margin", "Cost", "Buys", "Until", "Decided by", "Remarks"],
        column_config={
            "Ticked": st.column_config.CheckboxColumn(width=75),
            "What": st.column_config.Column("Action", width=330),
            "Short": st.column_config.Column(
                "Short in the activation", width=120,
                help="Units short of the SKU in the activation: as it is, and with this action "
                "after those above it of the same SKU that are ticked.",
            ),
            "Margin": written.money(
                help="Margin that it earns more, all doors and weeks; sales given up count against it."
            ),
            "Cost": written.money(help="Of expediting and moving."),
            "Buys": written.money(help="What an order buys, at cost: the units are there afterwards."),
            "Until": st.column_config.DateColumn(
                format=theme.day_format(), help="Last day on which it can be decided."
            ),
            "Remarks": st.column_config.Column(help="What else it makes short."),
        },
    )  # fmt: skip
    taken = tuple(bool(x) for x in event["Ticked"])
    if taken != before:
        st.session_state[f"{key}_taken"] = taken
        st.rerun(scope="fragment")  # a line of the same SKU may save more now, or less
    return [o for o, is_taken in zip(options, taken, strict=True) if is_taken]


def table_of(plan: LivePlan, options: Sequence[Option], taken: Sequence[bool]) -> pd.DataFrame:
    rows = sums.rows(plan, options)
    both = zip(rows["short_before"], rows["short_after"], strict=True)
    found = pd.DataFrame(
        {
            "Ticked": list(taken),
            "What": rows["what"],
            "SKU": rows["sku"],
            "Activation": rows["activation"],
            "Short": [f"{theme.units(a)} → {theme.units(b)}" for a, b in both],
            "Margin": rows["margin"].round(0),
            "Cost": rows["cost"].round(0),
            "Buys": rows["buys"].round(0).replace(0.0, np.nan),
            "Until": rows["decide_by"],
            "Decided by": rows["decided_by"],
            "Remarks": rows["also"],
        }
    )
    empty = [] if found["Buys"].notna().any() else ["Buys"]
    empty += [] if found["Remarks"].any() else ["Remarks"]
    return found.drop(columns=empty)


def worked_out(
    plan: LivePlan, chosen: Sequence[Option], taken: tuple[bool, ...]
) -> list[Option]:
    """Each action beside those of its SKU that are ticked; worked out once a change."""
    names = tuple((o.action.value, o.activation, o.sku, o.text) for o in chosen)
    return _worked_out(plan, plan.number, plan.seq, list(chosen), names, taken)


@st.cache_data(show_spinner="Working out what each action does ...", max_entries=16)
def _worked_out(
    _plan: LivePlan, which: int, seq: int, _chosen: list[Option],
    names: tuple[tuple[str, ...], ...], taken: tuple[bool, ...],
) -> list[Option]:  # fmt: skip
    """`which`, `seq` and `names` say when it has to be worked out again."""
    del which, seq, names
    return sums.one_by_one(_plan, _chosen, taken)


def come_to(
    plan: LivePlan, options: Sequence[Option], watched: list[Watched], weeks: int
) -> Together:
    """What actions come to together; worked out once a change."""
    names = tuple((o.action.value, o.activation, o.sku, o.text) for o in options)
    return _come_to(plan, plan.number, plan.seq, list(options), watched, names, weeks)


@st.cache_data(show_spinner="Adding up ...", max_entries=32)
def _come_to(
    _plan: LivePlan, which: int, seq: int, _options: list[Option], _watched: list[Watched],
    names: tuple[tuple[str, ...], ...], weeks: int,
) -> Together:  # fmt: skip
    del which, seq, names
    return sums.together(_plan, _options, _watched, weeks=weeks)


def would_add(
    plan: LivePlan, watched: list[Watched], mix: Mix, more: Mix, weeks: int
) -> Markdown:
    """What reducing and shifting promotions would add."""
    changes = len(more.of(Action.REDUCE, Action.SHIFT))
    if not changes:
        return ours("Reducing or shifting promotions would not help any further.")
    now, then = (come_to(plan, one.chosen, watched, weeks) for one in (mix, more))
    net = then.net - now.net
    price = (
        f"give up {theme.money(-net)} of margin net of cost" if net < 0
        else f"earn {theme.money(net)} more net of cost"
    )  # fmt: skip
    return ours(
        f"With the tick: {theme.plural(changes, 'change')} of promotions would bring "
        f"{then.met[1] - now.met[1]:d} more of {theme.plural(then.of, 'SKU')} to the service target, leave "
        f"{theme.units(then.short.with_it)} short instead of {theme.units(now.short.with_it)}, and {price}."
    )


def sums_stated(together: Together, of: int, weeks: int) -> Markdown:
    """What the ticked actions come to, in words."""
    earned = together.earned.more
    margin = (
        f"earn {theme.money(earned)} of margin" if earned >= 0
        else f"give up {theme.money(-earned)} of margin"
    )  # fmt: skip
    buys = f"; orders buy {theme.money(together.buys)} at cost" if together.buys else ""
    return ours(
        f"**{together.actions:d} of {theme.plural(of, 'action')} ticked.** Activations of the next "
        f"{theme.plural(weeks, 'week')}: **{theme.units(together.short.without)} → "
        f"{theme.units(together.short.with_it)} short, {theme.money(together.at_risk.without)} → "
        f"{theme.money(together.at_risk.with_it)} margin at risk**; {together.met[0]:d} → {together.met[1]:d} of "
        f"{theme.plural(together.of, 'SKU')} meet the service target. They cost {theme.money(together.cost)} and "
        f"{margin}: **net {theme.money(together.net)}**{buys}."
    )


def decide_part(part: Parted) -> None:
    """Each function decides its own part of a mix."""
    if part.others:
        st.caption(plain(part.text) + ".")
        person = frame.me()
        if person.may("propose") and st.button(
            f"Propose {theme.plural(len(part.others), 'action')} to them",
            icon=":material/how_to_vote:",
        ):
            frame.do(proposals.propose_each, list(part.others), person)
    if not part.mine:
        return
    note = ""
    if any(o.action is Action.REDUCE for o in part.mine):
        note = st.text_input("What will be cut: spend, audience, depth or days", key="mix_note")
    if st.button(f"Decide {theme.plural(len(part.mine), 'action')}", type="primary"):
        me = frame.me().id
        frame.do(
            frame.workspace().decisions.decide_all, me, list(part.mine), owner=me, note=note
        )
