"""Options for a shortage side by side, previewed and decided."""

import datetime as dt

import pandas as pd
import streamlit as st

from forecasting.plan.live import LivePlan
from forecasting.rights import RIGHTS
from forecasting.weekly import excess
from forecasting.weekly.decisions import Decision
from forecasting.weekly.effect import Effect, Line, Reading
from forecasting.weekly.option import Action, Option, gap_to_service
from forecasting.weekly.orders import Bought
from forecasting.weekly.together import deciders
from pages.components import frame, proposals, theme, written
from pages.components.text import Markdown, ours, plain

EFFECT = {
    Action.ORDER: "Forecast and calendar stay as they are. Every plan counts the order at once; it can "
    "be taken back until it is released to the supplier.",
    Action.EXPEDITE: "Forecast and calendar stay as they are. The buy plan counts the units "
    "in the earlier week.",
    Action.POSTPONE: "Forecast and calendar stay as they are. The buy plan counts the units in the later "
    "week, and orders less until then. The action list says what to agree with the supplier.",
    Action.TRANSFER: "Forecast and calendar stay as they are. The buy plan counts the units at "
    "the door that receives them; the door that gives them re-orders as usual.",
    Action.SHIFT: "The calendar features the other SKU. Forecast, projection and buy plan "
    "of both SKUs follow at once.",
    Action.REDUCE: "The calendar states the smaller lift. Forecast, projection and buy plan "
    "follow at once. This protects service, not margin.",
    Action.ACCEPT: "Nothing changes. The risk is listed as open again only if it gets worse.",
}


MOST_A_ROW = 5
"""Options side by side; more stand in two rows of one length."""


def day(value: dt.date | None) -> Markdown:
    return theme.weekday(value)


def deadline(option: Option) -> Markdown:
    if option.last_date is None:
        return ours("")
    return ours(
        f"past since {day(option.last_date)}"
        if option.is_past
        else f"by {day(option.last_date)}"
    )


def panel(plan: LivePlan, activation: str, sku: str) -> None:
    """The options for one featured SKU, short or over, and accepting that it is short."""
    found = _for_shortage(plan, plan.number, plan.seq, activation, sku)
    if not found:
        return
    decided(activation, sku)
    proposals.beside(activation, sku, frame.me())
    lacking, service = gap_to_service(plan, activation, sku)
    accept = next(o for o in found if o.action is Action.ACCEPT)
    fill = accept.effect.of[0].fill if accept.effect else float("nan")
    st.markdown(
        f"**Options for {plain(sku)}** · stock is expected to meet {theme.percent(fill)} of its "
        f"demand; {theme.units(lacking)} more would bring every door to its service level of "
        f"{theme.percent(service)}"
    )
    kinds = list(dict.fromkeys(o.action for o in found if o.action is not Action.ACCEPT))
    a_row = len(kinds) if len(kinds) <= MOST_A_ROW else -(-len(kinds) // 2)
    for start in range(0, len(kinds), a_row):
        row = kinds[start : start + a_row]
        for column, action in zip(st.columns(a_row), row, strict=False):
            with column.container(border=True, height="stretch"):
                card(plan, [o for o in found if o.action is action])
    if accept.short_before >= 0.5:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(plain(accept.text), key=f"accept_{activation}_{sku}", type="tertiary",
                         icon=":material/flag:", disabled=not may_ask("accept"),
                         help=who("accept")):  # fmt: skip
                preview(plan, accept)


@st.cache_data(show_spinner="Working out what can still be done ...", max_entries=32)
def _for_shortage(
    _plan: LivePlan, which: int, seq: int, activation: str, sku: str
) -> list[Option]:
    """`which` and `seq` say when it has to be worked out again."""
    del which, seq
    return excess.offered(_plan, activation, sku)


def who(right: str) -> Markdown:
    return ours("Decided by " + " or ".join(plain(f.label) for f in RIGHTS[right]) + ".")


def may_ask(right: str) -> bool:
    """Whether who is here may decide it, or propose it to who may."""
    return frame.me().may(right) or frame.me().may("propose")


def card(plan: LivePlan, mine: list[Option]) -> None:
    """One option: what it does, saves and costs, and by when."""
    first = mine[0]
    st.markdown(f"**{plain(first.label)}**")
    if first.why_not:
        st.markdown(f":gray[{plain(first.why_not)}]")
        if first.last_date is not None:
            st.caption(f"Last chance to decide: {deadline(first)}.")
        return
    for n, option in enumerate(mine):
        st.markdown(plain(option.told) + ".")
        if option.effect is not None:
            st.markdown(
                f"Short in the activation **{theme.units(option.short_before)} → "
                f"{theme.units(option.short_after)}**  \n{money_stated(option)}",
                help=spans(option.effect),
            )
        if option.warning:
            st.markdown(f":orange[◆ {plain(option.warning[:1].upper() + option.warning[1:])}.]")
        if option.bought is not None:
            st.caption(left_over(option.bought))
        st.caption(
            ("Past: " if option.is_past else "Decide ")
            + plain(deadline(option).removeprefix("past "))
            + f" · {plain(deciders(option))} decides"
        )
        if st.button(
            "Preview and decide" if frame.me().may(first.action) or not may_ask(first.action)
            else ours(f"Preview and propose to {proposals.to(first.action)}"), key=f"option_{option.activation}_{option.sku}_{option.action}_{n}",
            disabled=option.is_past, width="stretch",
        ):  # fmt: skip
            preview(plan, option)


def money_stated(option: Option) -> Markdown:
    """What an option earns and costs."""
    return ours(
        f"{theme.money(option.margin_saved, sign=True)} margin · costs {theme.money(option.cost)} · "
        f"**net {theme.money(option.net, sign=True)}**"
    )


def spans(effect: Effect) -> Markdown:
    """Over what the figures of an option are counted."""
    return ours(
        f"Short: expected units in the weeks and at the doors of the activation, as the Bridge counts "
        f"them, without and with this option. Margin: of everything that the SKUs it touches are "
        f"expected to sell at all doors to {theme.day(effect.until)}, "
        f"{theme.money(effect.earned.without)} → {theme.money(effect.earned.with_it)}."
    )


def left_over(bought: Bought) -> Markdown:
    """What an order costs, what it is enough for, and what it leaves."""
    enough = f"Enough in {theme.percent(bought.aim, digits=0)} of such activations, "
    if bought.aim > bought.stated:
        enough += (
            f"which costs least: a sale lost there costs more than a unit left over. The buy plan "
            f"orders for the stated {theme.percent(bought.stated, digits=0)}."
        )
    else:
        enough += "the level that the company states."
    return ours(
        f"Buys {theme.units(bought.units)} for {theme.money(bought.spend)} at cost. Left after the "
        f"activation: about {theme.units(bought.left[0])} ({theme.units(bought.left_without[0])} without "
        f"it), nine times in ten no more than {theme.units(bought.left[1])}. {enough}"
    )


@st.dialog("Decide", width="large")
def preview(plan: LivePlan, option: Option) -> None:
    """What one option would do to everything, and the decision."""
    space, person = frame.workspace(), frame.me()
    st.markdown(f"**{plain(option.told)}.**")
    if option.warning:
        st.warning(
            f"It {plain(option.warning)}."
            if option.warning.startswith("makes")
            else f"{plain(option.warning)}."
        )
    if option.effect is not None:
        effect(option, option.effect)
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


def effect(option: Option, found: Effect) -> None:
    """Everything that an option does: now, then, and the difference."""
    cells = st.columns(4)
    cells[0].metric(
        "Short in the activation",
        f"{theme.units(option.short_before)} → {theme.units(option.short_after)}", border=True,
        help=spans(found),
    )  # fmt: skip
    cells[1].metric(
        "Fill rate", f"{theme.percent(found.of[0].fill)} → {theme.percent(found.of[1].fill)}",
        help=frame.term("Fill rate"), border=True,
    )  # fmt: skip
    cells[2].metric(
        "Margin saved", theme.money(option.margin_saved, sign=True), border=True,
        help=spans(found),
    )  # fmt: skip
    cells[3].metric(
        "Net of cost", theme.money(option.net, sign=True), border=True,
        help=f"Margin saved less {theme.money(option.cost)} of cost.",
    )  # fmt: skip
    written.dataframe(
        before_and_after(found), hide_index=True, alt="What it changes: now, and then",
        column_config={"What": st.column_config.Column(" ", width=330)},
    )  # fmt: skip


def before_and_after(found: Effect) -> pd.DataFrame:
    """Every figure of an option as one pair over one span, as the Bridge shows it."""
    now, then = found.of
    first, last = found.line
    rows: list[tuple[str, str, str]] = []
    if now.sku != then.sku:
        rows.append(("Featured SKU", now.sku, then.sku))
    rows += [
        ("SKU in the activation", _of_sku(now), _of_sku(then)),
        ("· units short", theme.units(now.short), theme.units(then.short)),
        ("· margin at risk", theme.money(now.at_risk), theme.money(then.at_risk)),
        ("· units sold", theme.units(now.sold), theme.units(then.sold)),
        ("Whole activation", _of_line(first), _of_line(last)),
        ("· units short", theme.units(first.short), theme.units(last.short)),
        ("· margin at risk", theme.money(first.at_risk), theme.money(last.at_risk)),
        (
            f"SKUs it touches, all doors to {theme.day(found.until)}: units short",
            theme.units(found.short.without), theme.units(found.short.with_it),
        ),
        (
            "· margin expected",
            theme.money(found.earned.without), theme.money(found.earned.with_it),
        ),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["What", "Now", "After"])


def _of_sku(one: Reading) -> str:
    doors = theme.plural(one.doors, "door")
    return f"{theme.status_label(one.status)} · {one.red_doors} of {doors} short"


def _of_line(one: Line) -> str:
    return f"{theme.status_label(one.status)} · {one.red_skus} of {theme.plural(one.skus, 'SKU')} short"


def moves(plan: LivePlan, option: Option) -> None:
    if not option.moves:
        return
    labels = dict(zip(plan.base.network.names, plan.base.network.labels, strict=True))
    written.dataframe(
        pd.DataFrame(
            {
                "Units": [m.units for m in option.moves],
                "From": [
                    "Supplier" if m.is_order else m.receipt or labels[m.origin]
                    for m in option.moves
                ],
                "To": [labels[m.to] for m in option.moves],
                "Leaves, or was due": [theme.week(m.leaves) for m in option.moves],
                "Can be sold from": [theme.week(m.arrives) for m in option.moves],
                "Cost": [m.cost for m in option.moves],
            }
        ),
        hide_index=True, alt="Units to move", height=written.height(len(option.moves), most=8),
        column_config={"Cost": written.money()},
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
            f"{overdue}:material/task_alt: {at}**{plain(decision.text)}**. Decided by {plain(by)}, {early}; {plain(owner)}, due "
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
