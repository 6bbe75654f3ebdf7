"""Consensus: the one forecast, each function's input beside it, the own one editable."""

import datetime as dt

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import roundtrip, views
from forecasting.calendar import Comparison, as_date, last_year, week_label
from forecasting.consensus import value_added
from forecasting.consensus.events import Kind, Scope
from forecasting.errors import ConcordError
from forecasting.vocabulary import INPUTS, WORST_FIRST, Function, Operation, Reason
from pages.components import charts, frame, grid, scores, theme

# A change below both is asked what it decides: small ones seldom help.
SMALL_SHARE, SMALL_MONEY = 0.10, 1_000.0
ALL_ROWS = "All rows shown"
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


def year_ago(space, weeks: list[dt.date], skus: list[str]) -> tuple[pd.DataFrame, float]:
    """Sales of the same weeks a year before, and their sum."""
    partners = {w: last_year(w, mode=Comparison.WEEK_NUMBER) for w in weeks}
    known = [p for p in partners.values() if p is not None]
    if not known:
        return pd.DataFrame(columns=["week", "units"]), float("nan")
    sold = space.store.query("sales_of", since=min(known), until=max(known) + dt.timedelta(7))
    sold = sold[sold["sku"].isin(skus)]
    by_week = sold.groupby(pd.to_datetime(sold["week"]).dt.date)["units"].sum()
    rows = [(w, by_week[p]) for w, p in partners.items() if p in by_week.index]
    frame_ = pd.DataFrame(rows, columns=["week", "units"])
    return frame_, float(frame_["units"].sum()) if rows else float("nan")


def budget_of(space, weeks: list[dt.date], classes: set[str]) -> float:
    rows = space.store.table("budget")
    dates = pd.to_datetime(rows["date"]).dt.date
    chosen = rows[
        dates.between(weeks[0], weeks[-1] + dt.timedelta(6)) & rows["class"].isin(classes)
    ]
    return float(chosen["units"].sum()) if len(chosen) else float("nan")


def change_panel(space, person, scope_of, nodes: list[str], weeks: list[dt.date]) -> None:
    """A change of one row over several weeks, with its effect before it is made."""
    with st.popover("Change several weeks", width="stretch"):
        node = st.selectbox("Row", [*nodes, ALL_ROWS], key="bulk_node")
        ends = st.select_slider(
            "Weeks", weeks, value=(weeks[0], weeks[min(3, len(weeks) - 1)]),
            format_func=week_label, key="bulk_weeks",
        )  # fmt: skip
        how = st.segmented_control(
            "How", list(Operation), default=Operation.PERCENT, key="bulk_how",
            format_func={"set": "Set to, u", "add": "Add, u", "percent": "Change by, %"}.get,
        )  # fmt: skip
        value = st.number_input("Value", value=0.0, step=1.0, key="bulk_value")
        scopes = [scope_of(n, ends) for n in (nodes if node == ALL_ROWS else [node])]
        each = [space.input_units(person.id, scope) for scope in scopes]
        now = sum(each)
        after = {
            "set": value * len(each), "add": now + value * len(each),
            "percent": now * (1 + value / 100),
        }[how or "percent"]  # fmt: skip
        rows = f" in {len(each)} rows, each changed by itself" if len(each) > 1 else ""
        st.markdown(
            f"Your input is {theme.units(now)} now and would be **{theme.units(after)}**{rows}."
        )
        if len(scopes) == 1:
            is_small(space, scopes[0], now, after)
        given = {
            "reason": st.session_state["reason"], "note": st.session_state["note"],
            "base": st.session_state.get("seen", space.seq),
        }  # fmt: skip
        buttons = st.columns(4)
        try:
            if buttons[0].button("Apply", type="primary", width="stretch"):
                space.override_all(person.id, scopes, how or "percent", value, **given)
                grid.drop_overlay()
                st.rerun()
            if buttons[1].button(
                "Clear", width="stretch", help="Back to the statistical number"
            ):
                space.override_all(person.id, scopes, "clear", None, **given)
                grid.drop_overlay()
                st.rerun()
            if buttons[2].button("Hold", width="stretch", help=frame.term("Hold")):
                for scope in scopes:
                    space.hold(person.id, scope)
                st.toast(f"Held {node}")
            if buttons[3].button("Release", width="stretch"):
                for scope in scopes:
                    space.release(person.id, scope)
                st.toast(f"Released {node}")
        except ConcordError as error:
            frame.refused(error)
        words = st.text_input(
            "Comment", key="bulk_comment", placeholder="Say something about it"
        )
        one = len(scopes) == 1
        if st.button("Comment", disabled=not (words and one)):
            space.comment(person.id, scopes[0], words)
            st.toast("Comment recorded")


def is_small(space, scope: Scope, now: float, after: float) -> None:
    """Ask what a small change decides; large ones need no question."""
    plan = space.plan
    skus, _, _ = plan.members(scope)
    price = np.nan_to_num(np.nanmean(plan.base.price[skus])) if len(skus) else 0.0
    money = abs(after - now) * float(price)
    if 0 < abs(after - now) < SMALL_SHARE * max(now, 1.0) and money < SMALL_MONEY:
        st.caption(
            f"A small change ({theme.percent(after / now - 1 if now else None, sign=True)}, about "
            f"{theme.money(money)}): does it change what is bought or shown? Small changes "
            "seldom make a forecast better."
        )


def excel(space, person, table: pd.DataFrame, level, location_level, location) -> None:
    """The own input out to a workbook, and back in with what becomes of each cell."""
    st.download_button(
        "Download my input (XLSX)",
        data=lambda: roundtrip.export(
            space, person.id, table, level=level, location_level=location_level, location=location
        ),
        file_name=f"{person.function.value}.xlsx", on_click="ignore", width="stretch",
        help="What identifies a row is locked; type over the weeks, save, and bring it back.",
    )  # fmt: skip
    file = st.file_uploader("Bring it back", type="xlsx", key="returned")
    if file is None:
        return
    try:
        returned = roundtrip.judge(space, person.id, file, file.name)
    except ConcordError as error:
        frame.refused(error)
        return
    counts = {v: len(returned.of(v)) for v in roundtrip.Verdict}
    st.markdown(
        f"**{theme.plural(len(returned.cells), 'cell')} typed over**: "
        + ", ".join(f"{n} {v.label.lower()}" for v, n in counts.items() if n)
        if returned.cells
        else "No number in this file differs from what was exported."
    )
    if not returned.cells:
        return
    st.dataframe(
        roundtrip.by_verdict(returned.cells), hide_index=True, height=220, alt="Cells that were typed over",
        column_config={
            "Exported, u": st.column_config.NumberColumn(format="%.1f"),
            "Typed, u": st.column_config.NumberColumn(format="%.1f"),
            "Week": st.column_config.DateColumn(format="MMM DD"),
        },
    )  # fmt: skip
    over = bool(counts[roundtrip.Verdict.CONFLICT]) and st.checkbox(
        "Where somebody else changed a cell since, mine counts"
    )
    writes = counts[roundtrip.Verdict.APPLIED] + over * counts[roundtrip.Verdict.CONFLICT]
    if writes and st.button(f"Write {theme.plural(writes, 'cell')}", type="primary"):
        try:
            roundtrip.apply(
                space, person.id, returned, reason=st.session_state["reason"],
                note=st.session_state["note"], mine_over_theirs=over,
            )  # fmt: skip
        except ConcordError as error:
            frame.refused(error)
        else:
            grid.drop_overlay()
            st.rerun()


def record(function: str, reason: str) -> None:
    """How changes like the one about to be made came out, before it is made."""
    known = scores.by_reason(function)
    label = Function(function).label
    found, of = known.get(reason), f"{label}'s changes for “{Reason(reason).label}”"
    if found is None or found.cells < value_added.FEW_CELLS:
        found, of = known.get(""), f"{label}'s changes"
    if found is None or not found.cells:
        st.caption(f"No past change of {label} has been scored yet.")
        return
    said = (
        "came out like"
        if not found.is_sure
        else ("came out better than" if found.added > 0 else "came out worse than")
    )
    st.caption(
        f"{of} {said} the statistical number: {100 * found.added:+.1f} points of WAPE on "
        f"{found.cells:,} SKU weeks (8 of 10: {100 * found.low:+.1f} to {100 * found.high:+.1f}).",
        help=frame.term("Value added"),
    )


def since_you_looked(space, person) -> None:
    """What others decided since the person last said that they had seen it."""
    looked = st.session_state.setdefault("looked", space.seq)
    events = space.changes_since(person.id, looked)
    if not events:
        return
    with st.popover(f"{theme.plural(len(events), 'change')} since you looked", width=230):
        for event in events[:12]:
            who = space.person(event.person)
            st.markdown(f"**{who.name}** ({who.function.label}) {event.sentence}")
        if len(events) > 12:
            st.caption(f"and {len(events) - 12} earlier ones; all stand in History.")
        if st.button("I have seen it"):
            st.session_state["looked"] = space.seq
            st.rerun()


def trail(space, person, scope: Scope) -> None:
    """What happened to the selected row, in words, each change undoable."""
    events = [
        e for e in space.cell_history(person.id, scope)
        if e.kind in (Kind.OVERRIDE, Kind.AGREE, Kind.UNDO, Kind.HOLD, Kind.RELEASE)
    ][:12]  # fmt: skip
    if not events:
        st.caption("Nobody has changed these weeks of this row.")
    for event in events:
        back = space.is_taken_back(event.seq)
        who = space.person(event.person).name
        words = f"{who} ({event.function.capitalize()}) {event.sentence}"
        why = f" · {Reason(event.reason).label}" if event.reason else ""
        note = f" · “{event.note}”" if event.note else ""
        text = f"~~{words}~~" if back else words
        row = st.columns([8, 2], vertical_alignment="center")
        row[0].markdown(
            f"{text}{why}{note}  \n:gray[{event.recorded_at:%b %d %H:%M} UTC · #{event.seq}]"
        )
        mine = event.person == person.id or person.may("undo others' changes")
        if (
            event.kind is Kind.OVERRIDE
            and mine
            and not back
            and row[1].button("Take back", key=f"undo_{event.seq}", width="stretch")
        ):
            try:
                space.undo(person.id, event.seq)
            except ConcordError as error:
                frame.refused(error)
            else:
                grid.drop_overlay()
                st.rerun()


def risks_of(plan, skus: np.ndarray) -> pd.DataFrame:
    """Verdicts on the featured SKUs among these."""
    rows = []
    for sku in skus:
        for item in plan.items.get(int(sku), ()):
            act = plan.activation(item.activation)
            status = views.group_status(item.status, item.window_demand, plan.limits)
            rows.append((act.name, plan.sku_names[int(sku)], status, item.p_window.max(),
                         item.short.sum(), act.start))  # fmt: skip
    frame_ = pd.DataFrame(
        rows, columns=["Activation", "SKU", "of", "risk", "Short, u", "start"]
    )
    frame_["Status"] = [theme.said(s) for s in frame_["of"]]
    frame_["rank"] = [WORST_FIRST.index(s) for s in frame_["of"]]
    frame_["Stockout risk"] = frame_["risk"] * 100
    frame_ = frame_.sort_values(["rank", "Short, u"], ascending=[True, False])
    return frame_[["Status", "Activation", "SKU", "Stockout risk", "Short, u"]]


def page() -> None:
    if not frame.needs_forecast():
        return
    space, person = frame.workspace(), frame.me()
    plan = frame.plan()
    speaks = person.function in INPUTS
    head = st.container()
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        departments = ["All departments", *plan.products.names("department")]
        department = frame.select("Department", departments, key="department", width=165)
        skus = np.arange(len(plan.sku_names))
        if department != "All departments":
            skus = plan.products.members("department", department)
        classes = list(dict.fromkeys(plan.products.nodes["class"][skus]))
        klass = frame.select("Class", ["All classes", *classes], key="class", width=150)
        if klass != "All classes":
            skus = plan.products.members("class", klass)
        acts = {"any": "Any activation"}
        acts |= {a.activation: a.name for a in plan.activations() if a.is_live}
        act = frame.select(
            "Activation", list(acts), key="activation", said=acts.__getitem__, width=190
        )
        if act != "any":
            featured = {i.sku for i in plan.activation(act).items}
            skus = np.array([s for s in skus if plan.sku_names[s] in featured], dtype=np.int64)
        places = {"all": "All doors"} | {
            f"region:{r}": r for r in plan.locations.names("region")
        }
        doors = zip(plan.door_names, plan.base.doors["name"], strict=True)
        places |= {f"door:{d}": n for d, n in doors}
        place = frame.select(
            "Doors", list(places), key="place", said=places.__getitem__, width=160
        )
        levels = {"department": "Department", "class": "Class", "style": "Style", "sku": "SKU"}
        level = frame.select(
            "Rows",
            list(levels),
            key="level",
            default="class",
            said=levels.__getitem__,
            width=120,
        )
        count = frame.select("Weeks", [8, 13, 26, 52], key="weeks", default=13, width=90)
        own = person.function.value
        layer = frame.select(
            "Layer", list(LAYER_SAID), key="layer", default=own if speaks else "draft", width=200,
            said=lambda x: LAYER_SAID[x] + (" (yours)" if speaks and x == own else ""),
            help=frame.term("Input"),
        )  # fmt: skip
    if not len(skus):
        st.info("No SKU fits these filters. Choose another class or activation.")
        return
    weeks = [as_date(w) for w in plan.base.weeks[:count]]
    columns = np.arange(count)
    location_level, _, location = ("all", "", "all") if place == "all" else place.partition(":")
    editable = speaks and layer == own

    def read(name: str) -> pd.DataFrame:
        return views.grid(
            frame.plan(), layer=name, level=level, skus=skus, location_level=location_level,
            location=location, weeks=columns,
        )  # fmt: skip

    def scope_of(node: str, week) -> Scope:
        first, last = week if isinstance(week, tuple) else (week, week)
        return Scope(
            product_level=level, product=node, location_level=location_level, location=location,
            first_week=first, last_week=last,
        )  # fmt: skip

    reasons = st.container(horizontal=True, vertical_alignment="bottom")
    if editable:
        reasons.selectbox(
            "Reason for what you type", list(Reason), format_func=lambda r: Reason(r).label,
            index=10, key="reason", width=230,
        )  # fmt: skip
        reasons.text_input(
            "Note", key="note", placeholder="What do you know that the model does not?"
        )
    nodes = list(read("draft").index)
    if len(nodes) > MOST_ROWS:
        st.info(
            f"{len(nodes):,} rows; the first {MOST_ROWS} are shown. Narrow the filters to see others."
        )
        nodes = nodes[:MOST_ROWS]
        skus = skus[np.isin(plan.products.nodes[level][skus].astype(str), nodes)]

    def shown() -> pd.DataFrame:
        leaves = read(layer).loc[nodes]
        statistical = read("statistical").loc[nodes]
        table = weekly(leaves, weeks)
        table.insert(0, "Total", leaves.sum(axis=1).round(0))
        table.insert(1, "vs stat.", ((leaves - statistical).sum(axis=1)).round(0))
        if level == "sku":
            names = plan.base.skus.set_index("sku")["description"]
            table.insert(0, "Description", names.reindex(table.index))
        return table

    alerts = st.container()
    with reasons:
        if editable:
            change_panel(space, person, scope_of, nodes, weeks)
            with st.popover("Excel", width=110):
                excel(
                    space, person, read(layer).loc[nodes], level,
                    location_level, location,
                )  # fmt: skip
    below = st.container(horizontal=True, vertical_alignment="center")
    with below:
        if editable:
            record(own, st.session_state["reason"])
        since_you_looked(space, person)
    config = {
        week_label(w): st.column_config.NumberColumn(
            format="%.0f" if level != "sku" else "%.1f", width=102
        )
        for w in weeks
    }
    config |= {
        "_index": st.column_config.TextColumn(
            level.capitalize() if level != "sku" else "SKU", pinned=True, width=130
        ),
        "Description": st.column_config.TextColumn(width=150),
        "Total": st.column_config.NumberColumn("Total, u", format="localized", width=80),
        "vs stat.": st.column_config.NumberColumn("vs stat., u", format="localized", width=80),
    }
    key = f"grid_{own}_{layer}_{level}_{department}_{klass}_{act}_{place}_{count}"
    table = grid.edit(
        shown(), key=key, editable=editable, scope_of=scope_of,
        weeks={week_label(w): w for w in weeks}, fresh=shown, config=config,
        alt=f"{LAYER_SAID[layer]} by {level} and week, units",
    )  # fmt: skip
    with alerts:
        grid.clash_panel()
    frame.watch_rows([int(s) for s in skus])
    plan = frame.plan()
    draft = float(read("draft").to_numpy().sum())
    statistical = float(read("statistical").to_numpy().sum())
    names = [plan.sku_names[s] for s in skus]
    _, ly_total = year_ago(space, weeks, names) if place == "all" else (None, float("nan"))
    whole = act == "any" and place == "all"
    budget = (
        budget_of(space, weeks, set(plan.products.nodes["class"][skus]))
        if whole
        else float("nan")
    )
    risks = risks_of(plan, skus)
    red = int((risks["Status"] == theme.said("red")).sum())
    with head:
        change = theme.units(draft - statistical, sign=True)
        frame.title(
            "Consensus",
            f"**{theme.units(draft)} in the next {count} weeks**, {change} against the "
            f"statistical forecast · {theme.plural(red, 'featured SKU')} short in an activation"
            + (f" · you speak for **{person.function.label}**" if speaks else
               f" · {person.function.label} reads, and changes nothing here"),
        )  # fmt: skip
        tiles = st.columns(4)
        tiles[0].metric("Draft", theme.units(draft), help=frame.term("Draft"), border=True)
        tiles[1].metric(
            "Against statistical",
            theme.percent(draft / statistical - 1 if statistical else None, sign=True),
            help=frame.term("Statistical"),
            border=True,
        )
        tiles[2].metric(
            "Against last year's sales",
            theme.percent(draft / ly_total - 1 if ly_total else None, sign=True),
            help="Same fiscal week numbers a year ago; sales, not demand.",
            border=True,
        )
        tiles[3].metric(
            "Against budget",
            theme.percent(draft / budget - 1 if budget else None, sign=True),
            help="A budget is a target, never mixed with the forecast.",
            border=True,
        )
    one_row(space, plan, person, table, level, location_level, location, skus, weeks, scope_of)


def one_row(
    space, plan, person, table, level, location_level, location, skus, weeks, scope_of
) -> None:
    """The selected row: its chart with parts and inputs, its risk, its trail."""
    node = frame.select("Row in detail", list(table.index), key="row")
    mine = skus[plan.products.nodes[level][skus].astype(str) == node]
    doors = plan.locations.members(location_level, location)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        columns = np.arange(len(weeks))
        parts = views.parts_of(plan, [int(s) for s in mine], doors)
        parts = parts[parts["week"] <= plan.base.weeks[len(weeks) - 1]]

        def line(name: str) -> np.ndarray:
            return views.grid(
                plan, layer=name, level=level, skus=mine, location_level=location_level,
                location=location, weeks=columns,
            ).to_numpy()[0]  # fmt: skip

        lines, stat = [], line("statistical")
        for name in (*(f.value for f in INPUTS), "draft"):
            total = line(name)
            if name == "draft" or np.any(np.abs(total - stat) > 1e-9):
                lines.append(
                    pd.DataFrame({"layer": name.capitalize(), "week": weeks, "units": total})
                )
        names = [plan.sku_names[s] for s in mine]
        ly, _ = year_ago(space, weeks, names) if location_level == "all" else (None, 0)
        since = plan.base.as_of - dt.timedelta(7 * 25)
        sold = space.store.query(
            "sales_of", since=since, until=plan.base.as_of + dt.timedelta(7)
        )
        sold = sold[sold["sku"].isin(names)].groupby("week", as_index=False)["units"].sum()
        st.altair_chart(
            charts.forecast(
                sold if location_level == "all" else sold.iloc[:0], parts, pd.concat(lines), last_year=ly
            ),
            width="stretch", alt=f"Forecast of {node} by its parts, with each function's input",
        )  # fmt: skip
        st.caption(
            "Grey line: sold. Dashed: last year. Bars: the parts that add up to the draft."
        )
        if len(mine) == 1:
            fan = views.on_hand_fan(plan, int(mine[0]), doors)
            st.altair_chart(
                charts.projection(
                    fan, window=(pd.Timestamp(weeks[0]), pd.Timestamp(weeks[0]) - pd.Timedelta(7, "D")),
                    first_short=None,
                ),
                width="stretch", alt=f"Projected on-hand of {node}",
            )  # fmt: skip
    with right:
        risks = risks_of(plan, mine)
        st.markdown("**In activations**")
        if risks.empty:
            st.caption("Not featured in any planned activation.")
        else:
            st.dataframe(
                risks, hide_index=True, height=min(36 + 32 * len(risks), 210),
                column_config={
                    "Stockout risk": st.column_config.ProgressColumn(format="%.0f %%", min_value=0, max_value=100),
                    "Short, u": st.column_config.NumberColumn(format="%.1f"),
                },
            )  # fmt: skip
        st.markdown("**What people changed**")
        with st.container(height=260, border=False):
            trail(space, person, scope_of(node, (weeks[0], weeks[-1])))
    st.download_button(
        "Download this grid (CSV)",
        data=table.to_csv(),
        file_name="consensus.csv",
        on_click="ignore",
    )


page()
