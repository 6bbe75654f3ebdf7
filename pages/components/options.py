"""Options for a shortage side by side, previewed and decided."""

import datetime as dt
import math

import pandas as pd
import streamlit as st

from forecasting.plan.live import LivePlan
from forecasting.rights import RIGHTS
from forecasting.weekly import best_mix as mixes
from forecasting.weekly import options
from forecasting.weekly.best_mix import Aim, Mix, Watched
from forecasting.weekly.decisions import Decision
from forecasting.weekly.option import Action, Option, gap_to_service
from forecasting.weekly.orders import Bought
from pages.components import download, frame, proposals, theme
from pages.components.text import Said, ours, plain

EFFECT = {
    Action.ORDER: "Forecast and calendar stay as they are. Every plan counts the order at once; it can "
    "be taken back until it is released to the supplier.",
    Action.EXPEDITE: "Forecast and calendar stay as they are. The buy plan counts the units "
    "in the earlier week.",
    Action.TRANSFER: "Forecast and calendar stay as they are. The buy plan counts the units at "
    "the door that receives them; the door that gives them re-orders as usual.",
    Action.SHIFT: "The calendar features the other SKU. Forecast, projection and buy plan "
    "of both SKUs follow at once.",
    Action.REDUCE: "The calendar states the smaller lift. Forecast, projection and buy plan "
    "follow at once. This protects service, not margin.",
    Action.ACCEPT: "Nothing changes. The risk is listed as open again only if it gets worse.",
}


def day(value: dt.date | None) -> Said:
    return theme.weekday(value)


def deadline(option: Option) -> Said:
    if option.last_date is None:
        return ours("")
    return ours(
        f"past since {day(option.last_date)}"
        if option.is_past
        else f"by {day(option.last_date)}"
    )


def panel(plan: LivePlan, activation: str, sku: str) -> None:
    """Five options for one featured SKU's shortage, and accepting it."""
    found = options.for_shortage(plan, activation, sku)
    if not found:
        return
    decided(activation, sku)
    proposals.beside(activation, sku, frame.me())
    lacking, service = gap_to_service(plan, activation, sku)
    short = found[-1]
    st.markdown(
        f"**Options for {plain(sku)}** · stock is expected to meet {theme.percent(short.fill_after)} of its "
        f"demand; {theme.units(lacking)} more would bring every door to its service level of "
        f"{theme.percent(service)}"
    )
    five = list(dict.fromkeys(o.action for o in found if o.action is not Action.ACCEPT))
    for column, action in zip(st.columns(len(five)), five, strict=True):
        mine = [o for o in found if o.action is action]
        with column.container(border=True, height="stretch"):
            card(plan, mine)
    accept = next(o for o in found if o.action is Action.ACCEPT)
    if accept.short_before >= 0.5:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(plain(accept.said), key=f"accept_{activation}_{sku}", type="tertiary",
                         icon=":material/flag:", disabled=not may_ask("accept"),
                         help=who("accept")):  # fmt: skip
                preview(plan, accept)


def who(right: str) -> Said:
    return ours("Decided by " + " or ".join(plain(f.label) for f in RIGHTS[right]) + ".")


def may_ask(right: str) -> bool:
    """Whether who is here may decide it, or propose it to who may."""
    return frame.me().may(right) or frame.me().may("propose")


def card(plan: LivePlan, mine: list[Option]) -> None:
    """One option: what it does, saves and costs, and by when."""
    first = mine[0]
    st.markdown(f"**{plain(first.action.label)}**")
    if first.why_not:
        st.markdown(f":gray[{plain(first.why_not)}]")
        if first.last_date is not None:
            st.caption(f"Last chance to decide: {deadline(first)}.")
        return
    for n, option in enumerate(mine):
        st.markdown(plain(option.said) + ".")
        saved = theme.units(abs(option.units_saved))
        match option.action:
            case Action.REDUCE:
                saves = f"**{saved}** fewer short in all weeks"
            case Action.SHIFT:
                saves = f"sells **{saved} {'more' if option.units_saved >= 0 else 'fewer'}** in all weeks"
            case _:
                saves = f"saves **{saved}** in all weeks"
        st.markdown(
            f"{saves} · {theme.money(option.margin_saved)} margin · costs "
            f"{theme.money(option.cost)} · **net {theme.money(option.net)}**"
        )
        if option.bought is not None:
            st.caption(left_over(option.bought))
        st.caption(
            f"In the activation {theme.units(option.short_before)} short → "
            f"{theme.units(option.short_after)} · "
            + ("past: " if option.is_past else "decide ")
            + plain(deadline(option).removeprefix("past "))
        )
        if st.button(
            "Preview and decide" if frame.me().may(first.action) or not may_ask(first.action)
            else ours(f"Preview and propose to {proposals.to(first.action)}"), key=f"option_{option.activation}_{option.sku}_{option.action}_{n}",
            disabled=option.is_past, width="stretch",
        ):  # fmt: skip
            preview(plan, option)


def left_over(bought: Bought) -> Said:
    """What an order costs and leaves."""
    return ours(
        f"Buys {theme.units(bought.units)} for {theme.money(bought.spend)} at cost. Left after the "
        f"activation: about {theme.units(bought.left[0])} ({theme.units(bought.left_without[0])} without "
        f"it), nine times in ten no more than {theme.units(bought.left[1])}"
    )


@st.dialog("Decide", width="large")
def preview(plan: LivePlan, option: Option) -> None:
    """What one option would do to everything, and the decision."""
    space, person = frame.workspace(), frame.me()
    st.markdown(f"**{plain(option.said)}.**")
    effect(option)
    moves(plan, option)
    if option.bought is not None:
        st.markdown(left_over(option.bought))
    st.markdown(EFFECT[option.action])
    if option.after is not None and option.action is Action.REDUCE:
        st.markdown(
            "Without a real cut to the campaign this would only hide the risk: say below what "
            "will be cut."
        )
    if not person.may(option.action):
        if person.may("propose"):
            proposals.propose(option)
        else:
            st.info(f"{who(option.action)} You can preview it, and ask them to decide.")
        return
    people = space.people
    left, right = st.columns(2)
    owner = left.selectbox(
        "Who carries it out", people, format_func=lambda p: f"{p.name} ({p.function.label})",
        index=[p.id for p in people].index(person.id),
    )  # fmt: skip
    due = right.date_input("By", value=option.last_date)
    note = st.text_input(
        "What will be cut: spend, audience, depth or days"
        if option.action is Action.REDUCE
        else "Note (optional)"
    )
    if st.button("Decide", type="primary"):
        frame.do(space.decisions.decide, person.id, option, owner=owner.id, due=due, note=note)


def effect(option: Option) -> None:
    cells = st.columns(4)
    cells[0].metric(
        "Units short",
        f"{theme.units(option.short_before)} → {theme.units(option.short_after)}", border=True,
        help="Units short in the activation: without and with this decision.",
    )  # fmt: skip
    cells[1].metric(
        "Fill rate", theme.percent(option.fill_after), help=frame.term("Fill rate"), border=True
    )
    cells[2].metric("Margin saved", theme.money(option.margin_saved), border=True)
    cells[3].metric(
        "Net of cost", theme.money(option.net), border=True,
        help=f"Margin saved less {theme.money(option.cost)} of cost.",
    )  # fmt: skip


def moves(plan: LivePlan, option: Option) -> None:
    if not option.moves:
        return
    said = dict(zip(plan.base.network.names, plan.base.network.said, strict=True))
    st.dataframe(
        pd.DataFrame(
            {
                "Units": [m.units for m in option.moves],
                "From": [
                    "Supplier" if m.is_order else m.receipt or said[m.origin]
                    for m in option.moves
                ],
                "To": [said[m.to] for m in option.moves],
                "Leaves, or was due": [theme.week(m.leaves) for m in option.moves],
                "Can be sold from": [theme.week(m.arrives) for m in option.moves],
                "Cost": [m.cost for m in option.moves],
            }
        ),
        hide_index=True, alt="Units to move", height=min(38 + 35 * len(option.moves), 250),
        column_config={"Cost": theme.money_column()},
    )  # fmt: skip


def decided(activation: str, sku: str) -> None:
    """What stands about one featured SKU, with taking back and closing."""
    for decision in frame.workspace().decisions.of(activation, sku):
        line(decision)


def line(decision: Decision, *, where: bool = False, late: bool = False) -> None:
    """One decision that stands."""
    space, person = frame.workspace(), frame.me()
    by, owner = space.person(decision.person).name, space.person(decision.owner).name
    names = {a.activation: a.name for a in space.calendar.activations}
    at = (
        f"{plain(decision.sku)} in {plain(names.get(decision.activation, decision.activation))}: "
        if where
        else ""
    )
    overdue = ":red[● Late] · " if late else ""
    early = theme.plural(max(decision.weeks_ahead, 0), "week") + " before the start"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{overdue}:material/task_alt: {at}**{plain(decision.said)}**. Decided by {plain(by)}, {early}; {plain(owner)}, due "
            f"{day(decision.due)}"
            + ("" if decision.state == "decided" else f" · {plain(decision.state)}")
        )
        if not decision.is_open:
            return
        key = f"decision_{decision.seq}"
        if (
            decision.action is not Action.ACCEPT
            and (person.id == decision.owner or person.may(decision.action))
            and st.button("Done, files show it", key=f"{key}_close", type="tertiary")
        ):
            frame.do(space.decisions.close, person.id, decision.seq)
        if decision.state == "released":
            return
        if (
            decision.action is Action.ORDER
            and person.may("order")
            and st.button(
                "Release to the supplier", key=f"{key}_release", type="tertiary",
                help="It can then not be taken back any more.",
            )
        ):  # fmt: skip
            frame.do(space.decisions.release, person.id, decision.seq)
        mine = person.id == decision.person or person.may("undo others' changes")
        if mine and st.button("Take back", key=f"{key}_undo", type="tertiary"):
            frame.do(space.reversals.undo, person.id, decision.seq)


def mix_table(plan: LivePlan, chosen: tuple[Option, ...]) -> pd.DataFrame:
    names = {a.activation: a.name for a in plan.activations()}
    return pd.DataFrame(
        {
            "Action": [o.action.label for o in chosen],
            "What": [o.said for o in chosen],
            "SKU": [o.sku for o in chosen],
            "Activation": [names[o.activation] for o in chosen],
            "Shortage prevented, u": [o.short_before - o.short_after for o in chosen],
            "Margin": [o.margin_saved for o in chosen],
            "Cost": [o.cost for o in chosen],
            "Until": [o.last_date for o in chosen],
            "Decided by": [" or ".join(f.label for f in RIGHTS[o.action]) for o in chosen],
        }
    )


def mix_said(mix: Mix, what: Said) -> Said:
    """What a mix comes to, in words."""
    met = mix.considered - len(mix.left)
    earned = (
        f"earn {theme.money(mix.margin_saved)} of margin"
        if mix.margin_saved >= 0
        else f"give up {theme.money(-mix.margin_saved)} of margin"
    )
    less = mix.of(Action.REDUCE, Action.SHIFT)
    calendar = (
        f" {theme.plural(len(less), 'action')} of these change the calendar; sales given up by a "
        "smaller lift are counted."
        if less
        else ""
    )
    return ours(
        f"For {what}: **{theme.plural(len(mix.chosen), 'action')} prevent "
        f"{theme.units(mix.units_saved)} of shortage; {met} of "
        f"{theme.plural(mix.considered, 'SKU')} then meet the service target.** They "
        f"cost {theme.money(mix.cost)} and {earned}.{calendar} The actions are worked out together, so "
        "no unit is saved twice."
    )


@st.dialog("The best mix", width="large")
def best_mix(plan: LivePlan, watched: list[Watched], what: Said) -> None:
    """The cheapest combination that covers what is short, within a budget."""
    left, right = st.columns(2, vertical_alignment="bottom")
    aim = left.segmented_control(
        "Aim", list(Aim), default=Aim.SERVICE, format_func=lambda a: plain(a.label), key="mix_aim",
        required=True,
        help="Service target: as many SKUs as possible no longer short, at the lowest cost; less "
        "lift or another SKU where supply is not enough. Most margin: only what pays.",
    )  # fmt: skip
    free = mixes.best_mix(watched, aim=aim)
    budget = right.number_input(
        f"Budget, {theme.currency()}", min_value=0, value=math.ceil(free.cost), step=100,
        help="The most to spend on expediting and moving. The mix is recalculated.",
        key=f"mix_budget_{aim}",
    )  # fmt: skip
    mix = mixes.best_mix(watched, budget=budget, aim=aim) if budget < free.cost else free
    st.markdown(mix_said(mix, what))
    if not mix.chosen:
        st.info("No option that is still open saves more than it costs.")
        return
    table = mix_table(plan, mix.chosen)
    st.dataframe(
        table.round({"Margin": 0, "Cost": 0}), hide_index=True, height=330,
        alt="Actions of the best mix",
        column_order=[name for name in table.columns if name != "Action"],  # what is done says it
        column_config={
            "What": st.column_config.Column("Action", width=500),
            "Shortage prevented, u": st.column_config.NumberColumn(format="%,.0f"),
            "Margin": theme.money_column(help="Margin of the extra sales, less that of sales given up."
            ),
            "Cost": theme.money_column(),
            "Until": st.column_config.DateColumn(
                format="MMM D", help="Last day on which it can be decided."
            ),
        },
    )  # fmt: skip
    decide_part(mix)
    download.spreadsheet("Download (CSV)", lambda: table, "best-mix.csv")


def decide_part(mix: Mix) -> None:
    """Each function decides its own part of a mix."""
    person = frame.me()
    mine = [o for o in mix.chosen if person.may(o.action)]
    others = [o for o in mix.chosen if not person.may(o.action)]
    if others:
        holders = sorted({f.label for o in others for f in RIGHTS[o.action]})
        st.caption(
            f"{theme.plural(len(others), 'action')} of it {'is' if len(others) == 1 else 'are'} "
            f"for {' and '.join(plain(h) for h in holders)} to decide."
        )
        if person.may("propose") and st.button(
            f"Propose {theme.plural(len(others), 'action')} to them",
            icon=":material/how_to_vote:",
        ):
            frame.do(proposals.propose_each, others, person)
    if not mine:
        return
    note = ""
    if any(o.action is Action.REDUCE for o in mine):
        note = st.text_input("What will be cut: spend, audience, depth or days", key="mix_note")
    if st.button(f"Decide {theme.plural(len(mine), 'action')}", type="primary"):
        frame.do(
            frame.workspace().decisions.decide_all, person.id, mine, owner=person.id, note=note
        )
