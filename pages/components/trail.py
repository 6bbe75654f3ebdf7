"""What happened to a part of the plan, in words."""

import streamlit as st

from forecasting.consensus.events import Event, Kind, Scope
from forecasting.monthly.targets import Stale
from pages.components import frame, grid, text, theme
from pages.components.text import Markdown, ours, plain

_TOLD = (
    Kind.OVERRIDE, Kind.AGREE, Kind.UNDO, Kind.HOLD, Kind.RELEASE, Kind.SENSE, Kind.COMMENT
)  # fmt: skip
_MOST = 12
"""Events that are shown; History lists them all."""


def why(event: Event) -> Markdown:
    """Reason, note and evidence of an event, as they follow its sentence."""
    space = frame.workspace()
    reason = (
        f" · {plain(space.reasons.label(event.reason, at=event.seq))}" if event.reason else ""
    )
    note = f" · “{plain(event.note)}”" if event.note and event.kind is not Kind.COMMENT else ""
    link = text.link(ours("evidence"), event.evidence)
    return ours(reason + note + (f" · {link}" if link else ""))


def of(scope: Scope) -> None:
    """What people changed of a part of the plan, latest first, each change undoable."""
    space, person = frame.workspace(), frame.me()
    events = _events(scope)
    if not events:
        st.caption("No one has changed this row in these weeks.")
    stale = {one.event.seq: one for one in _stale(events)}
    for event in events:
        back = space.reversals.has_taken_back(event.seq)
        who = space.person(event.person).name
        words = f"{plain(who)} ({plain(event.function.capitalize())}) {plain(event.sentence)}"
        told = f"~~{words}~~" if back else words
        row = st.columns([8, 2], vertical_alignment="center")
        if event.seq in stale:
            now = event.measure.in_words(stale[event.seq].now, digits=0)
            told += f" :orange[(no longer met: {plain(now)} now)]"
        row[0].markdown(
            f"{told}{why(event)}  \n:gray[{theme.moment(event.recorded_at)} · #{event.seq:d}]"
        )
        mine = event.person == person.id or person.may("undo others' changes")
        if (
            event.kind is Kind.OVERRIDE
            and mine
            and not back
            and row[1].button("Take back", key=f"undo_{event.seq}", width="stretch")
        ):
            frame.do(space.reversals.undo, person.id, event.seq, then=grid.drop_overlay)


def _stale(events: list[Event]) -> list[Stale]:
    """Targets among these that the input does not hold any more."""
    space = frame.workspace()
    standing = [
        e for e in reversed(events)
        if e.kind is Kind.OVERRIDE and e.operation == "set" and not space.reversals.has_taken_back(e.seq)
    ]  # fmt: skip
    return space.cycles.stale(frame.me().id, standing) if standing else []


def _events(scope: Scope) -> list[Event]:
    """What was entered of a scope; read again once something was."""
    space, person = frame.workspace(), frame.me()
    hidden = space.cycles.hidden_from(person)
    now = (scope, person.id, space.history.last_word(scope), hidden)
    kept: tuple[object, list[Event]] | None = st.session_state.get("trail")
    if kept is None or kept[0] != now:
        found = [e for e in space.history.of_cells(person.id, scope) if e.kind in _TOLD][:_MOST]
        st.session_state["trail"] = kept = (now, found)
    return kept[1]


def since_you_looked() -> None:
    """What others decided since the person last confirmed that they had seen it."""
    space, person = frame.workspace(), frame.me()
    looked = st.session_state.setdefault("looked", space.seq)
    events = space.history.since(person.id, looked)
    if not events:
        return
    with st.popover(f"{theme.plural(len(events), 'change')} since your last visit", width=230):
        for event in events[:_MOST]:
            who = space.person(event.person)
            st.markdown(
                f"**{plain(who.name)}** ({plain(who.function.label)}) {plain(event.sentence)}"
            )
        if len(events) > _MOST:
            st.caption(f"and {len(events) - _MOST} earlier ones; History lists them all.")
        if st.button("Mark as seen"):
            st.session_state["looked"] = space.seq
            st.rerun()
