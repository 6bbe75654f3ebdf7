"""The Bridge: will the promoted items be there, and if not, since when is it known."""

from collections.abc import Collection, Sequence

import pandas as pd
import streamlit as st

from forecasting.consensus.activations import Activation
from forecasting.inventory.bridge import ItemRisk
from forecasting.plan import featured, views
from forecasting.plan.inbound import ROUTINE, SUPPLIES
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly.best_mix import Watched
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    filters,
    followed,
    frame,
    lists,
    mix,
    options,
    picked,
    picture,
    risks,
    theme,
    written,
)
from pages.components.followed import What
from pages.components.lists import one_class_each
from pages.components.risks import Risk
from pages.components.text import Markdown, ours, plain

SUPPLY_LABELS = {
    "routine": "orders + routine replenishment",
    "planned": "confirmed + planned orders",
    "firm": "confirmed orders only",
}


def finding(judged: list[views.Verdict], watched: list[Watched]) -> Markdown:
    red = [v for v in judged if v.status is Status.RED]
    if not judged:
        return ours("No activation is planned in these weeks.")
    if not red:
        return ours(
            f"None of {theme.plural(len(judged), 'activation')} is expected to run out."
        )
    margin = sum(v.margin_at_risk for v in red if v.margin_at_risk == v.margin_at_risk)
    names = {v.activation.activation for v in red}
    able = [w for w in watched if w.activation in names and w.best.options]
    saved = sum(w.best.margin - w.best.cost for w in able)
    soonest = min((w.last_date for w in able if w.last_date), default=None)
    still = (
        f"{theme.plural(len({w.activation for w in able}), 'activation')} can still be helped by supply, "
        f"{theme.money(saved)} net, the first by {options.day(soonest)}"
        if able
        else "no order or transfer can help in time and pay for itself"
    )
    return ours(
        f"**{len(red)} of {theme.plural(len(judged), 'activation')} will run out** · "
        f"{theme.money(margin)} margin at risk in them · {still}"
    )


def tiles(judged: list[views.Verdict]) -> None:
    def count(status: Status) -> int:
        return sum(v.status is status for v in judged)

    short = sum(v.units_short for v in judged)
    margins = [v.margin_at_risk for v in judged if v.margin_at_risk == v.margin_at_risk]
    cells = st.columns(6)
    cells[0].metric(
        "Margin at risk, all", theme.money(sum(margins)) if margins else "–",
        help=frame.term("At risk") + " Of all activations shown, whatever their status.", border=True,
    )  # fmt: skip
    cells[1].metric(
        "Units short", theme.units(short), help=frame.term("Units short"), border=True
    )
    cells[2].metric("● Short", count(Status.RED), help=frame.term("Short"), border=True)
    cells[3].metric("◆ Tight", count(Status.AMBER), help=frame.term("Tight"), border=True)
    covered = count(Status.GREEN) + count(Status.BLUE)
    cells[4].metric(
        "✓ Covered, ■ excess", covered, border=True,
        help=f"{frame.term('Covered')}\n\n{frame.term('Excess')}",
    )  # fmt: skip
    cells[5].metric(
        "○ No data", count(Status.GREY), border=True,
        help=frame.term("No data"),
    )  # fmt: skip


def clicked_bar() -> str | None:
    """The activation whose bar was clicked just now, in the first of them or in a group."""
    found = None
    for key in ("calendar", "calendar_group"):
        clicked = picked.point(st.session_state.get(key), "pick", "activation")
        if clicked != st.session_state.get(f"last click in {key}"):
            st.session_state[f"last click in {key}"] = clicked
            found = clicked or found
    return found


def calendar(plan: LivePlan, judged: list[views.Verdict], weeks: int) -> None:
    """A bar an activation: those that matter most, the rest in groups."""
    first = pd.Timestamp(plan.base.weeks[0])

    def bars(at: Sequence[int], place: str) -> None:
        mine = [judged[n] for n in at]
        # The first of them stand for all, whose count is the page's; a group for itself.
        about = judged if place == "calendar" else mine
        picture.of(
            charts.calendar(mine, first, weeks), title=ours("Activations by week and status"),
            says=conclusions.calendar(about), name="bridge", on_select="rerun",
            selection_mode="pick", key=place,
        )  # fmt: skip

    acts = [v.activation for v in judged]
    lists.draw(
        bars,
        {
            "Status": [v.status.label for v in judged],
            "Class": one_class_each(plan, acts),
            "Owner": [a.owner for a in acts],
        },
        [v.margin_at_risk for v in judged],
        key="calendar", what=(ours("activation"), ours("activations")), in_link=True,
    )  # fmt: skip


def table(judged: list[views.Verdict]) -> pd.DataFrame:
    odd = frame.workspace().oddities.marks("activation")
    return pd.DataFrame(
        {
            "Status": [theme.status_label(v.status) for v in judged],
            "Activation": [v.activation.name for v in judged],
            "Type": [v.activation.type for v in judged],
            "Starts": [v.activation.start for v in judged],
            "Demand, u": [v.demand for v in judged],
            "Lift, u": [v.lift_units for v in judged],
            "Short, u": [v.units_short for v in judged],
            "Margin at risk": [v.margin_at_risk for v in judged],
            "Runs out": [theme.week(v.first_short) for v in judged],
            "Short SKUs": [f"{v.red_skus} of {v.n_skus}" for v in judged],
            "Short SKU-doors": [f"{v.red_cells} of {v.n_cells}" for v in judged],
            "Odd in its data": [odd.get(v.activation.activation) for v in judged],
        }
    )


def draw_table(judged: list[views.Verdict]) -> None:
    whole = st.column_config.NumberColumn(format="%,.0f")
    written.dataframe(
        table(judged), hide_index=True, placeholder="–", alt="All activations of these weeks",
        height=written.height(len(judged), most=12),
        column_config={
            "Starts": st.column_config.DateColumn(format=theme.day_format()),
            "Demand, u": whole, "Lift, u": whole, "Short, u": whole,
            "Margin at risk": written.money(help=frame.term("At risk")),
        },
    )  # fmt: skip


def one_activation(
    plan: LivePlan,
    verdict: views.Verdict,
    supply: str,
    watched: list[Watched],
    shown: Collection[str],
) -> None:
    """One activation, one of its SKUs, and what can be done about it."""
    act = verdict.activation
    steps = st.container()
    described(verdict)
    frame.odd_beside("activation", act.activation)
    skus = views.skus_of(plan, act.activation, supply=supply)
    if skus.empty:
        st.info("No SKU is featured in these weeks. Add some on the Activations page.")
        return
    left, right = st.columns([5, 6], gap="medium")
    with left:
        chosen = skus.iloc[pick(act, skus)]
    with steps:
        risks.bar(watched, Risk(act.activation, chosen["sku"]), look_at, within=shown)
    sku = plan.sku_index[chosen["sku"]]
    item = next(
        i for i in views.item_risks(plan, supply=supply)
        if i.sku == sku and i.activation == act.activation
    )  # fmt: skip
    with right:
        projected(plan, item, chosen)
    if supply == ROUTINE:
        options.panel(plan, act.activation, chosen["sku"])
    by_doors(featured.doors_of(plan, item), chosen["sku"])
    st.page_link(
        "pages/explore/sku.py", label=f"Everything about {plain(chosen['sku'])}",
        query_params={"sku": chosen["sku"]},
    )  # fmt: skip


def described(verdict: views.Verdict) -> None:
    """Its status, what it is, and when it runs out."""
    act = verdict.activation
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(
            f"{theme.status_label(verdict.status)}: {plain(act.name)}", anchor=False,
            help=frame.term("Status of an activation"), width="content",
        )  # fmt: skip
        followed.star(What.ACTIVATION, act.activation)
    start = f"{theme.day(act.start)} to {theme.day(act.end)}"
    where = f"{verdict.red_cells:d} of {theme.plural(verdict.n_cells, 'SKU-door')}"
    week = f", the first in {theme.week(verdict.first_short)}" if verdict.first_short else ""
    cells = f"; {where} run out{week}" if verdict.red_cells else ""
    runs_out = f"**{plain(verdict.text)}**{cells}."
    st.markdown(
        f"{plain(act.type.capitalize())}, {start}, {theme.plural(verdict.n_skus, 'featured SKU')} at "
        f"{theme.plural(verdict.n_doors, 'door')}. Demand {theme.units(verdict.demand)}, of which "
        f"{theme.units(verdict.lift_units)} lift. {runs_out}"
    )


def pick(act: Activation, skus: pd.DataFrame) -> int:
    """The featured SKUs, worst first; the place of the one that is looked at."""
    shown = pd.DataFrame(
        {
            "Status": skus["status"].map(theme.status_label),
            "SKU": skus["sku"],
            "On hand, u": skus["on_hand"],
            "Demand, u": skus["demand"],
            "Short, u": skus["units_short"],
            "Margin at risk": skus["margin_at_risk"],
            "Short doors": skus["red_doors"].astype(str) + " of " + skus["doors"].astype(str),
        }
    )
    odd = skus["sku"].map(frame.workspace().oddities.marks("sku"))
    if odd.notna().any():
        shown["Odd in its data"] = odd
    names = skus["sku"].tolist()
    # A row that was picked is a place: in another order it would be another SKU.
    key = f"skus_{act.activation}_{'/'.join(names)}"
    event = written.dataframe(
        shown, hide_index=True, height=written.height(len(shown), most=12), on_select="rerun", selection_mode="single-row",
        placeholder="–", key=key, alt=f"Featured SKUs of {act.name}, worst first",
        column_config={
            "On hand, u": st.column_config.NumberColumn(format="localized", help=frame.term("On hand")),
            "Demand, u": st.column_config.NumberColumn(format="%,.0f", help="In the weeks of the activation."),
            "Short, u": st.column_config.NumberColumn(format="%,.0f", help=frame.term("Units short")),
            "Margin at risk": written.money(help=frame.term("At risk")),
        },
    )  # fmt: skip
    return stays_at(act, names, picked.row(event, len(names)))


def look_at(risk: Risk) -> None:
    """Look at another risk: its activation, and its SKU in it."""
    st.session_state[frame.slot("activation")] = risk.activation
    st.session_state[f"looked_at_{risk.activation}"] = ([], None, risk.sku)


def stays_at(act: Activation, names: list[str], row: int | None) -> int:
    """The place of the SKU that is looked at.

    It stays the same one where what was decided changes the order, until another is picked.
    """
    key = f"looked_at_{act.activation}"
    order, before, sku = st.session_state.get(key, (names, row, None))
    is_same = sku in names and (order != names or before == row)
    at = names.index(sku) if is_same else row or 0
    st.session_state[key] = (names, row, names[at])
    return at


def projected(plan: LivePlan, item: ItemRisk, chosen: pd.Series) -> None:
    """Projected stock of the SKU, over all its doors or at one of them."""
    sku = plan.sku_index[chosen["sku"]]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(chosen['sku'])}** · {plain(chosen['description'] or '')} · stockout risk at the "
            f"worst door {theme.percent(chosen['p_window'])}, "
            f"{theme.units(chosen['units_short'])} short",
            help=f"{frame.term('Stockout risk')}\n\n{frame.term('Units short')}", width="content",
        )  # fmt: skip
        followed.star(What.SKU, chosen["sku"])
    at = st.selectbox(
        "Doors", ["All its doors", *plan.base.doors["name"].iloc[item.doors]],
        label_visibility="collapsed", key=f"door_{item.activation}_{sku}",
    )  # fmt: skip
    places = item.doors
    if at != "All its doors":
        places = item.doors[(plan.base.doors["name"].iloc[item.doors] == at).to_numpy()]
    window = (
        pd.Timestamp(plan.base.weeks[item.first]), pd.Timestamp(plan.base.weeks[item.last])
    )  # fmt: skip
    mine = item.first_short[pd.Index(item.doors).isin(places)]
    soon = mine[mine >= 0]
    first = plan.base.weeks[soon.min()] if len(soon) else None
    fan = featured.on_hand_fan(plan, sku, places)
    picture.of(
        charts.projection(fan, window=window, first_short=first), data=lambda: fan,
        title=ours(f"Projected on hand of {plain(chosen['sku'])}"), name=f"on-hand-{chosen['sku']}",
        says=conclusions.projection(fan, first_short=first),
    )  # fmt: skip


def by_doors(by_door: pd.DataFrame, sku: str) -> None:
    """The doors behind the total."""
    number = st.column_config.NumberColumn(format="%,.1f")
    written.dataframe(
        pd.DataFrame(
            {
                "Door": by_door["name"],
                "Status": by_door["status"].map(theme.status_label),
                "Stockout risk": by_door["p_window"] * 100,
                "Short, u": by_door["units_short"],
                "On hand now, u": by_door["on_hand"],
                "Demand in the activation, u": by_door["demand"],
                "Runs out": by_door["first_short"].map(theme.week),
            }
        ),
        hide_index=True, placeholder="–", alt=f"Doors of {sku}, most likely to run out first",
        column_config={
            "Stockout risk": st.column_config.ProgressColumn(
                format="%.0f%%", min_value=0, max_value=100, help=frame.term("Stockout risk")
            ),
            "Short, u": number, "Demand in the activation, u": number,
            "On hand now, u": st.column_config.NumberColumn(format="localized"),
        },
    )  # fmt: skip


def stands_on(which: str) -> Markdown:
    """Which plan the page shows, in words."""
    version = frame.workspace().last_version()
    if which == "draft":
        return ours("The draft of the open cycle.")
    if version is None:
        return ours("Working plan: nothing has been published yet, so it is the draft.")
    return ours(
        f"Working plan: the consensus published in {plain(version.cycle)} (version "
        f"#{version.version:d}) "
        "and the changes to the calendar since."
    )


def page() -> None:
    if not beginning.reached(
        "Bridge", "which activations run out of stock, and what can still be done"
    ):
        return
    frame.watch_rows(None)
    head, bar = st.columns([4, 8], vertical_alignment="bottom")
    with bar.container(horizontal=True, horizontal_alignment="right"):
        which, plan = frame.which_plan()
        weeks = frame.select(
            "Weeks ahead", [4, 6, 8, 12, 26], key="weeks", default=8, width=110
        )
        inside = filters.products(plan)
        supply = frame.select(
            "Supply counted", SUPPLIES, key="supply", default="routine", width=240,
            in_words=SUPPLY_LABELS.__getitem__, help=frame.term("Routine replenishment"),
        )  # fmt: skip
    judged = views.verdicts(plan, weeks=weeks, supply=supply)
    if inside.skus is not None:
        judged = [v for v in judged if inside.skus & {i.sku for i in v.activation.items}]
    watched = frame.watch_list(plan, weeks=weeks)
    text = finding(judged, watched)
    with head:
        frame.title("Bridge", text)
        filters.note(inside, has_doors=False)
    if not judged:
        st.info("Plan an activation on the Activations page, or look further ahead.")
        return
    tiles(judged)
    names = {v.activation.activation: v for v in judged}
    clicked = clicked_bar()
    if clicked in names:
        st.session_state[frame.slot("activation")] = clicked
    calendar(plan, judged, weeks)
    line = st.columns([6, 2, 2], vertical_alignment="bottom")
    with line[0]:
        chosen = frame.select(
            "Activation", list(names), key="activation",
            help=f"Or click a bar of the calendar.\n\n{frame.term('Status of an activation')}",
            in_words=lambda a: f"{theme.status_label(names[a].status)} · {names[a].activation.name} · {names[a].text}",
        )  # fmt: skip
    if line[1].button(
        "Best mix for all weeks", width="stretch", icon=":material/balance:",
        help=frame.term("Best mix"),
    ):  # fmt: skip
        mix.best_mix(plan, watched, weeks=weeks)
    with line[2].popover("Table and download", width="stretch"):
        draw_table(judged)
        download.spreadsheet(
            "Download every SKU, door and week (CSV)",
            lambda: views.bridge_rows(plan, weeks=weeks, supply=supply),
            "bridge.csv",
        )
    one_activation(plan, names[chosen], supply, watched, names)
    as_of = theme.week(plan.base.as_of)
    st.caption(f"As of {as_of}. Counts {SUPPLY_LABELS[supply]}. " + stands_on(which))


page()
