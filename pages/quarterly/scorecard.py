"""Scorecard: three measures that Marketing and Planning answer for, and what is behind them."""

import datetime as dt

import pandas as pd
import streamlit as st

from forecasting.calendar import quarter_label, quarter_weeks
from forecasting.quarterly import measures as measured
from forecasting.quarterly.measures import BELOW, LEAD, LEVELS, MEASURES, STOCKOUTS, TURNS
from forecasting.quarterly.scorecard import Scorecard
from forecasting.vocabulary import Function
from pages.components import frame, measures, picked, results, theme, written
from pages.components.measures import LEVEL_NAMES, next_level
from pages.components.text import Markdown, ours, plain

VIEWS = {
    "card": "Scorecard",
    "lead": "Lead time",
    "results": "Promotion results",
}
DEFINITIONS = {
    "exposure": "of SKU-door-days",
    "event": "of activations",
    "item": "of featured SKU-doors",
    "lost_demand": "of demand lost",
}
BASES = {"turn_cost": "at cost", "turn_units": "in units", "turn_retail": "at retail"}
IN_MATRIX = (
    "exposure", "item", "bridge_accuracy", "turn_cost", "sell_through", "gmroi",
    "markdown_rate", "lost_value", "excess",
)  # fmt: skip


def finding(shown: Scorecard, keys: tuple[str, ...]) -> Markdown:
    """Whether the two functions are winning together, in a sentence."""
    set_ = [met for key in keys if (met := shown.is_met(key)) is not None]
    text = " · ".join(
        f"{plain(MEASURES[key].label)} {plain(measured.in_words(key, shown.value(key)))}"
        + (
            f" (target {plain(measured.in_words(key, shown.target(key)))})"
            if shown.target(key) is not None
            else ""
        )
        for key in keys
    )
    if not set_:
        return ours(f"**No shared target is set yet.** {text}.")
    return ours(
        f"**{sum(set_)} of {theme.plural(len(set_), 'shared target')} met in {plain(quarter_label(shown.quarter))}.** {text}."
    )


def names() -> Markdown:
    """Who answers for the three measures."""
    people = [
        f"{plain(p.name)} ({plain(p.function.label)})"
        for p in frame.workspace().people
        if p.function in (Function.MARKETING, Function.PLANNING)
    ]
    return ours("Shared responsibility of " + " and ".join(people) if people else "")


def card_view(shown: Scorecard) -> None:
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        stockout = frame.select(
            "Stockout rate", list(STOCKOUTS), key="stockout", in_words=DEFINITIONS.__getitem__, width=200,
            help="Share of SKU-door-days is the headline: of all days on which promoted SKUs should have been on the shelf, the share when they were not.",
        )  # fmt: skip
        turn = frame.select(
            "Turn", list(TURNS), key="turn", in_words=BASES.__getitem__, width=130
        )
        st.caption(names())
    tiles = st.columns(3, gap="small")

    def v(key: str) -> Markdown:
        return plain(measured.in_words(key, shown.value(key)))

    with tiles[0]:
        measures.tile(
            shown, stockout,
            [ours(f"Other items {v('other_stockout')} · gap {v('stockout_gap')} · by activation "
                  f"{v('event')}, by SKU-door {v('item')}, of demand {v('lost_demand')}")],
        )  # fmt: skip
    with tiles[1]:
        measures.tile(
            shown, "bridge_accuracy",
            [ours(f"SKU by week, 6 weeks ahead or more. Bias {v('bridge_bias')} · promoted {v('bridge_promoted')}, bias {v('bridge_promoted_bias')}"),
             ours(f"For the buy {v('buy_accuracy')}, bias {v('buy_bias')} · promoted {v('buy_promoted')}")],
        )  # fmt: skip
    with tiles[2]:
        measures.tile(
            shown, turn,
            [ours(f"A year of 52 weeks. At cost {v('turn_cost')} · in units {v('turn_units')} · at retail {v('turn_retail')}")],
        )  # fmt: skip
    st.markdown("**What the numbers say**")
    measures.findings(shown)
    st.markdown("**Further measures**")
    measures.table(
        shown, BELOW, alt="Further measures against target, last quarter and last year"
    )
    matrix(shown)


def matrix(shown: Scorecard) -> None:
    """Members of a level, coloured by how far each is from target; a click looks inside."""
    head = st.columns([3, 9], vertical_alignment="bottom")
    with head[0]:
        level = frame.select("Rows", list(LEVELS), key="rows", in_words=LEVEL_NAMES.__getitem__)
    with head[1]:
        st.caption(
            "Click a value to see what is behind it. ● worse than target, ✓ at target or better."
        )
    rows = pd.DataFrame(shown.matrix.get(level, []))
    if rows.empty:
        st.markdown(":gray[Nothing is known at this level in this quarter.]")
        return
    columns = [key for key in IN_MATRIX if key in rows and rows[key].notna().any()]
    met = {
        key: [shown.meets(key, None if pd.isna(v) else float(v)) for v in rows[key]]
        for key in columns
    }
    sign = {None: "", True: "✓ ", False: "● "}
    texts = pd.DataFrame({"": rows["member"]})
    for key in columns:
        texts[MEASURES[key].label] = [
            sign[ok] + measured.in_words(key, None if pd.isna(v) else float(v))
            for v, ok in zip(rows[key], met[key], strict=True)
        ]
    colours = theme.status_colours()
    ink = {None: "", True: f"color: {colours['green']}", False: f"color: {colours['red']}"}

    def shade(_: pd.Series, key: str) -> list[str]:
        return [ink[ok] for ok in met[key]]

    styled = texts.style
    for key in columns:
        styled = styled.apply(shade, key=key, subset=[MEASURES[key].label])
    event = written.dataframe(
        styled, hide_index=True, on_select="rerun", selection_mode="single-cell", key=f"matrix_{level}",
        alt=f"Measures by {level}",
        column_config={MEASURES[k].label: st.column_config.TextColumn(help=frame.term(MEASURES[k].term)) for k in columns},
    )  # fmt: skip
    chosen = picked.cell(event, len(rows), list(texts.columns))
    if chosen is not None:
        row, column = chosen
        by_label = {MEASURES[k].label: k for k in columns}
        key = by_label.get(column, columns[0])
        member = str(rows["member"].iloc[row])
        st.switch_page(
            measures.PAGES["why"],
            query_params=measures.link(
                measure=key, quarter=shown.quarter, level=next_level(key, level),
                **{level: member},
            ),
        )  # fmt: skip


def lead_view(shown: Scorecard) -> None:
    """How early things were known and decided."""
    st.markdown(lead_finding(shown))
    for column, key in zip(st.columns(4, gap="small"), LEAD, strict=True):
        with column:
            measures.tile(shown, key, [])
    rows = pd.DataFrame(list(shown.lead))
    left, right = st.columns([3, 1], gap="medium")
    with left:
        st.markdown(f"**Activations that began in {plain(quarter_label(shown.quarter))}**")
        if rows.empty:
            st.markdown(":gray[None began.]")
        else:
            written.dataframe(
                pd.DataFrame(
                    {
                        "Activation": rows["name"], "Type": rows["type"], "Starts": pd.to_datetime(rows["start"]),
                        "Complete, weeks before": rows["complete_weeks"].astype(float),
                        "First red, weeks before": rows["notice_weeks"].astype(float),
                        "Red SKUs": rows["reds"], "Decided in time": rows["decided"], "Late changes": rows["late"],
                    }
                ),
                hide_index=True, placeholder="–", alt="Activations and how early each was known and decided",
                column_config={
                    "Starts": st.column_config.DateColumn(format=theme.day_format()),
                    "Complete, weeks before": st.column_config.NumberColumn(format="%,.1f", help=frame.term("Complete")),
                    "First red, weeks before": st.column_config.NumberColumn(format="%,.0f", help=frame.term("Notice")),
                    "Decided in time": st.column_config.NumberColumn(help=frame.term("Decided in time")),
                },
            )  # fmt: skip
    with right:
        st.markdown("**Late additions and changes**")
        if not shown.late_by:
            st.markdown(":green[✓] None by any function.")
        for function, count in sorted(shown.late_by.items(), key=lambda kv: -kv[1]):
            st.markdown(f"{plain(Function(function).label)}: **{plain(count)}**")
        late = int(frame.workspace().policies.now.number("late_weeks"))
        st.caption(f"Late: less than {late} weeks before the start.")
    due(shown)


def due(shown: Scorecard) -> None:
    """Actions and decisions that were due in the quarter."""
    tasks = pd.DataFrame(list(shown.tasks))
    st.markdown(
        f"**Actions and decisions due in {plain(quarter_label(shown.quarter))}**",
        help=frame.term("Actions on time"),
    )
    if tasks.empty:
        st.markdown(":gray[None was due.]")
        return
    space = frame.workspace()
    written.dataframe(
        pd.DataFrame(
            {
                "What": tasks["said"], "Who": tasks["owner"].map(lambda o: space.person(o).name),
                "Due": pd.to_datetime(tasks["due"]), "Done": pd.to_datetime(tasks["done"]), "On time": tasks["on_time"].map({True: "✓", False: "● late"}),
            }
        ),
        hide_index=True, placeholder="open", alt="Actions and decisions that were due",
        height=written.height(len(tasks), most=8),
        column_config={
            name: st.column_config.DateColumn(format=theme.day_format()) for name in ("Due", "Done")
        },
    )  # fmt: skip


def lead_finding(shown: Scorecard) -> Markdown:
    reds = sum(row["reds"] for row in shown.lead)
    decided = sum(row["decided"] for row in shown.lead)
    complete = shown.value("complete_8")
    text = (
        f"**{decided} of {theme.plural(reds, 'red featured SKU')} decided while there was still time to act.** "
        if reds
        else "**No featured SKU was red before its start.** "
    )
    if complete is not None:
        text += f"{plain(measured.in_words('complete_8', complete))} of activations were complete 8 weeks before their start"
        notice = shown.value("notice")
        text += (
            f"; the first red flag came {theme.number(notice, digits=1)} weeks before."
            if notice is not None
            else "."
        )
    return ours(text)


def days_of(quarter: str) -> Markdown:
    """First and last day of a fiscal quarter."""
    weeks = quarter_weeks(int(quarter[:4]), int(quarter[6:]))
    first, last = weeks[0], weeks[-1] + dt.timedelta(6)
    return ours(
        f"{plain(quarter_label(quarter))}: {theme.day(first, year=True)} to "
        f"{theme.day(last, year=True)}, {theme.plural(len(weeks), 'week')}."
    )


def page() -> None:
    frame.watch_rows([])
    if not measures.ready("Scorecard"):
        return
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        view = frame.steps("View", VIEWS, key="view")
        quarter = measures.which_quarter()
    shown = measures.card(quarter)
    with head:
        frame.title("Scorecard", finding(shown, measured.HEADLINES))
        if shown.closed:
            st.markdown(
                f":material/lock: Closed by {plain(shown.closed['by'])} on {theme.moment(dt.datetime.fromisoformat(shown.closed['at']), year=True)}; these numbers no longer change."
            )
        st.caption(days_of(quarter))
        if not shown.closed and not shown.is_whole:
            st.caption(
                f"{plain(quarter_label(quarter))} is under way: {shown.weeks:d} weeks up to {theme.week(shown.as_of)} are known."
            )
    match view:
        case "lead":
            lead_view(shown)
        case "results":
            results.view(quarter)
        case _:
            card_view(shown)


page()
