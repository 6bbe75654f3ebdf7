"""Measures of the scorecard as pages show them: tiles, tables, and where a number leads."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from forecasting.calendar import quarter_label
from forecasting.errors import JobRunning
from forecasting.quarterly import measures as measured
from forecasting.quarterly.measures import MEASURES, OF_LEVEL
from forecasting.quarterly.scorecard import Scorecard
from pages.components import charts, conclusions, frame, picked, picture, written
from pages.components.text import Markdown, ours, plain

PAGES = {
    "scorecard": "pages/quarterly/scorecard.py",
    "why": "pages/quarterly/why.py",
    "value": "pages/quarterly/value_added.py",
}
"""Pages that a finding or a measure leads to."""
LEVEL_NAMES = {
    "all": "The company", "department": "Department", "class": "Class", "region": "Region",
    "channel": "Channel", "door": "Door", "sku": "SKU", "type": "Type of activation",
    "activation": "Activation", "promoted": "Promoted or not",
}  # fmt: skip
BELOW_LEVEL = {
    "all": "class", "department": "class", "region": "door", "channel": "door", "door": "sku",
    "type": "activation", "activation": "sku", "promoted": "class",
}  # fmt: skip
# What a click on a member of a level goes to; a class goes to its activations or SKUs.
PATIENCE_S = 3.0


def ready(name: str) -> bool:
    """Whether there are sums to look at; takes them where they are not fresh, or says why not.

    Small companies are summed while one waits; large ones in the background, with the former
    sums in view and progress for everybody.
    """
    space = frame.workspace()
    if space.quarters.has_sales() and not space.quarters.is_fresh():
        with suppress(JobRunning):  # somebody else has just opened a page, too
            space.quarters.start_summing(frame.me().id)
        with st.spinner("Adding up the scorecard ..."):
            patience = time.monotonic() + PATIENCE_S
            while not space.quarters.is_fresh() and time.monotonic() < patience:
                time.sleep(0.1)
    running = frame.follow_sums()
    if len(space.quarters.quarters()):
        return True
    if running:
        frame.title(
            name, "**The numbers are being added up.** The page opens when that is done."
        )
        return False
    frame.title(name, "**There is nothing to measure yet.**")
    st.info(
        "A quarter needs sales. Import your files on the **Data** page: stock turn and stockouts come "
        "from sales and stock, forecast accuracy from published cycles."
    )
    st.page_link("pages/setup/data.py", label="Go to Data", icon=":material/upload:")
    return False


def card(quarter: str) -> Scorecard:
    """The scorecard of a quarter, drawn up once for everybody."""
    space = frame.workspace()
    if space.quarters.is_closed(quarter):
        return space.quarters.scorecard(frame.me().id, quarter)
    return _card(frame.sees(), quarter, space.quarters.stamp())


@st.cache_data(show_spinner="Preparing the scorecard ...", max_entries=12)
def _card(of: str, quarter: str, stamp: tuple[int, ...]) -> Scorecard:
    """`stamp` says when it has to be drawn up again, `of` for whom."""
    del of, stamp
    return frame.workspace().quarters.scorecard(frame.me().id, quarter)


def which_quarter() -> str:
    """The choice of a quarter, in the link."""
    space = frame.workspace()
    known = space.quarters.quarters()
    names = {
        str(quarter): quarter_label(str(quarter))
        + ("" if is_whole else f", {weeks} weeks")
        + (", closed" if space.quarters.is_closed(str(quarter)) else "")
        for quarter, is_whole, weeks in zip(
            known["quarter"], known["is_whole"], known["weeks"], strict=True
        )
    }
    chosen = frame.select(
        "Quarter", list(names), key="quarter", default=space.quarters.usual(),
        in_words=names.__getitem__, width=190,
    )  # fmt: skip
    return str(chosen)


def against(shown: Scorecard, key: str) -> list[Markdown]:
    """A measure against target, last quarter and last year, in words."""
    value = shown.value(key)
    lines = []
    target, met = shown.target(key), shown.is_met(key)
    if target is not None:
        verdict = {None: "", True: ":green[✓ met]", False: ":red[● missed]"}[met]
        lines.append(ours(f"Target {plain(measured.in_words(key, target))} {verdict}"))
    for back, what in ((1, "last quarter"), (4, "last year")):
        then = shown.value(key, back=back)
        change = None if value is None or then is None else value - then
        moved = plain(measured.in_words(key, change, change=True)) if change is not None else ""
        lines.append(
            ours(
                f"{plain(measured.in_words(key, then))} {what}"
                + (f" ({moved})" if moved else "")
            )
        )
    return lines


def tile(shown: Scorecard, key: str, more: Sequence[Markdown]) -> None:
    """One headline: value, target, the value before, and its trend."""
    measure = MEASURES[key]
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{plain(measure.label)}**", help=frame.term(measure.term))
        left, right = st.columns([2, 3], gap="small")
        with left, st.container(key=f"figure_{key}"):
            st.markdown(f"**{plain(measured.in_words(key, shown.value(key)))}**")
        with right:
            picture.of(
                charts.trend(
                    shown.trend(key), target=shown.target(key), kind=measure.form.value
                ),
                title=ours(""), name=f"trend-{key}",
                says=conclusions.trend(
                    shown.trend(key), lower_is_better=measure.lower_is_better
                ),
            )  # fmt: skip
        st.markdown("  \n".join(against(shown, key)))
        for line in more:
            st.caption(line)


def table(shown: Scorecard, keys: tuple[str, ...], *, alt: str) -> None:
    """Measures as rows: value, target, last quarter, last year, trend."""
    rows = []
    for key in keys:
        rows.append(
            {
                "Measure": MEASURES[key].label,
                "Now": measured.in_words(key, shown.value(key)),
                "Target": measured.in_words(key, shown.target(key)),
                "": {None: "", True: "✓ met", False: "● missed"}[shown.is_met(key)],
                "Last quarter": measured.in_words(key, shown.value(key, back=1)),
                "Last year": measured.in_words(key, shown.value(key, back=4)),
                "Trend": [v for _, v in shown.trend(key) if v is not None],
            }
        )
    event = written.dataframe(
        pd.DataFrame(rows), hide_index=True, alt=alt, on_select="rerun", selection_mode="single-row",
        key=f"measures_{shown.quarter}_{'_'.join(keys)}",
        column_config={
            "Measure": st.column_config.TextColumn(width=215),
            "Now": st.column_config.TextColumn(width=80),
            "Target": st.column_config.TextColumn(width=80),
            "": st.column_config.TextColumn(width=80),
            "Last quarter": st.column_config.TextColumn(width=100),
            "Last year": st.column_config.TextColumn(width=85),
            "Trend": st.column_config.LineChartColumn(width=120, help="The quarters that are known, up to nine."),
        },
    )  # fmt: skip
    with st.expander("What these measures are"):
        terms = dict.fromkeys(MEASURES[key].term for key in keys)
        st.markdown("\n".join(f"- {frame.term(term)}" for term in terms))
    chosen = picked.row(event, len(keys))
    if chosen is not None:
        look_into(keys[chosen], shown.quarter)


def look_into(key: str, quarter: str) -> None:
    """Go where a measure is unfolded."""
    match MEASURES[key].source:
        case "lead" | "tasks":
            st.switch_page(
                PAGES["scorecard"], query_params={"view": "lead", "quarter": quarter}
            )
        case "results":
            st.switch_page(
                PAGES["scorecard"], query_params={"view": "results", "quarter": quarter}
            )
        case "spend":
            st.switch_page("pages/explore/history.py", query_params={"kind": "expedite"})
        case "replay":
            st.switch_page("pages/explore/replay.py")
        case _:
            st.switch_page(
                PAGES["why"],
                query_params={
                    "measure": key,
                    "level": "class",
                    "quarter": quarter,
                },
            )


def findings(shown: Scorecard) -> None:
    """What the numbers say, each with the link that shows it."""
    if not shown.findings:
        st.markdown(
            ":gray[Nothing stands out: no promotion keeps running out or leaving stock behind, "
            "no function's changes made the forecast worse, no headline moved much.]"
        )
    for finding in shown.findings:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{MARKS[finding.kind]} {plain(finding.text)}")
            link = dict(finding.link)
            st.page_link(
                PAGES[link.pop("page")], label="Why ›", query_params=link,
                help="Show the numbers behind it", width="content",
            )  # fmt: skip


MARKS = {
    "sells out": ":red[●]", "hurts": ":red[●]", "builds up": ":blue[■]", "late": ":orange[◆]",
    "moved": ":gray[○]", "helps": ":green[✓]",
}  # fmt: skip


def link(**params: str | None) -> Mapping[str, str]:
    """Parameters of a link, without what is not asked."""
    return {name: value for name, value in params.items() if value}


def next_level(key: str, level: str) -> str:
    """Where a click on a member of a level goes."""
    levels = OF_LEVEL[MEASURES[key].source]
    if level == "class":
        return "activation" if "activation" in levels else "sku"
    below = BELOW_LEVEL.get(level, "sku")
    return below if below in levels else "sku"
