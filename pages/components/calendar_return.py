"""A marketing calendar that comes back from a spreadsheet or a calendar program, to be taken."""

import hashlib

import pandas as pd
import streamlit as st

from forecasting.consensus.events.proposals import holders
from forecasting.errors import ConcordError
from forecasting.outputs import calendar_return
from forecasting.outputs.calendar_return import Line, Returned
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import frame, picked, theme, written
from pages.components.text import Markdown, ours, plain

DONE = "activation_saved"
"""Key under which the page keeps what was done, to be shown once."""
MOST_PROBLEMS = 5


def section(types: list[str]) -> None:
    """Give a file, see what it changes, and take some of it."""
    space, person = frame.workspace(), frame.me()
    if not person.may("propose"):
        return
    panel = st.expander(
        "Bring the calendar back", icon=":material/upload_file:", key="came_back",
        on_change="rerun",
    )  # fmt: skip
    if panel.open:
        with panel:
            _section(space, person, types)


def _section(space: Workspace, person: Person, types: list[str]) -> None:
    st.markdown(
        "Change the downloaded workbook (XLSX), its CSV, or a calendar of Outlook, Google or your "
        "campaign tool (ICS), and give it here. You see what differs before anything is changed; "
        "what others changed since the download stays."
    )
    count = st.session_state.get("came back", 0)  # another number: an empty field
    file = st.file_uploader(
        "Calendar that comes back", type=["xlsx", "csv", "ics"], key=f"came_back_file_{count}"
    )
    if file is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = frame.select(
            "Type of new activations that state none", ["", *types], key=f"came_back_type_{count}",
            in_words=lambda t: t or "Not taken",
        )  # fmt: skip
        missing = st.checkbox(
            "Cancel what is not in the file", key=f"came_back_missing_{count}",
            help="Activations in the days of the file that it does not hold are cancelled. "
            "Leave it off for a file of a part of the calendar.",
        )  # fmt: skip
    try:
        found = calendar_return.judge(
            space, person.id, file, picked.file_name(file.name), missing=missing, kind=kind
        )
    except ConcordError as error:
        frame.refused(error)
        return
    st.markdown(finding(found))
    problems(found)
    can = [line for line in found.lines if not line.refusal]
    cannot = [line for line in found.lines if line.refusal]
    if can:
        take(space, person, found, can)
    if cannot:
        st.markdown("**Cannot be taken**")
        table = pd.DataFrame(
            {"Change": [e.text for e in cannot], "Why not": [e.refusal for e in cannot]}
        )
        written.dataframe(
            table, hide_index=True, alt="Changes that cannot be taken",
            height=written.height(len(table), most=6),
        )  # fmt: skip


def finding(found: Returned) -> Markdown:
    """How much of the file differs."""
    if not found.lines:
        return ours(
            f"**Nothing differs**: {theme.plural(found.unchanged, 'activation is', 'activations are')} "
            "in the file as they are here."
        )
    counts = pd.Series([line.what.value for line in found.lines]).value_counts()
    kinds = ", ".join(f"{n:d} {plain(what)}" for what, n in counts.items())
    return ours(
        f"**{theme.plural(len(found.lines), 'change')}** ({kinds}) · {found.unchanged:d} as here"
    )


def problems(found: Returned) -> None:
    """Rows that cannot be read, by their place."""
    if not found.problems:
        return
    lines = [f"- {plain(str(one))}" for one in found.problems[:MOST_PROBLEMS]]
    more = len(found.problems) - MOST_PROBLEMS
    lines += [f"- and {more:d} more"] if more > 0 else []
    st.warning("Not in the list, because it cannot be read:\n" + "\n".join(lines))


def take(space: Workspace, person: Person, found: Returned, can: list[Line]) -> None:
    """A tick for each change that can be taken, and the button that takes the ticked ones."""
    told = repr([(e.identity, e.text, e.becomes, e.concern) for e in can]).encode()
    key = f"came_back_{hashlib.sha256(told).hexdigest()[:12]}"
    if not picked.fits_kinds(st.session_state.get(key), len(can), {"Take": bool}):
        del st.session_state[key]
    rows = rows_of(can)
    edited = written.data_editor(
        rows, hide_index=True, key=key, height=written.height(len(rows), most=10),
        disabled=[str(name) for name in rows if name != "Take"],
        column_config={
            "Take": st.column_config.CheckboxColumn(width=60),
            "Change": st.column_config.TextColumn(width=430),
            "Demand, u": st.column_config.NumberColumn(
                format="%+,.0f", help="What it adds to the demand of all weeks ahead."
            ),
            "Margin": written.money(help="Margin of that demand."),
            "To look at": st.column_config.TextColumn(width="medium"),
        },
    )  # fmt: skip
    taken = [e for e, is_taken in zip(can, edited["Take"], strict=True) if is_taken]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        note = st.text_input("Why (optional)", key=f"{key}_note", width=420)
        label = _label(taken)
        if st.button(label, type="primary", disabled=not taken, key=f"{key}_do"):
            frame.do(
                calendar_return.apply, space, person.id, found,
                take=[line.identity for line in taken], note=note, then=lambda: _done(taken),
            )  # fmt: skip


def rows_of(lines: list[Line]) -> pd.DataFrame:
    """Changes as they are shown; ticked is what nothing speaks against."""
    return pd.DataFrame(
        {
            "Take": [not line.concern for line in lines],
            "What": [line.what.label for line in lines],
            "Change": [line.text for line in lines],
            "Demand, u": [line.worth.units if line.worth else None for line in lines],
            "Margin": [line.worth.margin if line.worth else None for line in lines],
            "Becomes": [line.becomes for line in lines],
            "To look at": [line.concern or None for line in lines],
            "In the file": [line.place or "missing" for line in lines],
        }
    ).astype({"Demand, u": float, "Margin": float})


def _label(taken: list[Line]) -> Markdown:
    own = sum(line.is_ours for line in taken)
    rest = [line for line in taken if not line.is_ours]
    to = plain(" or ".join(dict.fromkeys(holders(line.right) for line in rest)))
    if own and rest:
        return ours(f"Change {own:d} and propose {len(rest):d} to {to}")
    if rest:
        return ours(f"Propose {len(rest):d} to {to}")
    return ours(f"Change {own:d}") if own else ours("Nothing is ticked")


def _done(taken: list[Line]) -> None:
    own = sum(line.is_ours for line in taken)
    told = (
        [f"{theme.plural(own, 'activation')} changed; the Bridge has been updated"]
        if own
        else []
    )
    if len(taken) > own:
        told.append(
            f"{theme.plural(len(taken) - own, 'change')} proposed; Home says what becomes of them"
        )
    st.session_state[DONE] = ". ".join(told) + "."
    st.session_state["came back"] = st.session_state.get("came back", 0) + 1
