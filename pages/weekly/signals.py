"""The weekly review: half an hour, in this order, minutes from the ledger."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from data import leaving
from forecasting.calendar import as_date
from forecasting.monthly.minutes import Action
from forecasting.outputs import weekly_sheet
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly.best_mix import Watched
from forecasting.weekly.decisions import Decision
from forecasting.weekly.signals import GAIN, LastWeek, factors
from forecasting.workspace import Workspace
from pages.components import (
    beginning,
    download,
    filters,
    frame,
    lists,
    mix,
    options,
    orders,
    proposals,
    risks,
    theme,
    thread,
    written,
)
from pages.components.filters import Products
from pages.components.risks import Risk
from pages.components.text import Markdown, ours, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What the review goes through, of the part of the assortment that is looked at."""

    today: dt.date
    last: LastWeek | None
    """Its sums are the company's; its misses are of that part."""
    late: pd.DataFrame
    watched: list[Watched]
    short: int
    """Activations that will run out."""
    decisions: list[Decision]
    actions: list[Action]

    @property
    def due(self) -> int:
        """How much is due this week or overdue."""
        end = self.today + dt.timedelta(6)
        days = [d.due for d in self.decisions] + [a.due for a in self.actions]
        return sum(day <= end for day in days)


def this_week(space: Workspace, plan: LivePlan, inside: Products) -> Week:
    """Everything that the review goes through."""
    by = frame.me().id

    def has(sku: str) -> bool:
        return inside.skus is None or sku in inside.skus

    last, late = space.weekly.last_week(by), space.weekly.late_receipts(by)
    if inside.skus is not None:
        late = late[late["sku"].isin(inside.skus)]
        if last is not None:
            last = replace(last, misses=last.misses[last.misses["sku"].isin(inside.skus)])
    return Week(
        today=as_date(plan.base.weeks[0]), last=last, late=late,
        watched=[w for w in frame.watch_list(plan) if has(w.sku)],
        short=sum(
            v.status is Status.RED and any(has(i.sku) for i in v.activation.items)
            for v in views.verdicts(plan)
        ),
        decisions=[d for d in space.decisions.open if has(d.sku)],
        actions=[a for a in space.minutes.actions if not a.is_done],
    )  # fmt: skip


def finding(week: Week) -> Markdown:
    parts = []
    if week.last is not None and week.last.expected > 0:
        off = week.last.actual / week.last.expected - 1
        parts.append(
            f"**Last week the company's demand was {theme.percent(off, sign=True)} vs forecast**"
        )
    red = sum(w.status is Status.RED for w in week.watched)
    parts.append(f"{theme.plural(red, 'featured SKU')} short in the weeks ahead")
    parts.append(f"{theme.plural(len(week.late), 'order line')} late")
    parts.append(f"{theme.plural(week.due, 'action')} due this week or overdue")
    parts.append(f"{theme.plural(week.short, 'activation')} short")
    return ours(" · ".join(parts))


def failed_by_itself(space: Workspace) -> None:
    """Work of the night that failed: what the review looks at may be of yesterday."""
    for failure in space.schedules.failures:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":red[● Failed by itself] · {plain(failure.text)}", width="content")
            st.page_link(
                "pages/setup/schedules.py", label="See Schedules", width="content",
                icon=":material/schedule:",
            )  # fmt: skip


def actions_due(space: Workspace, week: Week) -> None:
    st.header("1 · Actions due :gray[· 5 min]", anchor=False)
    open_ones, actions, today = week.decisions, week.actions, week.today
    if not open_ones and not actions:
        st.markdown(":gray[Nothing is open from earlier meetings.]")
    carried_out(space, open_ones, today)
    promised(space, actions, today)
    if open_ones:
        download.spreadsheet(
            "Action list to carry out (CSV)", lambda: to_do(space), "actions.csv"
        )


def carried_out(space: Workspace, open_ones: Sequence[Decision], today: dt.date) -> None:
    """Decisions that are still to be carried out, next due first."""

    def lines(at: Sequence[int], place: str) -> None:
        del place
        for n in at:
            options.line(open_ones[n], where=True, late=open_ones[n].is_late(today))
            thread.of(f"decision/{open_ones[n].seq}")

    lists.draw(
        lines,
        {
            "Owner": [space.person(d.owner).name for d in open_ones],
            "What": [d.action.label for d in open_ones],
        },
        [d.margin_saved for d in open_ones], sums="saved",
        key="decisions", what=(ours("decision"), ours("decisions")),
    )  # fmt: skip


def promised(space: Workspace, actions: Sequence[Action], today: dt.date) -> None:
    """Actions of meetings that are not done."""

    def lines(at: Sequence[int], place: str) -> None:
        del place
        for n in at:
            promise(space, actions[n], today)

    lists.draw(
        lines, {"Owner": [space.person(a.owner).name for a in actions]},
        [float("nan")] * len(actions), key="promises", what=(ours("action"), ours("actions")),
    )  # fmt: skip


def promise(space: Workspace, action: Action, today: dt.date) -> None:
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
        f"{theme.week(last.week)}: the company's demand {theme.units(last.actual)}, forecast "
        f"{theme.units(last.expected)} (version #{last.version:d}). "
        f"{theme.plural(len(last.misses), 'SKU')} far off and worth a look"
        + (f"; {last.n_small:d} more are worth too little to list." if last.n_small else ".")
    )
    if last.misses.empty:
        return
    shown = last.misses.reset_index(drop=True)
    classes = dict(zip(space.plan.sku_names, space.plan.products.nodes["class"], strict=True))
    at = lists.table(
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
        {
            "Class": [str(classes.get(sku, "")) for sku in shown["sku"]],
            "Cause": shown["cause"].astype(str).tolist(),
        },
        shown["money"].abs().tolist(),
        ids=shown["sku"].tolist(), key="misses", what=(ours("SKU"), ours("SKUs")),
        alt="SKUs whose demand was far from the forecast last week, most money first",
        column_config={
            "Forecast, u": st.column_config.NumberColumn(format="%,.0f"),
            "Actual, u": st.column_config.NumberColumn(format="%,.0f"),
            "Error": st.column_config.NumberColumn(format="%+.1f%%"),
            "Error at retail": written.money(help="Actual less forecast in units, at regular price."
            ),
        },
    )  # fmt: skip
    correction(space, shown.iloc[at or 0])


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


def will_run_out(plan: LivePlan, watched: list[Watched]) -> None:
    st.header("3 · The Bridge: what will run out :gray[· 12 min]", anchor=False)
    todo = risks.open_ones(watched)
    settled = [w for w in watched if w not in todo]
    if not todo:
        st.success("Every risk in the coming weeks is covered, decided or accepted.")
    st.markdown(
        f"{theme.plural(len(todo), 'SKU')} to decide on, {theme.money(lists.total([w.margin_at_risk for w in todo]))} "
        f"margin at risk; {len(settled)} decided or accepted. Listed by the money that can still be saved."
    )
    if todo:
        at = risk_table(plan, todo)
        chosen = todo[at or 0]
        risks.bar(watched, Risk(chosen.activation, chosen.sku), look_at)
        options.panel(plan, chosen.activation, chosen.sku)
        if st.button("Best mix for all weeks", icon=":material/balance:"):
            mix.best_mix(plan, todo, weeks=8)
    else:
        risks.just_decided()


def look_at(risk: Risk) -> None:
    """Look at another risk of the list."""
    st.session_state["risks looked at"] = f"{risk.activation}/{risk.sku}"


def risk_table(plan: LivePlan, todo: Sequence[Watched]) -> int | None:
    """What is to be decided, most money to save first; the place of what is looked at."""
    acts = {a.activation: a for a in plan.activations()}
    classes = dict(zip(plan.sku_names, plan.products.nodes["class"], strict=True))
    return lists.table(
        pd.DataFrame(
            {
                "Status": [theme.status_label(w.status) for w in todo],
                "SKU": [w.sku for w in todo],
                "Activation": [acts[w.activation].name for w in todo],
                "Short, u": [w.units_short for w in todo],
                "Margin at risk": [w.margin_at_risk for w in todo],
                "Best supply option": [
                    "; ".join(o.text for o in w.best.options) or "none that pays for itself"
                    for w in todo
                ],
                "Net": [w.best.margin - w.best.cost for w in todo],
                "Decide by": [options.day(w.last_date) for w in todo],
            }
        ),
        {
            "Status": [w.status.label for w in todo],
            "Class": [str(classes[w.sku]) for w in todo],
            "Owner": [acts[w.activation].owner for w in todo],
        },
        [w.margin_at_risk for w in todo],
        ids=[f"{w.activation}/{w.sku}" for w in todo], key="risks",
        what=(ours("risk"), ours("risks")),
        alt="Featured SKUs that will run out, most money to save first",
        column_config={
            "Short, u": st.column_config.NumberColumn(format="%,.0f"),
            "Margin at risk": written.money(),
            "Net": written.money(),
        },
    )  # fmt: skip


def late_orders(space: Workspace, late: pd.DataFrame) -> None:
    st.header("4 · Late and past-due receipts :gray[· 5 min]", anchor=False)
    orders.unreleased(space.working_plan_for(frame.me().id))
    if late.empty:
        st.markdown(":gray[No open order is later than the date first promised.]")
        return
    shown = late.reset_index(drop=True)
    base = space.plan.base.skus.set_index("sku")
    lists.table(
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
        {
            "Supplier": shown["supplier"].fillna("").astype(str).tolist(),
            "Class": shown["sku"].map(base["class"]).fillna("").astype(str).tolist(),
            "Status": ["Past due" if p else "Slipped" for p in shown["past_due"]],
        },
        (shown["units"] * shown["sku"].map(base["unit_cost"])).astype(float).tolist(),
        ids=[f"{order}/{sku}" for order, sku in zip(shown["receipt"], shown["sku"], strict=True)],
        key="late", what=(ours("order line"), ours("order lines")), picks=False,
        sums="cost", alt="Late orders, first those that an activation needs",
        column_config={"Units": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip
    download.spreadsheet("Late orders (CSV)", lambda: late, "late-orders.csv")


def what_it_did(space: Workspace) -> None:
    """Decisions whose activation is over, and their effect."""
    did = space.weekly.what_decisions_did(frame.me().id)
    if did.empty:
        return
    with st.expander(f"Effect of {theme.plural(len(did), 'past decision')}"):
        written.dataframe(
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

    def bullets(at: Sequence[int], place: str) -> None:
        del place
        st.markdown("\n".join(f"- {plain(lines[n])}" for n in at))

    if lines:
        lists.draw(
            bullets,
            {
                "What": [e.kind.value.capitalize() for e in told],
                "Owner": [space.person(e.person).name for e in told],
            },
            [float("nan")] * len(told), key="minutes", what=(ours("line"), ours("lines")),
        )  # fmt: skip
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
    if not beginning.reached(
        "Weekly review",
        "what needs a decision this week: actions due, misses, risks, late receipts",
    ):
        return
    frame.watch_rows(None)
    space, plan = frame.workspace(), frame.working_plan()
    found = frame.watch_list(plan)
    head, bar = st.columns([5, 5], vertical_alignment="bottom")
    with bar.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="bottom"
    ):
        inside = filters.products(plan)
        download.button(
            "Print on one page (HTML)",
            lambda: leaving.as_document(
                weekly_sheet.as_html(space, frame.me().id, found=found)
            ),
            "weekly-review.html", icon=":material/print:",
        )  # fmt: skip
    week = this_week(space, plan, inside)
    with head:
        frame.title("Weekly review", finding(week))
        filters.note(inside, has_doors=False)
    failed_by_itself(space)
    proposals.section(frame.me())
    actions_due(space, week)
    what_it_did(space)
    misses(space, week.last)
    will_run_out(plan, week.watched)
    late_orders(space, week.late)
    minutes(space, plan)


page()
