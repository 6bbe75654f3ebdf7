"""Proposals: what waits for whoever is here, what became of their own, and the answer."""

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from forecasting.consensus.activations import Activation
from forecasting.consensus.events.proposals import (
    ChangeProposed,
    OptionProposed,
    OrdersProposed,
)
from forecasting.consensus.moves import order_of
from forecasting.errors import ConcordError
from forecasting.plan.live import LivePlan
from forecasting.rights import RIGHTS, Person
from forecasting.weekly import excess, options
from forecasting.weekly.ground import Ground
from forecasting.weekly.option import Action, Option
from forecasting.weekly.order_terms import divided_again
from forecasting.weekly.proposals import Proposals
from forecasting.weekly.proposed import Proposal
from pages.components import frame, theme, written
from pages.components.text import Markdown, ours, plain

RECENT = dt.timedelta(14)
"""For so long what became of a proposal is shown to who made it."""
MOST = 5
"""Proposals that are shown before the rest is unfolded."""
STATES = {
    "open": "Waits for an answer", "accepted": "✓ Accepted", "changed": "✓ Accepted with changes",
    "declined": "✗ Declined", "withdrawn": "Withdrawn",
}  # fmt: skip


def to(right: str) -> Markdown:
    """The functions that decide, in words."""
    return ours(" or ".join(plain(f.label) for f in RIGHTS[right]))


def section(person: Person) -> None:
    """What waits for this person, and what became of their own; nothing where there is none."""
    verbs: Proposals = frame.workspace().proposals
    waiting = verbs.waiting_for(person)
    mine = [p for p in verbs.made_by(person) if is_news(p)]
    if waiting:
        st.header(f"Proposals to you :gray[· {len(waiting):d}]", anchor=False)
        for one in waiting[:MOST]:
            line(one, at="list")
        if len(waiting) > MOST:
            with st.expander(f"{theme.number(len(waiting) - MOST)} more"):
                together(waiting, person)
                for one in waiting[MOST:]:
                    line(one, at="list")
    if mine:
        st.header("What you proposed", anchor=False)
        for one in mine[:MOST]:
            own(one, person, at="list")
        if len(mine) > MOST:
            with st.expander(f"{theme.number(len(mine) - MOST)} more of yours"):
                for one in mine[MOST:]:
                    own(one, person, at="list")
    asked = st.query_params.get("proposal", "")
    if asked in {str(p.seq) for p in waiting}:
        del st.query_params["proposal"]  # once: closed, it stays closed
        answer(int(asked))


def beside(activation: str, sku: str, person: Person) -> None:
    """What waits for an answer about one featured SKU."""
    for one in frame.workspace().proposals.about(activation, sku):
        if person.may(one.body.right):
            line(one, at="beside")
        else:
            own(one, person, at="beside")


def of_orders(person: Person) -> None:
    """Orders of the buy plan that wait for an answer; nothing where there are none."""
    verbs: Proposals = frame.workspace().proposals
    for one in verbs.open:
        if isinstance(one.body, OrdersProposed):
            if person.may(one.body.right):
                line(one, at="orders")
            else:
                own(one, person, at="orders")


def is_news(one: Proposal) -> bool:
    """Whether who made it should still be told."""
    if one.answered_at is None:
        return True
    now = frame.workspace().desk.now
    return one.state != "withdrawn" and now - one.answered_at <= RECENT


def worth(one: Proposal) -> Markdown:
    """What it was worth when it was made."""
    was = one.body.worth
    if isinstance(one.body, OrdersProposed):
        return ours(
            f"prevents {theme.units(was.units)} short · {theme.money(was.margin)} margin · "
            f"{theme.money(one.body.spend)} at cost"
        )
    if isinstance(one.body, OptionProposed):
        units = ours(f"saves {theme.units(was.units)}")
        if one.body.right == Action.ACCEPT:
            return ours(f"{theme.units(one.body.short_before)} would be short")
    else:
        verb = "adds" if was.units >= 0 else "takes"
        units = ours(f"{verb} {theme.units(abs(was.units))} of demand")
    cost = f" · costs {theme.money(was.cost)}" if was.cost else ""
    return ours(f"{units} · {theme.money(was.margin)} margin{cost}")


def once(what: str) -> str:
    """The id of one request of the page as it was drawn: a press counts once.

    Where something else has the page drawn anew at that moment, the browser may send the
    press twice.
    """
    text = hashlib.sha256(what.encode()).hexdigest()[:16]
    return f"{frame.session_id()} {st.session_state.get('seen', 0)} {text}"


def subject(one: Proposal) -> Markdown:
    """The SKU and activation that it is about, or what of the buy plan."""
    if isinstance(one.body, OrdersProposed):
        return ours(
            f"{plain(one.sku or theme.plural(len(one.body.skus), 'SKU'))} in the buy plan"
        )
    names = {a.activation: a.name for a in frame.workspace().calendar.activations}
    name = plain(names.get(one.body.activation, one.body.activation))
    return ours(f"{plain(one.sku)} in {name}") if one.sku else name


def line(one: Proposal, *, at: str) -> None:
    """One that waits, with the way to its answer; `at` a place of the page."""
    who = frame.workspace().person(one.person)
    due = f" · decide by {theme.weekday(one.due)}" if one.due else ""
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"proposal_{at}_{one.seq}"
    ):
        st.markdown(
            f":material/how_to_vote: {subject(one)}: **{plain(one.body.text)}** · {worth(one)}{due}. "
            f"Proposed by {plain(who.name)} ({plain(who.function.label)})"
            + (f": {plain(one.note)}" if one.note else "")
        )
        if st.button("Look and answer", key=f"answer_{at}_{one.seq}"):
            answer(one.seq)


def own(one: Proposal, person: Person, *, at: str) -> None:
    """One that was made, and what became of it; `at` a place of the page."""
    space = frame.workspace()
    with st.container(horizontal=True, vertical_alignment="center", key=f"own_{at}_{one.seq}"):
        st.markdown(
            f"**{STATES[one.state]}** · {subject(one)}: {plain(one.body.text)}{outcome(one)}"
        )
        if (
            one.is_open
            and one.person == person.id
            and st.button("Withdraw", key=f"withdraw_{at}_{one.seq}", type="tertiary")
        ):
            frame.do(space.proposals.withdraw, person.id, one.seq)


def outcome(one: Proposal) -> Markdown:
    """Who answered what, and whether the decision still stands."""
    if one.is_open:
        return ours(f" · with {to(one.body.right)}")
    space = frame.workspace()
    who = plain(space.person(one.answered_by).name)
    why = f": {plain(one.answer)}" if one.answer else ""
    taken = one.decision is not None and space.reversals.has_taken_back(one.decision)
    back = " The decision was taken back since." if taken else ""
    number = f" (#{one.decision:d})" if one.decision else ""
    return ours(f" · {who}{number}{why}{back}")


def together(waiting: list[Proposal], person: Person) -> None:
    """Several that came with one file are accepted together, where nothing has changed."""
    files = {p.body.file for p in waiting if isinstance(p.body, ChangeProposed) and p.body.file}
    for n, file in enumerate(sorted(files)):
        mine = [
            p for p in waiting if isinstance(p.body, ChangeProposed) and p.body.file == file
        ]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            note = st.text_input(
                f"Why (for all {len(mine)} of {plain(file)})", key=f"all_note_{n}"
            )
            if st.button(f"Accept all {len(mine)}", key=f"all_{n}"):
                frame.do(accept_each, mine, person, note)


def accept_each(mine: list[Proposal], person: Person, note: str) -> None:
    """One after the other: the first that cannot be accepted is named, and it waits on."""
    for one in mine:
        frame.workspace().proposals.accept(person.id, one.seq, note=note)


@st.dialog("A proposal", width="large")
def answer(seq: int) -> None:
    """What was proposed, what has changed since, and the answer."""
    space, person = frame.workspace(), frame.me()
    if not space.proposals.one(seq).is_open:
        st.rerun()  # answered a moment ago, here or by somebody else: the page says by whom
    one, looked = space.proposals.one(seq), space.proposals.look(person.id, seq)
    who = space.person(one.person)
    st.markdown(f"{subject(one)}: **{plain(one.body.text)}.**")
    st.markdown(
        f"Proposed by {plain(who.name)} ({plain(who.function.label)}), {theme.moment(one.proposed_at)}"
        + (f": {plain(one.note)}" if one.note else ".")
    )
    figures(one, looked)
    if isinstance(one.body, OrdersProposed) and len(one.body.moves) > 1:
        ordered_table(one.body)
    for words in looked.changes:
        st.warning(plain(words))
    if looked.option is not None and looked.option.warning and not looked.changes:
        st.warning(f"Beside what it saves: {plain(looked.option.warning)}.")
    how = st.segmented_control(
        "Your answer", ["Accept", "Change", "Decline"], key=f"how_{seq}", required=True,
        default="Decline" if looked.gone else "Accept",
    )  # fmt: skip
    fitting: dict[str, Any] = {"seen": looked.mark, "client_id": once(f"answer {seq}")}
    if how == "Accept" and looked.gone:
        st.info("It cannot be accepted as it is any more. Change it, or decline it.")
        return
    if how == "Change":
        other = changed(one, person)
        if other is None:
            return
        fitting |= other
    if how != "Decline" and isinstance(one.body, OptionProposed):
        fitting |= carried_out(one, person)
    if how == "Accept" and one.body.right == Action.REDUCE:
        st.markdown("Without a real cut to the campaign this would only hide the risk.")
    note = st.text_input(
        "What will be cut: spend, audience, depth or days"
        if how != "Decline" and one.body.right == Action.REDUCE
        else "Why",
        key=f"why_{seq}", help=f"{plain(who.name)} reads it.",
    )  # fmt: skip
    if not st.button(plain(how) if how != "Change" else "Decide as changed", type="primary"):
        return
    verbs = space.proposals
    match how:
        case "Accept":
            frame.do(verbs.accept, person.id, seq, note=note, **fitting)
        case "Change":
            frame.do(verbs.change, person.id, seq, note=note, **fitting)
        case _:
            frame.do(verbs.decline, person.id, seq, note=note, client_id=fitting["client_id"])


def pair(then: Markdown, now: Markdown) -> Markdown:
    """A figure when it was proposed, and now where that is another."""
    return then if now == then else ours(f"{then} → {now}")


def figures(one: Proposal, looked: Ground) -> None:
    """What it was worth when it was proposed, and what it is worth now."""
    was = one.body.worth
    cells = st.columns(4)
    told = "When it was proposed → now."
    if isinstance(one.body, OptionProposed):
        now = looked.option
        for cell, label, before, after in (
            (cells[0], "Shortage prevented", theme.units(was.units), now and theme.units(now.units_saved)),
            (cells[1], "Margin saved", theme.money(was.margin), now and theme.money(now.margin_saved)),
            (cells[2], "Cost", theme.money(was.cost), now and theme.money(now.cost)),
        ):  # fmt: skip
            cell.metric(label, pair(before, after or before), border=True, help=told)
    elif isinstance(one.body, OrdersProposed):
        today = looked.worth or was
        units, margin = theme.units(today.units), theme.money(today.margin)
        cells[0].metric(
            "Shortage prevented", pair(theme.units(was.units), units), border=True, help=told
        )
        cells[1].metric(
            "Margin protected", pair(theme.money(was.margin), margin), border=True, help=told
        )
        cells[2].metric("At cost", theme.money(one.body.spend), border=True)
    else:
        cells[0].metric("Demand", theme.units(was.units, sign=True), border=True)
        cells[1].metric("Margin", theme.money(was.margin, sign=True), border=True)
    cells[3].metric(
        "Decide by", theme.weekday(one.due) if one.due else "–", border=True,
        help="The last day on which it can be done, as it was proposed.",
    )  # fmt: skip
    st.caption(
        f"Of all weeks from {theme.week(was.first_week)} to {theme.week(was.last_week)}, as of "
        f"{theme.week(was.as_of)}, with all that was decided up to #{one.base:d}."
    )


def carried_out(one: Proposal, person: Person) -> dict[str, Any]:
    """Who carries it out, and by when."""
    people = frame.workspace().people
    left, right = st.columns(2)
    owner = left.selectbox(
        "Who carries it out", people, format_func=lambda p: f"{p.name} ({p.function.label})",
        index=[p.id for p in people].index(person.id), key=f"owner_{one.seq}",
    )  # fmt: skip
    due = right.date_input("By", value=one.due, key=f"due_{one.seq}")
    return {"owner": owner.id, "due": due}


def changed(one: Proposal, person: Person) -> dict[str, Any] | None:
    """Other values than were proposed; None where there is nothing to choose."""
    if isinstance(one.body, OrdersProposed):
        return changed_orders(one.body, one.seq)
    if isinstance(one.body, ChangeProposed):
        return {"activation": changed_activation(one.body, one.seq)}
    plan = frame.working_plan()
    able = [
        o for o in excess.offered(plan, one.body.activation, one.body.sku)
        if o.is_open and person.may(o.action)
    ]  # fmt: skip
    if not able:
        st.info("There is nothing else that you may decide about it now.")
        return None
    chosen = st.selectbox(
        "Decide instead", able, key=f"instead_{one.seq}",
        format_func=lambda o: f"{o.action.label}: {o.text}",
        index=next((n for n, o in enumerate(able) if o.action.value == one.body.right), 0),
    )  # fmt: skip
    return {"option": fewer(plan, chosen, one.seq)}


def orders_of(body: OrdersProposed) -> pd.DataFrame:
    """Proposed orders, a row each."""
    orders = order_of(body.moves)
    return pd.DataFrame(
        {
            "SKU": [sku for (sku, _), _ in orders],
            "Units": [sum(m.units for m in mine) for _, mine in orders],
            "Order by": [theme.week(min(m.leaves for m in mine)) for _, mine in orders],
            "Arrives": [theme.week(day) for (_, day), _ in orders],
            "Places": [len(mine) for _, mine in orders],
        }
    )


def ordered_table(body: OrdersProposed) -> None:
    """What would be ordered."""
    rows = orders_of(body)
    written.dataframe(
        rows, hide_index=True, height=written.height(len(rows), most=6), alt="Proposed orders",
        column_config={"Units": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip


def changed_orders(body: OrdersProposed, seq: int) -> dict[str, Any] | None:
    """Other units than were proposed; 0 leaves an order out."""
    plan = frame.working_plan()
    typed = st.data_editor(
        orders_of(body), hide_index=True, key=f"orders_{seq}",
        disabled=["SKU", "Order by", "Arrives", "Places"],
        column_config={
            "Units": st.column_config.NumberColumn(
                min_value=0, help="Whole cases, at least the minimum order; 0 leaves it out."
            )
        },
    )  # fmt: skip
    keys = [key for key, _ in order_of(body.moves)]
    units = typed["Units"].fillna(0.0).astype(float)
    try:
        lines = divided_again(plan, body.moves, dict(zip(keys, units, strict=True)))
    except ConcordError as error:
        st.warning(plain(str(error)))
        return None
    if not lines:
        st.info("Nothing is left to order: decline it instead.")
        return None
    return {"lines": lines}


def fewer(plan: LivePlan, option: Option, seq: int) -> Option:
    """The option with other units than were worked out for it."""
    if not option.moves:
        return option
    table = pd.DataFrame(
        {
            "From": [m.origin or m.receipt or "Supplier" for m in option.moves],
            "To": [m.to for m in option.moves],
            "Units": [m.units for m in option.moves],
        }
    )
    typed = st.data_editor(
        table, hide_index=True, disabled=["From", "To"], key=f"moves_{seq}_{option.text}",
        height=written.height(len(table), most=6),
        column_config={"Units": st.column_config.NumberColumn(min_value=0, step=1)},
    )  # fmt: skip
    units = typed["Units"].fillna(0.0).astype(float).tolist()
    return options.with_units(plan, option, units) if sum(units) > 0 else option


def changed_activation(body: ChangeProposed, seq: int) -> Activation:
    """The proposed activation with other days or another state."""
    after = body.change.after
    assert after is not None
    a, b, c = st.columns(3)
    start = a.date_input("First day", after.start, key=f"start_{seq}")
    end = b.date_input("Last day", after.end, key=f"end_{seq}")
    now = frame.workspace().calendar.at(body.activation)
    keep = c.checkbox(
        "Featured SKUs as they are now", key=f"items_{seq}", disabled=now is None,
        help="Take the days only, not what the proposal says of SKUs, price cuts and lifts.",
    )  # fmt: skip
    items = now.items if keep and now else after.items
    return replace(after, start=start, end=max(start, end), items=items)


def propose(option: Option) -> None:
    """In place of deciding, for who may not: to propose it."""
    space, person = frame.workspace(), frame.me()
    st.info(
        f"Decided by {to(option.action)}: they find it on Home, with what it is worth, and you see "
        "what becomes of it on yours."
    )
    note = st.text_input("Why (optional)", key="propose_note")
    if st.button(
        f"Propose to {to(option.action)}", type="primary", icon=":material/how_to_vote:"
    ):
        frame.do(
            space.proposals.propose, person.id, option, note=note, client_id=once(option.text)
        )


def propose_each(chosen: list[Option], person: Person) -> None:
    """Each a proposal of its own: the first that cannot be made is named."""
    for option in chosen:
        frame.workspace().proposals.propose(person.id, option)
