"""The weekly review: half an hour, in this order, minutes from the ledger."""

import datetime as dt

import pandas as pd
import streamlit as st

from data import leaving
from forecasting.calendar import as_date
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly.signals import GAIN, LastWeek, factors
from forecasting.workspace import Workspace
from pages.components import download, frame, mix, options, picked, proposals, theme
from pages.components.text import Markdown, ours, plain


def most() -> int:
    """Risks listed in one meeting, as leadership has set; the rest is counted."""
    return int(frame.workspace().policies.now.number("listed"))


def finding(last: LastWeek | None, red: int, late: int, due: int) -> Markdown:
    parts = []
    if last is not None and last.expected > 0:
        off = last.actual / last.expected - 1
        parts.append(f"**Last week demand was {theme.percent(off, sign=True)} vs forecast**")
    parts.append(f"{theme.plural(red, 'featured SKU')} short in the weeks ahead")
    parts.append(f"{theme.plural(late, 'order line')} late")
    parts.append(f"{theme.plural(due, 'action')} due this week or overdue")
    return ours(" · ".join(parts))


def actions_due(space: Workspace, today: dt.date) -> None:
    st.header("1 · Actions due :gray[· 5 min]", anchor=False)
    open_ones = space.decisions.open
    actions = [a for a in space.minutes.actions if not a.is_done]
    if not open_ones and not actions:
        st.markdown(":gray[Nothing is open from earlier meetings.]")
    for decision in open_ones[: most()]:
        options.line(decision, where=True, late=decision.is_late(today))
    for action in actions[: most()]:
        late = ":red[● Late] · " if action.is_late(today) else ""
        owner = space.person(action.owner).name
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{late}{plain(action.text)} · {plain(owner)}, due {options.day(action.due)}"
            )
            if frame.me().may("minute") and st.button(
                "Done", key=f"done_{action.seq}", type="tertiary"
            ):
                frame.do(space.minutes.close, frame.me().id, action.seq)
    if open_ones:
        download.spreadsheet(
            "Action list to carry out (CSV)", lambda: to_do(space), "actions.csv"
        )


def to_do(space: Workspace) -> pd.DataFrame:
    """Every line that people have to carry out."""
    rows = []
    for decision in space.decisions.open:
        common = {
            "decision": decision.seq, "action": decision.action.label, "what": decision.text,
            "owner": space.person(decision.owner).name, "due": decision.due,
            "activation": decision.activation, "sku": decision.sku,
        }  # fmt: skip
        rows += [
            {**common, "units": m.units, "from": m.origin or m.receipt or "supplier", "to": m.to,
             "leaves": m.leaves, "arrives": m.arrives, "cost": m.cost}
            for m in decision.moves
        ] or [common]  # fmt: skip
    return pd.DataFrame(rows)


def misses(space: Workspace, last: LastWeek | None) -> None:
    st.header("2 · Last week against the forecast :gray[· 5 min]", anchor=False)
    if last is None:
        st.info(
            "No consensus was published before last week, so there is nothing to compare with. "
            "Publish one on the Meeting page; the comparison appears here from the week after."
        )
        return
    st.markdown(
        f"{theme.week(last.week)}: actual demand {theme.units(last.actual)}, forecast "
        f"{theme.units(last.expected)} (version #{last.version:d}). "
        f"{theme.plural(len(last.misses), 'SKU')} far off and worth a look"
        + (f"; {last.n_small:d} more are worth too little to list." if last.n_small else ".")
    )
    if last.misses.empty:
        return
    shown = last.misses.head(most())
    event = st.dataframe(
        pd.DataFrame(
            {
                "SKU": shown["sku"],
                "Description": shown["description"],
                "Forecast, u": shown["expected"],
                "Actual, u": shown["actual"],
                "Error": (shown["ratio"] - 1) * 100,
                "Error at retail": shown["money"],
                "Most likely cause": shown["cause"],
            }
        ),
        hide_index=True, on_select="rerun", selection_mode="single-row", key="misses",
        alt="SKUs whose demand was far from the forecast last week, most money first",
        column_config={
            "Forecast, u": st.column_config.NumberColumn(format="%,.0f"),
            "Actual, u": st.column_config.NumberColumn(format="%,.0f"),
            "Error": st.column_config.NumberColumn(format="%+.1f %%"),
            "Error at retail": theme.money_column(help="Actual less forecast in units, at regular price."
            ),
        },
    )  # fmt: skip
    correction(space, shown.iloc[picked.row(event, len(shown)) or 0])


def correction(space: Workspace, one: pd.Series) -> None:
    """A proposal for the next weeks, to be taken or left."""
    ratio = float(one["ratio"]) if one["ratio"] == one["ratio"] else 1.0
    moved = ", ".join(f"{theme.percent(f - 1, digits=0, sign=True)}" for f in factors(ratio))
    with st.container(border=True):
        st.markdown(
            f"**Proposed correction of {plain(one['sku'])}** for the next four weeks: {moved} of the "
            f"draft. That is {theme.percent(GAIN, digits=0)} of last week's error, and less each week. It counts in "
            "the working plan at once and in Planning's input of the next consensus; signed "
            "numbers stay as they are."
        )
        if "lifted" in one["cause"] or "ran out" in one["cause"]:
            st.caption(
                "Last week had a special cause, so correcting the weeks after it is seldom "
                "right."
            )
        may = frame.me().may("sense")
        if st.button("Take the correction", disabled=not may, help=options.who("sense")):
            frame.do(space.weekly.sense, frame.me().id, one["sku"], ratio)


def risks(space: Workspace, plan: LivePlan) -> None:
    st.header("3 · The Bridge: what will run out :gray[· 12 min]", anchor=False)
    watched = frame.watch_list(plan)
    names = {a.activation: a.name for a in plan.activations()}
    settled = [
        w for w in watched
        if space.decisions.is_settled(w.activation, w.sku, w.units_short)
    ]  # fmt: skip
    todo = [w for w in watched if w not in settled]
    if not todo:
        st.success("Every risk in the coming weeks is covered, decided or accepted.")
    listed = todo[: most()]
    rest = sum(w.margin_at_risk for w in todo[most() :] if w.margin_at_risk == w.margin_at_risk)
    more = (
        f", {len(todo) - most()} more worth {theme.money(rest)}" if len(todo) > most() else ""
    )
    st.markdown(
        f"{theme.plural(len(listed), 'SKU')} to decide on{more}; {len(settled)} decided or "
        "accepted. Listed by the money that can still be saved."
    )
    if listed:
        event = st.dataframe(
            pd.DataFrame(
                {
                    "Status": [theme.status_label(w.status) for w in listed],
                    "SKU": [w.sku for w in listed],
                    "Activation": [names[w.activation] for w in listed],
                    "Short, u": [w.units_short for w in listed],
                    "Margin at risk": [w.margin_at_risk for w in listed],
                    "Best supply option": [
                        "; ".join(o.text for o in w.best.options) or "none that pays for itself"
                        for w in listed
                    ],
                    "Net": [w.best.margin - w.best.cost for w in listed],
                    "Decide by": [options.day(w.last_date) for w in listed],
                }
            ),
            hide_index=True, on_select="rerun", selection_mode="single-row", key="risks",
            alt="Featured SKUs that will run out, most money to save first",
            column_config={
                "Short, u": st.column_config.NumberColumn(format="%,.0f"),
                "Margin at risk": theme.money_column(),
                "Net": theme.money_column(),
            },
        )  # fmt: skip
        chosen = listed[picked.row(event, len(listed)) or 0]
        options.panel(plan, chosen.activation, chosen.sku)
        if st.button("Best mix for all weeks", icon=":material/balance:"):
            mix.best_mix(plan, todo, weeks=8)


def late_orders(late: pd.DataFrame) -> None:
    st.header("4 · Late and past-due receipts :gray[· 5 min]", anchor=False)
    if late.empty:
        st.markdown(":gray[No open order is later than the date first promised.]")
        return
    shown = late.head(most())
    st.dataframe(
        pd.DataFrame(
            {
                "": ["● Past due" if p else "◆ Slipped" for p in shown["past_due"]],
                "Order": shown["receipt"], "SKU": shown["sku"], "Supplier": shown["supplier"],
                "Units": shown["units"], "Doors": shown["doors"],
                "Promised": shown["promised"].map(theme.week),
                "Now": shown["eta"].map(theme.week), "Weeks late": shown["weeks_late"],
                "Activations that feature it": shown["waits"].replace("", "–"),
            }
        ),
        hide_index=True, alt="Late orders, first those that an activation needs",
        column_config={"Units": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip
    if len(late) > most():
        st.caption(f"{len(late) - most()} more are late; the download has them all.")
    download.spreadsheet("Late orders (CSV)", lambda: late, "late-orders.csv")


def what_it_did(space: Workspace) -> None:
    """Decisions whose activation is over, and their effect."""
    did = space.weekly.what_decisions_did(frame.me().id)
    if did.empty:
        return
    with st.expander(f"Effect of {theme.plural(len(did), 'past decision')}"):
        st.dataframe(
            pd.DataFrame(
                {
                    "Activation": did["activation"], "SKU": did["sku"], "Decided": did["said"],
                    "Weeks before": did["weeks_ahead"], "Units moved": did["units"],
                    "Units used": did["used"],
                    "Still ran out": did["ran_out"].astype(str) + " of "
                    + did["doors"].astype(str) + " doors",
                }
            ),
            hide_index=True, placeholder="–", alt="Effect of past decisions",
        )  # fmt: skip
        st.caption(
            "Used: of the units moved, those that were sold by the end of the activation."
        )


def minutes(space: Workspace, plan: LivePlan) -> None:
    st.header("5 · Decided since last week closed :gray[· 3 min]", anchor=False)
    began = dt.datetime.combine(as_date(plan.base.weeks[0]), dt.time())
    told = [
        e for e in space.history.reviewed_since(frame.me().id, began)
        if not space.reversals.has_taken_back(e.seq)
    ]  # fmt: skip
    if not told:
        st.markdown(":gray[Nothing yet. Decisions made above are listed here automatically.]")
    lines = [
        f"{space.person(e.person).name} {e.sentence} (#{e.seq}, {theme.moment(e.recorded_at)})"
        for e in told
    ]
    if lines:
        st.markdown("\n".join(f"- {plain(line)}" for line in lines[:40]))
        download.button(
            "Minutes (text)",
            lambda: leaving.as_document("\n".join(f"- {line}" for line in lines)),
            "minutes.md",
        )
    if frame.me().may("agree"):
        with st.form("record", clear_on_submit=True, border=False):
            text = st.text_input("Record a decision")
            if st.form_submit_button("Record") and text:
                frame.do(space.minutes.decide, frame.me().id, text)


def page() -> None:
    if not frame.needs_forecast():
        return
    frame.watch_rows(None)
    space, plan = frame.workspace(), frame.working_plan()
    last = space.weekly.last_week(frame.me().id)
    late = space.weekly.late_receipts(frame.me().id)
    today = as_date(plan.base.weeks[0])
    this_week = today + dt.timedelta(6)
    due = sum(d.due <= this_week for d in space.decisions.open)
    due += sum(not a.is_done and a.due <= this_week for a in space.minutes.actions)
    red = sum(v.status is Status.RED for v in views.verdicts(plan))
    watched = frame.watch_list(plan)
    frame.title(
        "Weekly review",
        finding(last, sum(w.status is Status.RED for w in watched), len(late), due)
        + f" · {theme.plural(red, 'activation')} short",
    )
    proposals.section(frame.me())
    actions_due(space, today)
    what_it_did(space)
    misses(space, last)
    risks(space, plan)
    late_orders(late)
    minutes(space, plan)


page()
