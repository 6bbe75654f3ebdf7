"""Consensus: the one forecast, each function's input beside it, the own one editable."""

import datetime as dt
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import views
from forecasting.calendar import as_date, week_label
from forecasting.consensus.events import Scope
from forecasting.vocabulary import INPUTS, Measure
from pages.components import against, changing, detail, drafts, frame, grid, theme, trail

LAYER_SAID = {
    "statistical": "Statistical",
    "marketing": "Marketing's input",
    "merchandising": "Merchandising's input",
    "planning": "Planning's input",
    "proposed": "Proposed",
    "draft": "Draft",
}
MOST_ROWS = 200


def weekly(leaves: pd.DataFrame, weeks: list[dt.date]) -> pd.DataFrame:
    return leaves[weeks].rename(columns={w: week_label(w) for w in weeks}).round(1)


def filters(plan, person) -> tuple[np.ndarray, str, str, int, Measure, str]:
    """What is looked at: SKUs, place, level of the rows, weeks, measure, layer."""
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
    levels = {"department": "Department", "class": "Class", "style": "Style", "sku": "SKU"}
    level = frame.select(
        "Rows", list(levels), key="level", default="class", said=levels.__getitem__, width=115
    )
    count = frame.select("Weeks", [8, 13, 26, 52], key="weeks", default=13, width=80)
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
    return skus, place, level, int(count), Measure(measure), layer


def page() -> None:
    if not frame.needs_forecast():
        return
    person = frame.me()
    changing.restored()
    plan = frame.plan()
    speaks, own = person.function in INPUTS, person.function.value
    head = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        skus, place, level, count, measure, layer = filters(plan, person)
    if not len(skus):
        st.info("No SKU fits these filters. Choose another class or activation.")
        return
    weeks = [as_date(w) for w in plan.base.weeks[:count]]
    location_level, _, location = ("all", "", "all") if place == "all" else place.partition(":")
    editable = speaks and layer == own

    def scope_of(node: str, week, *, activation: str = "") -> Scope:
        first, last = week if isinstance(week, tuple) else (week, week)
        return Scope(
            product_level=level, product=node, location_level=location_level, location=location,
            first_week=first, last_week=last, activation=activation,
        )  # fmt: skip

    nodes = [str(n) for n in pd.unique(plan.products.nodes[level][skus].astype(str))]
    if len(nodes) > MOST_ROWS:
        st.info(
            f"{len(nodes):,} rows; the first {MOST_ROWS} are shown. Narrow the filters to see others."
        )
        nodes = nodes[:MOST_ROWS]
        skus = skus[np.isin(plan.products.nodes[level][skus].astype(str), nodes)]

    def read(name: str) -> pd.DataFrame:
        return views.grid(
            frame.plan(), layer=name, level=level, skus=skus, location_level=location_level,
            location=location, weeks=np.arange(count), measure=measure,
        )  # fmt: skip

    def shown() -> pd.DataFrame:
        leaves, statistical = read(layer), read("statistical")
        table = weekly(leaves, weeks)
        table.insert(0, "Total", leaves.sum(axis=1, skipna=False).round(0))
        change = (leaves - statistical).sum(axis=1, skipna=False)
        table.insert(1, "vs stat.", change.round(0))
        if level == "sku":
            names = plan.base.skus.set_index("sku")["description"]
            table.insert(0, "Description", names.reindex(table.index))
        return table

    top = st.columns([10, 3], vertical_alignment="center") if editable else None
    if top:
        with top[0]:
            changing.why_bar()
        of = changing.Changing(scope_of, nodes, weeks, measure)
        with top[1], st.container(horizontal=True):
            changing.several_weeks(of)
            where = {"level": level, "location_level": location_level, "location": location}
            changing.excel(lambda: read(layer), where, measure)
        drafts.say_restored(changing.PAGE, changing.BLANK)
    alerts = st.container()
    trail.since_you_looked()
    digits = "%,.1f" if level == "sku" and measure is Measure.UNITS else "%,.0f"
    config = {
        week_label(w): st.column_config.NumberColumn(format=digits, width=102) for w in weeks
    }
    sign = "u" if measure is Measure.UNITS else "$"
    config |= {
        "_index": st.column_config.TextColumn(
            level.capitalize() if level != "sku" else "SKU", pinned=True, width=130
        ),
        "Description": st.column_config.TextColumn(width=150),
        "Total": st.column_config.NumberColumn(f"Total, {sign}", format="localized", width=84),
        "vs stat.": st.column_config.NumberColumn(
            f"vs stat., {sign}", format="localized", width=84
        ),
    }
    wanted = "_".join(
        str(st.query_params.get(k)) for k in ("department", "class", "activation")
    )
    table = grid.edit(
        shown(), key=f"grid_{own}_{layer}_{level}_{wanted}_{place}_{count}_{measure}",
        editable=editable, scope_of=scope_of, weeks={week_label(w): w for w in weeks},
        measure=measure, fresh=shown, config=config,
        alt=f"{LAYER_SAID[layer]} by {level} and week, {measure}",
    )  # fmt: skip
    with alerts:
        grid.clash_panel()
        changing.small_ones()
    frame.watch_rows([int(s) for s in skus])
    plan = frame.plan()
    with head:
        answer(plan, person, skus, weeks, place, measure, read)
    detail.of(list(table.index), lambda node: scope_of(node, (weeks[0], weeks[-1])), count)
    st.download_button(
        "Download this grid (CSV)", data=lambda: frame.csv(table.reset_index()),
        file_name="consensus.csv", on_click="ignore",
    )  # fmt: skip
    if editable:
        drafts.keep(changing.PAGE, changing.begun())


def answer(plan, person, skus, weeks, place: str, measure: Measure, read) -> None:
    """Title and tiles: how much the draft is, and what it is held against."""
    draft = read("draft").sum(axis=0, skipna=False).to_numpy(dtype=float)
    total = float(draft.sum())
    statistical = float(read("statistical").sum(axis=0, skipna=False).sum(skipna=False))
    red = views.short_ones(plan, skus)
    say = partial(theme.amount, measure=measure)
    of = "" if measure is Measure.UNITS else f" {measure}"
    frame.title(
        "Consensus",
        f"**{say(total)}{of} in the next {len(weeks)} weeks**, {say(total - statistical, sign=True)} "
        f"against the statistical forecast · {theme.plural(red, 'featured SKU')} short in an activation"
        + (f" · you speak for **{person.function.label}**" if person.function in INPUTS else
           f" · {person.function.label} reads, and changes nothing here"),
    )  # fmt: skip
    tiles = st.columns(4)
    tiles[0].metric("Draft", say(total), help=frame.term("Draft"), border=True)
    tiles[1].metric(
        "Against statistical", theme.percent(total / statistical - 1 if statistical else None, sign=True),
        help=frame.term("Statistical"), border=True,
    )  # fmt: skip
    against.both(draft, skus, measure, tiles[2:], everywhere=place == "all")


page()
