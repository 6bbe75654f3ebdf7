"""Cycle: open a round of the consensus, see who has submitted and signed, adopt a new run."""

import datetime as dt

import pandas as pd
import streamlit as st

from forecasting.consensus.cycle import Cycle, Stage, following
from forecasting.consensus.events.record import RunMade
from forecasting.consensus.rules import Rules
from forecasting.errors import ConcordError
from forecasting.monthly.standing import Standing
from forecasting.rights import Person
from forecasting.vocabulary import INPUTS, Function
from forecasting.workspace import Workspace
from pages.components import beginning, frame, theme, written
from pages.components.text import Markdown, plain

STEPS = {
    Stage.INPUTS: "Marketing, Merchandising and Planning enter their inputs.",
    Stage.REVIEW: "Inputs are visible to everybody; the meeting agrees and signs.",
    Stage.SIGNED: "Every department has been signed; the facilitator publishes.",
    Stage.PUBLISHED: "The next cycle can be opened.",
}


MOST_STALE = 8
"""Targets that are listed; the rest is counted."""


def day(value: dt.date | None) -> Markdown:
    return theme.weekday(value, unknown="no date")


def open_one(space: Workspace, person: Person) -> None:
    """The form that opens the next cycle."""
    published = space.cycles.published()
    name = following(published[-1].cycle) if published else f"{space.plan.base.weeks[0]}"[:7]
    if not person.may("cycle"):
        st.info(f"No cycle is open. Planning opens the next one, {plain(name)}.")
        return
    first = pd.Timestamp(space.plan.base.weeks[0]).date()
    with st.form("open", width=760):
        st.markdown("**Open the next cycle**")
        chosen = st.text_input("Name", value=name, help="Year and month.", width=240)
        dates = st.columns(3)
        inputs = dates[0].date_input("Inputs due", first + dt.timedelta(3))
        review = dates[1].date_input("Meeting", first + dt.timedelta(5))
        publish = dates[2].date_input("Publish by", first + dt.timedelta(7))
        rules = space.cycles.rules()
        st.caption(
            f"Leadership has set: {theme.plural(rules.fence_weeks, 'frozen week')}, "
            f"{theme.plural(rules.quorum, 'signature')} a department, inputs collected "
            f"{'blind' if rules.blind else 'in the open'} (Review, Process and policy)."
        )
        if st.form_submit_button("Open the cycle", type="primary"):
            try:
                rules = space.cycles.rules(
                    inputs_due=inputs, review_due=review, publish_due=publish
                )
            except ConcordError as error:
                frame.refused(error)
            else:
                frame.do(space.cycles.open, person.id, chosen, rules)


def candidates(space: Workspace, person: Person) -> None:
    """New runs, what adopting them would move, and the button."""
    found = space.cycles.candidates()
    if not found:
        return
    st.header("A newer forecast is ready", anchor=False)
    run = found[0]
    st.markdown(
        f"Run #{run.seq:d} was made {theme.moment(run.recorded_at)} on sales up to the week of "
        f"**{theme.week(run.told(RunMade).as_of)}**. This cycle uses an earlier run until the "
        "facilitator adopts this one."
    )
    try:
        preview = space.cycles.preview_adoption(person.id, run.seq)
    except ConcordError as error:
        frame.refused(error)
        return
    table = preview.moves.rename(
        columns={
            "department": "Department", "statistical before": "Statistical now, u",
            "statistical after": "Statistical after, u", "draft before": "Draft now, u",
            "draft after": "Draft after, u", "lapses": "Signatures that lapse",
        }
    )  # fmt: skip
    written.dataframe(
        table, hide_index=True, placeholder="–", alt="What adopting the run would change",
        column_config={
            name: st.column_config.NumberColumn(format="localized", step=1)
            for name in table.columns if name.endswith(", u")
        },
    )  # fmt: skip
    st.caption(
        f"{theme.plural(preview.resolved, 'input')} entered as a target or in per cent would be "
        "calculated again; those entered as plus or minus keep their units. Signatures lapse "
        "where a department's draft changes by more than 1%."
    )
    if person.may("adopt") and st.button("Adopt this run", type="primary"):
        frame.do(space.cycles.adopt, person.id, run.seq)


def reasons(space: Workspace, person: Person) -> None:
    """The list that people choose a reason from, and its editing."""
    with st.expander("Reasons that people can give"):
        known = space.reasons.all
        written.dataframe(
            pd.DataFrame(
                {
                    "Reason": [one.label for one in known],
                    "Code": [one.code for one in known],
                    "Needs a note": ["✓" if one.needs_note else "" for one in known],
                    "Can be chosen": ["✓" if one.in_use else "" for one in known],
                }
            ),
            hide_index=True, width=640, alt="Reasons that people can give",
        )  # fmt: skip
        if not person.may("reasons"):
            st.caption("Planning and Admin edit this list.")
            return
        new = "A new one"
        named = {one.code: one for one in known}
        chosen = st.selectbox(
            "Edit", [new, *named], width=320, key="reason_edited",
            format_func=lambda c: c if c == new else named[c].label,
        )  # fmt: skip
        one = named.get(chosen)
        with st.form(f"reason {chosen}", width=640):
            row = st.columns(2)
            code = row[0].text_input(
                "Code", value=one.code if one else "", disabled=one is not None,
                help="Capital letters. It cannot be changed later and appears in every export.",
            )  # fmt: skip
            label = row[1].text_input("Name on screen", value=one.label if one else "")
            note = st.checkbox("Needs a note", value=one.needs_note if one else False)
            used = st.checkbox("Can be chosen", value=one.in_use if one else True)
            if st.form_submit_button("Save", type="primary"):
                frame.do(
                    space.reasons.save, person.id, one.code if one else code, label,
                    needs_note=note, in_use=used,
                )  # fmt: skip
        st.caption("Earlier changes keep the name that the reason had at the time.")


def tiles(rules: Rules) -> None:
    four = st.columns(4)
    four[0].metric("Inputs due", day(rules.inputs_due), border=True)
    four[1].metric("Meeting", day(rules.review_due), border=True)
    four[2].metric("Publish by", day(rules.publish_due), border=True)
    four[3].metric(
        "Frozen weeks", plain(rules.fence_weeks), border=True,
        help="First weeks of the plan that nobody may change in this cycle.",
    )  # fmt: skip


def inputs(space: Workspace, person: Person, standing: Standing) -> None:
    """Who has submitted, submitting, and revealing."""
    now, cycles = standing.cycle, space.cycles
    st.header("Inputs", anchor=False)
    st.caption(
        "Collected blind: nobody sees the inputs of others until they are revealed."
        if now.hides_inputs
        else "Visible to everybody."
    )
    for function in INPUTS:
        who = standing.submitted.get(str(function))
        st.markdown(
            f"{'✓' if who else '○'} **{plain(function.label)}** "
            + (f"submitted by {plain(who)}" if who else "not submitted yet")
        )
    row = st.container(horizontal=True)
    if person.function in INPUTS and row.button(
        f"Submit {plain(person.function.label)}'s input",
        type="secondary" if str(person.function) in standing.submitted else "primary",
    ):
        frame.do(cycles.submit, person.id)
    if person.may("cycle") and not now.revealed:
        label = "Reveal the inputs" if now.rules.blind else "Begin the review"
        if row.button(label):
            frame.do(cycles.reveal, person.id)


def signatures(standing: Standing) -> None:
    st.header("Signatures", anchor=False)
    written.dataframe(
        pd.DataFrame(
            [
                [d, *(standing.signed[d].get(str(f), "") for f in INPUTS)]
                for d in standing.departments
            ],
            columns=["Department", *(f.label for f in INPUTS)],
        ),
        hide_index=True, alt="Signatures by department and function",
    )  # fmt: skip
    for (named, department), why in standing.voided.items():
        st.warning(
            f"{plain(named.capitalize())}'s signature on {plain(department)} is void: {plain(why)}.",
            icon=":material/ink_eraser:",
        )
    st.caption("A signature covers the numbers as they are now; any change voids it.")
    st.page_link("pages/monthly/meeting.py", label="Go to the meeting")


def published(space: Workspace, person: Person, now: Cycle) -> None:
    """Every version, and opening the last one again."""
    cycles, versions = space.cycles, space.cycles.published()
    if not versions:
        return
    st.header("Published", anchor=False)
    written.dataframe(
        pd.DataFrame(
            {
                "Cycle": [v.cycle for v in versions][::-1],
                "Version": [f"#{v.version}" for v in versions][::-1],
                "As of": [theme.week(v.as_of) for v in versions][::-1],
                f"Published ({theme.zone()})": theme.local(v.made_at for v in versions)[::-1],
                "By": [space.person(v.person).name for v in versions][::-1],
            }
        ),
        hide_index=True, alt="Published versions, latest first",
        column_config={
            f"Published ({theme.zone()})": st.column_config.DatetimeColumn(format=theme.moment_format(year=True))
        },
    )  # fmt: skip
    if now.closed and person.function is Function.PLANNING:
        with st.popover(f"Open {plain(now.name)} again"):
            note = st.text_input("Why", key="why_reopen")
            if st.button("Open it again", disabled=not note):
                frame.do(cycles.reopen, person.id, note=note)


def stale(space: Workspace, person: Person) -> None:
    """Targets that the input does not meet any more."""
    found = space.cycles.stale(person.id)
    if not found:
        return
    st.header("Targets that are no longer met", anchor=False)
    for one in found[:MOST_STALE]:
        st.markdown(f"- {plain(one.sentence)}")
    if len(found) > MOST_STALE:
        st.caption(f"and {len(found) - MOST_STALE} more.")


def page() -> None:
    if not beginning.reached(
        "Cycle", "the round in which functions agree: who has submitted, who has signed"
    ):
        return
    space, person = frame.workspace(), frame.me()
    frame.watch_rows(None)
    if space.cycles.current is None:
        frame.title(
            "Cycle", "**No cycle was opened yet.** A cycle is one round of the consensus."
        )
        open_one(space, person)
        reasons(space, person)
        return
    standing = space.cycles.standing()
    now = standing.cycle
    done = sum(len(by) >= now.rules.quorum for by in standing.signed.values())
    frame.title(
        "Cycle",
        f"**{plain(now.name)}: {plain(standing.stage.label)}.** {STEPS[standing.stage]} "
        f"{len(standing.submitted)} of {len(INPUTS)} inputs submitted, {done} of "
        f"{theme.plural(len(standing.departments), 'department')} signed.",
    )
    if now.closed:  # its days are over: the next one has its own
        open_one(space, person)
    else:
        tiles(now.rules)
        left, right = st.columns(2, gap="medium")
        with left:
            inputs(space, person, standing)
        with right:
            signatures(standing)
        candidates(space, person)
        stale(space, person)
    published(space, person, now)
    reasons(space, person)


page()
