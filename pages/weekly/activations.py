"""Activations: Marketing's calendar, with the Bridge's verdict on every one of them."""

import datetime as dt

import pandas as pd
import streamlit as st

from forecasting import views
from forecasting.consensus.activations import Activation, Item
from forecasting.errors import ConcordError
from forecasting.vocabulary import Status
from pages.components import charts, frame, theme

TYPES = ["price", "feature", "display", "email", "social", "event", "partnership"]


def form(space, person, plan, known: Activation | None) -> None:
    """Add or change one activation."""
    fresh = plan.base.as_of + dt.timedelta(28)
    names = {
        n: f"{n} · {d}"
        for n, d in zip(plan.sku_names, plan.base.skus["description"].fillna(""), strict=True)
    }
    with st.form(f"form_{known.activation if known else 'new'}", border=True):
        st.markdown(f"**{'Change ' + known.name if known else 'Add an activation'}**")
        a, b, c = st.columns(3)
        name = a.text_input("Name", known.name if known else "")
        kinds = list(dict.fromkeys([*TYPES, *([known.type] if known else [])]))
        kind = b.selectbox("Type", kinds, index=kinds.index(known.type) if known else 0)
        owner = c.text_input("Owner", known.owner if known else person.name)
        start = a.date_input("First day", known.start if known else fresh)
        end = b.date_input("Last day", known.end if known else fresh + dt.timedelta(6))
        discount = c.number_input(
            "Price cut, %", 0.0, 95.0, step=5.0,
            value=100.0 * max((i.discount or 0.0 for i in known.items), default=0.0) if known else 0.0,
        )  # fmt: skip
        before = list(dict.fromkeys(i.sku for i in known.items)) if known else []
        skus = st.multiselect("Featured SKUs", list(names), before, format_func=names.get)
        note = st.text_input("Note", placeholder="Why, or what changed")
        saved = st.form_submit_button("Save", type="primary")
    if not saved:
        return
    if not name.strip() or not skus:
        st.error("An activation needs a name and at least one featured SKU.")
        return
    cut = discount / 100 or None
    old = {i.sku: i for i in known.items} if known else {}
    items = tuple(
        Item(sku=s, discount=cut, lift=old[s].lift if s in old else None,
             door=old[s].door if s in old else None)
        for s in skus
    )  # fmt: skip
    identity = known.activation if known else f"N{space.seq + 1:05d}"
    try:
        space.save_activation(
            person.id,
            Activation(
                activation=identity, name=name.strip(), type=kind, start=start, end=end,
                status=known.status if known else "planned", owner=owner, items=items,
                channel=known.channel if known else "", spend=known.spend if known else None,
                lock_date=known.lock_date if known else start - dt.timedelta(14),
            ),
            base=st.session_state["seen"], note=note,
        )  # fmt: skip
    except ConcordError as error:
        frame.refused(error)
    else:
        st.query_params["activation"] = identity  # the page opens on it
        st.session_state["activation_saved"] = (
            f"Saved {name.strip()}. The Bridge has judged it anew."
        )
        st.rerun()


def lifts(space, person, act: Activation, skus: pd.DataFrame) -> None:
    """Expected lift of each featured SKU: estimated, or Marketing's own number."""
    stated = {i.sku: i.lift for i in act.items}
    base = skus["demand"] - skus["lift_units"]
    shown = pd.DataFrame(
        {
            "SKU": skus["sku"],
            "Expected lift": (skus["demand"] / base.where(base > 0)).round(2),
            "Stated by Marketing": [stated.get(s) for s in skus["sku"]],
            "Adds, u": skus["lift_units"],
            "Status": skus["status"].map(theme.said),
        }
    )
    st.dataframe(
        shown, hide_index=True, placeholder="–", height=min(38 + 32 * len(shown), 250),
        column_config={
            "Expected lift": st.column_config.NumberColumn(format="%.2fx", help=frame.term("Lift")),
            "Stated by Marketing": st.column_config.NumberColumn(format="%.2fx"),
            "Adds, u": st.column_config.NumberColumn(format="%.0f"),
        },
    )  # fmt: skip
    if not person.may("lift"):
        st.caption("Marketing states expected lifts.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sku = st.selectbox("SKU", list(skus["sku"]), key="lift_sku", width=220)
        value = st.number_input(
            "Lift, times baseline", 0.1, 20.0, 1.5, 0.1, key="lift_value", width=170
        )
        state = st.button("State it")
        clear = st.button("Use the estimate", disabled=stated.get(sku) is None)
    if state or clear:
        try:
            space.set_lift(
                person.id, act.activation, sku, value if state else None,
                base=st.session_state["seen"],
            )  # fmt: skip
        except ConcordError as error:
            frame.refused(error)
        else:
            st.rerun()


def page() -> None:
    if not frame.needs_forecast():
        return
    space, person = frame.workspace(), frame.me()
    plan = space.plan
    frame.watch_rows(None)
    judged = {v.activation.activation: v for v in views.verdicts(plan, weeks=52)}
    coming = [a for a in plan.activations() if a.is_live]
    need = sum(
        judged[a.activation].status in (Status.RED, Status.GREY)
        for a in coming
        if a.activation in judged
    )
    approved = sum(
        judged[a.activation].status in (Status.GREEN, Status.BLUE)
        for a in coming
        if a.activation in judged
    )
    frame.title(
        "Activations",
        f"**{theme.plural(len(coming), 'activation')} planned or running** · {approved} have the "
        f"stock for them · {theme.plural(need, 'needs', 'need')} a decision on the Bridge",
    )  # fmt: skip
    said = st.session_state.pop("activation_saved", None)
    if said:
        st.success(said)
    if not person.may("activation"):
        st.caption("Marketing adds, changes and cancels activations; you are reading.")
    if coming:
        rows = pd.DataFrame(
            {
                "name": [a.name for a in coming],
                "type": [a.type for a in coming],
                "from": [pd.Timestamp(a.start) for a in coming],
                "to": [pd.Timestamp(a.end) + pd.Timedelta(1, "D") for a in coming],
                "dates": [f"{a.start} to {a.end}" for a in coming],
                "status": [
                    judged[a.activation].status.label
                    if a.activation in judged
                    else Status.GREY.label
                    for a in coming
                ],
            }
        )
        st.altair_chart(
            charts.gantt(rows), width="stretch", alt=f"Calendar of {len(coming)} activations"
        )
    add, change = st.tabs(["One activation", "Add an activation"])
    with add:
        names = {a.activation: a for a in plan.activations()}
        if not names:
            st.info("Nothing is planned yet.")
        else:
            chosen = frame.select(
                "Activation", list(names), key="activation",
                said=lambda a: f"{names[a].name} ({names[a].start:%b %d})"
                + ("" if names[a].is_live else " · cancelled"),
            )  # fmt: skip
            act = names[chosen]
            verdict = judged.get(chosen)
            status = verdict.status if verdict else Status.GREY
            lock = f"{act.lock_date:%b %d}" if act.lock_date else "no lock date"
            late = act.lock_date is not None and act.lock_date < plan.base.as_of + dt.timedelta(
                7
            )
            st.markdown(
                f"{theme.said(status) if act.is_live else 'Cancelled'} · {act.type} · {act.start} to "
                f"{act.end} · {act.owner or 'no owner'} · locks {lock}"
                + (" (past: changing it now costs rework)" if late else "")
            )
            left, right = st.columns(2, gap="medium")
            with left:
                lifts(space, person, act, views.skus_of(plan, chosen))
                st.page_link(
                    "pages/weekly/bridge.py",
                    label="See it on the Bridge",
                    query_params={"activation": chosen},
                )
            with right:
                if person.may("activation"):
                    form(space, person, plan, act)
                    if act.is_live and st.button(f"Cancel {act.name}", key="cancel"):
                        st.session_state["confirm_cancel"] = chosen
                    if st.session_state.get("confirm_cancel") == chosen:
                        adds = verdict.lift_units if verdict else 0
                        st.warning(
                            f"Cancelling {act.name} takes {theme.units(adds)} of lift out of the forecast."
                        )
                        if st.button(f"Yes, cancel {act.name}", type="primary"):
                            space.cancel_activation(
                                person.id, chosen, base=st.session_state["seen"]
                            )
                            st.session_state["confirm_cancel"] = None
                            st.session_state["activation_saved"] = (
                                f"Cancelled {act.name}. History can take it back."
                            )
                            st.rerun()
    with change:
        if person.may("activation"):
            form(space, person, plan, None)
        else:
            st.info("Only Marketing adds activations.")
    table = pd.DataFrame(
        [
            (a.activation, a.name, a.type, a.start, a.end, a.status, a.owner, len(a.items))
            for a in space.activations
        ],
        columns=[
            "Activation",
            "Name",
            "Type",
            "First day",
            "Last day",
            "State",
            "Owner",
            "Items",
        ],
    )
    with st.expander(f"All {len(table)} activations, past ones too"):
        st.dataframe(table, hide_index=True)
        st.download_button(
            "Download (CSV)", table.to_csv(index=False), "activations.csv", on_click="ignore"
        )


page()
