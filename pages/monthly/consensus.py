"""Consensus: the one forecast, each function's input beside it, the own one editable.

The filters stand above; what they choose is one part that redraws by itself when somebody
types into the grid, so that an edit costs what the grid costs; a row in detail stands below.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting.calendar import as_date, month_label, week_label
from forecasting.consensus.events import Scope
from forecasting.monthly import marks
from forecasting.plan import lines, periods, views
from forecasting.plan.basis import Base
from forecasting.plan.lines import Kind as Row
from forecasting.plan.lines import Line
from forecasting.plan.live import LivePlan
from forecasting.plan.periods import By, Period
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Function, Measure
from pages.components import (
    against,
    back,
    beginning,
    changing,
    detail,
    download,
    drafts,
    frame,
    grid,
    marked,
    picked,
    theme,
    trail,
    view,
    written,
)
from pages.components import chosen as chosen_cells
from pages.components.text import plain
from pages.components.view import View

LAYER_LABELS = {
    "statistical": "Statistical",
    "marketing": "Marketing's input",
    "merchandising": "Merchandising's input",
    "planning": "Planning's input",
    "proposed": "Proposed",
    "draft": "Draft",
}
LEVELS = {"department": "Department", "class": "Class", "style": "Style", "sku": "SKU"}
MOST_CELLS = 13_000
"""So many cells are shown at once: more would be slow to send to everybody who looks."""


@dataclass(frozen=True)
class Chosen:
    """What the filters choose."""

    base: Base
    """What the plan stood on when it was chosen: weeks and SKUs have their places by it."""
    skus: np.ndarray
    level: str
    whole: tuple[str, str] | None
    """Level and node that all the SKUs make up; None where they are no node."""
    place: tuple[str, str]
    """Level and node of the locations."""
    weeks: list[dt.date]
    by: By
    measure: Measure
    layer: str
    key: str
    """Names the choice: what is typed into one grid is not typed into another."""

    @property
    def everywhere(self) -> bool:
        return self.place[0] == "all"

    @property
    def doors(self) -> np.ndarray:
        return frame.plan().locations.members(*self.place)

    def rows(self, plan: LivePlan, *, sums: bool = True) -> list[Line]:
        """Every row, the total first."""
        return lines.lines(plan, self.skus, self.level, whole=self.whole, sums=sums)

    def scope_of(
        self, node: tuple[str, str], over: Period | tuple[dt.date, dt.date], *,
        activation: str = "",
    ) -> Scope:  # fmt: skip
        """What a cell, or a row over (first, last) weeks, stands for."""
        first, last = over if isinstance(over, tuple) else (over.first, over.last)
        return Scope(
            product_level=node[0], product=node[1], location_level=self.place[0],
            location=self.place[1], first_week=first, last_week=last, activation=activation,
        )  # fmt: skip

    def read(self, plan: LivePlan, layer: str, rows: Sequence[Line]) -> pd.DataFrame:
        """A layer by week, a row a line."""
        return lines.by_week(
            plan, layer, rows, self.skus, location=self.place, weeks=len(self.weeks),
            measure=self.measure,
        )  # fmt: skip

    def table(
        self, leaves: pd.DataFrame, statistical: pd.DataFrame, columns: Sequence[Period]
    ) -> pd.DataFrame:
        """The grid as people see it: rows, their total, and their weeks or months."""
        table = periods.summed(leaves, columns).round(1)
        table.insert(0, "Total", leaves.sum(axis=1, skipna=False).round(0))
        change = (leaves - statistical).sum(axis=1, skipna=False)
        table.insert(1, "vs statistical", change.round(0))
        if self.level == "sku":
            names = frame.plan().base.skus.set_index("sku")["description"]
            table.insert(0, "Description", names.reindex(table.index, fill_value=""))
        return table


def choose(plan: LivePlan, person: Person) -> Chosen:
    """The filters, in the link."""
    departments = ["All departments", *plan.products.names("department")]
    department = frame.select("Department", departments, key="department", width=150)
    skus = np.arange(len(plan.sku_names))
    whole: tuple[str, str] | None = ("all", "all")
    if department != "All departments":
        skus, whole = (
            plan.products.members("department", department),
            ("department", department),
        )
    classes = list(dict.fromkeys(plan.products.nodes["class"][skus]))
    klass = frame.select("Class", ["All classes", *classes], key="class", width=125)
    if klass != "All classes":
        skus, whole = plan.products.members("class", klass), ("class", klass)
    acts = {"any": "Any activation"}
    acts |= {a.activation: a.name for a in plan.activations() if a.is_live}
    act = frame.select(
        "Activation", list(acts), key="activation", in_words=acts.__getitem__, width=140
    )
    if act != "any":
        featured = {i.sku for i in plan.activation(act).items}
        skus = np.array([s for s in skus if plan.sku_names[s] in featured], dtype=np.int64)
        whole = None
    places = {"all": "All doors"} | {f"region:{r}": r for r in plan.locations.names("region")}
    doors = zip(plan.door_names, plan.base.doors["name"], strict=True)
    places |= {f"door:{d}": n for d, n in doors}
    place = frame.select(
        "Doors", list(places), key="place", in_words=places.__getitem__, width=120
    )
    level = frame.select(
        "Rows",
        list(LEVELS),
        key="level",
        default="class",
        in_words=LEVELS.__getitem__,
        width=110,
    )
    count = int(frame.select("Weeks", [8, 13, 26, 52], key="weeks", default=13, width=75))
    by = view.columns()
    measure = frame.select(
        "In", list(Measure), key="in", in_words=lambda m: Measure(m).value.capitalize(), width=100,
        help=f"{frame.term('Revenue')}\n\n{frame.term('Margin')}",
    )  # fmt: skip
    own = person.function.value
    speaks = person.function in INPUTS
    layer = frame.select(
        "Layer", list(LAYER_LABELS), key="layer", default=own if speaks else "draft", width=175,
        in_words=lambda x: LAYER_LABELS[x] + (" (yours)" if speaks and x == own else ""),
        help=frame.term("Input"),
    )  # fmt: skip
    where = ("all", "all") if place == "all" else tuple(place.split(":", 1))
    return Chosen(
        base=plan.base, skus=skus, level=level, whole=whole, place=where, by=by,
        measure=Measure(measure), layer=layer,
        weeks=[as_date(w) for w in plan.base.weeks[:count]],
        key=f"{own}_{department}_{klass}_{act}_{place}_{level}_{count}_{by}_{measure}_{layer}",
    )  # fmt: skip


def page() -> None:
    if not beginning.reached(
        "Consensus", "the forecast week by week, and the input of each function"
    ):
        return
    person, plan = frame.me(), frame.plan()
    changing.restored()
    st.title("Consensus", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose(plan, person)
    if not len(chosen.skus):
        st.info("No SKU matches these filters. Choose another class or activation.")
        return
    shared_grid(chosen)
    download.spreadsheet(
        "Download this grid (CSV)", lambda: whole_table(chosen), "consensus.csv"
    )


def whole_table(chosen: Chosen) -> pd.DataFrame:
    """The grid with all its rows, for a file: without sums, which a reader would add again."""
    plan = frame.plan()
    rows = chosen.rows(plan, sums=False)
    own, statistical = (chosen.read(plan, n, rows) for n in (chosen.layer, "statistical"))
    table = chosen.table(own, statistical, periods.periods(chosen.weeks, chosen.by))
    return table.rename_axis(chosen.level).reset_index()


@st.fragment
def shared_grid(chosen: Chosen) -> None:
    """The answer, the reason of a change, the grid, and the row that one is at."""
    person = frame.me()
    if frame.plan().base is not chosen.base:  # the plan was built anew meanwhile
        st.rerun()
    mine = person.function in INPUTS and chosen.layer == person.function.value
    top = waiting()
    if mine:
        changing.why_bar()
    alerts = st.container()
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    whole = {p.label for p in periods.periods(chosen.weeks, chosen.by)}
    with bar:
        steps = st.container(horizontal=True, width="content", gap="small")
        is_typed = mine and view.hand() == "type"
        every = chosen.rows(frame.plan())
        looked = view.rest([row.label for row in every if row.kind is Row.NODE])
        opened = view.opened(chosen.by, sorted(whole, key=_order(chosen)))
    columns = periods.periods(chosen.weeks, chosen.by, opened=opened)
    panel = st.container()
    sheet = Sheet(chosen, every, columns, looked)
    if is_typed:
        chosen_cells.field()
        wrote = grid.edit(
            grid.Grid(
                sheet.rows, [c for c in columns if sheet.is_typed_into(c)], chosen.scope_of,
                chosen.measure, f"grid_{chosen.key}_{looked.key}_{'|'.join(opened)}",
            ),
            sheet.shown, config=sheet.config(),
            alt=f"{LAYER_LABELS[chosen.layer]} by {chosen.level} and {chosen.by}, {chosen.measure}",
        )  # fmt: skip
        if wrote:
            st.session_state["asked"] = back.judged(wrote)
    else:
        sheet.marked()
    marked.legend(sheet.marks)
    at = chosen_cells.cells(sheet.rows, columns)
    with panel:
        if mine:
            changing.several_weeks(sheet.changing(), at)
    with steps:
        if mine:
            back.buttons()
            changing.several_button()
            where = dict(zip(("location_level", "location"), chosen.place, strict=True))
            changing.excel(sheet.own_input, {"level": chosen.level, **where}, chosen.measure)
    with alerts:
        grid.clash_panel()
        if mine:
            changing.waits()
        back.questions()
        trail.since_you_looked()
        if mine:
            drafts.say_restored(changing.PAGE, changing.BLANK)
    with top.container():
        answer(chosen, sheet)
    frame.watch_rows([int(s) for s in chosen.skus])
    if mine:
        drafts.keep(changing.PAGE, changing.begun())
    detail.of(sheet.rows, at, chosen.scope_of, chosen.weeks, chosen.layer)


def _order(chosen: Chosen) -> Callable[[str], int]:
    labels = [p.label for p in periods.periods(chosen.weeks, chosen.by)]
    return labels.index


class Sheet:
    """The grid as it stands: which rows and columns, what they hold, what is to be marked at them.

    Rows keep their places while the same things are chosen: what is typed is kept by place.
    """

    def __init__(
        self, chosen: Chosen, every: Sequence[Line], columns: Sequence[Period], looked: View
    ) -> None:
        self.chosen, self.columns = chosen, columns
        self.every = [r for r in every if looked.is_summed or r.kind is Row.NODE]
        self._total = next((r for r in every if r.kind is Row.TOTAL), every[0])
        self.read: dict[str, pd.DataFrame] = {}
        room = max(MOST_CELLS // max(len(columns), 1), 20)
        ordered = self._kept(looked)
        self.rows = ordered[:room]
        self.left_out = len([r for r in ordered[room:] if r.kind is Row.NODE])
        if self.left_out:
            st.caption(
                f"{theme.plural(self.left_out, 'more row')} not shown; they are in every total. "
                "Find or sort them under View, or narrow the filters."
            )

    def _kept(self, looked: View) -> list[Line]:
        state = st.session_state
        key = f"{self.chosen.key}_{looked.key}"
        there = {row.label: row for row in self.every}
        kept: tuple[str, list[str]] | None = state.get("order of the grid")
        if kept is None or kept[0] != key or not set(kept[1]) <= there.keys():
            weigh: dict[str, pd.Series] = {}
            if looked.sort in ("total", "change"):
                self.look()
                own = self.read[self.chosen.layer]
                weigh = {
                    "total": own.sum(axis=1),
                    "change": (own - self.read["statistical"]).sum(axis=1),
                }
            kept = (key, [row.label for row in looked.ordered(self.every, weigh)])
            state["order of the grid"] = kept
        return [there[label] for label in kept[1]]

    def look(self) -> None:
        """Read the layers as they are now, of every row."""
        now, rows = frame.plan(), [*self.every]
        if self._total not in rows:
            rows = [self._total, *rows]
        names = {self.chosen.layer, "statistical", "draft"}
        self.read = {name: self.chosen.read(now, name, rows) for name in names}
        self.marks = marked.found(
            now, self.chosen.layer, self.rows, self.columns, self.chosen.doors
        ) if hasattr(self, "rows") else {}  # fmt: skip

    def of_all(self, layer: str) -> np.ndarray:
        """A layer of all that the filters choose, by week."""
        every = self.read[layer].loc[self._total.label] if self._total.kind is Row.TOTAL else (
            self.read[layer].sum(axis=0, skipna=False)
        )  # fmt: skip
        return np.asarray(every, dtype=float)

    def shown(self) -> pd.DataFrame:
        """What stands in the grid now."""
        self.look()
        labels = [row.label for row in self.rows]
        own, statistical = (
            self.read[name].loc[labels] for name in (self.chosen.layer, "statistical")
        )
        table = self.chosen.table(own, statistical, self.columns)
        row_marks = [marks.of_row(self.marks, n) for n in range(len(self.rows))]
        table.insert(0, "Marks", row_marks)
        return table

    def marked(self) -> None:
        """The grid to look at, with the marks of every cell."""
        table = self.shown().drop(columns="Marks")
        config: dict[str, Any] = {  # a format of the column would hide the signs
            name: {**one, "type_config": {**one["type_config"], "format": None}}
            if one["type_config"].get("type") == "number" else one
            for name, one in self.config().items()
        }  # fmt: skip
        digits = 1 if self.chosen.level == "sku" and self.chosen.measure is Measure.UNITS else 0
        with st.container(key="consensus_marks"):
            event = written.dataframe(
                marked.styled(table, self.rows, self.columns, self.marks, digits=digits),
                height=grid.height(len(table)), column_config=config, on_select="rerun",
                selection_mode="multi-cell", key=f"marks_{self.chosen.key}",
                alt=f"{LAYER_LABELS[self.chosen.layer]} with its marks",
            )  # fmt: skip
        picks = picked.cells(event, len(self.rows), [c.label for c in self.columns])
        if picks:
            st.session_state["at"] = (
                tuple({self.rows[n].label for n, _ in picks}), tuple({c for _, c in picks}),
            )  # fmt: skip

    def is_typed_into(self, column: Period) -> bool:
        """Whether a column can be typed into: not a frozen one, nor the sum of weeks beside it."""
        frozen = column.weeks[-1] < frame.plan().fence
        return not column.is_open and not frozen

    def changing(self) -> changing.Changing:
        """What can be changed over several weeks."""
        nodes = {row.label: row.node for row in self.rows if row.node is not None}
        return changing.Changing(
            lambda label, ends, activation="": self.chosen.scope_of(
                nodes[label], ends, activation=activation
            ),
            list(nodes),
            [row.label for row in self.rows if row.kind is Row.NODE],
            self.chosen.weeks,
            self.chosen.measure,
        )

    def own_input(self) -> pd.DataFrame:
        """The layer by week, for a workbook: every node, no sums."""
        now = frame.plan()
        rows = self.chosen.rows(now, sums=False)
        return self.chosen.read(now, self.chosen.layer, rows)

    def config(self) -> dict[str, Any]:
        """How the columns are shown."""
        chosen, number = self.chosen, st.column_config.NumberColumn
        is_units = chosen.measure is Measure.UNITS
        digits = "%,.1f" if chosen.level == "sku" and is_units else "%,.0f"
        text = st.column_config.TextColumn
        return {
            "_index": text(LEVELS[chosen.level], pinned=True, width=130),
            "Marks": text(
                width=74,
                help="How many of the columns shown have which mark; under Marks, which.",
            ),
            "Description": text(width=150),
            "Total": number(f"Total, {chosen.measure.unit}", format="localized", width=82),
            "vs statistical": number(
                f"vs stat, {chosen.measure.unit}", format="localized", width=82,
                help=frame.term("Statistical"),
            ),
            **{c.label: number(view.head(c), format=digits, width=_wide(c), help=plain(self._about(c)))
               for c in self.columns},
        }  # fmt: skip

    def _about(self, column: Period) -> str:
        if column.by is By.WEEK:
            return f"{column.label}, {month_label(column.first)}" + self._why_not(column)
        part = (
            ""
            if column.is_whole
            else (f", of which {len(column.weeks)} of {column.of} weeks are shown")
        )
        return (
            f"{column.label}: {week_label(column.first)} to {week_label(column.last)}{part}"
            + self._why_not(column)
        )

    def _why_not(self, column: Period) -> str:
        if column.is_open:
            return ". The sum of the weeks beside it"
        return "" if self.is_typed_into(column) else ". ❄ Frozen: it cannot be changed any more"


def _wide(column: Period) -> int:
    return 76 if column.by is By.WEEK else 118


def waiting() -> DeltaGenerator:
    """Keep the place of the answer where the page is one that one comes to: nothing moves then."""
    place = st.empty()
    if st.session_state.get("answered") == st.session_state.get("turned"):
        return place
    st.session_state["answered"] = st.session_state.get("turned")
    with place.container():
        st.markdown(":gray[Adding up ...]")
        tiles = st.columns(4)
        tiles[0].metric("Draft", "…", border=True)
        tiles[1].metric("Draft vs statistical", "…", border=True)
        tiles[2].metric("Draft vs last year", "…", border=True)
        tiles[3].metric("Draft vs the budget", "…", border=True)
    return place


def answer(chosen: Chosen, sheet: Sheet) -> None:
    """How much the draft is, in words and tiles, and what it is compared with."""
    person, plan = frame.me(), frame.plan()
    by_week = sheet.of_all("draft")
    total, modelled = float(by_week.sum()), float(sheet.of_all("statistical").sum())
    red = views.short_ones(plan, chosen.skus)
    say = partial(theme.amount, measure=chosen.measure)
    of = "" if chosen.measure is Measure.UNITS else f" {plain(chosen.measure)}"
    hidden = frame.workspace().cycles.hidden_from(person)
    held = "" if chosen.layer == "draft" else (
        f" · the grid holds **{LAYER_LABELS[chosen.layer]}**, "
        f"{plain(say(float(sheet.of_all(chosen.layer).sum())))}"
    )  # fmt: skip
    st.markdown(
        f"**{plain(say(total))}{of} in the next {len(chosen.weeks)} weeks**, "
        f"{plain(say(total - modelled, sign=True))} compared with the statistical forecast · "
        f"{theme.plural(red, 'featured SKU')} short in an activation"
        + (f" · you speak for **{plain(person.function.label)}**" if person.function in INPUTS else
           f" · {plain(person.function.label)} can read but not change it") + held
    )  # fmt: skip
    if hidden:
        own = " and your own input" if person.function in INPUTS else ""
        others = " and ".join(plain(Function(name).label) for name in hidden)
        st.caption(
            f"**Partial: inputs are collected blind.** Until they are revealed, every number here "
            f"holds the statistical forecast{own} only, not what {others} have entered."
        )
    partly = " (partial)" if hidden else ""
    tiles = st.columns(4)
    tiles[0].metric(f"Draft{partly}", plain(say(total)), help=frame.term("Draft"), border=True)
    tiles[1].metric(
        f"Draft{partly} vs statistical",
        theme.percent(total / modelled - 1 if modelled else None, sign=True),
        help=frame.term("Statistical"), border=True,
    )  # fmt: skip
    against.both(by_week, chosen.skus, chosen.measure, tiles[2:], everywhere=chosen.everywhere)


page()
