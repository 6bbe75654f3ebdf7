"""Consensus: the one forecast, each function's input beside it, the own one editable.

The filters stand above; what they choose is one part that redraws by itself when somebody
types into the grid, so that an edit costs what the grid costs; a row in detail stands below.
"""

import datetime as dt
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.calendar import as_date, week_label
from forecasting.consensus.events import Scope
from forecasting.plan import views
from forecasting.plan.basis import Base
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Measure
from pages.components import (
    against,
    changing,
    detail,
    download,
    drafts,
    frame,
    grid,
    theme,
    trail,
)
from pages.components.text import plain

LAYER_SAID = {
    "statistical": "Statistical",
    "marketing": "Marketing's input",
    "merchandising": "Merchandising's input",
    "planning": "Planning's input",
    "proposed": "Proposed",
    "draft": "Draft",
}
LEVELS = {"department": "Department", "class": "Class", "style": "Style", "sku": "SKU"}
MOST_ROWS = 200


@dataclass(frozen=True)
class Chosen:
    """What the filters choose."""

    base: Base
    """What the plan stood on when it was chosen: weeks and SKUs have their places by it."""
    skus: np.ndarray
    nodes: list[str]
    level: str
    place: tuple[str, str]
    """Level and node of the locations."""
    weeks: list[dt.date]
    measure: Measure
    layer: str
    key: str
    """Names the choice: what is typed into one grid is not typed into another."""

    @property
    def everywhere(self) -> bool:
        return self.place[0] == "all"

    def scope_of(
        self, node: str, week: dt.date | tuple[dt.date, dt.date], *, activation: str = ""
    ) -> Scope:
        """What a cell, or a row over (first, last) weeks, stands for."""
        first, last = week if isinstance(week, tuple) else (week, week)
        return Scope(
            product_level=self.level, product=node, location_level=self.place[0],
            location=self.place[1], first_week=first, last_week=last, activation=activation,
        )  # fmt: skip

    def read(self, plan: LivePlan, layer: str) -> pd.DataFrame:
        return views.grid(
            plan, layer=layer, level=self.level, skus=self.skus, location_level=self.place[0],
            location=self.place[1], weeks=np.arange(len(self.weeks)), measure=self.measure,
        )  # fmt: skip

    def table(self, leaves: pd.DataFrame, statistical: pd.DataFrame) -> pd.DataFrame:
        """The grid as people see it: rows, their total, and their weeks."""
        table = leaves.rename(columns={w: week_label(w) for w in self.weeks}).round(1)
        table.insert(0, "Total", leaves.sum(axis=1, skipna=False).round(0))
        change = (leaves - statistical).sum(axis=1, skipna=False)
        table.insert(1, "vs statistical", change.round(0))
        if self.level == "sku":
            names = frame.plan().base.skus.set_index("sku")["description"]
            table.insert(0, "Description", names.reindex(table.index))
        return table


def choose(plan: LivePlan, person: Person) -> Chosen:
    """The filters, in the link."""
    departments = ["All departments", *plan.products.names("department")]
    department = frame.select("Department", departments, key="department", width=150)
    skus = np.arange(len(plan.sku_names))
    if department != "All departments":
        skus = plan.products.members("department", department)
    classes = list(dict.fromkeys(plan.products.nodes["class"][skus]))
    klass = frame.select("Class", ["All classes", *classes], key="class", width=130)
    if klass != "All classes":
        skus = plan.products.members("class", klass)
    acts = {"any": "Any activation"}
    acts |= {a.activation: a.name for a in plan.activations() if a.is_live}
    act = frame.select(
        "Activation", list(acts), key="activation", said=acts.__getitem__, width=160
    )
    if act != "any":
        featured = {i.sku for i in plan.activation(act).items}
        skus = np.array([s for s in skus if plan.sku_names[s] in featured], dtype=np.int64)
    places = {"all": "All doors"} | {f"region:{r}": r for r in plan.locations.names("region")}
    doors = zip(plan.door_names, plan.base.doors["name"], strict=True)
    places |= {f"door:{d}": n for d, n in doors}
    place = frame.select("Doors", list(places), key="place", said=places.__getitem__, width=140)
    level = frame.select(
        "Rows", list(LEVELS), key="level", default="class", said=LEVELS.__getitem__, width=115
    )
    count = int(frame.select("Weeks", [8, 13, 26, 52], key="weeks", default=13, width=80))
    measure = frame.select(
        "In", list(Measure), key="in", said=lambda m: Measure(m).value.capitalize(), width=110,
        help=f"{frame.term('Revenue')}\n\n{frame.term('Margin')}",
    )  # fmt: skip
    own = person.function.value
    speaks = person.function in INPUTS
    layer = frame.select(
        "Layer", list(LAYER_SAID), key="layer", default=own if speaks else "draft", width=200,
        said=lambda x: LAYER_SAID[x] + (" (yours)" if speaks and x == own else ""),
        help=frame.term("Input"),
    )  # fmt: skip
    nodes, groups = plan.products.grouped(level, skus)
    if len(nodes) > MOST_ROWS:
        st.info(
            f"{theme.number(len(nodes))} rows; the first {MOST_ROWS} are shown. Narrow the filters to see the others."
        )
        nodes, skus = nodes[:MOST_ROWS], skus[groups < MOST_ROWS]
    where = ("all", "all") if place == "all" else tuple(place.split(":", 1))
    return Chosen(
        base=plan.base, skus=skus, nodes=nodes, level=level, place=where, measure=Measure(measure), layer=layer,
        weeks=[as_date(w) for w in plan.base.weeks[:count]],
        key=f"{own}_{department}_{klass}_{act}_{place}_{level}_{count}_{measure}_{layer}",
    )  # fmt: skip


def page() -> None:
    if not frame.needs_forecast():
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
    ends = (chosen.weeks[0], chosen.weeks[-1])
    detail.of(chosen.nodes, lambda node: chosen.scope_of(node, ends), len(chosen.weeks))
    download.spreadsheet(
        "Download this grid (CSV)",
        lambda: chosen.table(
            *(chosen.read(frame.plan(), n) for n in (chosen.layer, "statistical"))
        ).reset_index(),
        "consensus.csv",
    )


@st.fragment
def shared_grid(chosen: Chosen) -> None:
    """The answer, the reason of a change, and the grid: an edit redraws only these."""
    person = frame.me()
    if frame.plan().base is not chosen.base:  # the plan was built anew meanwhile
        st.rerun()
    editable = person.function in INPUTS and chosen.layer == person.function.value
    top = st.container()
    if editable:
        say_why(chosen)
    alerts = st.container()
    trail.since_you_looked()
    read: dict[str, pd.DataFrame] = {}

    def shown() -> pd.DataFrame:
        now = frame.plan()
        read.update({n: chosen.read(now, n) for n in {chosen.layer, "statistical", "draft"}})
        return chosen.table(read[chosen.layer], read["statistical"])

    wrote = grid.edit(
        chosen.nodes, shown, key=f"grid_{chosen.key}", editable=editable,
        scope_of=chosen.scope_of, weeks={week_label(w): w for w in chosen.weeks},
        measure=chosen.measure, config=columns(chosen),
        alt=f"{LAYER_SAID[chosen.layer]} by {chosen.level} and week, {chosen.measure}",
    )  # fmt: skip
    with alerts:
        grid.clash_panel()
        changing.small_ones()
    with top:
        answer(chosen, read["draft"], read["statistical"])
    frame.watch_rows([int(s) for s in chosen.skus])
    if editable:
        drafts.keep(changing.PAGE, changing.begun())
    detail.follow(wrote)


def say_why(chosen: Chosen) -> None:
    """Reason, note and evidence of what is typed; several weeks at once; a workbook."""
    left, right = st.columns([10, 3], vertical_alignment="center")
    with left:
        changing.why_bar()
    with right, st.container(horizontal=True):
        changing.several_weeks(
            changing.Changing(chosen.scope_of, chosen.nodes, chosen.weeks, chosen.measure)
        )
        where = dict(zip(("location_level", "location"), chosen.place, strict=True))
        changing.excel(
            lambda: chosen.read(frame.plan(), chosen.layer),
            {"level": chosen.level, **where},
            chosen.measure,
        )
    drafts.say_restored(changing.PAGE, changing.BLANK)


def columns(chosen: Chosen) -> dict[str, object]:
    """How the columns of the grid are shown."""
    is_units = chosen.measure is Measure.UNITS
    digits = "%,.1f" if chosen.level == "sku" and is_units else "%,.0f"
    number = st.column_config.NumberColumn
    return {
        "_index": st.column_config.TextColumn(LEVELS[chosen.level], pinned=True, width=130),
        "Description": st.column_config.TextColumn(width=150),
        "Total": number(f"Total, {chosen.measure.unit}", format="localized", width=84),
        "vs statistical": number(
            f"vs statistical, {chosen.measure.unit}", format="localized", width=112
        ),
        **{week_label(w): number(format=digits, width=102) for w in chosen.weeks},
    }


def answer(chosen: Chosen, draft: pd.DataFrame, statistical: pd.DataFrame) -> None:
    """How much the draft is, in words and tiles, and what it is compared with."""
    person = frame.me()
    by_week = draft.sum(axis=0, skipna=False).to_numpy(dtype=float)
    total = float(by_week.sum())
    modelled = float(statistical.to_numpy().sum())
    red = views.short_ones(frame.plan(), chosen.skus)
    say = partial(theme.amount, measure=chosen.measure)
    of = "" if chosen.measure is Measure.UNITS else f" {plain(chosen.measure)}"
    st.markdown(
        f"**{plain(say(total))}{of} in the next {len(chosen.weeks)} weeks**, "
        f"{plain(say(total - modelled, sign=True))} compared with the statistical forecast · "
        f"{theme.plural(red, 'featured SKU')} short in an activation"
        + (f" · you speak for **{plain(person.function.label)}**" if person.function in INPUTS else
           f" · {plain(person.function.label)} can read but not change it")
    )  # fmt: skip
    tiles = st.columns(4)
    tiles[0].metric("Draft", plain(say(total)), help=frame.term("Draft"), border=True)
    tiles[1].metric(
        "Draft vs statistical",
        theme.percent(total / modelled - 1 if modelled else None, sign=True),
        help=frame.term("Statistical"), border=True,
    )  # fmt: skip
    against.both(by_week, chosen.skus, chosen.measure, tiles[2:], everywhere=chosen.everywhere)


page()
