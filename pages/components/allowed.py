"""What the stock allows of the marketing calendar, and the calendar to take along."""

import datetime as dt

import pandas as pd
import streamlit as st

from data.leaving import Leaving
from forecasting.outputs import marketing_calendar
from forecasting.plan.live import LivePlan
from forecasting.weekly.readiness import Readiness, State, calendar_of
from forecasting.workspace import Workspace
from pages.components import download, frame, lists, theme
from pages.components.text import Markdown, ours

MARKS = {
    State.NEEDS: "● Needs a decision", State.RISK: "◆ At risk", State.APPROVED: "✓ Approved",
    State.CANCELLED: "✗ Cancelled",
}  # fmt: skip


PROPOSED = "Proposed"
COLUMNS = (
    "State",
    "Activation",
    "First day",
    "Decided by",
    "Decide by",
    "Last day",
    "Why",
    PROPOSED,
)
"""Of the calendar that the stock allows; the last one where something is proposed."""


def found() -> list[Readiness]:
    """What the stock allows of each activation ahead; worked out once a change."""
    space, plan = frame.workspace(), frame.working_plan()
    return _found(plan, plan.number, plan.seq, space.seq, space.desk.today)


def finding(found: list[Readiness]) -> Markdown:
    """How many have their stock, how many need somebody."""
    count = {state: sum(one.state is state for one in found) for state in State}
    return ours(
        f"**{count[State.APPROVED]:d} approved** · {count[State.RISK]:d} at risk · "
        f"{theme.plural(count[State.NEEDS], 'needs', 'need')} a decision"
    )


def section(found: list[Readiness]) -> None:
    """What the stock allows of each activation, folded up."""
    needs = sum(one.state is State.NEEDS for one in found)
    with st.expander(
        f"What the stock allows: {theme.plural(needs, 'activation needs', 'activations need')} a decision"
    ):
        table(found)


def table(found: list[Readiness]) -> None:
    """What the stock allows of each activation, and the calendar to take along."""
    space, person = frame.workspace(), frame.me()
    lists.table(
        pd.DataFrame(
            {
                "State": [MARKS[one.state] for one in found],
                "Activation": [one.activation.name for one in found],
                "First day": [one.activation.start for one in found],
                "Decided by": [one.who or None for one in found],
                "Decide by": [one.until for one in found],
                "Last day": [one.last_day for one in found],
                "Why": [one.why for one in found],
                PROPOSED: ["; ".join(p.body.text for p in one.proposed) or None for one in found],
            }
        ),
        {
            "State": [MARKS[one.state] for one in found],
            "Owner": [one.activation.owner for one in found],
        },
        [one.margin_at_risk for one in found],
        ids=[one.activation.activation for one in found], key="allowed", picks=False,
        what=(ours("activation"), ours("activations")),
        placeholder="–", alt="What the stock allows of each activation",
        column_order=[name for name in COLUMNS if name != PROPOSED or any(one.proposed for one in found)],
        column_config={
            name: st.column_config.DateColumn(format=theme.day_format())
            for name in ("First day", "Decide by", "Last day")
        } | {"Why": st.column_config.TextColumn(width="large")},
    )  # fmt: skip
    with st.container(horizontal=True):
        download.button(
            "Download the calendar (XLSX)",
            lambda: _made(space, person.id, as_book=True),
            "marketing-calendar.xlsx",
        )
        download.button(
            "For your calendar program (ICS)",
            lambda: _made(space, person.id, as_book=False),
            "marketing-calendar.ics",
        )
    st.caption(
        "Approved: stock covers it, or what was decided makes it so. Decide by: the last "
        "day for the first of the decisions that are worth most. After the last day nothing helps."
    )


def _made(space: Workspace, by: str, *, as_book: bool) -> Leaving:
    seq = space.seq  # before it is worked out: what comes later is not in it
    found = marketing_calendar.calendar(space, by)
    if as_book:
        return marketing_calendar.as_workbook(found, seq=seq)
    return marketing_calendar.as_ics(found, now=space.desk.now, seq=seq)


@st.cache_data(show_spinner="Working out what the stock allows ...", max_entries=8)
def _found(
    _plan: LivePlan, which: int, seq: int, ledger: int, today: dt.date
) -> list[Readiness]:
    """The numbers and the day say when it has to be worked out again."""
    del which, seq, ledger
    space = frame.workspace()
    return calendar_of(
        _plan, space.decisions, space.proposals, weeks=marketing_calendar.WEEKS, today=today
    )
