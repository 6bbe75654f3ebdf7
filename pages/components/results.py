"""What past activations came to, as pages show it: a picture, a table, SKU by SKU."""

import pandas as pd
import streamlit as st

from forecasting.calendar import quarter_label
from forecasting.quarterly import promotion_result
from forecasting.quarterly.promotion_result import Results
from pages.components import charts, conclusions, download, frame, picture, theme, written
from pages.components.text import Markdown, ours, plain


def results() -> Results:
    """Results of every activation that is over, measured once for everybody."""
    space = frame.workspace()
    return _results(frame.sees(), space.quarters.stamp(), space.seq)


@st.cache_data(show_spinner="Measuring past activations ...", max_entries=4)
def _results(of: str, stamp: tuple[int, ...], seq: int) -> Results:
    """`stamp` and `seq` say when they have to be read again, `of` for whom."""
    del of, stamp, seq
    return frame.workspace().quarters.results(frame.me().id)


def view(quarter: str) -> None:
    """Activations that began in a quarter and are over."""
    known = results()
    if known.activations.empty:
        st.info(
            "No past activation has been measured. Import past `activations` and "
            "`activation_items` on the **Data** page and refresh; after an upgrade, one "
            "refresh measures those that are there."
        )
        return
    mine = known.activations[known.activations["quarter"] == quarter].reset_index(drop=True)
    if mine.empty:
        st.markdown(
            f":gray[No activation that began in {plain(quarter_label(quarter))} is over.]"
        )
        return
    st.markdown(finding(mine, quarter))
    left, right = st.columns([5, 4], gap="medium")
    with left:
        picture.of(
            charts.results(mine), title=ours("Margin added, with its 80% interval"),
            says=conclusions.results(mine), name="margin-added", data=lambda: mine,
            help=frame.term("Margin added"),
        )  # fmt: skip
    with right:
        st.markdown("**By type, all quarters**", help=frame.term("Return on spend"))
        by_type(known.activations)
        st.caption(
            "Above 0% the margin added is more than the spend. Types without spend have no return."
        )
    table(mine)
    sku_by_sku(mine, known.skus)
    st.caption(
        "Demand without the activation is estimated from the weeks before and after it, not from its "
        "own; lost sales are counted as demand in units, but have earned no margin. "
        "These figures follow the statistical run in force, also in a quarter that is closed."
    )
    download.spreadsheet(
        "Download all results (CSV)", lambda: known.activations, "promotion_result.csv"
    )


def finding(mine: pd.DataFrame, quarter: str) -> Markdown:
    """What the promotions of a quarter came to, in a sentence."""
    paid = mine.dropna(subset=["spend", "margin"])
    text = (
        f"**{theme.plural(len(mine), 'activation')} of {plain(quarter_label(quarter))} added "
        f"{theme.units(mine['added'].sum())}**"
    )
    both = mine.dropna(subset=["planned_added"])
    if len(both) == len(mine):
        text += f" (planned: {theme.units(both['planned_added'].sum())})"
    elif len(both):
        text += (
            f" ({theme.units(both['added'].sum())} of it where "
            f"{theme.units(both['planned_added'].sum())} were planned)"
        )
    if paid.empty:
        return ours(f"{text}. No spend given, so there is no return on it.")
    back = promotion_result.by_quarter(paid)[quarter]
    return ours(
        f"{text}. {theme.money(paid['spend'].sum())} were spent for "
        f"{theme.money(paid['margin'].sum())} of margin added: return "
        f"**{theme.percent(back, sign=True)}**."
    )


def realised(rows: pd.DataFrame, kind: str, *, whole: bool) -> Markdown:
    """What activations of one type, or of all, came to, for who plans the next one.

    Parameters
    ----------
    rows : DataFrame
        Their SKUs in the lift library.
    kind : str
        As the page calls them.
    whole : bool
        All of their SKUs are in it, so that spend may be set against them.
    """
    known = results()
    pairs = rows[["activation", "sku"]].drop_duplicates()
    mine = known.skus.merge(pairs, on=["activation", "sku"])
    if mine.empty:
        return ours("")
    both = mine.dropna(subset=["planned_added"])
    text = f"Promotion results of {plain(kind)}: added {theme.units(mine['added'].sum())}"
    if len(both):
        text += (
            f", {theme.units(both['added'].sum())} of it where "
            f"{theme.units(both['planned_added'].sum())} were planned"
        )
    text += f"; margin added {theme.money(mine['margin'].sum(min_count=1))}"
    if whole:
        all_ = known.activations[known.activations["activation"].isin(pairs["activation"])]
        back = promotion_result.together(all_)
        text += (
            f"; return on spend {theme.percent(back, sign=True)}"
            if pd.notna(back)
            else "; no spend given"
        )
    return ours(f"{text}.")


def by_type(found: pd.DataFrame) -> None:
    """Types of activation side by side: the library of what kinds are worth."""
    types = promotion_result.by_type(found)
    written.dataframe(
        pd.DataFrame(
            {
                "Type": types["type"],
                "Activations": types["activations"],
                "Spend": types["spend"],
                "Added, u": types["added"],
                "Added of planned": 100 * types["of_plan"],
                "Margin added": types["margin"],
                "Return on spend": [_share(v) for v in types["return_on_spend"]],
            }
        ),
        hide_index=True, placeholder="–", alt="Results by type of activation",
        column_config={
            "Spend": written.money(help=frame.term("Spend")),
            "Added, u": st.column_config.NumberColumn(format="%,.0f", help=frame.term("Added")),
            "Added of planned": st.column_config.NumberColumn(format="%.0f%%", help="Units added over units planned, of activations that were in a published plan before they began."),
            "Margin added": written.money(help=frame.term("Margin added")),
            "Return on spend": st.column_config.TextColumn(help=frame.term("Return on spend")),
        },
    )  # fmt: skip


def table(mine: pd.DataFrame) -> None:
    """Planned and actual, one row an activation."""
    shown = pd.DataFrame(
        {
            "Activation": mine["name"],
            "Type": mine["type"],
            "Dates": [
                f"{theme.day(a)} to {theme.day(b)}"
                for a, b in zip(mine["start"], mine["end"], strict=True)
            ],
            "Planned added, u": mine["planned_added"],
            "Added, u": mine["added"],
            "P10 to P90, u": [
                f"{theme.number(low)} to {theme.number(high)}"
                for low, high in zip(mine["added_low"], mine["added_high"], strict=True)
            ],
            "Planned margin added": mine["planned_margin"],
            "Margin added": mine["margin"],
            "Spend": mine["spend"],
            "Return on spend": [
                "no spend given" if pd.isna(spend) else _share(value)
                for spend, value in zip(mine["spend"], mine["return_on_spend"], strict=True)
            ],
            "Return on spend, 80% interval": [
                f"{_share(low)} to {_share(high)}" if pd.notna(low) else "–"
                for low, high in zip(mine["return_low"], mine["return_high"], strict=True)
            ],
            "Left at the end, u": mine["left_units"],
            "Left at the end": mine["left_value"],
            "Remark": mine["remark"],
        }
    )
    if not mine["remark"].any():
        shown = shown.drop(columns="Remark")
    units = ["Planned added, u", "Left at the end, u"]
    written.dataframe(
        shown, hide_index=True, placeholder="–", alt="Results of the quarter's activations",
        column_config={
            **{name: st.column_config.NumberColumn(format="%,.0f") for name in units},
            "Added, u": st.column_config.NumberColumn(format="%,.0f", help=frame.term("Added")),
            "Planned margin added": written.money(),
            "Margin added": written.money(help=frame.term("Margin added")),
            "Spend": written.money(help=frame.term("Spend")),
            "Left at the end": written.money(help=frame.term("Left at the end")),
            "Return on spend": st.column_config.TextColumn(help=frame.term("Return on spend")),
            "P10 to P90, u": st.column_config.TextColumn(help=frame.term("80% interval")),
        },
    )  # fmt: skip


def sku_by_sku(mine: pd.DataFrame, skus: pd.DataFrame) -> None:
    """One activation, SKU by SKU: what its number is made of."""
    names = dict(zip(mine["activation"], mine["name"], strict=True))
    one = frame.select(
        "SKU by SKU", list(names), key="result_of", in_words=names.__getitem__, width=420
    )
    rows = skus[skus["activation"] == one].sort_values("added", ascending=False)
    written.dataframe(
        pd.DataFrame(
            {
                "SKU": rows["sku"],
                "Class": rows["class"],
                "Baseline, u": rows["base"],
                "Lift, u": rows["lift"],
                "Taken from others, u": rows["taken"],
                "Bought ahead, u": rows["ahead"],
                "Added, u": rows["added"],
                "Planned added, u": rows["planned_added"],
                "Lost sales, u": rows["lost"],
                "Margin added": rows["margin"],
                "Left at the end, u": rows["left_units"],
            }
        ),
        hide_index=True, placeholder="–", alt="The activation's result by SKU",
        column_config={
            **{
                f"{name}, u": st.column_config.NumberColumn(format="%,.0f", help=frame.term(name))
                for name in ("Baseline", "Lift", "Taken from others", "Bought ahead", "Added", "Lost sales", "Left at the end")
            },
            "Planned added, u": st.column_config.NumberColumn(format="%,.0f"),
            "Margin added": written.money(help=frame.term("Margin added")),
        },
    )  # fmt: skip


def _share(value: float) -> str:
    """'+12%', or a dash."""
    return str(theme.percent(value, digits=0, sign=True))
