"""How the grid is looked at: weeks, months or quarters, which stand open, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.plan.lines import Kind, Line
from forecasting.plan.periods import By, Period
from pages.components import frame, theme
from pages.components.text import plain

SORTS = {
    "listed": "As listed", "name": "Name", "total": "Largest total",
    "change": "Largest change by people",
}  # fmt: skip
HANDS = {"type": "Type", "marks": "Marks"}
"""Type into the cells, or look at what stands of each."""


@dataclass(frozen=True)
class View:
    """What was chosen of it."""

    find: str
    sort: str
    pins: tuple[str, ...]
    is_summed: bool

    @property
    def key(self) -> str:
        return f"{self.find}_{self.sort}_{'|'.join(self.pins)}_{self.is_summed}"

    def ordered(self, rows: Sequence[Line], weigh: Mapping[str, pd.Series]) -> list[Line]:
        """Rows in the order in which they are shown; those that are not found are left out.

        Parameters
        ----------
        rows : sequence of Line
            With their sums above them.
        weigh : mapping
            'total' and 'change': of each row, what it is sorted by.
        """
        words = self.find.casefold().split()
        names = named(rows)
        there = [
            row for row in rows
            if row.kind is not Kind.NODE or all(w in names[row.label].casefold() for w in words)
        ]  # fmt: skip
        if words or self.sort != "listed":  # a subtotal stands above its rows, or not at all
            there = [row for row in there if row.kind is not Kind.SUBTOTAL]
        head = [row for row in there if row.kind is Kind.TOTAL]
        body = [row for row in there if row.kind is not Kind.TOTAL]
        if self.sort == "name":
            body.sort(key=lambda row: row.label)
        elif self.sort in weigh:
            size = np.abs(weigh[self.sort]).fillna(-1.0).to_dict()
            body.sort(key=lambda row: -size[row.label])
        pinned = [row for row in body if row.label in self.pins]
        return [*head, *pinned, *(row for row in body if row.label not in self.pins)]


def named(rows: Sequence[Line]) -> dict[str, str]:
    """By label, all words that a row is found by."""
    base = frame.plan().base.skus
    words = dict(zip(base["sku"], base["description"].astype(str), strict=True))
    return {row.label: f"{row.label} {words.get(row.label, '')}" for row in rows}


def head(column: Period) -> str:
    """What stands above a column: short, as thirteen of them stand on one screen."""
    if column.by is By.WEEK:
        return str(theme.day(column.first))
    part = "" if column.is_whole else f" ({len(column.weeks)}/{column.of})"
    return f"{'∑ ' if column.is_open else ''}{column.label}{part}"


def columns() -> By:
    """The choice between weeks, months and quarters, in the link."""
    by = frame.select(
        "Columns", [str(by) for by in By], key="columns", width=105,
        in_words=lambda one: str(one).capitalize(),
        help="Months and quarters of the company's fiscal calendar; each opens into its weeks.",
    )  # fmt: skip
    return By(by)


def opened(by: By, labels: Sequence[str]) -> tuple[str, ...]:
    """Which months or quarters show their weeks."""
    if by is By.WEEK:
        return ()
    key = f"opened_{by}"
    st.session_state[key] = [x for x in st.session_state.get(key, ()) if x in labels]
    chosen = st.pills(
        f"Open the weeks of {plain(by)}", list(labels), key=key, selection_mode="multi",
        persist_state="session", format_func=lambda label: plain(label),
    )  # fmt: skip
    return tuple(chosen)


def rest(rows: Sequence[str]) -> View:
    """Find, sort, pin and sums, behind one button."""
    with st.popover("View", icon=":material/tune:", width=90):
        find = st.text_input(
            "Find rows", key="view_find", persist_state="session", placeholder="Part of a name",
            help="Of all rows, also those beyond the first that are shown.",
        )  # fmt: skip
        sort = st.selectbox(
            "Sort rows by", list(SORTS), key="view_sort", persist_state="session",
            format_func=SORTS.__getitem__,
            help="A click on the head of a column sorts by that column.",
        )  # fmt: skip
        state = st.session_state
        state["view_pins"] = [name for name in state.get("view_pins", ()) if name in rows]
        pins = st.multiselect(
            "Keep on top", list(rows), key="view_pins", persist_state="session",
            help="Rows that stay below the total, however the others are sorted.",
        )  # fmt: skip
        summed = st.toggle(
            "Total and subtotals", value=True, key="view_sums", persist_state="session"
        )
        st.caption(
            "Columns are hidden, pinned and widened in the menu of their heads; Ctrl+F searches "
            "what is shown."
        )
    return View(str(find or ""), str(sort), tuple(pins), bool(summed))


def hand() -> str:
    """Type into the grid, or look at its marks."""
    chosen = st.segmented_control(
        "Hand", list(HANDS), key="hand", default="type", required=True, persist_state="session",
        format_func=lambda hand: plain(HANDS[hand]), label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen or "type")
