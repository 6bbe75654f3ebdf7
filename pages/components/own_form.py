"""Files in a company's own form, on the Data page: read like this, asked, kept as a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from data.looking import Look
from data.shapes import REPLACES, Reading
from data.tables import TABLES
from forecasting import scratch
from forecasting.errors import BadFiles, ConcordError
from forecasting.intake import dialogue, matching
from forecasting.intake.dialogue import Said
from forecasting.intake.proposals import Proposal
from forecasting.intake.sources import CALENDAR, Mapped, Source
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import frame
from pages.components.text import plain

ANEW = "As a new source"
NONE = "(nothing)"


def parted(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files that are named after our tables, and all others."""
    ours = [p for p in paths if p.stem in TABLES or p.name.lower().startswith("concord")]
    return ours, [p for p in paths if p not in ours]


def mapped(
    space: Workspace, person: Person, paths: Sequence[Path], ids: Sequence[str]
) -> tuple[list[Mapped], bool]:
    """Each file with the shape it is read by; and whether something is open still."""
    found: list[Mapped] = []
    is_open = False
    for path in paths:
        with st.container(border=True):
            one = _one(space, person, path, tuple(ids))
        is_open |= one is None
        if one is not None:
            found.append(one)
    return found, is_open


def _one(space: Workspace, person: Person, path: Path, ids: tuple[str, ...]) -> Mapped | None:
    st.markdown(f"**{plain(path.name)}**")
    known = [s for s in space.sources.all if person.may("import") or s.shape.table in CALENDAR]
    names = [ANEW, *(s.name for s in known)]
    usual = _usual(known, path)
    chosen = st.selectbox(
        "Read it", names, index=names.index(usual) if usual in names else 0,
        key=f"source {path.name}",
    )  # fmt: skip
    if chosen != ANEW:
        source = space.sources.one(chosen)
        st.caption(plain(source.sentence))
        if st.button("Forget this source", key=f"forget {path.name}"):
            frame.do(space.sources.remove, person.id, chosen)
        return Mapped(path=path, shape=source.shape)
    return _anew(space, person, path, ids)


def _usual(known: Sequence[Source], path: Path) -> str:
    """The source whose name the file begins with."""
    mine = [s.name for s in known if path.stem.lower().startswith(s.name.lower())]
    return max(mine, key=len, default=ANEW)


def _look(
    space: Workspace, person: Person, path: Path, ids: tuple[str, ...], reading: Reading
) -> Look:
    """What stands in a file: read once for each upload and way of reading."""
    kept: dict[tuple[object, ...], Look] = st.session_state.setdefault("looks", {})
    key = (person.id, path.name, ids, reading)
    if key not in kept:
        with st.spinner("Reading the file ..."):
            folder = scratch.lasting("look")
            kept.clear() if len(kept) > 20 else None
            kept[key] = space.sources.look(person.id, path, folder, reading=reading)
    return kept[key]


def _anew(space: Workspace, person: Person, path: Path, ids: tuple[str, ...]) -> Mapped | None:
    answers: dict[str, str] = st.session_state.setdefault(f"answers {path.name} {ids}", {})
    try:
        reading = dialogue.reading_of(answers)
        look = _look(space, person, path, ids, reading)
    except BadFiles as error:
        st.error("\n\n".join(plain(p) for p in error.problems))
        return None
    except ConcordError as error:
        frame.refused(error)
        return None
    st.caption(f"Read like this: {plain(look.sentence)}.")
    st.dataframe(pd.DataFrame(look.sample, columns=list(look.header)), hide_index=True)
    tables = [t for t in TABLES if person.may("import") or t in CALENDAR]
    likely = matching.likely_table(look)
    left, right = st.columns(2)
    table = left.selectbox(
        "It holds", tables, index=tables.index(likely) if likely in tables else 0,
        key=f"table {path.name}",
    )  # fmt: skip
    replaces = right.selectbox(
        "It replaces", list(REPLACES), format_func=lambda r: REPLACES[r],
        key=f"replaces {path.name}",
    )  # fmt: skip
    said = Said(
        table=table,
        read=tuple(f"{key}={choice}" for key, choice in answers.items()),
        replaces=replaces if replaces != "key" else "",
    )
    proposal = dialogue.proposed(look, said)
    columns, constants = _columns(look, proposal, path)
    said = Said(
        table=said.table, read=said.read, replaces=said.replaces,
        columns=columns, constants=constants,
    )  # fmt: skip
    try:
        proposal = dialogue.proposed(look, said)
    except ConcordError as error:
        frame.refused(error)
        return None
    for line in proposal.said:
        st.caption(plain(line))
    return _settled(space, person, path, proposal, answers)


def _columns(
    look: Look, proposal: Proposal, path: Path
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Our columns beside theirs, to be confirmed; as the command line would say them."""
    table = TABLES[proposal.shape.table]
    fields = {f.target: f for f in proposal.shape.fields}
    rows = pd.DataFrame(
        {
            "Ours": [c.name + ("*" if c.required else "") for c in table.columns],
            "Theirs": [
                fields[c.name].column if c.name in fields else NONE for c in table.columns
            ],
            "The same in every row": ["" for _ in table.columns],
            "What it is": [c.about for c in table.columns],
        }
    )
    edited = st.data_editor(
        rows, hide_index=True, key=f"columns {path.name} {table.name}",
        disabled=["Ours", "What it is"],
        column_config={
            "Theirs": st.column_config.SelectboxColumn(
                options=[NONE, *look.header, "@name", "@value"]
            )
        },
    )  # fmt: skip
    changed, constants = [], []
    for column, theirs, before, same in zip(
        table.columns, edited["Theirs"], rows["Theirs"], edited["The same in every row"],
        strict=True,
    ):  # fmt: skip
        if same:
            constants.append(f"{column.name}={same}")
        elif theirs != before:
            changed.append(f"{column.name}={'' if theirs in (NONE, None) else theirs}")
    return tuple(changed), tuple(constants)


def _settled(
    space: Workspace, person: Person, path: Path, proposal: Proposal, answers: dict[str, str]
) -> Mapped | None:
    """Questions answered and the source kept; None while something is open."""
    for question in proposal.questions:
        means = dict(question.choices)
        choice = st.radio(
            question.about, list(means), index=None, format_func=means.get,
            key=f"ask {path.name} {question.key}",
        )  # fmt: skip
        if choice is not None:
            answers[question.key] = choice
            st.rerun()
    if proposal.missing:
        st.warning(f"Still to be said: {plain(', '.join(proposal.missing))}.")
    if proposal.questions or proposal.missing:
        return None
    name = st.text_input("Keep it as", value=path.stem[:60], key=f"name {path.name}")
    if st.button("Keep this source", key=f"keep {path.name}", type="primary"):
        frame.do(space.sources.save, person.id, name, proposal.shape)
    return Mapped(path=path, shape=proposal.shape)
