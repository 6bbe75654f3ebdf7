"""Activations: Marketing's calendar, with the Bridge's verdict on every one of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from forecasting.consensus.activations import Activation, Item
from forecasting.errors import ConcordError
from forecasting.intake.offers import beyond_seen
from forecasting.outputs import marketing_calendar
from forecasting.plan import lift_library, views
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.vocabulary import MOST_LIFT, Status
from forecasting.weekly.readiness import Readiness
from forecasting.workspace import Workspace
from pages.components import (
    allowed,
    beginning,
    calendar_return,
    charts,
    conclusions,
    download,
    feeding,
    filters,
    frame,
    lists,
    picture,
    theme,
    thread,
    written,
)
from pages.components.text import Markdown, ours, plain

TYPES = ["price", "feature", "display", "email", "social", "event", "partnership"]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of the form."""

    name: str
    kind: str
    owner: str
    start: dt.date
    end: dt.date
    discount: float
    """Per cent."""
    sell_out: bool
    skus: list[str]
    note: str


def form(space: Workspace, person: Person, plan: LivePlan, known: Activation | None) -> None:
    """Add or change one activation."""
    with st.form(f"form_{known.activation if known else 'new'}", border=True):
        st.markdown(f"**{'Change ' + plain(known.name) if known else 'Add an activation'}**")
        typed = fields(person, plan, known)
        saved = st.form_submit_button(
            "Save" if person.may("activation") else "Propose to Marketing", type="primary"
        )
    if not saved:
        return
    if not typed.name.strip() or not typed.skus:
        st.error("An activation needs a name and at least one featured SKU.")
        return
    save(space, person, typed, known)


def fields(person: Person, plan: LivePlan, known: Activation | None) -> Typed:
    """The fields, filled with what is known."""
    fresh = plan.base.as_of + dt.timedelta(28)
    names = {
        n: f"{n} · {d}"
        for n, d in zip(plan.sku_names, plan.base.skus["description"].fillna(""), strict=True)
    }
    a, b, c = st.columns(3)
    name = a.text_input("Name", known.name if known else "")
    kinds = list(dict.fromkeys([*TYPES, *([known.type] if known else [])]))
    kind = b.selectbox("Type", kinds, index=kinds.index(known.type) if known else 0)
    owner = c.text_input("Owner", known.owner if known else person.name)
    start = a.date_input("First day", known.start if known else fresh)
    end = b.date_input("Last day", known.end if known else fresh + dt.timedelta(6))
    discount = c.number_input(
        "Price cut, %", 0.0, 100.0, step=5.0, value=cut_of(known), format="%g"
    )
    sell_out = c.checkbox(
        "Planned to sell out", known.sell_out if known else False,
        help="A limited drop that is meant to sell out: it does not count in the stockout rate.",
    )  # fmt: skip
    skus = st.multiselect(
        "Featured SKUs", list(names), skus_of(known), format_func=names.__getitem__
    )
    note = st.text_input("Note", placeholder="Why, or what changed")
    return Typed(name, kind, owner, start, end, discount, sell_out, skus, note)


def cut_of(known: Activation | None) -> float:
    """The deepest price cut of an activation, per cent."""
    return 100.0 * max((i.discount or 0.0 for i in known.items), default=0.0) if known else 0.0


def skus_of(known: Activation | None) -> list[str]:
    """The SKUs that an activation features, each once."""
    return list(dict.fromkeys(i.sku for i in known.items)) if known else []


def save(space: Workspace, person: Person, typed: Typed, known: Activation | None) -> None:
    """Write what was typed, or say why not."""
    cut = typed.discount / 100 or None
    kept = tuple(i for i in known.items if i.sku in typed.skus) if known else ()
    if known and typed.discount != cut_of(known):  # rows of doors and SKUs stay as stated
        kept = tuple(replace(i, discount=cut) for i in kept)
    before = skus_of(known)
    items = (*kept, *(Item(sku=s, discount=cut) for s in typed.skus if s not in before))
    identity = known.activation if known else f"N{space.seq + 1:05d}"
    name = typed.name.strip()
    entered = Activation(
        activation=identity, name=name, type=typed.kind, start=typed.start, end=typed.end,
        status=known.status if known else "planned", owner=typed.owner, items=items,
        channel=known.channel if known else "", spend=known.spend if known else None,
        lock_date=known.lock_date if known else typed.start - dt.timedelta(14),
        sell_out=typed.sell_out,
    )  # fmt: skip
    try:
        if person.may("activation"):
            space.calendar.save(
                person.id, entered, base=st.session_state["seen"], note=typed.note
            )
            text = f"Saved {name}. The Bridge has been updated."
        else:
            space.proposals.propose_change(person.id, entered, note=typed.note)
            text = f"Proposed to Marketing: {name}. Home says what becomes of it."
    except ConcordError as error:
        frame.refused(error)
    else:
        if person.may("activation") or known:
            st.query_params["activation"] = identity  # the page opens on it
        st.session_state["activation_saved"] = text
        st.rerun()


def evidence(space: Workspace, act: Activation, sku: str) -> lift_library.Alike | None:
    """What similar activations did, in words; None where there was none."""
    rows = frame.lift_library()
    classes = dict(zip(space.plan.base.skus["sku"], space.plan.base.skus["class"], strict=True))
    discount = act.discount_of(sku)
    found = lift_library.alike(
        rows, kind=act.type, klass=str(classes.get(sku, "")), discount=discount
    )
    if found.rows.empty:
        st.caption(
            f"No past {plain(act.type)} activation: the estimate is the lift that is typical of the type."
        )
        return None
    lifts_ = sorted(found.lifts)
    middle = lifts_[len(lifts_) // 2]
    latest = found.rows.iloc[0]
    st.markdown(
        f"**Similar activations** ({plain(found.whose)}): {len(lifts_)} in the past, actual lift "
        f"{theme.times(lifts_[0])} to {theme.times(lifts_[-1])}, median {theme.times(middle)}. The latest, "
        f"{plain(latest['name'])}: {theme.times(latest['actual_lift'])}."
    )
    return found


def to_be_right(
    value: float, known: lift_library.Alike | None, base: float, one: pd.Series
) -> Markdown:
    """What a person's own number would have to be right about."""
    more = base * value - one["demand"]
    if abs(more) < 0.5:
        return ours(f"A lift of {theme.times(value)} is the estimate.")
    than = "more" if more >= 0 else "less"
    told = f"A lift of {theme.times(value)} means {theme.units(abs(more))} {than} demand than the estimate"
    if known is not None:
        beaten = known.beaten_by(value)
        told += f", more than {plain(beaten)} of {len(known.lifts)} similar activations reached"
    outside = not one["lift_low"] <= value <= one["lift_high"]
    return ours(
        told + (". It lies outside the 80% interval of the estimate." if outside else ".")
    )


def lifts(space: Workspace, person: Person, act: Activation, skus: pd.DataFrame) -> None:
    """Expected lift of each featured SKU: estimated, or Marketing's own number."""
    stated = {i.sku: i.lift for i in act.items}
    shown = pd.DataFrame(
        {
            "SKU": skus["sku"],
            "Expected lift": skus["lift"],
            "P10": skus["lift_low"],
            "P90": skus["lift_high"],
            "Stated lift": [stated.get(s) for s in skus["sku"]],
            "Lift, u": skus["lift_units"],
            "Status": skus["status"].map(theme.status_label),
        }
    )
    marks = [beyond_seen(space.plan, act, s) for s in skus["sku"]]
    if any(marks):
        shown["To check"] = marks
    times = st.column_config.NumberColumn(format="%.2fx")
    written.dataframe(
        shown, hide_index=True, placeholder="–", height=written.height(len(shown), most=9),
        column_config={
            "Expected lift": st.column_config.NumberColumn(format="%.2fx", help=frame.term("Lift")),
            "P10": st.column_config.NumberColumn(format="%.2fx", help=frame.term("80% interval")),
            "P90": st.column_config.NumberColumn(format="%.2fx", help=frame.term("80% interval")),
            "Stated lift": times,
            "Lift, u": st.column_config.NumberColumn(format="%,.0f"),
        },
    )  # fmt: skip
    if skus.empty:
        return
    sku = st.selectbox("SKU", list(skus["sku"]), key="lift_sku", width=260)
    one = skus[skus["sku"] == sku].iloc[0]
    base = one["demand"] - one["lift_units"]
    known = evidence(space, act, sku)
    if not person.may("lift"):
        st.caption("Marketing states expected lifts.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        value = st.number_input(
            "Your own lift, times baseline", 0.0, MOST_LIFT, min(round(float(one["lift"]), 1), MOST_LIFT) if one["lift"] >= 0 else 1.5,
            0.1, key=f"lift_value {act.activation} {sku}", width=210,
        )  # fmt: skip
        state = st.button("State it")
        clear = st.button("Use the estimate", disabled=stated.get(sku) is None)
    st.caption(to_be_right(value, known, base, one))
    if state or clear:
        try:
            space.calendar.set_lift(
                person.id, act.activation, sku, value if state else None,
                base=st.session_state["seen"],
            )  # fmt: skip
        except ConcordError as error:
            frame.refused(error)
        else:
            st.rerun()


def finding(coming: list[Activation], found: list[Readiness]) -> Markdown:
    """How many are planned, have their stock, need somebody."""
    return ours(
        f"**{theme.plural(len(coming), 'activation')} planned or running** · of the next "
        f"{marketing_calendar.WEEKS:d} weeks {allowed.finding(found)}"
    )


def calendar(
    plan: LivePlan, coming: list[Activation], judged: Mapping[str, views.Verdict]
) -> None:
    """A bar an activation, the next ones first; the later ones in groups."""
    status = [
        judged[a.activation].status if a.activation in judged else Status.GREY for a in coming
    ]
    rows = pd.DataFrame(
        {
            "name": [a.name for a in coming],
            "type": [a.type for a in coming],
            "from": [pd.Timestamp(a.start) for a in coming],
            "to": [pd.Timestamp(a.end) + pd.Timedelta(1, "D") for a in coming],
            "dates": [f"{theme.day(a.start)} to {theme.day(a.end, year=True)}" for a in coming],
            "status": [one.label for one in status],
        }
    )

    def bars(at: Sequence[int], place: str) -> None:
        mine = rows.iloc[list(at)]
        picture.of(
            charts.gantt(mine), title=ours("Calendar of activations, by status"),
            says=conclusions.gantt(mine), name="calendar", key=place,
        )  # fmt: skip

    lists.draw(
        bars,
        {
            "Status": [one.label for one in status],
            "Class": lists.one_class_each(plan, coming),
            "Owner": [a.owner for a in coming],
            "Type": [a.type.capitalize() for a in coming],
        },
        [
            judged[a.activation].margin_at_risk if a.activation in judged else float("nan")
            for a in coming
        ],
        key="calendar", what=(ours("activation"), ours("activations")), in_link=True,
    )  # fmt: skip


def one_activation(
    space: Workspace, person: Person, plan: LivePlan, judged: Mapping[str, views.Verdict]
) -> None:
    """The activation that is chosen: its lifts, and the form that changes it."""
    names = {a.activation: a for a in plan.activations()}
    if not names:
        st.info("No activation is planned yet. Marketing adds them under Add an activation.")
        return
    chosen = frame.select(
        "Activation", list(names), key="activation",
        in_words=lambda a: f"{names[a].name} ({theme.day(names[a].start)})"
        + ("" if names[a].is_live else " · cancelled"),
    )  # fmt: skip
    act, verdict = names[chosen], judged.get(chosen)
    described(act, verdict, plan.base.as_of)
    frame.odd_beside("activation", chosen)
    left, right = st.columns(2, gap="medium")
    with left:
        lifts(space, person, act, views.skus_of(plan, chosen))
        st.page_link(
            "pages/weekly/bridge.py",
            label="See it on the Bridge",
            query_params={"activation": chosen},
        )
        thread.of(f"activation/{chosen}")
    if person.may("activation") or person.may("propose"):
        with right:
            form(space, person, plan, act)
            cancel(space, person, act, verdict)


def described(act: Activation, verdict: views.Verdict | None, as_of: dt.date) -> None:
    """Its status, its days, who owns it, and until when it can be changed at ease."""
    status = verdict.status if verdict else Status.GREY
    where = f" · {plain(verdict.text)}" if verdict and act.is_live else ""
    lock = theme.day(act.lock_date) if act.lock_date else "no lock date"
    late = act.lock_date is not None and act.lock_date < as_of + dt.timedelta(7)
    st.markdown(
        f"{theme.status_label(status) if act.is_live else 'Cancelled'}{where} · {plain(act.type)} · "
        f"{theme.day(act.start)} to {theme.day(act.end, year=True)} · "
        f"{theme.plural(len({i.sku for i in act.items}), 'featured SKU')} · "
        f"{plain(act.owner) or 'no owner'} · locks {lock}"
        + (" (past: a change now means rework)" if late else "")
    )


def cancel(
    space: Workspace, person: Person, act: Activation, verdict: views.Verdict | None
) -> None:
    """Cancel it, after a second question; or propose that."""
    if not person.may("activation"):
        if act.is_live and st.button(f"Propose to cancel {plain(act.name)}", key="cancel"):
            frame.do(space.proposals.propose_change, person.id, act.cancelled())
        return
    if act.is_live and st.button(f"Cancel {plain(act.name)}", key="cancel"):
        st.session_state["confirm_cancel"] = act.activation
    if st.session_state.get("confirm_cancel") != act.activation:
        return
    adds = verdict.lift_units if verdict else 0
    st.warning(
        f"Cancelling {plain(act.name)} takes {theme.units(adds)} of lift out of the forecast."
    )
    if st.button(f"Yes, cancel {plain(act.name)}", type="primary"):
        space.calendar.cancel(person.id, act.activation, base=st.session_state["seen"])
        st.session_state["confirm_cancel"] = None
        st.session_state["activation_saved"] = (
            f"Cancelled {act.name}. You can take this back in History."
        )
        st.rerun()


def every_one(space: Workspace) -> None:
    table = pd.DataFrame(
        [
            (a.activation, a.name, a.type, a.start, a.end, a.status, a.owner, len(skus_of(a)))
            for a in space.calendar.activations
        ],
        columns=[
            "Activation", "Name", "Type", "First day", "Last day", "State", "Owner", "SKUs",
        ],
    )  # fmt: skip
    with st.expander(f"All {len(table)} activations, past ones too"):
        form = st.column_config.DateColumn(format=theme.day_format(year=True))
        written.dataframe(
            table, hide_index=True, alt="All activations",
            height=written.height(len(table), most=12),
            column_config={"First day": form, "Last day": form},
        )  # fmt: skip
        download.spreadsheet("Download (CSV)", lambda: table, "activations.csv")


def page() -> None:
    if not beginning.reached(
        "Activations", "the marketing calendar, and whether stock covers it"
    ):
        return
    space, person = frame.workspace(), frame.me()
    plan = frame.working_plan()
    frame.watch_rows(None)
    judged = {v.activation.activation: v for v in views.verdicts(plan, weeks=52)}
    coming = sorted(
        (a for a in plan.activations() if a.is_live), key=lambda a: (a.start, a.activation)
    )
    found = allowed.found()
    head, bar = st.columns([6, 4], vertical_alignment="bottom")
    with bar.container(horizontal=True, horizontal_alignment="right"):
        inside = filters.products(plan)
    if inside.skus is not None:
        coming = [a for a in coming if inside.skus & {i.sku for i in a.items}]
        shown = {a.activation for a in coming}
        found = [one for one in found if one.activation.activation in shown]
    with head:
        frame.title("Activations", finding(coming, found))
        filters.note(inside, has_doors=False)
    saved = st.session_state.pop("activation_saved", None)
    if saved:
        st.success(plain(saved))
    if not person.may("activation"):
        st.caption(
            "Marketing adds, changes and cancels activations; you can "
            + ("propose changes to them." if person.may("propose") else "read them.")
        )
    if coming:
        calendar(plan, coming, judged)
        allowed.section(found)
    change, add = st.tabs(["One activation", "Add an activation"])
    with change:
        one_activation(space, person, plan, judged)
    with add:
        if person.may("activation") or person.may("propose"):
            form(space, person, plan, None)
        else:
            st.info("Only Marketing adds activations.")
    every_one(space)
    calendar_return.section(
        list(dict.fromkeys([*TYPES, *sorted(a.type for a in space.calendar.activations)]))
    )
    feeding.links()


page()
