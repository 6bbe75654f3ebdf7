"""Meeting: the monthly consensus, from what happened last time to the signatures."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from data import leaving
from data.versions import Version
from forecasting.consensus.cycle import Cycle
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.cycle import ConsensusPublished
from forecasting.hierarchy import Floats
from forecasting.monthly import agenda
from forecasting.monthly.standing import Standing
from forecasting.outputs import consensus_pack
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Function, Measure
from forecasting.workspace import Workspace
from pages.components import (
    against,
    beginning,
    big_screen,
    charts,
    clock,
    conclusions,
    download,
    drafts,
    exceptions,
    frame,
    lists,
    minutes,
    picture,
    scores,
    theme,
    written,
)
from pages.components.text import ours, plain

STEPS = {
    "performance": "1 Last time",
    "total": "2 Total",
    "disagreements": "3 Disagreements",
    "calendar": "4 Calendar, launches",
    "outlook": "5 Outlook and buy",
    "sign": "6 Sign",
}
PAGE = "meeting"
# What can be begun on the page, and what it holds when nothing is.
BLANK = {"why_agreed": "", "decision": "", "minute_text": "", "minute_watch": ""}


def performance(space: Workspace, person: Person) -> None:
    minutes.open_ones(space, person)
    found = agenda.performance(scores.cells())
    if found is None:
        st.info(
            "Nothing can be scored yet: none of the weeks that a published cycle forecast has closed. "
            "The first figures appear a few weeks after a cycle is published."
        )
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Value added by each step of the process**")
        scores.table(found.steps, "Step", alt="WAPE of each step, and what it added")
        st.caption(
            f"By SKU and week, published at least {agenda.LEAST_LAG:d} weeks ahead, compared with actual "
            f"demand; {theme.plural(found.cycles, 'cycle')}. Value added is the WAPE of the step "
            "before less that of this step: above zero is better."
        )
    with right:
        st.markdown("**Value added by each function's changes to the statistical forecast**")
        scores.table(found.functions, "Function", alt="Value added by function")
        sure = [a for a in found.functions if a.is_sure]
        for a in sure:
            verb = "helped" if a.added > 0 else "did not help"
            st.markdown(
                f"- {plain(a.name.capitalize())}'s changes **{verb}** in {theme.number(a.cells)} SKU weeks "
                f"({scores.points(a.added)}); in those weeks its bias was "
                f"{theme.percent(a.bias, sign=True)}."
            )
        if not sure:
            st.caption("No function's changes have clearly helped or hurt yet.")


def total(space: Workspace, person: Person, plan: LivePlan) -> None:
    versions = space.cycles.published()
    department = frame.select(
        "Department", ["All departments", *plan.products.names("department")],
        key="department", width=220,
    )  # fmt: skip
    skus = np.arange(len(plan.sku_names))
    if department != "All departments":
        skus = plan.products.members("department", department)
    draft = plan.totals["draft"][skus].sum(axis=0) / 1000
    if not versions:
        tiles = st.columns(3)
        tiles[0].metric("Draft, all weeks", theme.units(float(draft.sum())), border=True)
        against.both(draft, skus, Measure.UNITS, tiles[1:])
        st.info("Nothing has been published yet, so there is no earlier cycle to compare with.")
        return
    last = versions[-1]
    steps = space.cycles.walk(person.id, last, skus.tolist())
    before, after = steps["before"].sum(), steps["after"].sum()
    compared_with(plan, last, (before, after), draft, skus)
    left, right = st.columns([6, 5], gap="medium")
    names = {a.activation: a.name for a in space.calendar.activations}
    rows = agenda.causes(steps, names, space.reasons.labels())
    with left:
        picture.of(
            charts.walk(rows, before, after, last.cycle), title=ours("Why it moved, units"),
            says=conclusions.walk(rows, before, after), name="why-it-moved", data=lambda: rows,
        )  # fmt: skip
    with right:
        written.dataframe(
            rows.rename(columns={"cause": "Cause", "before": "Published consensus, u", "after": "Draft, u", "change": "Change, u"}),
            hide_index=True, alt="Change in the forecast by cause",
            # A room reads what moved it; the picture beside it has the rest.
            column_order=("Cause", "Change, u") if big_screen.is_on() else None,
            column_config={
                name: st.column_config.NumberColumn(format="localized", step=1)
                for name in ("Published consensus, u", "Draft, u")
            } | {"Change, u": st.column_config.NumberColumn(format="%+,.0f")},
        )  # fmt: skip
        st.caption(
            f"Compared with version #{last.version:d}, as of {theme.week(last.as_of)}. The changes add up "
            "exactly."
        )


def compared_with(
    plan: LivePlan, last: Version, sums: tuple[float, float], draft: Floats, skus: np.ndarray
) -> None:
    """Tiles of the total, each with the weeks that it is of: the version before, and now."""
    before, after = sums
    known = set(pd.to_datetime(frame.workspace().cycles.layers(last)["week"]))
    both = [week for week in plan.base.weeks if pd.Timestamp(week) in known]
    long = theme.plural(len(both), "week")
    share = theme.percent(after / before - 1 if before else None, sign=True)
    five = st.columns(5)
    five[0].metric(
        f"Consensus of {plain(last.cycle)}, {long}", theme.units(before), border=True
    )
    five[1].metric(
        f"Draft now, {long}", theme.units(after), border=True, help=frame.term("Draft")
    )
    five[2].metric(
        f"Change, {long} ({share})", theme.units(after - before, sign=True), border=True
    )
    against.both(draft, skus, Measure.UNITS, five[3:])
    if both:
        st.caption(
            f"Consensus, draft and change: {theme.week(both[0])} to {theme.week(both[-1])}, the "
            f"{long} that both forecasts have. Last year and budget: of the {len(draft):d} weeks "
            "of the draft those that are known."
        )


def calendar(space: Workspace, person: Person, plan: LivePlan) -> None:
    versions = space.cycles.published()
    since = versions[-1].version if versions else 0
    events = [
        e for e in space.history.events(person.id, most=300)
        if e.seq > since and e.kind in (Kind.ACTIVATION, Kind.LIFT)
    ]  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Changes to the marketing calendar since the last published consensus**")
        if not events:
            st.caption("None.")
        lists.draw(
            lambda at, _place: changes(space, [events[n] for n in at]),
            {
                "Who": [space.person(e.person).name for e in events],
                "What": [e.kind.value.capitalize() for e in events],
            },
            [abs(e.units) if len(e.leaves) else float("nan") for e in events],
            key="calendar_changes", sums="units", what=(ours("change"), ours("changes")),
        )  # fmt: skip
        st.page_link("pages/weekly/activations.py", label="Go to Activations")
    with right:
        st.markdown("**Launches and exits**")
        rows = agenda.launches_and_exits(plan)
        if rows.empty:
            st.caption(f"None in the next {agenda.WEEKS:d} weeks.")
        else:
            written.dataframe(
                rows.rename(columns={"sku": "SKU", "description": "Description", "class": "Class", "what": "What", "day": "Day", "draft": "Draft, u"}),
                hide_index=True, alt="Launches and exits",
                column_config={
                    "Day": st.column_config.DateColumn(format=theme.day_format(year=True)),
                    "Draft, u": st.column_config.NumberColumn(format="localized", step=1, help=f"In the next {agenda.WEEKS:d} weeks."),
                },
            )  # fmt: skip


def changes(space: Workspace, events: Sequence[Event]) -> None:
    """Changes of the calendar, a line each."""
    for event in events:
        st.markdown(
            f"- {plain(space.person(event.person).name)} {plain(event.sentence)} "
            f":gray[{theme.moment(event.recorded_at)}]"
        )


def outlook(space: Workspace, plan: LivePlan) -> None:
    rows = agenda.outlook(plan, scores.cells())
    left, right = st.columns([6, 4], gap="medium")
    with left:
        st.markdown(f"**Risks and opportunities in the next {agenda.WEEKS:d} weeks**")
        written.dataframe(
            pd.DataFrame(
                {
                    "Department": rows["department"],
                    "P10, u": rows["low"], "Draft, u": rows["draft"], "P90, u": rows["high"],
                    "Downside": rows["low_money"], "Upside": rows["high_money"],
                }
            ),
            hide_index=True, alt="Range of each department's total",
            column_config={
                n: st.column_config.NumberColumn(format="localized", step=1)
                for n in ("P10, u", "Draft, u", "P90, u")
            } | {n: written.change(help=frame.term(n)) for n in ("Downside", "Upside")},
        )  # fmt: skip
        n = int(rows["cycles"].max()) if len(rows) else 0
        st.caption(
            "P10 to P90 is the 80% interval, from how far past consensus totals were off "
            f"({theme.plural(n, 'cycle')} measured, plus four assumed to be off by 10%). "
            "Money at regular price."
        )
        bought(space, plan)
    with right:
        st.markdown("**Effect on the buy plan**")
        versions = space.cycles.published()
        if not versions:
            st.caption("Nothing has been published yet to compare with.")
            return
        before = space.cycles.layers(versions[-1])
        moved = agenda.buy_impact(plan, before)
        more, cost = moved["change"].sum(), moved["cost"].sum()
        tiles = st.columns(2)
        tiles[0].metric("Change, units to buy", theme.units(more, sign=True), border=True,
                        help=f"Draft compared with the version published in {plain(versions[-1].cycle)}, next {agenda.WEEKS:d} weeks.")  # fmt: skip
        sign = "+" if cost > 0 else ""
        tiles[1].metric("Change at cost", sign + theme.money(cost), border=True)


def bought(space: Workspace, plan: LivePlan) -> None:
    """The SKUs whose buy moves most."""
    versions = space.cycles.published()
    if not versions:
        return
    rows = agenda.buy_impact(plan, space.cycles.layers(versions[-1]))
    rows = rows[rows["change"].abs() >= 0.5].reset_index(drop=True)
    classes = dict(zip(plan.sku_names, plan.products.nodes["class"], strict=True))
    st.markdown("**SKUs whose orders change most**")
    lists.table(
        rows.rename(columns={"sku": "SKU", "description": "Description", "before": "Published consensus, u", "now": "Draft, u", "change": "Change, u", "cost": "Change at cost"}),
        {
            "Class": [str(classes.get(sku, "")) for sku in rows["sku"]],
            "Change": ["More" if change > 0 else "Less" for change in rows["change"]],
        },
        rows["cost"].astype(float).tolist(), ids=rows["sku"].tolist(), key="bought", sums="cost",
        what=(ours("SKU"), ours("SKUs")), picks=False, alt="SKUs whose orders change most",
        column_config={
            **{n: st.column_config.NumberColumn(format="localized", step=1) for n in ("Published consensus, u", "Draft, u")},
            "Change, u": st.column_config.NumberColumn(format="%+,.0f"),
            "Change at cost": written.change(),
        },
    )  # fmt: skip


def sign(space: Workspace, person: Person) -> None:
    standing = space.cycles.standing()
    now = standing.cycle
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.markdown(
            f"**{plain(now.name)}: {plain(standing.stage.label)}**. Each department needs "
            f"{theme.plural(now.rules.quorum, 'signature')}.",
            help=frame.term("Signature"),
        )
        signatures(space, person, standing)
        if person.may("cycle") and not now.closed:
            ready = not standing.missing
            if st.button("Publish the consensus", type="primary", disabled=not ready):
                frame.do(space.cycles.publish, person.id)
            if not ready:
                st.caption(
                    f"{', '.join(plain(m) for m in standing.missing)} still have to be signed."
                )
        if now.closed:
            published(space, now)
    with right:
        decisions(space, person, now)


def signatures(space: Workspace, person: Person, standing: Standing) -> None:
    """One row a department, one column a function."""
    head = st.columns([2, 2, 2, 2])
    for column, label in zip(head[1:], [f.label for f in INPUTS], strict=True):
        column.markdown(f"**{plain(label)}**")
    for department in standing.departments:
        row = st.columns([2, 2, 2, 2], vertical_alignment="center")
        row[0].markdown(f"**{plain(department)}**")
        for column, function in zip(row[1:], INPUTS, strict=True):
            with column:
                signature(space, person, standing, department, function)
    for (named, department), why in standing.voided.items():
        st.caption(
            f"{plain(named.capitalize())}'s signature on {plain(department)} is void: {plain(why)}."
        )


def signature(
    space: Workspace, person: Person, standing: Standing, department: str, function: Function
) -> None:
    """Who signed, or the button that signs."""
    who = standing.signed[department].get(str(function))
    void = standing.voided.get((str(function), department))
    why = f"Void: {plain(void)}" if void else None
    if who:
        st.markdown(f"✓ {plain(who)}")
    elif not standing.cycle.closed and function in (person.function, person.delegate_for):
        if st.button(
            f"Sign {plain(department)}", key=f"sign_{department}_{function}", help=why
        ):
            frame.do(space.cycles.sign, person.id, department, function=str(function))
    else:
        st.markdown(":orange[void]" if void else ":gray[open]", help=why)


def published(space: Workspace, now: Cycle) -> None:
    """What the version feeds, and the packs."""
    version = now.versions[-1]
    event = space.ledger.event(version)
    fed = event.told(ConsensusPublished).fed if event else {}
    st.success(
        f"Published as version #{version:d}."
        if not fed  # of a part of the products no figures were kept
        else f"Published as version #{version:d}. It feeds the **buy plan** "
        f"({theme.number(fed['buy plan']['skus'])} SKUs, {theme.units(fed['buy plan']['units'])} from "
        f"{theme.week(fed['buy plan']['from'])}) and the **marketing calendar** "
        f"({theme.plural(fed['marketing calendar']['activations'], 'activation')})."
    )
    with st.container(horizontal=True):
        download.button(
            "The pack (PDF)", lambda: leaving.as_print(consensus_pack.as_pdf(space, version)),
            f"consensus-{now.name}.pdf", primary=True,
        )  # fmt: skip
        download.button(
            "The pack (HTML)", lambda: leaving.as_document(consensus_pack.as_html(space, version)),
            f"consensus-{now.name}.html",
        )  # fmt: skip
        download.button(
            "The numbers (XLSX)", lambda: consensus_pack.as_workbook(space, version),
            f"consensus-{now.name}.xlsx",
        )  # fmt: skip


def decisions(space: Workspace, person: Person, now: Cycle) -> None:
    """What the meeting decided in words, and writing down more."""
    st.markdown("**Decisions**")
    made = space.minutes.decisions(now.name)
    for event in made:
        st.markdown(f"- {plain(event.note)} :gray[{plain(space.person(event.person).name)}]")
    if not made:
        st.caption("None recorded yet.")
    if person.may("agree") and not now.closed:
        row = st.columns([4, 1], vertical_alignment="bottom")
        with row[0]:
            words = drafts.words("Record a decision", key="decision")
        if row[1].button("Record", disabled=not words, width="stretch"):
            frame.do(
                space.minutes.decide, person.id, words,
                then=lambda: drafts.entered(decision=""),
            )  # fmt: skip
    if person.may("minute"):
        with st.popover("Action or assumption", width="stretch"):
            minutes.write_down(space, person, None)


@st.fragment(run_every=2)
def stay_together(person: Person) -> None:
    """Two screens stay on one step: the facilitator leads, the others may follow.

    A big screen always follows, whoever opened it.
    """
    board = frame.presence()
    step = st.session_state.get(frame.slot("step"))
    at = (step, st.session_state.get(frame.slot("exception")))
    is_big = big_screen.is_on()
    if person.function is Function.PLANNING and not is_big:
        board.lead("meeting", at)
        return
    if not is_big and not st.toggle("Follow the facilitator", value=True, key="follow"):
        return
    led = board.led("meeting")
    if led and led[0] and led != at and led != st.session_state.get("followed"):
        st.session_state["followed"] = led
        st.query_params.update({"step": led[0]} | ({"exception": led[1]} if led[1] else {}))
        st.rerun()


def agenda_line(step: str) -> None:
    """The agenda to read, where it cannot be pressed."""
    st.markdown(
        " · ".join(
            f"**{plain(label)}**" if name == step else f":gray[{plain(label)}]"
            for name, label in STEPS.items()
        )
    )


def page() -> None:
    if not beginning.reached("Meeting", "what the functions disagree on, one SKU at a time"):
        return
    space, person = frame.workspace(), frame.me()
    if space.cycles.current is None:
        frame.title(
            "Meeting", "**No cycle was opened yet.** Planning opens one on the Cycle page."
        )
        st.page_link(
            "pages/setup/cycle.py", label="Go to Cycle", icon=":material/event_repeat:"
        )
        return
    frame.watch_rows(None)
    drafts.begin(PAGE, dict.fromkeys(BLANK, lambda v: isinstance(v, str)))
    plan = frame.plan()
    standing = space.cycles.standing()
    done = sum(len(by) >= standing.cycle.rules.quorum for by in standing.signed.values())
    found = agenda.exceptions(plan, exceptions.expired(space)).head(agenda.MOST)
    left = int((found["agreed"] < 0.999).sum())
    rest = (
        "Open the next one on the Cycle page to agree on other numbers."
        if standing.cycle.closed
        else f"{theme.plural(left, 'exception')} to talk about, worth "
        f"{theme.money(found['money'].sum())}; {done} of "
        f"{theme.plural(len(standing.departments), 'department')} signed."
    )
    frame.title(
        "Meeting", f"**{plain(standing.cycle.name)}: {plain(standing.stage.label)}.** {rest}"
    )
    bar = st.columns([7, 3], vertical_alignment="center")
    with bar[0]:
        step = frame.steps("Agenda", STEPS, key="step")
    with bar[1].container(horizontal=True, horizontal_alignment="right"):
        big_screen.switch()
        stay_together(person)
    if big_screen.is_on():
        agenda_line(step)
    clock.clock(person, step)
    drafts.say_restored(PAGE, BLANK)
    match step:
        case "performance":
            performance(space, person)
        case "total":
            total(space, person, plan)
        case "disagreements":
            exceptions.step(space, person, plan)
        case "calendar":
            calendar(space, person, plan)
        case "outlook":
            outlook(space, plan)
        case _:
            sign(space, person)
    drafts.keep(PAGE, {name: st.session_state.get(name) for name in BLANK})


page()
