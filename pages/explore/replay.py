"""Replay: does the Bridge see ahead? Past weeks, with what was known then."""

import pandas as pd
import streamlit as st

from forecasting.inventory.replay import Scores, cells_of, scored
from forecasting.record.replay import Replay
from pages.components import (
    beginning,
    charts,
    conclusions,
    download,
    frame,
    picture,
    theme,
    written,
)
from pages.components.text import ours, plain


def running() -> None:
    space, person = frame.workspace(), frame.me()

    @st.fragment(run_every=1)
    def progress() -> None:
        is_running = frame.follow(space.hindsight.replaying, "replaying past weeks")
        if is_running and person.may("backtest") and st.button("Stop"):
            space.hindsight.stop_replay(person.id)

    progress()


def ask() -> None:
    space, person = frame.workspace(), frame.me()
    with st.popover("Replay past weeks", icon=":material/replay:"):
        ahead = st.select_slider("Weeks ahead", [4, 5, 6, 7, 8], value=6)
        last = st.number_input("Past weeks at most", 1, 104, 26)
        st.caption(
            "The forecast is fitted again for every past week. You can keep working meanwhile."
        )
        if st.button("Start", disabled=not person.may("backtest"), type="primary"):
            frame.do(
                space.hindsight.start_replay, person.id, weeks_ahead=int(ahead), last=int(last)
            )


def tiles(made: Replay, scores: Scores) -> None:
    """How well the flags of then foresaw what happened, and what it would have saved."""
    row = st.columns(6)
    row[0].metric("Ran out", theme.percent(scores.base_rate), border=True,
                  help="Share of featured SKUs and doors that ran out in their activation.")  # fmt: skip
    row[1].metric("Flagged in time", theme.percent(scores.recall), border=True,
                  help="Of the SKU-doors that ran out, the share that was red (recall).")  # fmt: skip
    row[2].metric("Correct flags", theme.percent(scores.precision), border=True,
                  help="Of the SKU-doors that were red, the share that ran out (precision).")  # fmt: skip
    row[3].metric("Lost sales flagged", theme.percent(scores.lost_in_red), border=True,
                  help="Of the units lost, the share where the Bridge was red.")  # fmt: skip
    skill = "–" if scores.skill != scores.skill else theme.number(scores.skill, digits=2)
    brier = "–" if scores.brier != scores.brier else theme.number(scores.brier, digits=3)
    row[4].metric("Risk skill", skill, border=True,
                  help=f"How much better than giving every SKU-door the average stockout risk: 1 is perfect, 0 is "
                  f"no better. The Brier score is {brier}.")  # fmt: skip
    saved = made.saved
    lost = float(cells_of(made.rows)["units_lost"].sum())
    row[5].metric("Preventable", theme.units(saved.not_short), border=True,
                  help="Lost units that the best mix at the time would have prevented. Moves count "
                  "what they would have sold, less what the giving door would have lacked; a smaller "
                  "lift counts the demand it would have avoided.")  # fmt: skip
    st.caption(
        f"Of {theme.units(lost)} lost, the best mix at the time would have prevented "
        f"{theme.units(saved.not_short)}. A smaller lift, or another SKU featured, for "
        f"{theme.plural(saved.cuts, 'featured SKU')}: {theme.units(saved.prevented)}, with "
        f"{theme.units(saved.given_up)} of sales given up. {theme.plural(saved.moves, 'move')}: "
        f"{theme.units(saved.units)}, for {theme.money(saved.cost)}. Together "
        f"{theme.money(saved.margin)} of margin."
    )


def activations(made: Replay) -> None:
    """Each activation that was replayed: what was expected to run out, and what did."""
    st.markdown("**Activations replayed**")
    by = (
        made.rows[made.rows["stocked_out"].notna()]
        .groupby(["activation", "sku", "door"])
        .agg(week=("week", "min"), p=("p_window", "max"), red=("flagged", "max"),
             out=("stocked_out", "max"), lost=("units_lost", "sum"))
        .reset_index()
    )  # fmt: skip
    summed = by.groupby("activation").agg(
        week=("week", "min"), judged=("p", "count"), expected=("p", "mean"), red=("red", "sum"),
        out=("out", "sum"), lost=("lost", "sum"),
    )  # fmt: skip
    summed = summed.sort_values("week").reset_index()
    names = {a.activation: a.name for a in frame.workspace().calendar.activations}
    by_activation = made.prevented_by_activation()
    written.dataframe(
        pd.DataFrame(
            {
                "Activation": summed["activation"].map(lambda a: names.get(a, a)),
                "Week": summed["week"].map(theme.week),
                "SKU-doors": summed["judged"],
                "Expected": summed["expected"] * summed["judged"],
                "Ran out": summed["out"].astype(int),
                "Red": summed["red"].astype(int),
                "Lost sales, u": summed["lost"],
                "Preventable, u": summed["activation"].map(by_activation).fillna(0.0),
            }
        ),
        hide_index=True, height=written.height(len(summed), most=9), alt="Past activations: predicted and actual stockouts",
        column_config={
            "Expected": st.column_config.NumberColumn(
                format="%,.0f", help="SKU-doors: the sum of their stockout risks."
            ),
            "Lost sales, u": st.column_config.NumberColumn(format="%,.0f"),
            "Preventable, u": st.column_config.NumberColumn(
                format="%,.0f",
                help="The part that the best mix at the time would have prevented.",
            ),
        },
    )  # fmt: skip


def downloads(made: Replay) -> None:
    with st.container(horizontal=True):
        download.spreadsheet("Every row (CSV)", lambda: made.rows, "replay.csv")
        download.spreadsheet(
            "Recommended moves (CSV)", lambda: made.moves, "replay-moves.csv",
            disabled=made.moves.empty,
        )  # fmt: skip
        download.spreadsheet(
            "Recommended smaller lifts (CSV)", lambda: made.cuts, "replay-smaller-lifts.csv",
            disabled=made.cuts.empty,
        )  # fmt: skip


def page() -> None:
    if not beginning.reached(
        "Replay", "what the Bridge would have flagged in past weeks, and what ran out"
    ):
        return
    made = frame.workspace().hindsight.last_replay()
    head, right = st.columns([5, 1], vertical_alignment="bottom")
    with right:
        ask()
    if made is None or made.rows.empty:
        with head:
            frame.title("Replay", "Nothing has been replayed yet.")
        running()
        st.info(
            "A replay takes Concord back to past weeks, with only what was known then, and compares "
            "what the Bridge would have flagged with what happened. Press **Replay past weeks**."
        )
        return
    scores = scored(cells_of(made.rows))
    with head:
        frame.title(
            "Replay",
            f"**{theme.percent(scores.recall)} of the SKU-doors that ran out were red "
            f"{made.weeks_ahead:d} weeks earlier; {theme.percent(scores.precision)} of the red ones "
            f"ran out** · {theme.number(scores.cells)} SKU-doors of past activations",
        )
    running()
    tiles(made, scores)
    left, right = st.columns(2, gap="medium")
    with left:
        picture.of(
            charts.calibration(scores.calibration), name="calibration",
            title=ours("Where the stockout risk was 70%, did 70% run out?"),
            says=conclusions.calibration(scores.calibration), data=lambda: scores.calibration,
        )  # fmt: skip
    with right:
        activations(made)
    downloads(made)
    assumed = " ".join(plain(one) for one in made.assumed)
    st.caption(
        f"{plain(made.person)}, {theme.moment(made.made_at, year=True)}. Uses the statistical forecast, stock "
        f"and orders known at the time. {assumed}"
    )


page()
