"""Back and forth by one step, by a button or Ctrl+Z and Ctrl+Y; and what was just typed, asked."""

from collections.abc import Sequence

import streamlit as st

from forecasting.consensus.events import Event
from forecasting.errors import ConcordError
from forecasting.monthly.large_changes import Large
from forecasting.monthly.small_changes import Small
from pages.components import frame, grid, theme
from pages.components.text import Markdown, ours, plain


def buttons() -> None:
    """Take the own last step back, and bring it back."""
    space, person = frame.workspace(), frame.me()
    stack = space.steps.of(person.id)
    st.button(
        "Undo", key="step_back", shortcut="Ctrl+Z", icon=":material/undo:", on_click=_go, args=("back",),
        disabled=not stack.done,
        help=_step_in_words("Takes back", stack.done[-1]) if stack.done else "Nothing of yours to take back.",
    )  # fmt: skip
    st.button(
        "Redo", key="step_forth", shortcut="Ctrl+Y", icon=":material/redo:", on_click=_go, args=("forth",),
        disabled=not stack.undone,
        help=_step_in_words("Brings back", stack.undone[-1]) if stack.undone else "Nothing to bring back.",
    )  # fmt: skip


def _step_in_words(verb: str, step: Sequence[int]) -> Markdown:
    first = frame.workspace().ledger.event(step[0])
    words = plain(first.sentence) if first is not None else ours("your last change")
    more = f", and {len(step) - 1} more written with it" if len(step) > 1 else ""
    return ours(f"{plain(verb)}: {words}{more}")


def _go(way: str) -> None:
    space, person = frame.workspace(), frame.me()
    try:
        made = space.steps.back(person.id) if way == "back" else space.steps.forth(person.id)
    except ConcordError as error:
        st.session_state["grid_refusal"] = error
        return
    st.session_state["asked"] = []
    st.session_state["clash"] = None
    grid.drop_overlay()
    what = "Taken back" if way == "back" else "Brought back"
    st.session_state["stepped"] = f"{what}: {theme.plural(len(made), 'change')}"


def judged(wrote: Sequence[Event]) -> list[tuple[int, Small | Large]]:
    """Those of some changes that are asked: what they decide, or whether they are meant."""
    space, person = frame.workspace(), frame.me()
    found: list[tuple[int, Small | Large]] = []
    for event in wrote:
        asks = space.inputs.large(person.id, event) or space.inputs.small(person.id, event)
        if asks is not None:
            found.append((event.seq, asks))
    return found


def questions() -> None:
    """What was just typed and is asked about; taking back is one click."""
    space, state = frame.workspace(), st.session_state
    stepped = state.pop("stepped", None)
    if stepped:
        st.toast(plain(stepped))
    asked = [(q, s) for q, s in state.get("asked", []) if not space.reversals.has_taken_back(q)]
    large = [(q, s) for q, s in asked if isinstance(s, Large)]
    small = [(q, s) for q, s in asked if isinstance(s, Small)]
    if large:
        _ask(_how_large(large), [q for q, _ in large], "large", is_loud=True)
    if small:
        _ask(_how_small([s for _, s in small]), [q for q, _ in small], "small")


def _how_large(large: Sequence[tuple[int, Large]]) -> Markdown:
    seq, one = max(large, key=lambda each: abs(each[1].after - each[1].before))
    event = frame.workspace().ledger.event(seq)
    where = f" for {plain(event.scope)}" if event is not None else ""
    share = "" if one.before <= 0 else f" ({theme.percent(one.share, sign=True)})"
    more = f", the largest of {len(large)} such changes" if len(large) > 1 else ""
    return ours(
        f"**A large change**: {theme.units(one.before)} became {theme.units(one.after)}{share}"
        f"{where}{more}. Is it meant?"
    )


def _how_small(small: Sequence[Small]) -> Markdown:
    one = len(small) == 1
    return ours(
        f"{'A small change' if one else f'{len(small)} small changes'} "
        f"({theme.units(sum(s.units for s in small), sign=True)}, about "
        f"{theme.money(sum(s.money for s in small))}): "
        f"{'would it' if one else 'would they'} change an order or a promotion?"
    )


def _ask(question: Markdown, seqs: Sequence[int], key: str, *, is_loud: bool = False) -> None:
    state = st.session_state
    row = st.container(
        horizontal=True, vertical_alignment="center", border=is_loud, key=f"asked_{key}"
    )
    (row.markdown if is_loud else row.caption)(question, width="content")
    if row.button("Yes, keep", key=f"asked_yes_{key}", type="tertiary"):
        state["asked"] = [(q, s) for q, s in state["asked"] if q not in seqs]
        st.rerun()
    if row.button("No, take back", key=f"asked_no_{key}", type="tertiary"):
        try:
            frame.workspace().reversals.undo_all(frame.me().id, seqs)
        except ConcordError as error:
            frame.refused(error)
        else:
            state["asked"] = [(q, s) for q, s in state["asked"] if q not in seqs]
            grid.drop_overlay()
            st.rerun()
